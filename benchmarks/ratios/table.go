package main

import (
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/editkit/editkit-go/benchmarks/internal/contest"
)

// describe prints what each contestant does.
func describe(contests []contest.Contest) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	defer func() { _ = w.Flush() }()
	seen := map[string]bool{}
	for _, c := range contests {
		for _, who := range c.Contestants {
			if !seen[who.Does] {
				seen[who.Does] = true
				fmt.Fprintf(w, "%s\t%s\n", who.Name, who.Does)
			}
		}
	}
}

// printTable prints the results and returns how many limits were missed.
func printTable(results []result) (missed int) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	defer func() { _ = w.Flush() }()
	fmt.Fprint(w, "\ncontest\tcontestant\tns/op\tMB/s\tallocs/op\ttime\tallocs\tMB/s\tlimit\n")
	for _, r := range results {
		for i, who := range r.Contestants {
			m := contest.Measure{Time: r.times(i), Allocs: r.allocs(i) - r.allocs(0)}
			speed, speedRatio := "", ""
			if r.Size > 0 {
				speed = fmt.Sprintf("%.0f", float64(r.Size)*1000/r.nanoseconds(i))
				speedRatio = fmt.Sprintf("%.2fx", 1/m.Time)
			}
			verdict := ""
			if who.Judged {
				verdict = "kept"
				if why := r.Misses(m); why != "" {
					missed++
					verdict = "MISSED: " + why
				}
			}
			fmt.Fprintf(w, "%s\t%s\t%.0f\t%s\t%d\t%.2fx\t%+d\t%s\t%s\n", r.Name, who.Name,
				r.nanoseconds(i), speed, r.allocs(i), m.Time, m.Allocs, speedRatio, verdict)
		}
	}
	return missed
}
