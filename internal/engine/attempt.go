package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"sync/atomic"
	"time"
)

// maxErrorBody is how much of an unsuccessful answer is read.
const maxErrorBody = 64 << 10

// ErrBodyTooLarge is a successful answer larger than the call allows.
var ErrBodyTooLarge = errors.New("the answer is larger than allowed")

// RoundTrip sends one attempt and reads its whole answer, so that a body cut
// half-way is known while the attempt can still be repeated. It implements
// [http.RoundTripper] for the call's own client.
func (c *call) RoundTrip(r *http.Request) (*http.Response, error) {
	c.waiting = false
	if r.Response == nil { // not the second leg of a redirect
		c.attempts++
	}
	if c.req.Observe != nil {
		c.began = time.Now()
	}
	if err := c.req.Gate.Enter(r.Context(), c.attempts); err != nil {
		c.notAdmitted(err)
		return nil, c.last.Err
	}
	doubted := c.last.Doubt
	c.last = c.exchange(r.Context(), r)
	c.req.Gate.Leave(&c.last)
	c.last.Doubt = doubted || c.last.Doubt
	if c.last.StatusCode == 0 {
		return nil, c.last.Err
	}
	return &http.Response{
		StatusCode: c.last.StatusCode,
		Proto:      "HTTP/1.1",
		ProtoMajor: 1,
		ProtoMinor: 1,
		Header:     c.last.Header,
		Body:       http.NoBody,
		Request:    r,
	}, nil
}

// notAdmitted ends the call. The answer of an earlier attempt says more than that
// there was no turn for the next one.
func (c *call) notAdmitted(err error) {
	c.final = true
	c.attempts--
	if c.last.StatusCode != 0 && c.ctx.Err() == nil {
		c.last.Err = nil
		return
	}
	c.last = Outcome{Err: err, Doubt: c.last.Doubt}
}

// exchange sends the request and reads the answer.
func (c *call) exchange(ctx context.Context, r *http.Request) Outcome {
	ctx, up, cancel := c.limited(ctx)
	defer cancel()
	var trace *sendTrace
	if c.req.Write { // for a read it makes no difference
		trace = &sendTrace{}
		ctx = httptrace.WithClientTrace(ctx, trace.hooks())
	}
	r = c.withBody(r.WithContext(ctx), up)
	resp, err := c.transport.RoundTrip(r)
	if err != nil {
		sent := trace.sent(err)
		doubt := sent && c.req.Write
		if up != nil {
			if source := up.sourceError(); source != nil && c.ctx.Err() == nil {
				c.final = true // it would fail again
				return Outcome{Err: source, Sent: sent}
			}
			doubt = doubt && (up.whole() || !trace.got.Load())
		}
		return Outcome{Err: c.cause(ctx, err), Sent: sent, Doubt: doubt}
	}
	defer func() { _ = resp.Body.Close() }()

	o := Outcome{StatusCode: resp.StatusCode, Header: resp.Header, Sent: true}
	if resp.Header["Retry-After"] != nil {
		o.RetryAfter, o.Asked = RetryAfter(resp.Header, time.Now())
	}
	limit, success := int64(maxErrorBody), resp.StatusCode/100 == 2
	if success {
		limit = c.req.MaxBody
	}
	o.Body, err = readBody(resp, limit)
	if success && err != nil { // any other status says enough without its body
		o.Err = c.cause(ctx, err)
	}
	if c.req.Write {
		o.Doubt = o.Err != nil || resp.StatusCode >= 500 || resp.StatusCode == http.StatusRequestTimeout
	}
	return o
}

// withBody gives the attempt's own request a new body.
func (c *call) withBody(r *http.Request, up *upload) *http.Request {
	open := c.req.Body
	switch {
	case open != nil:
		r.ContentLength = c.req.Length
	case c.req.Bytes != nil:
		open = func() io.ReadCloser { return io.NopCloser(bytes.NewReader(c.req.Bytes)) }
		r.ContentLength = int64(len(c.req.Bytes))
	default:
		return r
	}
	if up != nil {
		open = up.watched(open)
	}
	r.Body = open()
	r.GetBody = func() (io.ReadCloser, error) { return open(), nil } // for what net/http repeats: no server has seen it
	return r
}

// limited gives an attempt its time limit, and a streamed one its upload.
func (c *call) limited(ctx context.Context) (context.Context, *upload, context.CancelFunc) {
	timeout := c.req.Policy.AttemptTimeout
	if c.req.Stream {
		u := &upload{length: c.req.Length, progress: c.req.Progress, alive: func() {}}
		ctx, cancel := u.limit(ctx, timeout)
		return ctx, u, cancel
	}
	if timeout <= 0 {
		return ctx, nil, func() {}
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < timeout {
		return ctx, nil, func() {}
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	return ctx, nil, cancel
}

// cause names the error of an attempt: the caller's context and the attempt's
// own time limit are told apart, since only the second may be tried again.
func (c *call) cause(ctx context.Context, err error) error {
	if c.ctx.Err() != nil {
		return c.ctx.Err()
	}
	if ctx.Err() != nil {
		return &timeoutError{c.limit}
	}
	return WithoutURL(err)
}

// timeoutError is an attempt that took too long while the caller's own context
// had not ended. It is not context.DeadlineExceeded, which speaks of that context.
type timeoutError struct{ limit time.Duration }

func (e *timeoutError) Error() string {
	return fmt.Sprintf("no complete answer within the attempt's time limit of %s", e.limit)
}

func (e *timeoutError) Timeout() bool { return true }

func (e *timeoutError) Is(target error) bool { return target == os.ErrDeadlineExceeded }

// readBody reads at most limit bytes. With a declared length it makes one
// allocation of just that size.
func readBody(resp *http.Response, limit int64) ([]byte, error) {
	if n := resp.ContentLength; n >= 0 && n <= limit {
		body := make([]byte, n)
		read, err := io.ReadFull(resp.Body, body)
		if err == io.EOF && n > 0 {
			err = io.ErrUnexpectedEOF
		}
		return body[:read], err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if int64(len(body)) > limit {
		return body[:limit], ErrBodyTooLarge
	}
	return body, err
}

// sendTrace sees whether an attempt got as far as a connection. Before that,
// nothing can have reached the service; after it, anything may have.
type sendTrace struct {
	asked, got atomic.Bool // hooks may still run when RoundTrip has returned
	trace      httptrace.ClientTrace
}

func (t *sendTrace) hooks() *httptrace.ClientTrace {
	t.trace.GetConn = func(string) { t.asked.Store(true) }
	t.trace.GotConn = func(httptrace.GotConnInfo) { t.got.Store(true) }
	return &t.trace
}

// sent reports whether the failed attempt may have reached the service. A
// transport that runs no hooks is believed only when it says that it could not
// even connect.
func (t *sendTrace) sent(err error) bool {
	if t == nil || !t.asked.Load() {
		return !isDialError(err)
	}
	return t.got.Load()
}
