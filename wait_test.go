package editkit_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/editkit/editkit-go"
)

var errReset = &net.OpError{Op: "read", Err: syscall.ECONNRESET}

func job(status string, rest string) string {
	return fmt.Sprintf(`{"id":"j1","status":%q,"tool":"t"%s}`, status, rest)
}

// waitFor runs a wait in a bubble against a transport, for at most an hour.
func waitFor(t *testing.T, transport transportFunc, check func(t *testing.T, job *editkit.Job, err error, took time.Duration), opts ...editkit.WaitOption) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, editkit.WithEditClips(testKey), stub(transport))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		start := time.Now()
		got, err := c.Jobs.Wait(ctx, "j1", opts...)
		check(t, got, err, time.Since(start))
	})
}

// TestWaitSurvives: passing faults don't end a wait, whatever they are and however many
// come in a row.
func TestWaitSurvives(t *testing.T) {
	t.Parallel()
	done := say(200, completed)
	for name, steps := range map[string][]func(*http.Request) (*http.Response, error){
		"502 HTML":                {say(502, gatewayPage)},
		"500":                     {say(500, `{}`)},
		"503":                     {say(503, ``)},
		"reset":                   {fail(errReset)},
		"EOF":                     {fail(io.ErrUnexpectedEOF)},
		"refused":                 {fail(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED})},
		"no such host for once":   {fail(&net.DNSError{Err: "no such host", IsNotFound: true})},
		"200 HTML":                {say(200, gatewayPage)},
		"200 empty":               {say(200, ``)},
		"half an answer":          {say(200, completed[:30])},
		"408":                     {say(408, ``)},
		"425":                     {say(425, ``)},
		"429":                     {say(429, ``)},
		"404 of a job just made":  {say(404, `{}`), say(404, `{}`)},
		"progress goes backwards": {say(200, job("processing", `,"progress":90`)), say(200, job("queued", `,"progress":0`)), say(200, job("processing", `,"progress":10`))},
		"unknown status":          {say(200, job("paused", ``)), say(200, job("", ``)), say(200, job("Completed!", ``))},
		"fifty faults":            slices.Repeat([]func(*http.Request) (*http.Response, error){say(502, gatewayPage), fail(errReset)}, 25),
		"faults between states": {
			say(200, queued), say(502, ``), fail(errReset), say(200, working), say(504, ``), say(200, ``),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			waitFor(t, replies(append(slices.Clone(steps), done)...), func(t *testing.T, job *editkit.Job, err error, _ time.Duration) {
				if err != nil || job.Status != editkit.JobCompleted || job.OutputSize != 10485760 {
					t.Errorf("got %v, %v", job, err)
				}
			})
		})
	}
}

// TestWaitEnds: answers that no patience changes end a wait at once, and say what was
// seen before.
func TestWaitEnds(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		last  func(*http.Request) (*http.Response, error)
		want  error
		polls int
	}{
		"401":                   {say(401, `{}`), editkit.ErrUnauthorized, 2},
		"403":                   {say(403, `{}`), editkit.ErrForbidden, 2},
		"404 after it was seen": {say(404, `{}`), editkit.ErrNotFound, 2},
		"redirect":              {say(302, ``, "Location", "https://other.example/"), nil, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			polls := 0
			transport := replies(say(200, working), tt.last)
			waitFor(t, func(r *http.Request) (*http.Response, error) { polls++; return transport(r) }, func(t *testing.T, job *editkit.Job, err error, _ time.Duration) {
				var we *editkit.WaitError
				if !errors.As(err, &we) || we.Status != "processing" || we.ID != "j1" || we.Service != editkit.EditClips {
					t.Fatalf("error = %v", err)
				}
				if tt.want != nil && !errors.Is(err, tt.want) {
					t.Errorf("error = %v, want %v", err, tt.want)
				}
				if job == nil || job.Progress != 45 {
					t.Errorf("the job as last seen is missing: %v", job)
				}
				if polls != tt.polls {
					t.Errorf("%d polls", polls)
				}
			})
		})
	}
}

// TestWaitForNoJob: an id that was never there is given up after a few looks, not
// polled for ever.
func TestWaitForNoJob(t *testing.T) {
	t.Parallel()
	polls := 0
	waitFor(t, func(r *http.Request) (*http.Response, error) { polls++; return reply(r, 404, `{}`), nil },
		func(t *testing.T, job *editkit.Job, err error, took time.Duration) {
			if !errors.Is(err, editkit.ErrNotFound) || job != nil || polls != 3 || took > 3*time.Second {
				t.Errorf("%v, %v after %d polls and %s", job, err, polls, took)
			}
		})
}

// TestWaitForFailure: a failed or cancelled job is its own error, with the job.
func TestWaitForFailure(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]editkit.JobStatus{
		job("failed", `,"errorMessage":"FFmpeg exited with code 1: Invalid input format"`):                                   editkit.JobFailed,
		job("failed", `,"errorMessage":"FFmpeg exited with code 1: https://in.example/v.mov?token=s3 Invalid input format"`): editkit.JobFailed,
		job("cancelled", ``): editkit.JobCancelled,
		job("canceled", ``):  editkit.JobCancelled,
	} {
		waitFor(t, replies(say(200, working), say(200, body)), func(t *testing.T, job *editkit.Job, err error, _ time.Duration) {
			var failed *editkit.JobFailedError
			if !errors.As(err, &failed) || !errors.Is(err, editkit.ErrJobFailed) || failed.Job != job || job.Status != want {
				t.Fatalf("got %v, %v", job, err)
			}
			if strings.Contains(err.Error(), "token") || !strings.Contains(err.Error(), string(want)) {
				t.Errorf("error = %v", err)
			}
			if want == editkit.JobFailed && !strings.Contains(err.Error(), "Invalid input format") {
				t.Errorf("the reason is missing: %v", err)
			}
		})
	}
}

// TestWaitContext: the context ends a wait at once, in a poll and in a pause, and the
// error says what was last seen and what was wrong.
func TestWaitContext(t *testing.T) {
	t.Parallel()
	for name, transport := range map[string]func() transportFunc{
		"in a pause": func() transportFunc { return replies(say(200, working)) },
		"in a poll": func() transportFunc {
			return replies(say(200, working), func(r *http.Request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			})
		},
		"while it only fails": func() transportFunc { return replies(say(200, working), say(502, gatewayPage)) },
		"while paused":        func() transportFunc { return replies(say(200, working), say(429, `{}`, "Retry-After", "3600")) },
	} {
		for _, cancelled := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s cancelled=%v", name, cancelled), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					c := newClient(t, editkit.WithEditClips(testKey), stub(transport()))
					const limit = 100*time.Second + 7*time.Millisecond
					want := context.DeadlineExceeded
					ctx, cancel := context.WithTimeout(t.Context(), limit)
					defer cancel()
					if cancelled {
						want = context.Canceled
						ctx, cancel = context.WithCancel(t.Context())
						time.AfterFunc(limit, cancel)
					}
					start := time.Now()
					got, err := c.Jobs.Wait(ctx, "j1")
					var we *editkit.WaitError
					if !errors.Is(err, want) || !errors.As(err, &we) || we.Status != "processing" || got == nil || got.Progress != 45 {
						t.Errorf("got %v, %v", got, err)
					}
					if took := time.Since(start); took != limit {
						t.Errorf("it took %s", took)
					}
					if (name == "while it only fails") != errors.Is(we.LastFault, editkit.ErrServer) {
						t.Errorf("LastFault = %v", we.LastFault)
					}
					if errors.Is(err, editkit.ErrServer) {
						t.Errorf("a fault that the wait survived is not why it ended: %v", err)
					}
				})
			})
		}
	}
}

// TestWaitPace: polls become rarer, within their bounds, and a long Retry-After is kept.
func TestWaitPace(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		opts      []editkit.WaitOption
		min, max  time.Duration
		fewest    int
		mostPolls int
	}{
		"default":  {nil, 500 * time.Millisecond, 15 * time.Second, 240, 330},
		"constant": {[]editkit.WaitOption{editkit.PollInterval(time.Minute, time.Minute)}, time.Minute, time.Minute, 60, 61},
		"slow":     {[]editkit.WaitOption{editkit.PollInterval(time.Second, 10*time.Minute)}, time.Second, 10 * time.Minute, 15, 30},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var at []time.Time
			waitFor(t, func(r *http.Request) (*http.Response, error) {
				at = append(at, time.Now())
				return reply(r, 200, working), nil
			}, func(t *testing.T, _ *editkit.Job, err error, _ time.Duration) {
				if !errors.Is(err, context.DeadlineExceeded) || len(at) < tt.fewest || len(at) > tt.mostPolls {
					t.Errorf("%d polls in an hour: %v", len(at), err)
				}
				for i := 1; i < len(at); i++ {
					if gap := at[i].Sub(at[i-1]); gap < tt.min || gap > tt.max {
						t.Errorf("gap %d is %s", i, gap)
					}
				}
			}, tt.opts...)
		})
	}
	for _, bad := range [][2]time.Duration{{0, time.Second}, {-1, time.Second}, {time.Second, time.Millisecond}} {
		c := newClient(t, editkit.WithEditClips(testKey), stub(fail(errReset)))
		if _, err := c.Jobs.Wait(t.Context(), "j1", editkit.PollInterval(bad[0], bad[1])); !errors.Is(err, editkit.ErrInvalidArgument) {
			t.Errorf("PollInterval(%s, %s): %v", bad[0], bad[1], err)
		}
	}
}

// TestWaitKeepsRetryAfter: also beyond the ceiling of a single call, since a wait has time.
func TestWaitKeepsRetryAfter(t *testing.T) {
	t.Parallel()
	var at []time.Time
	transport := replies(say(429, `{}`, "Retry-After", "600"), say(200, completed))
	waitFor(t, func(r *http.Request) (*http.Response, error) { at = append(at, time.Now()); return transport(r) },
		func(t *testing.T, _ *editkit.Job, err error, _ time.Duration) {
			if err != nil || len(at) != 2 || at[1].Sub(at[0]) < 10*time.Minute || at[1].Sub(at[0]) > 10*time.Minute+2*time.Second {
				t.Errorf("%v, polls at %v", err, at)
			}
		})
}

// TestOnUpdate: every change once, the last state included.
func TestOnUpdate(t *testing.T) {
	t.Parallel()
	var seen []string
	waitFor(t, replies(say(200, queued), say(200, queued), say(200, working), say(502, ``), say(200, working),
		say(200, job("processing", `,"progress":20,"progressMessage":"Encoding..."`)), say(200, completed)),
		func(t *testing.T, _ *editkit.Job, err error, _ time.Duration) {
			want := []string{"queued 0", "processing 45", "processing 20", "completed 100"}
			if err != nil || !slices.Equal(seen, want) {
				t.Errorf("%v, saw %q", err, seen)
			}
		},
		editkit.OnUpdate(func(j *editkit.Job) { seen = append(seen, fmt.Sprintf("%s %v", j.Status, j.Progress)) }))
}

// TestManyWaits: a hundred of them end together when told to. (A thousand timers in one
// bubble now and then crash the race detector itself: golang/go #78156.)
func TestManyWaits(t *testing.T) {
	t.Parallel()
	const waits = 100
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, editkit.WithEditClips(testKey), stub(say(200, working)))
		ctx, cancel := context.WithCancel(t.Context())
		var cancelled atomic.Int32
		for range waits {
			go func() {
				if _, err := c.Jobs.Wait(ctx, "j1"); errors.Is(err, context.Canceled) {
					cancelled.Add(1)
				}
			}()
		}
		<-time.After(10 * time.Second)
		cancel()
		synctest.Wait() // no time passes
		if cancelled.Load() != waits {
			t.Errorf("%d of %d ended", cancelled.Load(), waits)
		}
	})
}

// TestWaitOverSockets: the same over real connections.
func TestWaitOverSockets(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, proto int) {
		srv := newScript(t, proto, answer(200, queued), answer(502, gatewayPage), reset, cut(200, working, 10), answer(200, job("paused", ``)),
			answer(200, working), answer(200, completed))
		j, err := srv.client().Jobs.Wait(ctxFor(t), "j1", editkit.PollInterval(time.Millisecond, 2*time.Millisecond))
		if err != nil || j.Status != editkit.JobCompleted {
			t.Errorf("got %v, %v", j, err)
		}
	})
}
