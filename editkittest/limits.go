package editkittest

import (
	"sync"
	"time"
)

// Limit is how many requests EditingTools answers in a window of time.
type Limit struct {
	Requests int
	Window   time.Duration
}

// DocumentedLimits returns the limits of EditingTools: 50 requests a minute and
// 1000 an hour.
func DocumentedLimits() []Limit {
	return []Limit{{Requests: 50, Window: time.Minute}, {Requests: 1000, Window: time.Hour}}
}

// window counts requests against one limit. How the live service counts is not
// documented; another way of counting is another implementation.
type window interface {
	wait(now time.Time) time.Duration // until a request is within the limit; 0: it is
	count(now time.Time)              // a request that was let through
}

// limiter holds requests to all limits. A request that it refuses counts for none.
type limiter struct {
	mu      sync.Mutex
	windows []window
}

func newLimiter(limits []Limit) *limiter {
	l := &limiter{}
	for _, limit := range limits {
		l.windows = append(l.windows, &fixedWindow{limit: limit})
	}
	return l
}

// admit lets a request through, or returns how long it would have to wait.
func (l *limiter) admit(now time.Time) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range l.windows {
		wait = max(wait, w.wait(now))
	}
	if wait > 0 {
		return wait
	}
	for _, w := range l.windows {
		w.count(now)
	}
	return 0
}

// fixedWindow counts from each full minute (or whatever the window is) on the
// clock to the next.
type fixedWindow struct {
	limit Limit
	start time.Time
	used  int
}

func (w *fixedWindow) wait(now time.Time) time.Duration {
	if start := now.Truncate(w.limit.Window); !start.Equal(w.start) {
		w.start, w.used = start, 0
	}
	if w.used < w.limit.Requests {
		return 0
	}
	return w.start.Add(w.limit.Window).Sub(now)
}

func (w *fixedWindow) count(time.Time) { w.used++ }
