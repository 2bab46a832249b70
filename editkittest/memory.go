package editkittest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"syscall"
	"time"
)

// memoryTransport is an http.RoundTripper that calls handlers directly, each
// request on a goroutine of its own, and behaves as a connection over HTTP/1.1
// would: answers are streamed, both sides learn when the other one gives up, and
// a handler that aborts looks like a broken connection.
type memoryTransport struct {
	life *lifecycle
	now  func() time.Time

	// dial returns the handler for one request, or why there is no connection.
	dial func(*http.Request) (http.Handler, error)
}

func (t *memoryTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	handler, err := t.connect(req)
	if err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	ctx := req.Context()
	handlerCtx, cancel := context.WithCancel(t.life.ctx)
	x := newExchange(req, t.now, cancel)
	x.unwatch = []func() bool{
		context.AfterFunc(ctx, func() { x.giveUp(ctx.Err()) }),
		context.AfterFunc(t.life.ctx, func() { x.giveUp(brokenConnection()) }),
	}
	if !t.life.spawn(func() { x.run(handler, x.serverRequest(handlerCtx)) }) {
		x.giveUp(refusedConnection())
	}
	select {
	case <-x.answered:
	case <-ctx.Done():
		x.giveUp(ctx.Err())
	}
	return x.result()
}

// connect does what comes before the first byte of a request.
func (t *memoryTransport) connect(req *http.Request) (http.Handler, error) {
	ctx := req.Context()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if req.URL == nil || req.URL.Host == "" {
		return nil, errors.New("editkittest: the request has no host")
	}
	trace := httptrace.ContextClientTrace(ctx)
	if trace != nil && trace.GetConn != nil {
		trace.GetConn(hostPort(req.URL))
	}
	if t.life.ctx.Err() != nil { // nobody listens any more
		return nil, refusedConnection()
	}
	handler, err := t.dial(req)
	if err != nil {
		return nil, err
	}
	if trace != nil && trace.GotConn != nil {
		conn, _ := net.Pipe() // for its addresses only; nothing is sent on it
		trace.GotConn(httptrace.GotConnInfo{Conn: conn})
	}
	if trace != nil && trace.WroteHeaders != nil {
		trace.WroteHeaders()
	}
	return handler, nil
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "80"
		if u.Scheme == "https" {
			port = "443"
		}
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// The errors of connections that don't come about, or break.

func refusedConnection() error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
}

func unknownHost(name string) error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}}
}

func brokenConnection() error {
	return &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
}
