package main

import (
	"fmt"
	"slices"
	"testing"

	"github.com/editkit/editkit-go/benchmarks/internal/contest"
)

// result is a contest with what each contestant needed in each round.
type result struct {
	contest.Contest
	rounds [][]testing.BenchmarkResult // by contestant
}

// compete measures the contestants in turn, so that whatever else the machine does
// meanwhile strikes all of them. Each round begins with another one.
func compete(c contest.Contest, rounds int) (result, error) {
	r := result{c, make([][]testing.BenchmarkResult, len(c.Contestants))}
	for round := range rounds {
		for turn := range c.Contestants {
			i := (round + turn) % len(c.Contestants)
			who := c.Contestants[i]
			measured := testing.Benchmark(func(b *testing.B) {
				b.Helper()
				c.Bench(b, who)
			})
			if measured.N == 0 {
				return r, fmt.Errorf("%s of %s failed", who.Name, c.Name)
			}
			r.rounds[i] = append(r.rounds[i], measured)
		}
	}
	return r, nil
}

// nanoseconds returns the median time of a contestant.
func (r result) nanoseconds(i int) float64 {
	return median(r.rounds[i], func(round int) float64 { return nanoseconds(r.rounds[i][round]) })
}

// times returns how many times as long a contestant took as the one written by
// hand: the median of the rounds, each compared within itself.
func (r result) times(i int) float64 {
	return median(r.rounds[i], func(round int) float64 {
		return nanoseconds(r.rounds[i][round]) / nanoseconds(r.rounds[0][round])
	})
}

// allocs returns the median allocations of a contestant.
func (r result) allocs(i int) int64 {
	return int64(median(r.rounds[i], func(round int) float64 { return float64(r.rounds[i][round].AllocsPerOp()) }))
}

func nanoseconds(r testing.BenchmarkResult) float64 { return float64(r.T.Nanoseconds()) / float64(r.N) }

func median(rounds []testing.BenchmarkResult, value func(round int) float64) float64 {
	values := make([]float64, len(rounds))
	for i := range rounds {
		values[i] = value(i)
	}
	slices.Sort(values)
	return values[len(values)/2]
}
