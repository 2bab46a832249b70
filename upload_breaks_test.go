package editkit_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/editkit/editkit-go"
)

// TestUploadBreaksOff: a connection that breaks in the midst of the body leaves no doubt,
// since no server has seen a complete request. If the body is larger than the smaller
// reading of the limit, that is told as the likely reason.
func TestUploadBreaksOff(t *testing.T) {
	t.Parallel()
	const edge = 100_000_000 // the smaller reading of 100 MB
	for name, size := range map[string]int64{"below": edge - 10_000, "above": edge, "at the limit": editkit.MaxRequestBytes - 10_000} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overBoth(t, func(t *testing.T, proto int) {
				srv := newDock(t, proto, breakAfter(100_000))
				var e endless
				_, err := srv.client().Tools.Run(ctxFor(t), "x", editkit.ToolParams{File: e.source(size)})
				var (
					te  *editkit.TransportError
					too *editkit.TooLargeError
				)
				if !errors.As(err, &te) || !te.Sent || te.Attempts != 1 || errors.Is(err, editkit.ErrUncertain) || errors.Is(err, editkit.ErrSource) {
					t.Errorf("error = %v", err)
				}
				declared := srv.deliveries()[0].Declared
				switch {
				case size < edge:
					if errors.Is(err, editkit.ErrTooLarge) {
						t.Errorf("%d bytes are not too large: %v", declared, err)
					}
				case !errors.Is(err, editkit.ErrTooLarge) || !errors.As(err, &too):
					t.Errorf("error = %v, want ErrTooLarge", err)
				case too.Size != declared || too.Limit != edge || too.Overhead != declared-size || !errors.Is(too.Err, te) || !strings.Contains(err.Error(), "100000000"):
					t.Errorf("%+v, %v", too, err)
				}
				if e.taken.Load() > size/2 {
					t.Errorf("%d bytes were read for a server that took 100000", e.taken.Load())
				}
			})
		})
	}
}

// TestBrokenWhenWhole: once all of the body was taken, nobody can know whether the start
// was carried out, and it is not sent again.
func TestBrokenWhenWhole(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, proto int) {
		for _, size := range []int64{10, 1<<20 + 1} {
			srv := newDock(t, proto, breakAfter(-1))
			_, err := srv.client().Tools.Run(ctxFor(t), "x", editkit.ToolParams{File: (&endless{}).source(size)})
			var te *editkit.TransportError
			if !errors.Is(err, editkit.ErrUncertain) || !errors.As(err, &te) || te.Attempts != 1 || errors.Is(err, editkit.ErrTooLarge) {
				t.Errorf("%d bytes: %v", size, err)
			}
			if d := srv.deliveries(); len(d) != 1 || !d[0].Whole {
				t.Errorf("%d starts reached the service", len(d))
			}
		}
	})
}

// TestLargeUploadEnds: an end that is not the service's doing does not pass for a refusal,
// and one that comes when all was taken is doubtful all the same.
func TestLargeUploadEnds(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	for name, tt := range map[string]struct {
		end                 func(ctx context.Context, cancel context.CancelFunc) error
		size                int64
		is                  error
		tooLarge, undecided bool
	}{
		"reset":         {func(context.Context, context.CancelFunc) error { return syscall.ECONNRESET }, 100_000_000, syscall.ECONNRESET, true, true},
		"reset, small":  {func(context.Context, context.CancelFunc) error { return syscall.ECONNRESET }, 1000, syscall.ECONNRESET, false, true},
		"cancelled":     {func(ctx context.Context, cancel context.CancelFunc) error { cancel(); return ctx.Err() }, 100_000_000, context.Canceled, false, true},
		"silence":       {func(ctx context.Context, _ context.CancelFunc) error { <-ctx.Done(); return ctx.Err() }, 100_000_000, os.ErrDeadlineExceeded, false, true},
		"no connection": {func(context.Context, context.CancelFunc) error { return boom }, 100_000_000, boom, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				c := toolsClient(t, func(r *http.Request) (*http.Response, error) {
					if n, err := io.Copy(io.Discard, r.Body); n != r.ContentLength || err != nil {
						t.Errorf("%d of %d bytes: %v", n, r.ContentLength, err)
					}
					return nil, tt.end(r.Context(), cancel)
				})
				_, err := c.Tools.Run(ctx, "x", editkit.ToolParams{File: (&endless{}).source(tt.size)})
				if !errors.Is(err, tt.is) || errors.Is(err, editkit.ErrTooLarge) != tt.tooLarge || errors.Is(err, editkit.ErrUncertain) != tt.undecided {
					t.Errorf("error = %v", err)
				}
			})
		})
	}
}

// TestStalledUpload: a server that stops reading is given up after the time limit of an
// attempt, and not sent the same again.
func TestStalledUpload(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, proto int) {
		release := make(chan struct{})
		srv := newDock(t, proto, stopAt(100_000, nil, release))
		defer close(release)
		_, err := srv.client().Tools.Run(ctxFor(t), "x", editkit.ToolParams{File: (&endless{}).source(90_000_000)},
			editkit.WithRetryPolicy(editkit.RetryPolicy{AttemptTimeout: 300 * time.Millisecond}))
		var te *editkit.TransportError
		if !errors.As(err, &te) || te.Attempts != 1 || !errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) ||
			errors.Is(err, context.Canceled) || errors.Is(err, editkit.ErrUncertain) || errors.Is(err, editkit.ErrSource) {
			t.Errorf("error = %v", err)
		}
	})
}

// reading is a transport that reads the body in pieces of n bytes with a pause before
// each, and then takes its time to answer.
func reading(n int64, pause, answer time.Duration) transportFunc {
	wait := func(ctx context.Context, d time.Duration) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(d):
			return nil
		}
	}
	return func(r *http.Request) (*http.Response, error) {
		for {
			if err := wait(r.Context(), pause); err != nil {
				return nil, err
			}
			if _, err := io.CopyN(io.Discard, r.Body, n); err == io.EOF {
				break
			} else if err != nil {
				return nil, err
			}
		}
		if err := wait(r.Context(), answer); err != nil {
			return nil, err
		}
		return reply(r, 202, accepted), nil
	}
}

// TestSlowUpload: an upload may take as long as it moves. The time limit is for each
// piece, and for the answer after the last one: two minutes unless the policy says so.
func TestSlowUpload(t *testing.T) {
	t.Parallel()
	const short = 10 * time.Second
	for name, tt := range map[string]struct {
		transport transportFunc
		limit     time.Duration // of the policy
		took      time.Duration // until it was given up; 0: a success
	}{
		"steady":             {reading(1000, 119*time.Second, 119*time.Second), 0, 0},
		"stalled":            {reading(1000, 121*time.Second, 0), 0, 2 * time.Minute},
		"no answer":          {reading(1e9, 0, 121*time.Second), 0, 2 * time.Minute},
		"steady, own limit":  {reading(1000, short-1, short-1), short, 0},
		"stalled, own limit": {reading(1000, short+1, 0), short, short},
		"no limit":           {reading(1e9, time.Hour, time.Hour), -1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := toolsClient(t, tt.transport)
				start := time.Now()
				run, err := c.Tools.Run(t.Context(), "x", editkit.ToolParams{File: editkit.BytesSource("a", make([]byte, 50_000))},
					editkit.WithRetryPolicy(editkit.RetryPolicy{AttemptTimeout: tt.limit}))
				if tt.took == 0 {
					if err != nil || run.ProcessID != "ABC123" {
						t.Errorf("after %s: %v, %v", time.Since(start), run, err)
					}
					return
				}
				if !errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) || time.Since(start) != tt.took || !strings.Contains(err.Error(), tt.took.String()) {
					t.Errorf("after %s: %v", time.Since(start), err)
				}
			})
		})
	}
}

// TestCancelUpload: a call ends at once when its context does, also with a server that has
// stopped reading, and is certain that nothing was started.
func TestCancelUpload(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, proto int) {
		for _, size := range []int64{90_000_000, 101_000_000} {
			reached, release := make(chan struct{}), make(chan struct{})
			srv := newDock(t, proto, stopAt(100_000, reached, release))
			ctx, cancel := context.WithCancel(ctxFor(t))
			var cancelled time.Time
			go func() {
				<-reached
				cancelled = time.Now()
				cancel()
			}()
			_, err := srv.client().Tools.Run(ctx, "x", editkit.ToolParams{File: (&endless{}).source(size)})
			if took := time.Since(cancelled); took > 3*time.Second {
				t.Errorf("it took %s", took)
			}
			close(release)
			if !errors.Is(err, context.Canceled) || errors.Is(err, editkit.ErrUncertain) || errors.Is(err, editkit.ErrTooLarge) || errors.Is(err, editkit.ErrSource) {
				t.Errorf("%d bytes: %v", size, err)
			}
		}
	})
}

// TestStuckSource: a source that gives nothing holds no call: neither past the end of its
// context nor past the time limit of the attempt.
func TestStuckSource(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, proto int) {
		for _, kind := range []string{"ReaderSource", "ReaderAtSource"} {
			for _, end := range []error{context.Canceled, os.ErrDeadlineExceeded} {
				stuck := &stuckReader{reached: make(chan struct{}), release: make(chan struct{})}
				source := editkit.ReaderSource("a", io.NewSectionReader(stuck, 0, 200_000), 200_000)
				if kind == "ReaderAtSource" {
					source = editkit.ReaderAtSource("a", stuck, 200_000)
				}
				srv := newDock(t, proto, unload(202))
				ctx, cancel := context.WithCancel(ctxFor(t))
				policy := editkit.RetryPolicy{AttemptTimeout: 100 * time.Millisecond}
				if end == context.Canceled {
					policy.AttemptTimeout = 0
					go func() { <-stuck.reached; cancel() }()
				}
				_, err := srv.client().Tools.Run(ctx, "x", editkit.ToolParams{File: source}, editkit.WithRetryPolicy(policy))
				cancel()
				if !errors.Is(err, end) || errors.Is(err, editkit.ErrUncertain) || errors.Is(err, editkit.ErrSource) || errors.Is(err, os.ErrClosed) {
					t.Errorf("%s: %v, want %v", kind, err, end)
				}
				close(stuck.release)
				for _, d := range srv.deliveriesSoFar() {
					if d.Whole {
						t.Errorf("%s: the server saw a complete request", kind)
					}
				}
			}
		}
	})
}

// stuckReader gives 100,000 bytes, and nothing more until it is let go.
type stuckReader struct {
	once             sync.Once
	reached, release chan struct{}
}

func (s *stuckReader) ReadAt(p []byte, off int64) (int, error) {
	const end = 100_000
	if off < end {
		n := min(int64(len(p)), end-off)
		clear(p[:n])
		return int(n), nil
	}
	s.once.Do(func() { close(s.reached) })
	<-s.release
	return 0, io.EOF
}
