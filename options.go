package editkit

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// Option configures a [Client], for [New] and [Client.With].
type Option interface{ applyClient(*settings) error }

// CallOption changes a single call.
type CallOption interface{ applyCall(*callSettings) error }

// SharedOption is good for a client and for a single call.
type SharedOption interface {
	Option
	CallOption
}

type clientOption func(*settings) error

func (o clientOption) applyClient(s *settings) error { return o(s) }

type callOption func(*callSettings) error

func (o callOption) applyCall(s *callSettings) error { return o(s) }

type sharedOption struct {
	clientOption
	callOption
}

// settings are a client's options, gathered. A client never changes its own.
type settings struct {
	services   map[Service]serviceSettings
	base       *http.Client
	middleware []func(http.RoundTripper) http.RoundTripper
	retry      RetryPolicy
	logger     *slog.Logger
	userAgent  string
	language   Language

	uploadLimit int64 // 0 for the default
}

type serviceSettings struct {
	key      func() string // nil for none; a function so that it can't be printed
	base     *url.URL
	throttle Throttle // nil for the default
}

// callSettings are the options of one call.
type callSettings struct {
	header   http.Header
	retry    RetryPolicy
	language Language
	capture  *Response
	progress func(done, total int64) // of an upload
	careless bool                    // repeat a write as if it were a read
	once     bool                    // a single attempt: the caller has a loop of its own
}

// with returns the settings with the options of a call.
func (s callSettings) with(opts []CallOption) (callSettings, error) {
	for i, o := range opts {
		if o == nil {
			return s, &ArgError{fmt.Sprintf("opts[%d]", i), "nil"}
		}
		if err := o.applyCall(&s); err != nil {
			return s, err
		}
	}
	return s, nil
}

const (
	defaultEditClipsURL    = "https://editclips.online/api/v1"
	defaultEditingToolsURL = "https://api.editingtools.io/v2"
)

// WithEditClips gives the client a key of EditClips ("ec_live_..."), sent as a
// Bearer token to the service's own address and nowhere else.
// Source: editclips.online/docs/quickstart.
func WithEditClips(key string) Option { return withKey(EditClips, "WithEditClips", key) }

// WithEditingTools gives the client a key of EditingTools.io, sent as the password
// of Basic authentication to the service's own address and nowhere else.
// Source: editingtools.io/api/v2/webhooks, "Authentication".
func WithEditingTools(key string) Option { return withKey(EditingTools, "WithEditingTools", key) }

// FromEnv takes the keys from EDITCLIPS_API_KEY and EDITINGTOOLS_API_KEY. A
// variable that is not set or empty is passed over.
func FromEnv() Option {
	return clientOption(func(s *settings) error {
		for service, name := range map[Service]string{
			EditClips:    "EDITCLIPS_API_KEY",
			EditingTools: "EDITINGTOOLS_API_KEY",
		} {
			key := os.Getenv(name)
			if key == "" {
				continue
			}
			if err := withKey(service, name, key).applyClient(s); err != nil {
				return err
			}
		}
		return nil
	})
}

func withKey(service Service, field, key string) Option {
	return clientOption(func(s *settings) error {
		// The key itself is never part of the message.
		switch {
		case key == "":
			return &ArgError{field, "the key is empty"}
		case strings.TrimSpace(key) != key:
			return &ArgError{field, "the key has spaces or line breaks around it"}
		case !isVisibleASCII(key):
			return &ArgError{field, "the key has characters that no header can carry"}
		}
		return s.edit(service, func(e *serviceSettings) { e.key = func() string { return key } })
	})
}

// WithBaseURL sends the calls for a service to another address, such as the
// emulator's or a gateway's, with whatever path prefix it has. The key goes to
// that host and no other. Over http it can be read on the way: use that on the
// loopback only.
func WithBaseURL(service Service, address string) Option {
	return clientOption(func(s *settings) error {
		u, err := url.Parse(address)
		switch {
		case err != nil:
			return &ArgError{"WithBaseURL", "not an address"}
		case u.Scheme != "https" && u.Scheme != "http", u.Host == "":
			return &ArgError{"WithBaseURL", "not an absolute http or https address"}
		case u.User != nil || u.RawQuery != "" || u.Fragment != "":
			return &ArgError{"WithBaseURL", "it must have no user, query or fragment"}
		}
		u.Path = strings.TrimRight(u.Path, "/")
		u.RawPath = strings.TrimRight(u.RawPath, "/")
		return s.edit(service, func(e *serviceSettings) { e.base = u })
	})
}

// WithHTTPClient uses the transport, cookie jar and timeout of hc; hc itself is
// not changed. Its Timeout holds for each attempt of a call, and not for
// downloads, which may take as long as they make progress. Its CheckRedirect is
// not used: a key never follows a redirect to another host. A transport of your own
// should have an ExpectContinueTimeout, so that the refusal of a large upload comes before
// its body is sent.
func WithHTTPClient(hc *http.Client) Option {
	return clientOption(func(s *settings) error {
		if hc == nil {
			return &ArgError{"WithHTTPClient", "nil"}
		}
		s.base = hc
		return nil
	})
}

// WithRetryPolicy replaces the retry policy, of a client or of one call.
func WithRetryPolicy(p RetryPolicy) SharedOption {
	return sharedOption{
		func(s *settings) error { s.retry = p; return p.validate() },
		func(s *callSettings) error { s.retry = p; return p.validate() },
	}
}

// WithLanguage asks for texts in a language ("de"), by the Accept-Language header,
// for a client or for one call. Only EditingTools.io translates, and not every text
// (editingtools.io/api/v2/webhooks, "Localization"); without it, texts are English.
func WithLanguage(l Language) SharedOption {
	return sharedOption{
		func(s *settings) error { s.language = l; return l.validate() },
		func(s *callSettings) error { s.language = l; return l.validate() },
	}
}

// WithThrottle replaces what decides when a request to the service may be sent.
func WithThrottle(service Service, t Throttle) Option {
	return clientOption(func(s *settings) error {
		if t == nil {
			return &ArgError{"WithThrottle", "nil"}
		}
		return s.edit(service, func(e *serviceSettings) { e.throttle = t })
	})
}

// WithUploadLimit replaces [MaxRequestBytes] as the size in bytes beyond which an upload
// is refused without being sent.
func WithUploadLimit(limit int64) Option {
	return clientOption(func(s *settings) error {
		if limit <= 0 {
			return &ArgError{"WithUploadLimit", "it must be positive"}
		}
		s.uploadLimit = limit
		return nil
	})
}

// WithLogger logs each attempt at debug level and each call given up at warn level.
// Nothing is logged without it. Keys, queries, headers and bodies never are.
func WithLogger(l *slog.Logger) Option {
	return clientOption(func(s *settings) error {
		if l == nil {
			return &ArgError{"WithLogger", "nil"}
		}
		s.logger = l
		return nil
	})
}

// WithMiddleware wraps the transport of calls and downloads, for tracing and the
// like. It sees every attempt after throttling, with its credentials. The first one
// given is the outermost.
func WithMiddleware(wrap func(http.RoundTripper) http.RoundTripper) Option {
	return clientOption(func(s *settings) error {
		if wrap == nil {
			return &ArgError{"WithMiddleware", "nil"}
		}
		s.middleware = append(s.middleware[:len(s.middleware):len(s.middleware)], wrap)
		return nil
	})
}

// WithUserAgent names the program in the User-Agent header, in front of editkit's
// own name: "shop/1.2".
func WithUserAgent(name string) Option {
	return clientOption(func(s *settings) error {
		if name == "" || !isPrintableASCII(name) {
			return &ArgError{"WithUserAgent", "it must be printable ASCII text"}
		}
		s.userAgent = name
		return nil
	})
}

// WithHeader sets a header on one call. Those that the client is responsible for
// (Authorization, Host, Content-Length and the like) are refused.
func WithHeader(name, value string) CallOption {
	return callOption(func(s *callSettings) error {
		canonical := http.CanonicalHeaderKey(name)
		switch canonical {
		case "Authorization", "Cookie", "Host", "Content-Length", "Content-Type", "Transfer-Encoding",
			"Connection", "Accept-Encoding", "Expect", "Idempotency-Key", "X-Idempotency-Key":
			// The last two make net/http itself repeat a POST after a reset.
			return &ArgError{"WithHeader", canonical + " can't be set by hand"}
		}
		if !isToken(name) || strings.ContainsAny(value, "\r\n\x00") {
			return &ArgError{"WithHeader", "not a header that can be sent"}
		}
		if s.header == nil {
			s.header = http.Header{}
		}
		s.header.Set(canonical, value)
		return nil
	})
}

// WithResponse keeps the last answer of the call in r, also when the call fails.
// Use one Response for one call at a time.
func WithResponse(r *Response) CallOption {
	return callOption(func(s *callSettings) error {
		if r == nil {
			return &ArgError{"WithResponse", "nil"}
		}
		s.capture = r
		return nil
	})
}

// WithUnsafeRetry lets one write be repeated after the same faults as a read, even
// though the service may have carried out the first one. Creating a job this way
// can charge for it twice.
func WithUnsafeRetry() CallOption {
	return callOption(func(s *callSettings) error {
		s.careless = true
		return nil
	})
}

// edit changes the settings of one service.
func (s *settings) edit(service Service, change func(*serviceSettings)) error {
	if service != EditClips && service != EditingTools {
		return &ArgError{"service", fmt.Sprintf("%q is neither EditClips nor EditingTools", string(service))}
	}
	e := s.services[service]
	change(&e)
	s.services[service] = e
	return nil
}

// apply makes a client of the settings with further options; parent, if any, is the
// client to share connections and throttles with.
func (s *settings) apply(opts []Option, parent *Client) (*Client, error) {
	next := *s
	next.services = map[Service]serviceSettings{}
	for service, e := range s.services {
		next.services[service] = e
	}
	for i, o := range opts {
		if o == nil {
			return nil, &ArgError{fmt.Sprintf("opts[%d]", i), "nil"}
		}
		if err := o.applyClient(&next); err != nil {
			return nil, err
		}
	}
	if next.services[EditClips].key == nil && next.services[EditingTools].key == nil {
		return nil, errNoKeys
	}
	if next.base == nil {
		next.base = &http.Client{Transport: newTransport()}
	}
	c := &Client{settings: &next, services: map[Service]*endpoint{}}
	c.http, c.files = next.httpClients()
	for _, service := range []Service{EditClips, EditingTools} {
		ep := next.endpoint(service)
		if ep.throttle == nil {
			ep.throttle = next.sharedThrottle(parent, ep)
		}
		c.services[service] = ep
		c.warnPlainHTTP(ep)
	}
	c.Jobs, c.Account = &JobsService{client: c}, &AccountService{client: c}
	c.Processes, c.Files, c.Tools = &ProcessesService{client: c}, &FilesService{client: c}, &ToolsService{client: c}
	return c, nil
}

// endpoint resolves the settings of one service.
func (s *settings) endpoint(service Service) *endpoint {
	e := s.services[service]
	ep := &endpoint{service: service, base: e.base, throttle: e.throttle, secrets: s.secrets}
	if ep.base == nil {
		address := defaultEditClipsURL
		if service == EditingTools {
			address = defaultEditingToolsURL
		}
		ep.base, _ = url.Parse(address)
	}
	if e.key == nil {
		return ep
	}
	credentials := []string{"Bearer " + e.key()}
	if service == EditingTools {
		credentials[0] = "Basic " + basicCredentials(e.key())
	}
	ep.authorize = func(h http.Header) { h["Authorization"] = credentials }
	return ep
}

func basicCredentials(key string) string {
	return base64.StdEncoding.EncodeToString([]byte("apikey:" + key))
}

// secrets returns the keys in every form in which they travel.
func (s *settings) secrets() []string {
	var all []string
	for _, e := range s.services {
		if e.key != nil {
			all = append(all, e.key(), basicCredentials(e.key()))
		}
	}
	return all
}

// sharedThrottle returns the parent's throttle if the quota is the same one: same
// address, same key.
func (s *settings) sharedThrottle(parent *Client, ep *endpoint) Throttle {
	if parent != nil {
		old, mine := parent.settings.services[ep.service], s.services[ep.service]
		if *parent.services[ep.service].base == *ep.base && sameKey(old.key, mine.key) {
			return parent.services[ep.service].throttle
		}
	}
	return newPause()
}

func sameKey(a, b func() string) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return a() == b()
}

// httpClients returns copies of the base client: one for calls, one for downloads.
func (s *settings) httpClients() (calls, files *http.Client) {
	transport := s.base.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	for i := len(s.middleware) - 1; i >= 0; i-- {
		transport = s.middleware[i](transport)
	}
	calls = &http.Client{Transport: transport, Jar: s.base.Jar, Timeout: s.base.Timeout}
	files = &http.Client{Transport: transport, CheckRedirect: redirectDownload}
	return calls, files
}

// newTransport is the default transport, for this client alone.
func newTransport() *http.Transport {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok { // somebody has replaced it
		t = &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			TLSHandshakeTimeout:   10 * time.Second,
			IdleConnTimeout:       90 * time.Second,
			ExpectContinueTimeout: time.Second,
		}
	}
	t = t.Clone()
	t.ForceAttemptHTTP2 = true
	t.MaxIdleConnsPerHost = 16 // the two of net/http close connections that many workers need again at once
	return t
}

func (c *Client) warnPlainHTTP(ep *endpoint) {
	host := ep.base.Hostname()
	if ep.authorize == nil || ep.base.Scheme == "https" || host == "localhost" || net.ParseIP(host).IsLoopback() {
		return
	}
	if c.settings.logger != nil {
		c.settings.logger.Warn("editkit: the base URL is not https, so the key can be read on the way",
			slog.String("service", string(ep.service)), slog.String("host", ep.base.Host))
	}
}

var (
	errNotNew = fmt.Errorf("%w: the client was not made by New", ErrNoCredentials)
	errNoKeys = fmt.Errorf("%w: give New a key with WithEditClips, WithEditingTools or FromEnv", ErrNoCredentials)
)

func noCredentials(service Service) error {
	return fmt.Errorf("%w for %s: give New a key with With%s or FromEnv", ErrNoCredentials, service, service)
}

func isVisibleASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

func isPrintableASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

// isToken reports whether s can be a method or a header name (RFC 9110, 5.6.2).
func isToken(s string) bool {
	return s != "" && isVisibleASCII(s) && !strings.ContainsAny(s, `"(),/:;<=>?@[\]{}`)
}

var errNilContext = &ArgError{"ctx", "nil: use context.Background()"}

// errUnreadable is the cause of an APIError for a success that says nothing usable.
var errUnreadable = errors.New("the answer can't be read")
