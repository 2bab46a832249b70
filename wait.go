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
	shortest, longest time.Duration
	onUpdate          func(*Job)
}

type runSettings struct {
	wait     waitSettings
	download downloadSettings
}

// PollInterval sets the bounds of the pause between two looks at a job. It starts at
// shortest and grows by half each time, to at most longest. Default 500 ms to 15 s.
func PollInterval(shortest, longest time.Duration) WaitOption {
	return waitOption(func(s *waitSettings) error {
		if shortest <= 0 || longest < shortest {
			return &ArgError{"PollInterval", "it must be 0 < shortest <= longest"}
		}
		s.shortest, s.longest = shortest, longest
		return nil
	})
}

// OnUpdate calls fn for every change that a wait sees, the last one included, in
// the goroutine that waits. The progress may fall.
func OnUpdate(fn func(*Job)) WaitOption {
	return waitOption(func(s *waitSettings) error {
		if fn == nil {
			return &ArgError{"OnUpdate", "nil"}
		}
		s.onUpdate = fn
		return nil
	})
}

func gatherRun(opts []RunOption) (*runSettings, error) {
	s := &runSettings{wait: waitSettings{shortest: 500 * time.Millisecond, longest: 15 * time.Second}}
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

// Wait polls GET /jobs/{id} until the job has ended, and returns it. A job that
// failed or was cancelled is a [*JobFailedError].
//
// Passing faults (no answer, 429, 5xx, answers that can't be read) don't end a wait,
// however long they last: ctx does, or an answer that no patience changes, such as
// 401, or 404 for a job. The error is then a [*WaitError], and the job as last seen
// comes with it. An unknown status is not the end. No goroutine is started.
func (s *JobsService) Wait(ctx context.Context, id string, opts ...WaitOption) (*Job, error) {
	ro, err := gatherRun(runOptions(opts))
	if err != nil {
		return nil, err
	}
	return s.wait(ctx, id, nil, &ro.wait)
}

// wait waits for a job, of which an earlier state may be known.
func (s *JobsService) wait(ctx context.Context, id string, job *Job, ws *waitSettings) (*Job, error) {
	if ctx == nil {
		return nil, errNilContext
	}
	var (
		fault  error // the last passing one since the last good answer
		misses int
		pause  time.Duration
		known  = job != nil
		next   = pace{shortest: ws.shortest, longest: ws.longest}
	)
	ended := func(err error) (*Job, error) {
		we := &WaitError{Service: EditClips, ID: id, Err: err, LastFault: fault}
		if job != nil {
			we.Status = string(job.Status)
		}
		return job, we
	}
	if known {
		ws.report(nil, job)
		pause = next.pause()
	}
	for {
		if job != nil && job.Status.Terminal() {
			if job.Status != JobCompleted {
				return job, &JobFailedError{job}
			}
			return job, nil
		}
		if err := sleep(ctx, pause); err != nil {
			return ended(err)
		}
		pause = next.pause()
		seen, err := s.look(ctx, id)
		switch {
		case err == nil:
			ws.report(job, seen)
			job, fault, known = seen, nil, true
		case ctx.Err() != nil:
			return ended(ctx.Err())
		case errors.Is(err, ErrNotFound) && !known && misses < maxEarlyMisses:
			misses++ // a job just created may not be everywhere yet
			fault = err
		case isLasting(err):
			if errors.Is(err, ErrInvalidArgument) || errors.Is(err, ErrNoCredentials) {
				return job, err
			}
			return ended(err)
		default:
			fault = err
			pause = max(pause, min(askedPause(err), maxPause))
		}
	}
}

// maxEarlyMisses is how often an unknown job may be "not found" before it is given up.
const maxEarlyMisses = 2

// look asks once: the wait itself is the loop, and keeps its own pace.
func (s *JobsService) look(ctx context.Context, id string) (*Job, error) {
	return s.Get(ctx, id, callOption(func(cs *callSettings) error {
		cs.once = true
		return nil
	}))
}

// report tells of a change, or of the first state.
func (ws *waitSettings) report(before, now *Job) {
	if ws.onUpdate == nil {
		return
	}
	if before == nil || before.Status != now.Status || before.Progress != now.Progress ||
		before.ProgressMessage != now.ProgressMessage {
		ws.onUpdate(now)
	}
}

// isLasting reports whether an error would be the same however often one asks.
func isLasting(err error) bool {
	var ae *APIError
	if !errors.As(err, &ae) {
		return errors.Is(err, ErrInvalidArgument) || errors.Is(err, ErrNoCredentials)
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
