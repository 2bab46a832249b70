package editkit_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/editkit/editkit-go"
)

// ward is a stub of the service with processes that end at a given time.
type ward struct {
	mu      sync.Mutex
	start   time.Time
	ends    map[string]time.Duration
	hidden  map[string]bool // not in the list
	failing map[string]bool
	lists   int
	details int
	at      []time.Duration
	fault   func(r *http.Request) (*http.Response, error) // instead of an answer, unless nil
}

func newWard() *ward {
	return &ward{start: time.Now(), ends: map[string]time.Duration{}, hidden: map[string]bool{}, failing: map[string]bool{}}
}

func (w *ward) serve(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	id, isDetails := strings.CutPrefix(r.URL.Path, "/v2/processes/")
	if isDetails {
		w.details++
	} else {
		w.lists++
		w.at = append(w.at, time.Since(w.start))
	}
	if w.fault != nil {
		if resp, err := w.fault(r); resp != nil || err != nil {
			return resp, err
		}
	}
	if isDetails {
		if _, ok := w.ends[id]; !ok {
			return reply(r, 404, `{"code":404,"status":"no such process"}`), nil
		}
		return reply(r, 200, envelope(200, w.one(id))), nil
	}
	var list []string
	for id := range w.ends {
		if !w.hidden[id] {
			list = append(list, w.one(id))
		}
	}
	if len(list) == 0 {
		return reply(r, 404, `{"code":404,"status":"no processes"}`), nil
	}
	return reply(r, 200, envelope(200, "["+strings.Join(list, ",")+"]")), nil
}

func (w *ward) one(id string) string {
	status := "in_progress"
	if time.Since(w.start) >= w.ends[id] {
		status = "finished"
		if w.failing[id] {
			status = "failed"
		}
	}
	return fmt.Sprintf(`{"processId":%q,"status":%q,"label":"Etikett %s"}`, id, status, status)
}

// TestManyWaitersOneCall: a thousand processes cost no more list calls than one, over the
// same simulated time, and all are seen to end.
func TestManyWaitersOneCall(t *testing.T) {
	t.Parallel()
	calls := map[int]int{}
	for _, n := range []int{1, 10, 1000} {
		synctest.Test(t, func(t *testing.T) {
			w := newWard()
			for i := range n {
				w.ends[fmt.Sprintf("P%d", i)] = 10 * time.Minute
			}
			c := toolsClient(t, w.serve)
			var wg sync.WaitGroup
			for i := range n {
				wg.Go(func() {
					if p, err := c.Processes.Wait(t.Context(), fmt.Sprintf("#P%d", i)); err != nil || p.Status != editkit.ProcessFinished {
						t.Errorf("P%d: %v, %v", i, p, err)
					}
				})
			}
			wg.Wait()
			calls[n] = w.lists
			if w.details != 0 {
				t.Errorf("%d details calls", w.details)
			}
			if late := time.Since(w.start) - 10*time.Minute; late > 10*time.Second {
				t.Errorf("%d: the end was seen %s late", n, late)
			}
		})
	}
	t.Logf("list calls for processes of 10 minutes: 1 waiter %d, 10 waiters %d, 1000 waiters %d", calls[1], calls[10], calls[1000])
	for n, got := range calls {
		if got > calls[1]+5 || got > 90 {
			t.Errorf("%d waiters cost %d calls, one costs %d", n, got, calls[1])
		}
	}
}

// TestWaitersComeAndGo: whoever does the looking may leave at any time, by its context or
// because its process has ended; the others go on.
func TestWaitersComeAndGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWard()
		c := toolsClient(t, w.serve)
		var wg sync.WaitGroup
		for i := range 60 {
			w.ends[fmt.Sprintf("P%d", i)] = time.Duration(i+1) * 10 * time.Second
		}
		for i := range 60 {
			id, end := fmt.Sprintf("P%d", i), time.Duration(i+1)*10*time.Second
			wg.Go(func() {
				<-time.After(time.Duration(i%7) * 3 * time.Second) // they come one after the other
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				if i%3 == 0 { // and some leave early
					ctx, cancel = context.WithTimeout(t.Context(), 5*time.Second)
				}
				defer cancel()
				p, err := c.Processes.Wait(ctx, id)
				switch {
				case i%3 == 0 && end > time.Minute:
					if !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("%s: %v, %v", id, p, err)
					}
				case i%3 != 0:
					if err != nil || p.ID != id || time.Since(w.start) < end {
						t.Errorf("%s after %s: %v, %v", id, time.Since(w.start), p, err)
					}
				}
			})
		}
		wg.Wait()
		for i := 1; i < len(w.at); i++ {
			if gap := w.at[i] - w.at[i-1]; gap < 0 {
				t.Errorf("looks %d and %d are %s apart", i-1, i, gap)
			}
		}
		if w.lists > 250 { // 600 s, at least 2 s apart but for those who leave in a look
			t.Errorf("%d list calls", w.lists)
		}
	})
}

// TestNewWaiterIsSeenSoon: who comes while others wait at a slow pace is looked for soon,
// unless the service asked to be left alone.
func TestNewWaiterIsSeenSoon(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWard()
		w.ends["SLOW"], w.ends["QUICK"] = 20*time.Minute, time.Second
		c := toolsClient(t, w.serve)
		done := make(chan error, 1)
		go func() {
			_, err := c.Processes.Wait(t.Context(), "SLOW", editkit.PollInterval(2*time.Second, 10*time.Minute))
			done <- err
		}()
		<-time.After(9 * time.Minute) // the pace is minutes by now
		start := time.Now()
		if _, err := c.Processes.Wait(t.Context(), "QUICK"); err != nil || time.Since(start) > 4*time.Second {
			t.Errorf("seen after %s: %v", time.Since(start), err)
		}
		w.mu.Lock()
		refused := false
		w.fault = func(r *http.Request) (*http.Response, error) {
			if refused {
				return nil, nil
			}
			refused = true
			return reply(r, 429, `{"code":429,"status":"slow down"}`, "Retry-After", "300"), nil
		}
		w.mu.Unlock()
		start = time.Now()
		for range 3 { // each comes, and none shortens the pause
			if _, err := c.Processes.Wait(t.Context(), "QUICK"); err != nil || time.Since(start) < 5*time.Minute {
				t.Errorf("seen after %s: %v", time.Since(start), err)
			}
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestWaitForTheUnlisted: what the list does not show is asked for by its details, and
// given up only when these don't know it either.
func TestWaitForTheUnlisted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWard()
		w.ends["HIDDEN"], w.hidden["HIDDEN"] = time.Minute, true
		c := toolsClient(t, w.serve)
		if p, err := c.Processes.Wait(t.Context(), "HIDDEN"); err != nil || p.Status != editkit.ProcessFinished || w.details == 0 {
			t.Errorf("%v, %v after %d details calls", p, err, w.details)
		}
		var we *editkit.WaitError
		if p, err := c.Processes.Wait(t.Context(), "nobody"); !errors.Is(err, editkit.ErrNotFound) || !errors.As(err, &we) || p != nil {
			t.Errorf("%v, %v", p, err)
		}
		w.ends["GOES"] = time.Hour
		time.AfterFunc(time.Minute, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			delete(w.ends, "GOES")
		})
		p, err := c.Processes.Wait(t.Context(), "GOES")
		if !errors.Is(err, editkit.ErrNotFound) || p == nil || p.Status != editkit.ProcessInProgress {
			t.Errorf("a process that vanished: %v, %v", p, err)
		}
	})
}

// TestProcessWaitOutcomes: failed processes keep their label and their status, unknown
// states are no end, and faults don't end a wait.
func TestProcessWaitOutcomes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWard()
		w.ends["BAD"], w.failing["BAD"] = time.Minute, true
		c := toolsClient(t, w.serve)
		p, err := c.Processes.Wait(t.Context(), "BAD")
		var failed *editkit.ProcessFailedError
		if !errors.As(err, &failed) || !errors.Is(err, editkit.ErrProcessFailed) || failed.Process != p || p.Status != editkit.ProcessFailed || p.Label != "Etikett failed" ||
			!strings.Contains(err.Error(), "Etikett failed") {
			t.Errorf("%v, %v", p, err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		state := func(status string) func(*http.Request) (*http.Response, error) {
			return say(200, envelope(200, fmt.Sprintf(`[{"processId":"A1","status":%q}]`, status)))
		}
		c := toolsClient(t, replies(say(502, gatewayPage), fail(errReset), state("queued"), say(429, `{}`, "Retry-After", "600"), state("transcoding"), say(200, `{`), state("finished")))
		start := time.Now()
		var seen []editkit.ProcessStatus
		p, err := c.Processes.Wait(t.Context(), "A1", editkit.OnUpdate(func(p *editkit.Process) { seen = append(seen, p.Status) }))
		if err != nil || !slices.Equal(seen, []editkit.ProcessStatus{"queued", "transcoding", "finished"}) {
			t.Errorf("%v, %v, saw %q", p, err, seen)
		}
		if took := time.Since(start); took < 10*time.Minute {
			t.Errorf("Retry-After was not kept: done after %s", took)
		}
	})
	for status, want := range map[int]error{401: editkit.ErrUnauthorized, 402: editkit.ErrUpgradeRequired, 403: editkit.ErrForbidden} {
		synctest.Test(t, func(t *testing.T) {
			w := newWard()
			w.ends["A1"], w.ends["A2"] = time.Hour, time.Hour
			c := toolsClient(t, w.serve)
			time.AfterFunc(time.Minute, func() {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.fault = say(status, `{"code":1,"status":"no"}`)
			})
			var wg sync.WaitGroup
			for _, id := range []string{"A1", "A2"} {
				wg.Go(func() { // a lasting fault ends all of them
					if p, err := c.Processes.Wait(t.Context(), id); !errors.Is(err, want) || p == nil {
						t.Errorf("%s: %v, %v", id, p, err)
					}
				})
			}
			wg.Wait()
		})
	}
}

// TestProcessWaitContext: a thousand waits end at once with their context, in a pause and
// in a look, and the error says what was last seen.
func TestProcessWaitContext(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(*http.Request) (*http.Response, error){
		"in a pause": nil,
		"in a look":  func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWard()
				w.ends["A1"] = time.Hour
				looks := 0
				c := toolsClient(t, func(r *http.Request) (*http.Response, error) {
					w.mu.Lock()
					looks++
					hold := fault != nil && looks > 3
					w.mu.Unlock()
					if hold {
						return fault(r)
					}
					return w.serve(r)
				})
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Minute, cancel)
				var wg sync.WaitGroup
				for range 1000 {
					wg.Go(func() {
						p, err := c.Processes.Wait(ctx, "A1")
						var we *editkit.WaitError
						if !errors.Is(err, context.Canceled) || !errors.As(err, &we) || we.Status != "in_progress" || p == nil || time.Since(w.start) != time.Minute {
							t.Errorf("after %s: %v, %v", time.Since(w.start), p, err)
						}
					})
				}
				wg.Wait()
			})
		})
	}
}

// TestWaitKinds: a callback for the other kind is a mistake that is told.
func TestWaitKinds(t *testing.T) {
	t.Parallel()
	c := newClient(t, editkit.WithEditClips(testKey), editkit.WithEditingTools(toolsKey), stub(fail(errReset)))
	if _, err := c.Jobs.Wait(t.Context(), "j1", editkit.OnUpdate(func(*editkit.Process) {})); !errors.Is(err, editkit.ErrInvalidArgument) {
		t.Errorf("a job with a callback for processes: %v", err)
	}
	if _, err := c.Processes.Wait(t.Context(), "A1", editkit.OnUpdate(func(*editkit.Job) {})); !errors.Is(err, editkit.ErrInvalidArgument) {
		t.Errorf("a process with a callback for jobs: %v", err)
	}
	if _, err := c.Processes.Wait(t.Context(), "A1", editkit.OnUpdate[editkit.Process](nil)); !errors.Is(err, editkit.ErrInvalidArgument) {
		t.Errorf("a nil callback: %v", err)
	}
}
