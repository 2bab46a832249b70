package editkittest

import (
	"math"
	"time"
)

// maxCredits caps the price of a job, so that absurd hints cannot overflow a balance.
const maxCredits = 1 << 40

// price is the published formula: credits for each begun minute, times a factor
// for the larger side of the picture, at least 1.
func price(tool string, duration time.Duration, width, height float64) int64 {
	minutes := math.Ceil(float64(duration) / float64(time.Minute))
	credits := minutes * multiplier(tool, math.Max(width, height))
	return int64(math.Min(math.Max(credits, 1), maxCredits))
}

func multiplier(tool string, largerSide float64) float64 {
	switch {
	case tool == "auto-subtitles": // its output is text
		return 1
	case largerSide <= 720:
		return 1
	case largerSide <= 1080:
		return 2
	default:
		return 4
	}
}

// millis converts a JSON number of milliseconds, saturating.
func millis(ms float64) time.Duration {
	ns := ms * float64(time.Millisecond)
	if ns >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(ns)
}
