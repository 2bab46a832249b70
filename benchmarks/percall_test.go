package benchmarks_test

import (
	"testing"

	"github.com/editkit/editkit-go/benchmarks/internal/contest"
)

// BenchmarkStub is the cost of a call itself: its transport answers from memory.
func BenchmarkStub(b *testing.B) {
	contests, err := contest.StubCalls()
	if err != nil {
		b.Fatal(err)
	}
	bench(b, contests)
}

// BenchmarkLoopback is the cost of a call with the least network there is.
func BenchmarkLoopback(b *testing.B) {
	service := contest.NewService()
	defer service.Close()
	contests, err := contest.LoopbackCalls(service)
	if err != nil {
		b.Fatal(err)
	}
	bench(b, contests)
}

func bench(b *testing.B, contests []contest.Contest) {
	b.Helper()
	for _, c := range contests {
		for _, who := range c.Contestants {
			b.Run(c.Name+"/"+who.Name, func(b *testing.B) { c.Bench(b, who) })
		}
	}
}

// TestAllocationBudget counts allocations, which unlike time are the same everywhere.
//
//nolint:paralleltest // the count is of the whole process
func TestAllocationBudget(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates too")
	}
	contests, err := contest.StubCalls()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range contests {
		t.Run(c.Name, func(t *testing.T) {
			byHand := allocations(t, c, c.Contestants[0])
			for _, who := range c.Contestants[1:] {
				n := allocations(t, c, who)
				t.Logf("%s: %v allocations, by hand %v", who.Name, n, byHand)
				if who.Judged && n > byHand+contest.MaxAllocs {
					t.Errorf("%s allocates %v times more than by hand, allowed are %d", who.Name, n-byHand, contest.MaxAllocs)
				}
			}
		})
	}
}

func allocations(t *testing.T, c contest.Contest, who contest.Contestant) float64 {
	t.Helper()
	ctx, cancel := c.Context(t.Context())
	defer cancel()
	return testing.AllocsPerRun(500, func() {
		if err := who.Run(ctx); err != nil {
			t.Error(err)
		}
	})
}
