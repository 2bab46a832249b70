package editkittest

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"
	"time"
)

// exchange is one request on a memoryTransport and its answer.
type exchange struct {
	req      *http.Request
	now      func() time.Time
	body     *requestBody
	cancel   context.CancelFunc // of the handler's context
	unwatch  []func() bool      // stop watching the contexts that end the exchange
	answered chan struct{}      // closed when there is a response or an error

	mu       sync.Mutex
	done     bool // answered is closed
	response *http.Response
	answer   *answerBody // of the response, if it can have one
	err      error
}

func newExchange(req *http.Request, now func() time.Time, cancel context.CancelFunc) *exchange {
	x := &exchange{req: req, now: now, cancel: cancel, answered: make(chan struct{})}
	x.body = newRequestBody(req, x)
	return x
}

// result returns what RoundTrip returns.
func (x *exchange) result() (*http.Response, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.response, x.err
}

// settle decides the result, and reports false if that has been done before.
func (x *exchange) settle(response *http.Response, answer *answerBody, err error) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.done {
		return false
	}
	x.done = true
	x.response, x.answer, x.err = response, answer, err
	close(x.answered)
	return true
}

// giveUp ends the exchange at once, on both sides.
func (x *exchange) giveUp(err error) {
	x.settle(nil, nil, err)
	x.mu.Lock()
	answer := x.answer
	x.mu.Unlock()
	if answer != nil {
		answer.fail(err)
	}
	x.cancel()
	x.body.close()
}

// release is called when the client is done with the answer.
func (x *exchange) release() {
	x.cancel()
	for _, stop := range x.unwatch {
		stop()
	}
}

// trace calls a hook of the client, unless RoundTrip may have returned.
func (x *exchange) trace(hook func(*httptrace.ClientTrace)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if t := httptrace.ContextClientTrace(x.req.Context()); t != nil && !x.done {
		hook(t)
	}
}

// wroteRequest is told that the request was sent, or why not all of it was.
func (x *exchange) wroteRequest(err error) {
	x.trace(func(t *httptrace.ClientTrace) {
		if t.WroteRequest != nil {
			t.WroteRequest(httptrace.WroteRequestInfo{Err: err})
		}
	})
}

func (x *exchange) gotFirstByte() {
	x.trace(func(t *httptrace.ClientTrace) {
		if t.GotFirstResponseByte != nil {
			t.GotFirstResponseByte()
		}
	})
}

// run calls the handler and ends the answer.
func (x *exchange) run(handler http.Handler, r *http.Request) {
	w := &answerWriter{x: x, header: make(http.Header)}
	returned := false
	defer func() {
		// A panic ends the answer, as on a server. So does runtime.Goexit, which a
		// test's handler calls when it fails the test.
		_ = recover()
		w.end(returned)
		x.body.close()
		x.cancel()
	}()
	handler.ServeHTTP(w, r)
	returned = true
}

// serverRequest returns the request as a server would have read it.
func (x *exchange) serverRequest(ctx context.Context) *http.Request {
	req := x.req
	r := (&http.Request{
		Method:        req.Method,
		URL:           &url.URL{Path: req.URL.Path, RawPath: req.URL.RawPath, RawQuery: req.URL.RawQuery, ForceQuery: req.URL.ForceQuery},
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        make(http.Header),
		Body:          x.body,
		ContentLength: x.body.length,
		Host:          req.Host,
		RemoteAddr:    "127.0.0.1:0",
		RequestURI:    req.URL.RequestURI(),
	}).WithContext(ctx)
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	if r.Host == "" {
		r.Host = req.URL.Host
	}
	if r.URL.Path == "" {
		r.URL.Path = "/"
	}
	if req.URL.Scheme == "https" {
		r.TLS = &tls.ConnectionState{Version: tls.VersionTLS13, HandshakeComplete: true, ServerName: req.URL.Hostname()}
	}
	for name, values := range req.Header {
		for _, value := range values {
			r.Header.Add(name, value)
		}
	}
	if _, set := r.Header["User-Agent"]; !set {
		r.Header.Set("User-Agent", "Go-http-client/1.1")
	}
	return r
}
