package contest

import "fmt"

// What editkit may cost, compared with the same work written by hand.
const (
	MaxTime   = 1.5 // times the duration of a call
	MaxAllocs = 25  // further allocations in a call
	MinSpeed  = 0.9 // times the throughput of a download
)

// Measure is what one contestant took, compared with the one written by hand.
type Measure struct {
	Time   float64 // times as long
	Allocs int64   // further allocations
}

// Misses says which limits of the contest a measure misses, "" for none.
func (c Contest) Misses(m Measure) string {
	switch {
	case c.Size > 0 && 1/m.Time < MinSpeed:
		return fmt.Sprintf("slower than %.1fx", MinSpeed)
	case c.Size > 0:
		return ""
	case m.Time > MaxTime && m.Allocs > MaxAllocs:
		return fmt.Sprintf("over %.1fx and +%d allocs", MaxTime, MaxAllocs)
	case m.Time > MaxTime:
		return fmt.Sprintf("over %.1fx", MaxTime)
	case m.Allocs > MaxAllocs:
		return fmt.Sprintf("over +%d allocs", MaxAllocs)
	}
	return ""
}
