// Package engine sends one call of an API: as often as is safe, as patiently as
// the policy allows, and with the whole answer read before it is judged.
//
// The attempt loop is go-retryablehttp's. Its defaults are not fit for calls that
// cost money, so each of them is replaced: what to repeat and how long to wait are
// decided here, each attempt gets a new body here, the last answer is always kept, nothing is logged, and the shared connection pool is out of its reach.
package engine

import (
	"context"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// Policy says how often and how patiently a call is tried.
type Policy struct {
	MaxAttempts    int           // at least 1
	BaseDelay      time.Duration // ceiling of the first pause, doubled for each further one
	MaxDelay       time.Duration // ceiling of every pause that the service did not ask for
	MaxRetryAfter  time.Duration // longest pause that the service may ask for
	AttemptTimeout time.Duration // for one attempt up to the last byte of the answer; 0: none
}

// Backoff returns a random pause before the attempt that follows n failed ones.
func (p Policy) Backoff(n int) time.Duration {
	ceiling := p.MaxDelay
	if shift := n - 1; shift < 32 && p.BaseDelay<<shift < p.MaxDelay {
		ceiling = p.BaseDelay << shift
	}
	return rand.N(ceiling + 1)
}

// Request is one call.
type Request struct {
	Method string
	URL    *url.URL
	Header http.Header
	// Bytes is a small body. A large one is Body, a new reader for each attempt, with its
	// exact Length.
	Bytes  []byte
	Body   func() io.ReadCloser
	Length int64
	// Stream marks a large body: the time limit of an attempt starts anew with each
	// piece of it, Progress is told of each, and a body that was not taken whole leaves no
	// doubt.
	Stream   bool
	Progress func(done, total int64)
	Policy   Policy
	// Write marks a call that changes something: it is sent again only after a 429,
	// which was never carried out, or when nothing can have reached the service. A read
	// is sent again after any passing fault.
	Write bool
	// Careless lets a write be sent again like a read.
	Careless bool
	// MaxBody caps a successful answer. An unsuccessful one is always cut at 64 KiB.
	MaxBody int64
	Gate    Gate
	// Observe, if set, is told of every attempt when it has been judged.
	Observe func(Attempt)
}

// Gate is asked before every attempt, redirects included.
type Gate interface {
	// Enter returns when the attempt may be sent, or why it may not.
	Enter(ctx context.Context, attempt int) error
	// Leave is told what came of the attempt that entered last.
	Leave(*Outcome)
}

// Outcome is what came of an attempt, and of the call as a whole.
type Outcome struct {
	StatusCode int // 0 if no answer came
	Header     http.Header
	Body       []byte
	// Err is why there is no answer, or why the body of a successful one is not whole.
	Err error
	// RetryAfter is how long the service asked to wait; Asked is false if it did not.
	RetryAfter time.Duration
	Asked      bool
	// Sent is false when nothing can have reached the service.
	Sent bool
	// Doubt is true when the service may have carried out a write although no
	// answer says so.
	Doubt    bool
	Attempts int
}

// Attempt is what Observe is told.
type Attempt struct {
	Number  int
	Outcome *Outcome
	Took    time.Duration
	Again   bool          // another attempt follows
	Wait    time.Duration // after this pause
}

// Do sends the request by client's transport. The outcome's Err is set when there
// is no answer to judge; any status is an answer.
func Do(ctx context.Context, client *http.Client, req Request) *Outcome {
	if err := ctx.Err(); err != nil { // not every transport looks before it sends
		return &Outcome{Err: err}
	}
	c := &call{ctx: ctx, req: req, transport: client.Transport, limit: req.Policy.AttemptTimeout}
	if t := client.Timeout; t > 0 && (c.limit <= 0 || t < c.limit) {
		c.limit = t // net/http enforces it, for each attempt
	}
	if c.transport == nil {
		c.transport = http.DefaultTransport
	}
	plain := http.Request{Method: req.Method, URL: req.URL, Host: req.URL.Host, Header: req.Header, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	attempt := &retryablehttp.Request{Request: plain.WithContext(ctx)}
	c.client = http.Client{
		Transport:     c,
		CheckRedirect: c.checkRedirect,
		Jar:           client.Jar,
		Timeout:       client.Timeout,
	}
	c.loop = retryablehttp.Client{
		HTTPClient: &c.client,
		// The policy ends the loop, so that its last answer is handed over whole.
		RetryMax:     math.MaxInt32,
		CheckRetry:   c.checkRetry,
		Backoff:      c.backoff,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	resp, err := c.loop.Do(attempt)
	if resp != nil {
		_ = resp.Body.Close() // empty: RoundTrip has read the real one
	}
	switch {
	case c.waiting && ctx.Err() != nil: // ended between two attempts
		c.last = Outcome{Err: ctx.Err(), Doubt: c.last.Doubt}
	case c.last.StatusCode == 0 && c.last.Err == nil: // never got as far as an attempt
		c.last.Err = WithoutURL(err)
	}
	c.last.Attempts = c.attempts
	return &c.last
}

// call is the state of one call. It is the RoundTripper of its own http.Client:
// that has no CloseIdleConnections, which go-retryablehttp would call on failure
// and so empty the pool for everybody.
type call struct {
	ctx       context.Context
	req       Request
	client    http.Client
	loop      retryablehttp.Client
	transport http.RoundTripper
	limit     time.Duration // of one attempt, 0: none

	last     Outcome
	attempts int
	began    time.Time
	wait     time.Duration // before the next attempt
	waiting  bool
	final    bool // no further attempt, whatever came of the last one
}

// checkRedirect follows a redirect only for a read and only within the origin:
// a key never goes to another host, and a write is never turned into another one.
func (c *call) checkRedirect(next *http.Request, via []*http.Request) error {
	if c.req.Write || len(via) > 5 || !sameOrigin(next.URL, via[0].URL) {
		return http.ErrUseLastResponse
	}
	next.Header.Del("Referer")
	return nil
}

func sameOrigin(a, b *url.URL) bool { return a.Scheme == b.Scheme && a.Host == b.Host }

// checkRetry decides whether another attempt follows, and after what pause.
func (c *call) checkRetry(ctx context.Context, _ *http.Response, _ error) (bool, error) {
	again := c.again(ctx)
	if c.req.Observe != nil && c.attempts > 0 {
		c.req.Observe(Attempt{c.attempts, &c.last, time.Since(c.began), again, c.wait})
	}
	return again, nil
}

func (c *call) again(ctx context.Context) bool {
	if c.final || c.attempts == 0 || c.attempts >= c.req.Policy.MaxAttempts || ctx.Err() != nil || !c.mayReplay() {
		return false
	}
	c.wait = c.req.Policy.Backoff(c.attempts)
	if c.last.Asked && c.last.RetryAfter > 0 {
		if c.last.RetryAfter > c.req.Policy.MaxRetryAfter {
			return false
		}
		// The jitter comes on top: never back early, and not all at once.
		c.wait = c.last.RetryAfter + min(c.wait, time.Second)
	}
	// A pause that the deadline cuts short would only hide the answer we have.
	deadline, ok := ctx.Deadline()
	return !ok || time.Until(deadline) > c.wait
}

func (c *call) mayReplay() bool {
	o := &c.last
	switch {
	case o.StatusCode == http.StatusTooManyRequests:
		return true
	case o.Err != nil && isPermanent(o.Err):
		return false
	case o.Err != nil && !o.Sent:
		return true
	case c.req.Write && !c.req.Careless:
		return false
	case o.Err != nil:
		return true
	}
	switch o.StatusCode {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

func (c *call) backoff(_, _ time.Duration, _ int, _ *http.Response) time.Duration {
	c.waiting = true
	return c.wait
}
