package editkit

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
)

// Client talks to EditClips, to EditingTools.io, or to both. Make it with [New].
// It can't be changed and is safe for use by several goroutines; one client for a
// whole program is the usual number.
type Client struct {
	// Jobs are the jobs of EditClips.
	Jobs *JobsService
	// Account is the account at EditClips.
	Account *AccountService
	// Processes are the processes of EditingTools.io.
	Processes *ProcessesService
	// Files are the files that EditingTools.io has made.
	Files *FilesService
	// Tools are the tools of EditingTools.io.
	Tools *ToolsService

	settings *settings
	http     *http.Client // for calls: redirects are judged by each call
	files    *http.Client // for downloads: no credentials, no time limit of its own
	services map[Service]*endpoint
}

// endpoint is one service as this client sees it.
type endpoint struct {
	service  Service
	base     *url.URL
	throttle Throttle
	// authorize sets the credentials; nil if the client has none. It is a function
	// so that printing a client can't show the key.
	authorize func(http.Header)
	// secrets returns what must never appear in an error.
	secrets func() []string
}

// New returns a client for the services whose keys are given by [WithEditClips],
// [WithEditingTools] or [FromEnv]. A mistake in an option is an [*ArgError]; with
// no key at all the error is [ErrNoCredentials].
func New(opts ...Option) (*Client, error) {
	return (&settings{}).apply(opts, nil)
}

// With returns a copy of the client with more options, such as another language or
// retry policy. The copy shares connections and throttles with c, save what the
// options replace: another key or base address gets a throttle of its own.
func (c *Client) With(opts ...Option) (*Client, error) {
	if c == nil || c.settings == nil {
		return nil, errNotNew
	}
	return c.settings.apply(opts, c)
}

// CloseIdleConnections closes the connections that are not in use, as
// [http.Client.CloseIdleConnections] does. A client needs no closing; this is for
// programs that count their connections or goroutines.
func (c *Client) CloseIdleConnections() {
	if c == nil || c.settings == nil {
		return
	}
	c.settings.base.CloseIdleConnections()
}

// Do calls any endpoint of a service, for what this package does not cover. The
// path is below the service's base address, starts with a slash, and may carry a
// query: Do(ctx, EditClips, http.MethodGet, "/balance", nil, &out).
//
// A non-nil in is sent as JSON. The answer is decoded as JSON into out, unless
// out is nil; a *[]byte or *json.RawMessage takes it as it is. All that the client
// promises holds here too: GET and HEAD are repeated after passing faults, any
// other method is a write, which is never sent twice unless refused by a 429, and
// whose doubtful failure is [ErrUncertain].
func (c *Client) Do(ctx context.Context, service Service, method, path string, in, out any, opts ...CallOption) error {
	ep, err := c.endpoint(service)
	if err != nil {
		return err
	}
	clean, query, _ := strings.Cut(path, "?")
	if err := checkPath(clean); err != nil {
		return err
	}
	if !isToken(method) {
		return &ArgError{"method", "not an HTTP method"}
	}
	method = strings.ToUpper(method)
	var body []byte
	if in != nil {
		if body, err = encodeJSON("body", in); err != nil {
			return err
		}
	}
	return c.call(ctx, ep, &operation{
		name:   method + " " + clean,
		method: method,
		path:   clean,
		query:  query,
		body:   body,
		decode: func(body []byte) error { return decodeInto(body, out) },
	}, opts)
}

// String describes the client without its keys.
func (c *Client) String() string {
	if c == nil || c.settings == nil {
		return "editkit.Client{}"
	}
	var names []string
	for _, s := range []Service{EditClips, EditingTools} {
		if c.services[s].authorize != nil {
			names = append(names, string(s)+" at "+c.services[s].base.Host)
		}
	}
	return "editkit.Client{" + strings.Join(names, ", ") + "}"
}

// GoString is String: %#v shows no key either.
func (c *Client) GoString() string { return c.String() }

// LogValue implements [slog.LogValuer].
func (c *Client) LogValue() slog.Value { return slog.StringValue(c.String()) }

// endpoint returns the service if this client can use it.
func (c *Client) endpoint(service Service) (*endpoint, error) {
	if c == nil || c.settings == nil {
		return nil, errNotNew
	}
	ep, ok := c.services[service]
	switch {
	case !ok:
		return nil, &ArgError{"service", "neither EditClips nor EditingTools"}
	case ep.authorize == nil:
		return nil, noCredentials(service)
	}
	return ep, nil
}
