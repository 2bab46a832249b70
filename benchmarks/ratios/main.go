// Command ratios runs every contest in alternating rounds, prints how editkit and
// its peers compare with what is written by hand, and fails if editkit misses a
// limit.
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"testing"
	"time"

	"github.com/editkit/editkit-go/benchmarks/internal/contest"
)

func main() {
	testing.Init()
	rounds := flag.Int("rounds", 7, "how often each contestant is measured")
	duration := flag.Duration("duration", 200*time.Millisecond, "how long each measurement takes")
	only := flag.String("only", "", "regular expression that the names of contests must match")
	flag.Parse()
	missed, err := run(max(*rounds, 1), *duration, *only)
	if err != nil {
		fmt.Fprintln(os.Stderr, "ratios:", err)
		os.Exit(2)
	}
	if missed > 0 {
		fmt.Printf("\n%d limits missed\n", missed)
		os.Exit(1)
	}
	fmt.Println("\nevery limit kept")
}

func run(rounds int, duration time.Duration, only string) (missed int, err error) {
	filter, err := regexp.Compile(only)
	if err != nil {
		return 0, err
	}
	if err := flag.Set("test.benchtime", duration.String()); err != nil {
		return 0, err
	}
	service := contest.NewService()
	defer service.Close()
	dir, err := os.MkdirTemp("", "ratios-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	contests, err := gather(service, dir)
	if err != nil {
		return 0, err
	}
	fmt.Printf("%s %s/%s, GOMAXPROCS %d, %s, %d rounds of %s\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH,
		runtime.GOMAXPROCS(0), time.Now().UTC().Format("2006-01-02"), rounds, duration)
	describe(contests)
	var results []result
	for _, c := range contests {
		if !filter.MatchString(c.Name) {
			continue
		}
		r, err := compete(c, rounds)
		if err != nil {
			return 0, err
		}
		results = append(results, r)
	}
	return printTable(results), nil
}

// gather returns all there is to measure.
func gather(service *contest.Service, dir string) ([]contest.Contest, error) {
	all, err := contest.StubCalls()
	if err != nil {
		return nil, err
	}
	loopback, err := contest.LoopbackCalls(service)
	if err != nil {
		return nil, err
	}
	all = append(all, loopback...)
	for _, size := range []int64{1 << 20, 64 << 20} {
		downloads, err := contest.Downloads(service, size, dir)
		if err != nil {
			return nil, err
		}
		all = append(all, downloads...)
	}
	return all, nil
}
