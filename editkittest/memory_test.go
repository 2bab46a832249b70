package editkittest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/editkit/editkit-go/editkittest"
)

// watchedBody knows whether it was closed.
type watchedBody struct {
	io.Reader
	closed atomic.Bool
}

func (b *watchedBody) Close() error {
	b.closed.Store(true)
	return nil
}

// failingReader yields some bytes and then an error.
type failingReader struct {
	data io.Reader
	err  error
}

func (r failingReader) Read(p []byte) (int, error) {
	n, err := r.data.Read(p)
	if err == io.EOF {
		err = r.err
	}
	return n, err
}

func TestMemoryRequestBodies(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk on fire")
	reader := func(s string) io.Reader { return strings.NewReader(s) }
	for name, c := range map[string]struct {
		body   io.Reader
		length int64
		status int    // 0: an error
		err    string // in it
	}{
		"known length":   {reader(simpleJob), int64(len(simpleJob)), 201, ""},
		"unknown length": {reader(simpleJob), -1, 201, ""},
		"zero: unknown":  {reader(simpleJob), 0, 201, ""},
		"too short":      {reader(simpleJob), int64(len(simpleJob)) + 1, 0, "with Body length"},
		"too long":       {reader(simpleJob + " "), int64(len(simpleJob)), 0, "with Body length"},
		"broken":         {failingReader{reader("{"), broken}, -1, 0, "disk on fire"},
		"huge":           {reader(strings.Repeat(" ", 4<<20)), -1, 413, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAPI(t, editkittest.InMemory())
			req := a.request("POST", "/jobs", "{}")
			body := &watchedBody{Reader: c.body}
			req.Body, req.ContentLength = body, c.length
			ans, err := a.try(req)
			switch {
			case c.status != 0 && err != nil:
				t.Fatal(err)
			case c.status != 0:
				equal(t, "status", ans.StatusCode, c.status)
			case err == nil || !strings.Contains(err.Error(), c.err):
				t.Errorf("error %v, want %q", err, c.err)
			}
			a.Close()
			equal(t, "closed", body.closed.Load(), true)
		})
	}
}

func TestMemoryClosesBodyOnDialErrors(t *testing.T) {
	t.Parallel()
	a := newAPI(t, editkittest.InMemory())
	a.Inject(editkittest.CreateJob, 1, editkittest.RefuseConnection())
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, ctx := range map[string]context.Context{"refused": t.Context(), "ended": ended} {
		req := a.request("POST", "/jobs", simpleJob).WithContext(ctx)
		body := &watchedBody{Reader: strings.NewReader(simpleJob)}
		req.Body = body
		if _, err := a.Transport().RoundTrip(req); err == nil {
			t.Errorf("%s: no error", name)
		}
		equal(t, name, body.closed.Load(), true)
	}
	a.Close()
	_, err := a.try(a.request("GET", "/balance", ""))
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "dial" {
		t.Errorf("after Close: %v", err)
	}
}

func TestMemoryTraces(t *testing.T) {
	t.Parallel()
	a := newAPI(t, editkittest.InMemory())
	a.Inject(editkittest.CreateJob, 1, editkittest.RefuseConnection())
	a.Inject(editkittest.CreateJob, 1, editkittest.ResetBefore())
	a.Inject(editkittest.CreateJob, 1, editkittest.ResetAfter())
	a.Inject(editkittest.CreateJob, 1, editkittest.Respond(503, nil, "")) // with the body unread
	sent := []string{"GetConn", "GotConn", "WroteHeaders", "WroteRequest"}
	answered := append(slices.Clone(sent), "GotFirstResponseByte")
	for i, want := range [][]string{{"GetConn"}, sent, sent, answered, answered} {
		var got []string
		var mu sync.Mutex
		note := func(s string) {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, s)
		}
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
			GetConn: func(hostPort string) {
				equal(t, "host", hostPort, "editclips.test:443")
				note("GetConn")
			},
			GotConn: func(info httptrace.GotConnInfo) {
				note("GotConn")
				_ = info.Conn.RemoteAddr().String()
			},
			WroteHeaders: func() { note("WroteHeaders") },
			WroteRequest: func(info httptrace.WroteRequestInfo) {
				note("WroteRequest")
				if info.Err != nil {
					t.Errorf("%d: WroteRequest: %v", i, info.Err)
				}
			},
			GotFirstResponseByte: func() { note("GotFirstResponseByte") },
		})
		_, err := a.try(a.request("POST", "/jobs", simpleJob).WithContext(ctx))
		equal(t, "answered", err == nil, i > 2)
		mu.Lock()
		sameValue(t, "hooks", want, got)
		mu.Unlock()
	}
}

// A request that waits for 100-continue is not sent to a server that refuses it.
func TestMemoryExpectContinue(t *testing.T) {
	t.Parallel()
	a := newAPI(t, editkittest.InMemory())
	a.Inject(editkittest.CreateJob, 1, editkittest.Respond(413, nil, ""))
	read := 0
	for _, want := range []int{413, 201} {
		req := a.request("POST", "/jobs", simpleJob)
		req.Header.Set("Expect", "100-continue")
		req.Body = io.NopCloser(io.TeeReader(strings.NewReader(simpleJob), countWriter{&read}))
		equal(t, "status", a.do(req).StatusCode, want)
		equal(t, "sent", read > 0, want == 201)
	}
}

type countWriter struct{ n *int }

func (w countWriter) Write(p []byte) (int, error) {
	*w.n += len(p)
	return len(p), nil
}

// memoryHandler mounts any handler on the in-memory transport: as a webhook's,
// with the emulator as the client.
func deliverTo(t *testing.T, h http.HandlerFunc) *api {
	a := newAPI(t, editkittest.InMemory(), editkittest.WithWebhookHandler("app.test", h))
	a.create(hookJob)
	return a
}

func TestMemoryHandlersThatEndBadly(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]http.HandlerFunc{
		"panic":           func(http.ResponseWriter, *http.Request) { panic("oh") },
		"late panic":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500); panic("oh") },
		"too little body": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "9") },
		"too much body": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1")
			if _, err := w.Write([]byte("ab")); !errors.Is(err, http.ErrContentLength) {
				t.Errorf("error %v", err)
			}
		},
		"no body allowed": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(204)
			if _, err := w.Write([]byte("ab")); !errors.Is(err, http.ErrBodyNotAllowed) {
				t.Errorf("error %v", err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := deliverTo(t, h)
				synctest.Wait()
				equal(t, "sent", a.Stats().WebhooksSent, 1)
			})
		})
	}
}

func TestMemoryCancelBeforeHeaders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAPI(t, editkittest.InMemory())
		a.Inject(editkittest.GetBalance, 1, editkittest.SlowHeaders(time.Hour))
		ctx, cancel := context.WithCancel(t.Context())
		begin := time.Now()
		time.AfterFunc(time.Minute, cancel)
		_, err := a.try(a.request("GET", "/balance", "").WithContext(ctx))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		equal(t, "at once", time.Since(begin), time.Minute)
		synctest.Wait()
	})
}

func TestMemoryCancelInBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAPI(t, editkittest.InMemory())
		link := a.link(a.create(simpleJob))
		a.Inject(editkittest.GetOutput, 2, editkittest.SlowBody(10, time.Minute))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(90*time.Second, cancel)
		ans, err := a.try(a.download(link).WithContext(ctx))
		if err != nil {
			t.Fatal(err)
		}
		if !errors.Is(ans.err, context.Canceled) {
			t.Errorf("error %v", ans.err)
		}
		sameBytes(t, ans.body, sample[:20])

		// A body that is closed ends the handler.
		resp, err := a.client.Do(a.download(link))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if _, err := resp.Body.Read(make([]byte, 1)); !errors.Is(err, http.ErrBodyReadAfterClose) {
			t.Errorf("error %v", err)
		}
		pass(time.Hour)
		if served := a.Stats().BytesServed; served > 50 {
			t.Errorf("%d bytes were served to nobody", served)
		}
	})
}

// An answer larger than any buffer waits for its reader.
func TestMemoryLargeAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		data := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
		a := newAPI(t, editkittest.InMemory(), editkittest.WithEngine(editkittest.FixedOutput("big.mp4", data)))
		link := a.link(a.create(simpleJob))
		resp, err := a.client.Do(a.download(link))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		synctest.Wait()
		if served := a.Stats().BytesServed; served > 256<<10 {
			t.Errorf("%d bytes were served before any was read", served)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		sameBytes(t, body, data)
		equal(t, "bytes", a.Stats().BytesServed, int64(len(data)))
	})
}

func TestMemoryConcurrency(t *testing.T) {
	t.Parallel()
	a := newAPI(t, editkittest.InMemory())
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			id := a.create(simpleJob)
			sameBytes(t, a.do(a.download(a.link(id))).body, sample)
		})
	}
	wg.Wait()
	stats := a.Stats()
	equal(t, "creates", stats.Creates, 50)
	equal(t, "downloads", stats.Downloads, 50)
	equal(t, "balance", a.credits(), 250)
}
