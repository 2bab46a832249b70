package editkit

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// Throttle decides when an attempt may be sent. Each service of a client has one;
// clients made by [Client.With] share it. It is asked before every attempt, so a
// repeated call asks again, and told what came of each.
//
// Implement it to share one budget between processes, and hand it to
// [WithThrottle]. It must be safe for use by several goroutines.
type Throttle interface {
	// Acquire returns when the attempt may be sent. It ends at once when ctx
	// does, with ctx's error, and fails without waiting, with a
	// [*ThrottledError], when its turn would come after ctx's deadline or
	// only after a.MaxWait.
	//
	// When it succeeds, release is called exactly once, after the answer has
	// been read or the attempt has failed.
	Acquire(ctx context.Context, a Attempt) (release func(AttemptResult), err error)
}

// Attempt is what a [Throttle] is asked for.
type Attempt struct {
	Service  Service
	Endpoint string        // method and path template, such as "GET /jobs/{id}"
	Number   int           // 1 for the first attempt of a call
	MaxWait  time.Duration // how long the retry policy lets a service hold back a call
}

// AttemptResult is what came of an attempt.
type AttemptResult struct {
	// Sent is false when nothing can have reached the service, so that the
	// attempt does not count against a quota.
	Sent       bool
	StatusCode int // 0 if no answer came
	// RetryAfter is how long the service asked to wait, 0 if it did not say.
	RetryAfter time.Duration
}

const (
	// maxPause caps the pause that one answer can cause for all: the longest
	// documented quota window is an hour, so a longer one is a mistake, and must not
	// silence a client for ever.
	maxPause = time.Hour
	// maxSpread keeps the callers that a pause held back from waking all at once.
	maxSpread = time.Second
)

// pause is the default throttle of a service without documented limits: one 429
// with Retry-After stops every caller until then.
type pause struct {
	released func(AttemptResult) // release, made once

	mu    sync.Mutex
	until time.Time
}

func newPause() *pause {
	p := &pause{}
	p.released = p.release
	return p
}

// Acquire implements [Throttle].
func (p *pause) Acquire(ctx context.Context, a Attempt) (func(AttemptResult), error) {
	wait := p.remaining()
	if wait <= 0 {
		return p.released, nil
	}
	if wait > a.MaxWait {
		return nil, &ThrottledError{Service: a.Service, Wait: wait}
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= wait {
		return nil, &ThrottledError{Service: a.Service, Wait: wait, Deadline: true}
	}
	for spread := rand.N(maxSpread); wait > 0; wait, spread = p.remaining(), 0 {
		if err := sleep(ctx, wait+spread); err != nil {
			return nil, err
		}
	}
	return p.released, nil
}

func (p *pause) remaining() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.until.IsZero() { // the usual case, without asking the clock
		return 0
	}
	return time.Until(p.until)
}

func (p *pause) release(r AttemptResult) {
	if r.StatusCode != http.StatusTooManyRequests || r.RetryAfter <= 0 {
		return
	}
	until := time.Now().Add(min(r.RetryAfter, maxPause))
	p.mu.Lock()
	defer p.mu.Unlock()
	if until.After(p.until) {
		p.until = until
	}
}

// sleep waits for d or until ctx ends, whichever is first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
