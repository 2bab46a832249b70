package editkit

import (
	"time"

	"github.com/editkit/editkit-go/internal/engine"
)

// RetryPolicy says how often and how patiently calls are tried. The zero value is
// the default policy; each zero field stands for its default.
//
// What is repeated at all is not a matter of policy. Reads: after 429, 502, 503,
// 504, and after connections that could not be made, broke or took too long.
// Writes: only after a 429, or when the request was never sent; every other failure
// of a write is final, and [ErrUncertain] if the service may have carried it out.
type RetryPolicy struct {
	// MaxAttempts counts the first attempt: 1 never repeats. Default 4.
	MaxAttempts int
	// BaseDelay is the most that is waited before the second attempt; it doubles
	// for each further one, up to MaxDelay. The pause itself is random, between
	// nothing and that. Defaults 500 ms and 8 s.
	BaseDelay, MaxDelay time.Duration
	// MaxRetryAfter is the longest pause that a service may ask for by its
	// Retry-After header. A call is never repeated earlier than asked; if that is
	// longer than this, or than the context's deadline allows, the answer is
	// returned at once instead. Default 2 min.
	MaxRetryAfter time.Duration
	// AttemptTimeout limits one attempt, up to the last byte of the answer. In a
	// download it limits the time without a single byte. Default 30 s; negative
	// for none.
	AttemptTimeout time.Duration
}

func (p RetryPolicy) validate() error {
	switch {
	case p.MaxAttempts < 0:
		return &ArgError{"RetryPolicy.MaxAttempts", "negative"}
	case p.BaseDelay < 0:
		return &ArgError{"RetryPolicy.BaseDelay", "negative"}
	case p.MaxDelay < 0:
		return &ArgError{"RetryPolicy.MaxDelay", "negative"}
	case p.MaxRetryAfter < 0:
		return &ArgError{"RetryPolicy.MaxRetryAfter", "negative"}
	}
	return nil
}

// resolve puts the defaults in place of the zero fields.
func (p RetryPolicy) resolve() engine.Policy {
	r := engine.Policy{
		MaxAttempts:    orDefault(p.MaxAttempts, 4),
		BaseDelay:      orDefault(p.BaseDelay, 500*time.Millisecond),
		MaxDelay:       orDefault(p.MaxDelay, 8*time.Second),
		MaxRetryAfter:  orDefault(p.MaxRetryAfter, 2*time.Minute),
		AttemptTimeout: max(orDefault(p.AttemptTimeout, 30*time.Second), 0),
	}
	r.MaxDelay = max(r.MaxDelay, r.BaseDelay)
	return r
}

func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
