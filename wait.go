package editkit

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"
)

// WaitOption changes how Wait waits.
type WaitOption interface {
	RunOption
	applyWait(*waitSettings) error
}

// RunOption changes how Run waits or downloads: it is a [WaitOption] or a
// [DownloadOption].
type RunOption interface{ applyRun(*runSettings) error }

type waitOption func(*waitSettings) error

func (o waitOption) applyWait(s *waitSettings) error { return o(s) }
func (o waitOption) applyRun(s *runSettings) error   { return o(&s.wait) }

type waitSettings struct {
	shortest, longest time.Duration // 0: the service's default
	onJob             func(*Job)
	onProcess         func(*Process)
}

type runSettings struct {
	wait     waitSettings
	download downloadSettings
}

// PollInterval sets the bounds of the pause between two looks. It starts at shortest and
// grows by half each time, to at most longest. Default 500 ms to 15 s for jobs, 2 s to
// 10 s for processes, where one look serves all that wait.
func PollInterval(shortest, longest time.Duration) WaitOption {
	return waitOption(func(s *waitSettings) error {
		if shortest <= 0 || longest < shortest {
			return &ArgError{"PollInterval", "it must be 0 < shortest <= longest"}
		}
		s.shortest, s.longest = shortest, longest
		return nil
	})
}

// OnUpdate calls fn for every change that a wait sees, the last one included, in the
// goroutine that waits. The progress may fall. The function is for jobs or for processes,
// as the wait is: OnUpdate(func(j *Job) { ... }).
func OnUpdate[T Job | Process](fn func(*T)) WaitOption {
	return waitOption(func(s *waitSettings) error {
		if fn == nil {
			return &ArgError{"OnUpdate", "nil"}
		}
		switch fn := any(fn).(type) {
		case func(*Job):
			s.onJob = fn
		case func(*Process):
			s.onProcess = fn
		}
		return nil
	})
}

func gatherRun(opts []RunOption) (*runSettings, error) {
	s := &runSettings{}
	for _, o := range opts {
		if o == nil {
			return nil, &ArgError{"opts", "nil"}
		}
		if err := o.applyRun(s); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// runOptions widens options of one kind to what gatherRun takes.
func runOptions[O RunOption](opts []O) []RunOption {
	wide := make([]RunOption, len(opts))
	for i, o := range opts {
		wide[i] = o
	}
	return wide
}

// wait is what waiting for a job and for a process have in common.
type wait[T any] struct {
	service Service
	id      string
	last    *T // as far as known
	// next waits until it is time and looks.
	next func(context.Context) (*T, error)
	// status returns the status, and whether it is the end.
	status func(*T) (string, bool)
	// report tells of a change.
	report func(before, now *T)
}

// maxEarlyMisses is how often what was never seen may be "not found" before it is given
// up: what was just made may not be everywhere yet.
const maxEarlyMisses = 2

// end waits for the end, through all passing faults.
func (w *wait[T]) end(ctx context.Context) (*T, error) {
	var (
		fault  error // the last passing one since the last good answer
		misses int
		seen   = w.last != nil
	)
	ended := func(err error) (*T, error) {
		we := &WaitError{Service: w.service, ID: w.id, Err: err, LastFault: fault}
		if w.last != nil {
			we.Status, _ = w.status(w.last)
		}
		return w.last, we
	}
	for {
		if w.last != nil {
			if _, terminal := w.status(w.last); terminal {
				return w.last, nil
			}
		}
		now, err := w.next(ctx)
		switch {
		case err == nil:
			w.report(w.last, now)
			w.last, fault, seen = now, nil, true
		case ctx.Err() != nil:
			return ended(ctx.Err())
		case errors.Is(err, ErrNotFound) && !seen && misses < maxEarlyMisses:
			misses++
			fault = err
		case errors.Is(err, ErrInvalidArgument), errors.Is(err, ErrNoCredentials):
			return w.last, err
		case isLasting(err):
			return ended(err)
		default:
			fault = err
		}
	}
}

// lookOnce makes a call a single attempt: a wait is a loop of its own, at its own pace.
var lookOnce = callOption(func(cs *callSettings) error {
	cs.once = true
	return nil
})

// isLasting reports whether an error would be the same however often one asks.
func isLasting(err error) bool {
	var ae *APIError
	if !errors.As(err, &ae) {
		return false
	}
	switch ae.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	}
	return ae.StatusCode/100 == 3 || ae.StatusCode/100 == 4
}

// askedPause is how long a service asked to be left alone, 0 if it did not.
func askedPause(err error) time.Duration {
	var (
		ae        *APIError
		throttled *ThrottledError
	)
	switch {
	case errors.As(err, &ae):
		return ae.RetryAfter
	case errors.As(err, &throttled):
		return throttled.Wait
	}
	return 0
}

// pace is the growing pause between two looks.
type pace struct {
	shortest, longest, last time.Duration
}

// pause returns the next pause: half as long again as the one before, less a random
// quarter, so that jobs created together are not polled together.
func (p *pace) pause() time.Duration {
	if p.last == 0 {
		p.last = p.shortest
	} else {
		p.last = min(p.last+p.last/2, p.longest)
	}
	return max(p.last-rand.N(p.last/4+1), p.shortest)
}
