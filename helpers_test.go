package editkit_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/editkit/editkit-go"
)

const (
	testKey   = "ec_live_0123456789abcdef"
	toolsKey  = "et-key-fedcba9876543210"
	apiPrefix = "/gateway/api/v1" // not the service's own, so that a hard-coded path fails
	queued    = `{"id":"j1","status":"queued","tool":"anything-to-mp4","creditsReserved":1,"poll":"/api/v1/jobs/j1"}`
	working   = `{"id":"j1","status":"processing","tool":"anything-to-mp4","progress":45,"progressMessage":"Encoding..."}`
	completed = `{"id":"j1","status":"completed","tool":"anything-to-mp4","progress":100,"outputUrl":"https://r2.editclips.online/o?X-Amz-Signature=topsecret",` +
		`"outputFilename":"video.mp4","outputSize":10485760,"creditsReserved":1,"creditsCharged":1}`
)

// fastRetries makes the pauses of tests over sockets short.
var fastRetries = editkit.WithRetryPolicy(editkit.RetryPolicy{BaseDelay: time.Millisecond, MaxDelay: 2 * time.Millisecond})

var goodParams = editkit.JobParams{Tool: "anything-to-mp4", Inputs: []string{"https://example.com/video.mov"}}

// TestMain fails the suite when goroutines are left behind.
func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 {
		if left := leftGoroutines(); left != "" {
			fmt.Fprintln(os.Stderr, "goroutines left behind:\n"+left)
			code = 1
		}
	}
	os.Exit(code)
}

// leftGoroutines waits for this package's goroutines to end, and returns those that
// don't.
func leftGoroutines() string {
	var left []string
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); {
		buf := make([]byte, 1<<20)
		stacks := strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n")
		left = nil
		for _, s := range stacks[1:] {
			if strings.Contains(s, "editkit-go") || strings.Contains(s, "net/http") {
				left = append(left, s)
			}
		}
		if left == nil {
			return ""
		}
		runtime.Gosched()
		<-time.After(10 * time.Millisecond)
	}
	return strings.Join(left, "\n\n")
}

// received is a request as the server saw it.
type received struct {
	Method, Path, RawQuery, Host string
	Header                       http.Header
	Body                         string
	Proto                        int
}

// script is a server that answers requests in order, and knows what it was asked.
type script struct {
	*httptest.Server
	t  *testing.T
	mu sync.Mutex

	steps []http.HandlerFunc
	got   []received
}

// newScript starts a server for HTTP/1.1, or with TLS for HTTP/2. Each step answers
// one request; a request too many, or a step left over, fails the test.
func newScript(t *testing.T, proto int, steps ...http.HandlerFunc) *script {
	t.Helper()
	s := &script{t: t, steps: steps}
	s.Server = httptest.NewUnstartedServer(s)
	if proto == 2 {
		s.EnableHTTP2 = true
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(func() {
		s.Client().CloseIdleConnections()
		s.Close()
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.got) < len(s.steps) && !t.Failed() {
			t.Errorf("%d of %d expected requests came", len(s.got), len(s.steps))
		}
	})
	return s
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	n := len(s.got)
	s.got = append(s.got, received{
		r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.Host, r.Header.Clone(), string(body), r.ProtoMajor,
	})
	s.mu.Unlock()
	if n >= len(s.steps) {
		s.t.Errorf("unexpected request %d: %s %s", n+1, r.Method, r.URL.Path)
		http.Error(w, "too many", http.StatusTeapot)
		return
	}
	s.steps[n](w, r)
}

// requests returns what came so far.
func (s *script) requests() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]received(nil), s.got...)
}

// client returns a client of EditClips for the server.
func (s *script) client(opts ...editkit.Option) *editkit.Client {
	s.t.Helper()
	return newClient(s.t, append([]editkit.Option{
		editkit.WithEditClips(testKey),
		editkit.WithBaseURL(editkit.EditClips, s.URL+apiPrefix),
		editkit.WithHTTPClient(s.Client()),
		fastRetries,
	}, opts...)...)
}

func newClient(t testing.TB, opts ...editkit.Option) *editkit.Client {
	t.Helper()
	c, err := editkit.New(opts...)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// overBoth runs a test over HTTP/1.1 and HTTP/2.
func overBoth(t *testing.T, test func(t *testing.T, proto int)) {
	t.Helper()
	for _, proto := range []int{1, 2} {
		t.Run(fmt.Sprintf("HTTP%d", proto), func(t *testing.T) {
			t.Parallel()
			test(t, proto)
		})
	}
}

// answer is a step with a status and a JSON or HTML body; headers come in pairs.
func answer(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if strings.HasPrefix(body, "<") {
			w.Header().Set("Content-Type", "text/html")
		}
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// reset is a step that breaks the connection when the request has been read.
func reset(w http.ResponseWriter, _ *http.Request) {
	hijacker, ok := w.(http.Hijacker)
	if !ok { // HTTP/2: a reset of the stream
		panic(http.ErrAbortHandler)
	}
	conn, _, err := hijacker.Hijack()
	if err != nil {
		panic(err)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// cut is a step that breaks off in the body.
func cut(status int, body string, after int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body[:after])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// hang is a step that doesn't answer before the client gives up.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// transportFunc is a transport without sockets, for tests in a synctest bubble.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer func() { _ = r.Body.Close() }()
	}
	return f(r)
}

// stub returns an HTTP client on a function.
func stub(f transportFunc) editkit.Option {
	return editkit.WithHTTPClient(&http.Client{Transport: f})
}

// reply makes a response; headers come in pairs.
func reply(r *http.Request, status int, body string, headers ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: h,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}
}

// replies is a transport that answers in order and repeats the last answer.
func replies(steps ...func(*http.Request) (*http.Response, error)) transportFunc {
	var mu sync.Mutex
	n := 0
	return func(r *http.Request) (*http.Response, error) {
		mu.Lock()
		step := steps[min(n, len(steps)-1)]
		n++
		mu.Unlock()
		if err := r.Context().Err(); err != nil {
			return nil, err
		}
		return step(r)
	}
}

func say(status int, body string, headers ...string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) { return reply(r, status, body, headers...), nil }
}

func fail(err error) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// ctxFor ends with the test, and long before the test runner gives up.
func ctxFor(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// quietLog is for servers whose clients hang up on purpose.
var quietLog = log.New(io.Discard, "", 0)
