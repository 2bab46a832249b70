package editkit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/editkit/editkit-go/internal/engine"
)

// maxResponseBody caps a successful answer: thousands of the largest known objects.
const maxResponseBody = 32 << 20

// operation is one call of one endpoint.
type operation struct {
	name   string // method and template of the path, such as "GET /jobs/{id}"
	method string
	path   string // escaped, below the base address
	query  string
	body   []byte // JSON, unless nil
	form   *form  // sent as multipart, unless nil
	// decode reads a successful answer, which it may keep.
	decode func(body []byte) error
	// isSuccess tells a success by more than its status; nil: 2xx is one.
	isSuccess func(status int, body []byte) bool
}

// fetch makes a call whose answer is a T.
func fetch[T any](ctx context.Context, c *Client, ep *endpoint, op *operation, opts []CallOption, decode func([]byte) (*T, error)) (*T, error) {
	var result *T
	op.decode = func(body []byte) (err error) {
		result, err = decode(body)
		return err
	}
	err := c.call(ctx, ep, op, opts)
	return result, err
}

// call takes an operation all the way: build, attempts, decode.
func (c *Client) call(ctx context.Context, ep *endpoint, op *operation, opts []CallOption) error {
	if ctx == nil {
		return errNilContext
	}
	cs := callSettings{retry: c.settings.retry, language: c.settings.language}
	if len(opts) > 0 {
		var err error
		if cs, err = cs.with(opts); err != nil {
			return err
		}
	}
	out := engine.Do(ctx, c.http, c.request(ctx, ep, op, &cs))
	if cs.capture != nil {
		cs.capture.set(out)
	}
	err := ep.judge(op, out)
	if err != nil {
		c.logGivenUp(ctx, ep, op, out)
	}
	return err
}

// request builds what the engine sends.
func (c *Client) request(ctx context.Context, ep *endpoint, op *operation, cs *callSettings) engine.Request {
	policy := cs.retry.resolve()
	if cs.once {
		policy.MaxAttempts = 1
	}
	if op.form != nil && cs.retry.AttemptTimeout == 0 {
		policy.AttemptTimeout = uploadAnswerTime
	}
	req := engine.Request{
		Method:   op.method,
		URL:      ep.url(op.path, op.query),
		Header:   c.header(ep, cs),
		Policy:   policy,
		Write:    !op.isRead(),
		Careless: cs.careless,
		MaxBody:  maxResponseBody,
		Gate:     &gate{ep.throttle, Attempt{Service: ep.service, Endpoint: op.name, MaxWait: policy.MaxRetryAfter}, nil},
		Observe:  c.observer(ctx, ep, op),
	}
	if op.form != nil {
		op.form.setForm(&req, cs.progress)
	}
	if op.body != nil {
		req.Header["Content-Type"] = jsonType
		req.Bytes = op.body
	}
	return req
}

// encodeJSON writes the body of a request.
func encodeJSON(field string, v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, &ArgError{field, "can't be written as JSON: " + err.Error()}
	}
	return body, nil
}

func (op *operation) isRead() bool {
	return op.method == http.MethodGet || op.method == http.MethodHead
}

// url joins the base address and an escaped path.
func (ep *endpoint) url(path, query string) *url.URL {
	u := *ep.base
	u.RawQuery = query
	if u.RawPath == "" && strings.IndexByte(path, '%') < 0 { // the usual case, without an escape
		u.Path += path
		return &u
	}
	u.RawPath = ep.base.EscapedPath() + path
	u.Path, _ = url.PathUnescape(u.RawPath) // checked: see pathID and checkPath
	return &u
}

// The values of headers that are the same for every call are shared: they are only
// ever read.
var jsonType = []string{"application/json"}

func (c *Client) header(ep *endpoint, cs *callSettings) http.Header {
	h := make(http.Header, 5+len(cs.header))
	h["Accept"] = jsonType
	h["User-Agent"] = userAgent(c.settings.userAgent)
	if ep.service == EditingTools && cs.language != "" {
		h["Accept-Language"] = []string{string(cs.language)}
	}
	for name, values := range cs.header {
		h[name] = values
	}
	ep.authorize(h)
	return h
}

// gate adapts a throttle to the engine.
type gate struct {
	throttle Throttle
	attempt  Attempt
	release  func(AttemptResult)
}

func (g *gate) Enter(ctx context.Context, number int) (err error) {
	g.attempt.Number = number
	g.release, err = g.throttle.Acquire(ctx, g.attempt)
	return err
}

func (g *gate) Leave(o *engine.Outcome) {
	if g.release != nil {
		g.release(AttemptResult{Sent: o.Sent, StatusCode: o.StatusCode, RetryAfter: o.RetryAfter})
	}
}

// judge turns what came back into the call's error, nil for a success.
func (ep *endpoint) judge(op *operation, o *engine.Outcome) error {
	err := ep.verdict(op, o)
	if err != nil && !op.isRead() && o.Doubt {
		return &UncertainError{err}
	}
	return err
}

func (ep *endpoint) verdict(op *operation, o *engine.Outcome) error {
	switch {
	case o.StatusCode == 0:
		var throttled *ThrottledError
		if errors.As(o.Err, &throttled) {
			return o.Err
		}
		return &TransportError{
			Service: ep.service, Method: op.method, Path: op.path,
			Attempts: o.Attempts, Sent: o.Sent, Err: o.Err,
		}
	case o.Err == nil && (o.StatusCode/100 == 2 || op.isSuccess != nil && op.isSuccess(o.StatusCode, o.Body)):
		err := op.decode(o.Body)
		if err == nil {
			return nil
		}
		o.Err = err
		o.Doubt = true // it was carried out, but what came of it is not known
	case o.StatusCode/100 == 3:
		o.Err = errRedirect
	}
	return ep.apiError(op, o)
}

// checkPath accepts the path of an endpoint: absolute, clean, and already escaped.
func checkPath(path string) error {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
		return &ArgError{"path", "it must start with one slash"}
	}
	if !isVisibleASCII(path) || strings.ContainsAny(path, `#\`) {
		return &ArgError{"path", "it has characters that must be escaped"}
	}
	for _, segment := range strings.Split(path, "/") {
		plain, err := url.PathUnescape(segment)
		if err != nil {
			return &ArgError{"path", "it has a bad escape"}
		}
		if plain == "." || plain == ".." {
			return &ArgError{"path", "it has a dot segment"}
		}
	}
	return nil
}

// decodeInto reads an answer for [Client.Do].
func decodeInto(body []byte, out any) error {
	switch out := out.(type) {
	case nil:
		return nil
	case *[]byte:
		*out = body
		return nil
	case *json.RawMessage:
		*out = body
		return nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("%w: %w", errUnreadable, err)
	}
	return nil
}

// observer returns what logs each attempt, nil if nobody listens.
func (c *Client) observer(ctx context.Context, ep *endpoint, op *operation) func(engine.Attempt) {
	log := c.settings.logger
	if log == nil || !log.Enabled(ctx, slog.LevelDebug) {
		return nil
	}
	return func(a engine.Attempt) {
		log.LogAttrs(ctx, slog.LevelDebug, "editkit: attempt", append(logAttrs(ep, op, a.Outcome),
			slog.Int("attempt", a.Number),
			slog.Duration("took", a.Took),
			slog.Bool("again", a.Again),
			slog.Duration("wait", a.Wait))...)
	}
}

func (c *Client) logGivenUp(ctx context.Context, ep *endpoint, op *operation, o *engine.Outcome) {
	if log := c.settings.logger; log != nil {
		log.LogAttrs(ctx, slog.LevelWarn, "editkit: call failed", append(logAttrs(ep, op, o),
			slog.Int("attempts", o.Attempts))...)
	}
}

// logAttrs is all that is ever logged of a call: a list of what is allowed, so that
// nothing secret gets in by being new. The template stands for the path, and the
// kind of a fault for its text.
func logAttrs(ep *endpoint, op *operation, o *engine.Outcome) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("service", string(ep.service)),
		slog.String("method", op.method),
		slog.String("endpoint", strings.TrimPrefix(op.name, op.method+" ")),
		slog.Int("status", o.StatusCode),
	}
	if o.Err != nil {
		attrs = append(attrs, slog.String("fault", faultKind(o)))
	}
	if o.RetryAfter > 0 {
		attrs = append(attrs, slog.Duration("retry_after", o.RetryAfter))
	}
	return attrs
}

func faultKind(o *engine.Outcome) string {
	switch {
	case errors.Is(o.Err, context.Canceled):
		return "cancelled"
	case errors.Is(o.Err, context.DeadlineExceeded):
		return "deadline"
	case errors.Is(o.Err, ErrRateLimited):
		return "throttled"
	case o.StatusCode != 0:
		return "unreadable answer"
	case o.Sent:
		return "no answer"
	}
	return "not sent"
}
