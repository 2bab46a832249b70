package editkit_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/editkit/editkit-go"
)

// TestRetryAfter: every form of the header, on the read and on the write that it is
// allowed to repeat. A bubble's clock starts on a whole second, so that dates are exact.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	const (
		backoff = 500 * time.Millisecond // the most that is waited unasked before the second attempt
		jitter  = time.Second            // the most that is added to what was asked
	)
	in := func(d time.Duration, layout string) func(now time.Time) string {
		return func(now time.Time) string { return now.Add(d).UTC().Format(layout) }
	}
	is := func(text string) func(time.Time) string { return func(time.Time) string { return text } }
	const (
		rfc850  = "Monday, 02-Jan-06 15:04:05 GMT"
		asctime = time.ANSIC
	)
	tests := map[string]struct {
		header  func(now time.Time) string
		atLeast time.Duration
		atMost  time.Duration
		final   bool // the 429 comes back at once
		asked   time.Duration
	}{
		"seconds":               {header: is("7"), atLeast: 7 * time.Second, atMost: 7*time.Second + jitter},
		"seconds with space":    {header: is(" 7 "), atLeast: 7 * time.Second, atMost: 7*time.Second + jitter},
		"zero":                  {header: is("0"), atMost: backoff},
		"IMF-fixdate":           {header: in(9*time.Second, http.TimeFormat), atLeast: 9 * time.Second, atMost: 9*time.Second + jitter},
		"RFC 850 date":          {header: in(9*time.Second, rfc850), atLeast: 9 * time.Second, atMost: 9*time.Second + jitter},
		"asctime date":          {header: in(9*time.Second, asctime), atLeast: 9 * time.Second, atMost: 9*time.Second + jitter},
		"past date":             {header: in(-time.Hour, http.TimeFormat), atMost: backoff},
		"long past date":        {header: is("Sun, 06 Nov 1994 08:49:37 GMT"), atMost: backoff},
		"negative":              {header: is("-5"), atMost: backoff},
		"fraction rounds up":    {header: is("1.5"), atLeast: 2 * time.Second, atMost: 2*time.Second + jitter},
		"text":                  {header: is("soon"), atMost: backoff},
		"empty":                 {header: is(""), atMost: backoff},
		"none":                  {header: nil, atMost: backoff},
		"at the ceiling":        {header: is("120"), atLeast: 2 * time.Minute, atMost: 2*time.Minute + jitter},
		"beyond the ceiling":    {header: is("121"), final: true, asked: 121 * time.Second},
		"31 years":              {header: is("1000000000"), final: true, asked: 365 * 24 * time.Hour},
		"overflows a Duration":  {header: is("9223372037"), final: true, asked: 365 * 24 * time.Hour},
		"overflows an int64":    {header: is("99999999999999999999999999"), final: true, asked: 365 * 24 * time.Hour},
		"date in the year 9999": {header: is("Fri, 31 Dec 9999 23:59:59 GMT"), final: true, asked: 365 * 24 * time.Hour},
	}
	for name, tt := range tests {
		for _, write := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s write=%v", name, write), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					start := time.Now()
					refuse := func(r *http.Request) (*http.Response, error) {
						if tt.header == nil {
							return reply(r, 429, `{}`), nil
						}
						return reply(r, 429, `{}`, "Retry-After", tt.header(start)), nil
					}
					c := newClient(t, editkit.WithEditClips(testKey), stub(replies(refuse, say(201, queued))))
					var err error
					if write {
						_, err = c.Jobs.Create(t.Context(), goodParams)
					} else {
						_, err = c.Jobs.Get(t.Context(), "j1")
					}
					took := time.Since(start)
					if tt.final {
						var ae *editkit.APIError
						if !errors.As(err, &ae) || !errors.Is(err, editkit.ErrRateLimited) || ae.RetryAfter != tt.asked || took != 0 {
							t.Errorf("after %s: %v", took, err)
						}
						return
					}
					if err != nil || took < tt.atLeast || took > tt.atMost {
						t.Errorf("came back after %s, want %s to %s (error %v)", took, tt.atLeast, tt.atMost, err)
					}
				})
			})
		}
	}
}

// TestRetryAfterByTheServersClock: a date counts from the answer's own Date, so that a
// clock that is wrong here doesn't bring a client back early or never.
func TestRetryAfterByTheServersClock(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{-48 * time.Hour, 48 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			server := start.Add(skew).UTC()
			c := newClient(t, editkit.WithEditClips(testKey), stub(replies(
				say(429, `{}`, "Date", server.Format(http.TimeFormat), "Retry-After", server.Add(10*time.Second).Format(http.TimeFormat)),
				say(200, working))))
			_, err := c.Jobs.Get(t.Context(), "j1")
			if took := time.Since(start); err != nil || took < 10*time.Second || took > 11*time.Second {
				t.Errorf("skew %s: after %s: %v", skew, took, err)
			}
		})
	}
}

// TestRetryAfterBeyondDeadline: when the deadline comes first, the 429 comes back at
// once instead of a sleep that ends in nothing.
func TestRetryAfterBeyondDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, editkit.WithEditClips(testKey), stub(say(429, `{"message":"slow down"}`, "Retry-After", "30")))
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start := time.Now()
		_, err := c.Jobs.Create(ctx, goodParams)
		var ae *editkit.APIError
		if !errors.As(err, &ae) || ae.StatusCode != 429 || ae.RetryAfter != 30*time.Second || ae.Message != "slow down" {
			t.Errorf("error = %v", err)
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("it took %s", took)
		}

		// The pause holds for every call of the service: this one is not even sent.
		_, err = c.Account.Balance(ctx)
		var throttled *editkit.ThrottledError
		if !errors.As(err, &throttled) || !throttled.Deadline || throttled.Wait != 30*time.Second {
			t.Errorf("error = %v", err)
		}
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, editkit.ErrRateLimited) || errors.Is(err, editkit.ErrUncertain) {
			t.Errorf("error = %v", err)
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("it took %s", took)
		}
	})
}

// TestOnePauseForAll: one 429 stops every caller of the service until the time is
// over, and they don't come back all at once.
func TestOnePauseForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const callers = 100
		var (
			mu       sync.Mutex
			arrivals []time.Duration
		)
		start := time.Now()
		c := newClient(t, editkit.WithEditClips(testKey), stub(func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			arrivals = append(arrivals, time.Since(start))
			if len(arrivals) == 1 {
				return reply(r, 429, `{}`, "Retry-After", "20"), nil
			}
			return reply(r, 200, working), nil
		}))
		derived, err := c.With(fastRetries)
		if err != nil {
			t.Fatal(err)
		}
		first := make(chan error, 1)
		go func() {
			_, err := c.Jobs.Get(t.Context(), "j1")
			first <- err
		}()
		synctest.Wait() // the 429 has come
		var failed atomic.Int32
		var callersDone sync.WaitGroup
		for i := range callers {
			callersDone.Go(func() {
				one := c
				if i%2 == 1 {
					one = derived // shares the pause
				}
				if _, err := one.Jobs.Get(t.Context(), "j1"); err != nil {
					failed.Add(1)
				}
			})
		}
		callersDone.Wait()
		if err := <-first; err != nil || failed.Load() != 0 {
			t.Errorf("%v, %d failed", err, failed.Load())
		}
		if len(arrivals) != callers+2 {
			t.Errorf("%d requests, want %d", len(arrivals), callers+2)
		}
		spread := map[time.Duration]int{}
		for _, at := range arrivals[1:] {
			if at < 20*time.Second || at > 22*time.Second {
				t.Errorf("a request came after %s", at)
			}
			spread[at]++
		}
		if len(spread) < callers/2 {
			t.Errorf("%d requests came at only %d different times", callers, len(spread))
		}
	})
}

// TestPauseIsBounded: an absurd Retry-After silences a client for an hour, not for ever,
// and the other service not at all.
func TestPauseIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		refused := false
		c := newClient(t, editkit.WithEditClips(testKey), editkit.WithEditingTools(toolsKey), stub(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == "editclips.online" && !refused {
				refused = true
				return reply(r, 429, `{}`, "Retry-After", "1000000000"), nil
			}
			return reply(r, 200, working), nil
		}))
		if _, err := c.Jobs.Get(t.Context(), "j1"); !errors.Is(err, editkit.ErrRateLimited) {
			t.Fatalf("error = %v", err)
		}
		var throttled *editkit.ThrottledError
		if _, err := c.Jobs.Get(t.Context(), "j1"); !errors.As(err, &throttled) || throttled.Deadline || throttled.Wait != time.Hour {
			t.Errorf("error = %v", err)
		}
		if err := c.Do(t.Context(), editkit.EditingTools, http.MethodGet, "/processes", nil, nil); err != nil {
			t.Errorf("the other service: %v", err)
		}
		<-time.After(time.Hour)
		if _, err := c.Jobs.Get(t.Context(), "j1"); err != nil {
			t.Errorf("after an hour: %v", err)
		}
	})
}

// recordingThrottle is a throttle of a user's own.
type recordingThrottle struct {
	asked   []editkit.Attempt
	results []editkit.AttemptResult
	refuse  error
}

func (r *recordingThrottle) Acquire(_ context.Context, a editkit.Attempt) (func(editkit.AttemptResult), error) {
	r.asked = append(r.asked, a)
	if r.refuse != nil && len(r.asked) > 1 {
		return nil, r.refuse
	}
	return func(res editkit.AttemptResult) { r.results = append(r.results, res) }, nil
}

// TestThrottleIsAskedForEveryAttempt: not once a call, and it is told every outcome.
func TestThrottleIsAskedForEveryAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		throttle := &recordingThrottle{}
		c := newClient(t, editkit.WithEditClips(testKey), editkit.WithThrottle(editkit.EditClips, throttle),
			stub(replies(say(429, `{}`, "Retry-After", "3"), say(502, ``), fail(errors.New("gone")), say(200, working))))
		if _, err := c.Jobs.Get(t.Context(), "j1"); err != nil {
			t.Fatal(err)
		}
		for i, a := range throttle.asked {
			if a.Endpoint != "GET /jobs/{id}" || a.Number != i+1 || a.Service != editkit.EditClips || a.MaxWait != 2*time.Minute {
				t.Errorf("asked %+v", a)
			}
		}
		want := []editkit.AttemptResult{{Sent: true, StatusCode: 429, RetryAfter: 3 * time.Second}, {Sent: true, StatusCode: 502}, {Sent: true}, {Sent: true, StatusCode: 200}}
		if fmt.Sprint(throttle.results) != fmt.Sprint(want) {
			t.Errorf("told %+v, want %+v", throttle.results, want)
		}
	})
}

// TestNoTurnForTheSecondAttempt: the answer of the first says more than that there was
// no turn for another.
func TestNoTurnForTheSecondAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		throttle := &recordingThrottle{refuse: &editkit.ThrottledError{Service: editkit.EditClips, Wait: time.Hour}}
		c := newClient(t, editkit.WithEditClips(testKey), editkit.WithThrottle(editkit.EditClips, throttle), stub(say(429, `{}`)))
		_, err := c.Jobs.Create(t.Context(), goodParams)
		var ae *editkit.APIError
		if !errors.As(err, &ae) || ae.StatusCode != 429 || ae.Attempts != 1 || len(throttle.results) != 1 {
			t.Errorf("error = %v, told %v", err, throttle.results)
		}
	})
}
