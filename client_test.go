package editkit_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/editkit/editkit-go"
)

// TestConfigMistakes: what is wrong with the options is said by New, without the key.
func TestConfigMistakes(t *testing.T) {
	t.Parallel()
	key := editkit.WithEditClips(testKey)
	tests := map[string]struct {
		opts  []editkit.Option
		field string
	}{
		"empty key":              {[]editkit.Option{editkit.WithEditClips("")}, "WithEditClips"},
		"key with a line break":  {[]editkit.Option{editkit.WithEditClips("secret-key\r\nX-Other: 1")}, "WithEditClips"},
		"key with a newline":     {[]editkit.Option{editkit.WithEditClips("secret-key\n")}, "WithEditClips"},
		"key with spaces around": {[]editkit.Option{editkit.WithEditingTools(" secret-key ")}, "WithEditingTools"},
		"key with a space":       {[]editkit.Option{editkit.WithEditingTools("secret key")}, "WithEditingTools"},
		"key not ASCII":          {[]editkit.Option{editkit.WithEditClips("secret-kéy")}, "WithEditClips"},
		"nil option":             {[]editkit.Option{key, nil}, "opts[1]"},
		"base URL relative":      {[]editkit.Option{key, editkit.WithBaseURL(editkit.EditClips, "/api/v1")}, "WithBaseURL"},
		"base URL no host":       {[]editkit.Option{key, editkit.WithBaseURL(editkit.EditClips, "https:///api")}, "WithBaseURL"},
		"base URL ftp":           {[]editkit.Option{key, editkit.WithBaseURL(editkit.EditClips, "ftp://h/")}, "WithBaseURL"},
		"base URL unparsable":    {[]editkit.Option{key, editkit.WithBaseURL(editkit.EditClips, "https://h:port\x00/")}, "WithBaseURL"},
		"base URL with query":    {[]editkit.Option{key, editkit.WithBaseURL(editkit.EditClips, "https://h/?a=b")}, "WithBaseURL"},
		"base URL with user":     {[]editkit.Option{key, editkit.WithBaseURL(editkit.EditClips, "https://u:secret-key@h/")}, "WithBaseURL"},
		"unknown service":        {[]editkit.Option{key, editkit.WithBaseURL("Other", "https://h/")}, "service"},
		"nil HTTP client":        {[]editkit.Option{key, editkit.WithHTTPClient(nil)}, "WithHTTPClient"},
		"nil throttle":           {[]editkit.Option{key, editkit.WithThrottle(editkit.EditClips, nil)}, "WithThrottle"},
		"nil logger":             {[]editkit.Option{key, editkit.WithLogger(nil)}, "WithLogger"},
		"nil middleware":         {[]editkit.Option{key, editkit.WithMiddleware(nil)}, "WithMiddleware"},
		"empty user agent":       {[]editkit.Option{key, editkit.WithUserAgent("")}, "WithUserAgent"},
		"user agent line break":  {[]editkit.Option{key, editkit.WithUserAgent("a\r\nb")}, "WithUserAgent"},
		"empty language":         {[]editkit.Option{key, editkit.WithLanguage("")}, "language"},
		"language line break":    {[]editkit.Option{key, editkit.WithLanguage("de\r\nX: 1")}, "language"},
		"attempts":               {[]editkit.Option{key, editkit.WithRetryPolicy(editkit.RetryPolicy{MaxAttempts: -1})}, "RetryPolicy.MaxAttempts"},
		"base delay":             {[]editkit.Option{key, editkit.WithRetryPolicy(editkit.RetryPolicy{BaseDelay: -1})}, "RetryPolicy.BaseDelay"},
		"max delay":              {[]editkit.Option{key, editkit.WithRetryPolicy(editkit.RetryPolicy{MaxDelay: -1})}, "RetryPolicy.MaxDelay"},
		"max retry after":        {[]editkit.Option{key, editkit.WithRetryPolicy(editkit.RetryPolicy{MaxRetryAfter: -1})}, "RetryPolicy.MaxRetryAfter"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := editkit.New(tt.opts...)
			var arg *editkit.ArgError
			if c != nil || !errors.As(err, &arg) || !errors.Is(err, editkit.ErrInvalidArgument) || arg.Field != tt.field {
				t.Fatalf("got %v, %v", c, err)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the key is in the message: %v", err)
			}
		})
	}
}

// TestNoKey: without a key there is no client, and without that of one service no call
// to it.
func TestNoKey(t *testing.T) {
	t.Parallel()
	if _, err := editkit.New(); !errors.Is(err, editkit.ErrNoCredentials) {
		t.Errorf("New() = %v", err)
	}
	c := newClient(t, editkit.WithEditingTools(toolsKey), stub(func(*http.Request) (*http.Response, error) {
		t.Error("a request was sent")
		return nil, errors.New("no")
	}))
	ctx := t.Context()
	dir := t.TempDir()
	for name, call := range calls(c, dir) {
		if err := call(ctx); !errors.Is(err, editkit.ErrNoCredentials) || !strings.Contains(err.Error(), "WithEditClips") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// calls are all the calls of EditClips.
func calls(c *editkit.Client, dir string) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Create":       func(ctx context.Context) error { _, err := c.Jobs.Create(ctx, goodParams); return err },
		"Get":          func(ctx context.Context) error { _, err := c.Jobs.Get(ctx, "j1"); return err },
		"Wait":         func(ctx context.Context) error { _, err := c.Jobs.Wait(ctx, "j1"); return err },
		"Download":     func(ctx context.Context) error { _, err := c.Jobs.Download(ctx, "j1", &strings.Builder{}); return err },
		"DownloadFile": func(ctx context.Context) error { _, err := c.Jobs.DownloadFile(ctx, "j1", dir); return err },
		"Run":          func(ctx context.Context) error { _, err := c.Jobs.Run(ctx, goodParams, dir); return err },
		"Balance":      func(ctx context.Context) error { _, err := c.Account.Balance(ctx); return err },
		"Do": func(ctx context.Context) error {
			return c.Do(ctx, editkit.EditClips, http.MethodGet, "/balance", nil, nil)
		},
	}
}

// TestNilsAreErrors: a nil context, and clients and services that nobody made, are
// errors and no panics.
func TestNilsAreErrors(t *testing.T) {
	t.Parallel()
	made := newClient(t, editkit.WithEditClips(testKey), stub(func(*http.Request) (*http.Response, error) {
		t.Error("a request was sent")
		return nil, errors.New("no")
	}))
	for name, call := range calls(made, t.TempDir()) {
		var none context.Context
		if err := call(none); !errors.Is(err, editkit.ErrInvalidArgument) {
			t.Errorf("%s with a nil context: %v", name, err)
		}
	}
	for _, c := range []*editkit.Client{nil, {}, {Jobs: &editkit.JobsService{}, Account: &editkit.AccountService{}}} {
		if c == nil {
			c = &editkit.Client{}
			if _, err := (*editkit.Client)(nil).With(); !errors.Is(err, editkit.ErrNoCredentials) {
				t.Errorf("With on nil: %v", err)
			}
			(*editkit.Client)(nil).CloseIdleConnections()
			_ = (*editkit.Client)(nil).String()
		}
		for name, call := range calls(c, t.TempDir()) {
			if err := call(t.Context()); !errors.Is(err, editkit.ErrNoCredentials) {
				t.Errorf("%s on a client that New did not make: %v", name, err)
			}
		}
	}
	if _, err := made.Jobs.Get(t.Context(), "j1", nil); !errors.Is(err, editkit.ErrInvalidArgument) {
		t.Errorf("a nil call option: %v", err)
	}
	if _, err := made.Jobs.Wait(t.Context(), "j1", nil); !errors.Is(err, editkit.ErrInvalidArgument) {
		t.Errorf("a nil wait option: %v", err)
	}
	if _, err := made.Jobs.Run(t.Context(), goodParams, t.TempDir(), nil); !errors.Is(err, editkit.ErrInvalidArgument) {
		t.Errorf("a nil run option: %v", err)
	}
}

// TestFromEnv can't run beside other tests: it changes the environment.
func TestFromEnv(t *testing.T) {
	t.Setenv("EDITCLIPS_API_KEY", testKey)
	t.Setenv("EDITINGTOOLS_API_KEY", "")
	var got []string
	c := newClient(t, editkit.FromEnv(), stub(func(r *http.Request) (*http.Response, error) {
		got = append(got, r.Header.Get("Authorization"))
		return reply(r, 200, `{"credits":300}`), nil
	}))
	if _, err := c.Account.Balance(t.Context()); err != nil || !slices.Equal(got, []string{"Bearer " + testKey}) {
		t.Errorf("%v, sent %q", err, got)
	}
	if err := c.Do(t.Context(), editkit.EditingTools, "GET", "/files", nil, nil); !errors.Is(err, editkit.ErrNoCredentials) {
		t.Errorf("the other service: %v", err)
	}
	t.Setenv("EDITCLIPS_API_KEY", "with space ")
	if _, err := editkit.New(editkit.FromEnv()); !errors.Is(err, editkit.ErrInvalidArgument) || strings.Contains(err.Error(), "with space") {
		t.Errorf("a bad key: %v", err)
	}
	t.Setenv("EDITCLIPS_API_KEY", "")
	if _, err := editkit.New(editkit.FromEnv()); !errors.Is(err, editkit.ErrNoCredentials) {
		t.Errorf("no key: %v", err)
	}
}

// TestEachServiceHasItsKey: Bearer for the one, Basic for the other, each at its host.
func TestEachServiceHasItsKey(t *testing.T) {
	t.Parallel()
	sent := map[string]string{}
	c := newClient(t, editkit.WithEditClips(testKey), editkit.WithEditingTools(toolsKey), editkit.WithUserAgent("shop/1.2"),
		stub(func(r *http.Request) (*http.Response, error) {
			user, password, _ := r.BasicAuth()
			sent[r.URL.String()] = user + "|" + password + "|" + r.Header.Get("Authorization")[:6] + "|" + r.Header.Get("Accept-Language")
			if agent := r.Header.Get("User-Agent"); !strings.HasPrefix(agent, "shop/1.2 editkit-go/"+editkit.Version) {
				t.Errorf("User-Agent %q", agent)
			}
			return reply(r, 200, `{"credits":300}`), nil
		}))
	german, err := c.With(editkit.WithLanguage("de"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Account.Balance(t.Context()); err != nil {
		t.Error(err)
	}
	if err := german.Do(t.Context(), editkit.EditingTools, http.MethodGet, "/processes?a=b%20c", nil, nil); err != nil {
		t.Error(err)
	}
	if err := german.Do(t.Context(), editkit.EditingTools, http.MethodGet, "/files", nil, nil, editkit.WithLanguage("ja")); err != nil {
		t.Error(err)
	}
	want := map[string]string{
		"https://editclips.online/api/v1/balance":          "||Bearer|",
		"https://api.editingtools.io/v2/processes?a=b%20c": "apikey|" + toolsKey + "|Basic |de",
		"https://api.editingtools.io/v2/files":             "apikey|" + toolsKey + "|Basic |ja",
	}
	for address, auth := range want {
		if sent[address] != auth {
			t.Errorf("%s got %q, want %q", address, sent[address], auth)
		}
	}
}

// TestRedirects: a read follows within its origin; nothing follows to another host, and
// a write follows nowhere.
func TestRedirects(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, proto int) {
		var leaked []string
		other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			leaked = append(leaked, r.Header.Get("Authorization")+" "+r.Header.Get("X-Mine"))
		}))
		t.Cleanup(other.Close)
		for _, status := range []int{301, 302, 303, 307, 308} {
			srv := newScript(t, proto, answer(status, `{}`, "Location", apiPrefix+"/balance2?x=1"), answer(200, `{"credits":7}`))
			if b, err := srv.client().Account.Balance(ctxFor(t)); err != nil || b.Credits != 7 {
				t.Errorf("%d within the origin: %v, %v", status, b, err)
			}
			if second := srv.requests()[1]; second.Path != apiPrefix+"/balance2" || second.Header.Get("Authorization") != "Bearer "+testKey || second.Header.Get("Referer") != "" {
				t.Errorf("%d: second request %+v", status, second)
			}

			srv = newScript(t, proto, answer(status, `{}`, "Location", other.URL+"/steal"), answer(status, `{}`, "Location", other.URL+"/steal"),
				answer(status, `{}`, "Location", apiPrefix+"/elsewhere"))
			c := srv.client()
			_, readErr := c.Account.Balance(ctxFor(t), editkit.WithHeader("X-Mine", "mine"))
			_, writeErr := c.Jobs.Create(ctxFor(t), goodParams)
			_, writeHereErr := c.Jobs.Create(ctxFor(t), goodParams)
			for _, err := range []error{readErr, writeErr, writeHereErr} {
				var ae *editkit.APIError
				if !errors.As(err, &ae) || ae.StatusCode != status || !strings.Contains(err.Error(), "redirect refused") || errors.Is(err, editkit.ErrUncertain) {
					t.Errorf("%d: %v", status, err)
				}
			}
		}
		if len(leaked) != 0 {
			t.Errorf("the other host was asked: %q", leaked)
		}
	})
	loop := newScript(t, 1, slices.Repeat([]http.HandlerFunc{answer(302, ``, "Location", apiPrefix+"/balance")}, 6)...)
	if _, err := loop.client().Account.Balance(ctxFor(t)); err == nil {
		t.Error("a redirect loop was taken for an answer")
	}
}

// TestWith: a derived client shares the transport, replaces what it is told, and leaves
// the original as it was.
func TestWith(t *testing.T) {
	t.Parallel()
	var keys []string
	c := newClient(t, editkit.WithEditClips(testKey), stub(func(r *http.Request) (*http.Response, error) {
		keys = append(keys, r.Header.Get("Authorization"))
		return reply(r, 200, `{"credits":300}`), nil
	}))
	other, err := c.With(editkit.WithEditClips("ec_live_other"))
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range []*editkit.Client{c, other, c} {
		if _, err := one.Account.Balance(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(keys, []string{"Bearer " + testKey, "Bearer ec_live_other", "Bearer " + testKey}) {
		t.Errorf("keys sent: %q", keys)
	}
	if _, err := c.With(editkit.WithEditClips("")); !errors.Is(err, editkit.ErrInvalidArgument) {
		t.Errorf("a bad option: %v", err)
	}
}

// TestCallersClientStaysAsItWas: what is passed to WithHTTPClient is not changed.
func TestCallersClientStaysAsItWas(t *testing.T) {
	t.Parallel()
	mine := &http.Client{Transport: transportFunc(func(r *http.Request) (*http.Response, error) { return reply(r, 200, `{"credits":1}`), nil })}
	wrapped := 0
	c := newClient(t, editkit.WithEditClips(testKey), editkit.WithHTTPClient(mine),
		editkit.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
			return transportFunc(func(r *http.Request) (*http.Response, error) { wrapped++; return next.RoundTrip(r) })
		}))
	if _, err := c.Account.Balance(t.Context()); err != nil || wrapped != 1 {
		t.Errorf("%v, middleware ran %d times", err, wrapped)
	}
	if _, ok := mine.Transport.(transportFunc); !ok || mine.CheckRedirect != nil || mine.Timeout != 0 {
		t.Errorf("the client was changed: %+v", mine)
	}
}

// TestMiddlewareOrder: the first one given is the outermost.
func TestMiddlewareOrder(t *testing.T) {
	t.Parallel()
	var order []string
	layer := func(name string) editkit.Option {
		return editkit.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
			return transportFunc(func(r *http.Request) (*http.Response, error) {
				order = append(order, name)
				return next.RoundTrip(r)
			})
		})
	}
	c := newClient(t, editkit.WithEditClips(testKey), stub(say(200, `{"credits":1}`)), layer("a"), layer("b"))
	if _, err := c.Account.Balance(t.Context()); err != nil || !slices.Equal(order, []string{"a", "b"}) {
		t.Errorf("%v, order %q", err, order)
	}
}

// TestDo: any endpoint, with the same promises.
func TestDo(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, proto int) {
		srv := newScript(t, proto, answer(200, `{"a":1}`), answer(200, `{"a":1}`), answer(200, `{"a":1}`), answer(202, `not JSON`), answer(500, ``), answer(200, `[`), answer(204, ``))
		c := srv.client()
		ctx := ctxFor(t)
		var out struct{ A int }
		if err := c.Do(ctx, editkit.EditClips, "post", "/tools/x%2Fy?q=1%202", map[string]any{"b": 2}, &out); err != nil || out.A != 1 {
			t.Errorf("%v, %+v", err, out)
		}
		r := srv.requests()[0]
		if r.Method != "POST" || r.Path != apiPrefix+"/tools/x%2Fy" || r.RawQuery != "q=1%202" || r.Body != `{"b":2}` || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("sent %+v", r)
		}
		var raw []byte
		var message json.RawMessage
		if err := c.Do(ctx, editkit.EditClips, "GET", "/x", nil, &raw); err != nil || string(raw) != `{"a":1}` {
			t.Errorf("%v, %q", err, raw)
		}
		if err := c.Do(ctx, editkit.EditClips, "GET", "/x", nil, &message); err != nil || string(message) != `{"a":1}` {
			t.Errorf("%v, %q", err, message)
		}
		if err := c.Do(ctx, editkit.EditClips, "PUT", "/x", nil, nil); err != nil {
			t.Errorf("no answer was wanted: %v", err)
		}
		if err := c.Do(ctx, editkit.EditClips, "DELETE", "/x", nil, nil); !errors.Is(err, editkit.ErrUncertain) || !errors.Is(err, editkit.ErrServer) {
			t.Errorf("a doubtful write: %v", err)
		}
		if err := c.Do(ctx, editkit.EditClips, "POST", "/x", nil, &out); !errors.Is(err, editkit.ErrUncertain) {
			t.Errorf("an unreadable success of a write: %v", err)
		}
		if err := c.Do(ctx, editkit.EditClips, "GET", "/x", nil, nil); err != nil {
			t.Errorf("204: %v", err)
		}
	})
}

// TestDoChecksItsArguments before anything is sent.
func TestDoChecksItsArguments(t *testing.T) {
	t.Parallel()
	c := newClient(t, editkit.WithEditClips(testKey), stub(func(r *http.Request) (*http.Response, error) {
		t.Errorf("%s was asked", r.URL)
		return nil, errors.New("no")
	}))
	for _, path := range []string{
		"", "jobs", "//evil.example/x", "https://evil.example/", "/../x", "/a/../b", "/a/./b", "/a/%2e%2e/b", "/a/%2E./b", "/a b", "/a#b", `/a\b`, "/a\r\nb", "/a%zz", "/é",
	} {
		if err := c.Do(t.Context(), editkit.EditClips, "GET", path, nil, nil); !errors.Is(err, editkit.ErrInvalidArgument) {
			t.Errorf("path %q: %v", path, err)
		}
	}
	for _, method := range []string{"", "GE T", "GET\r\n", "GÉT"} {
		if err := c.Do(t.Context(), editkit.EditClips, method, "/x", nil, nil); !errors.Is(err, editkit.ErrInvalidArgument) {
			t.Errorf("method %q: %v", method, err)
		}
	}
	if err := c.Do(t.Context(), "Other", "GET", "/x", nil, nil); !errors.Is(err, editkit.ErrInvalidArgument) {
		t.Errorf("service: %v", err)
	}
	if err := c.Do(t.Context(), editkit.EditClips, "POST", "/x", make(chan int), nil); !errors.Is(err, editkit.ErrInvalidArgument) {
		t.Errorf("body: %v", err)
	}
	for _, h := range [][2]string{
		{"Authorization", "Bearer x"}, {"authorization", "x"}, {"Host", "evil.example"}, {"Cookie", "a=b"}, {"Content-Length", "3"}, {"Idempotency-Key", "x"},
		{"X-A", "a\r\nB: c"}, {"X A", "b"}, {"", "b"}, {"X-A", "\x00"},
	} {
		if _, err := c.Account.Balance(t.Context(), editkit.WithHeader(h[0], h[1])); !errors.Is(err, editkit.ErrInvalidArgument) {
			t.Errorf("header %q: %v", h, err)
		}
	}
}

// TestBasePathIsKept: a gateway's path prefix stays in front, however it is written.
func TestBasePathIsKept(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"https://gw.example/a/b":    "https://gw.example/a/b/balance",
		"https://gw.example/a/b/":   "https://gw.example/a/b/balance",
		"https://gw.example":        "https://gw.example/balance",
		"https://gw.example/":       "https://gw.example/balance",
		"https://gw.example/a%2Fb/": "https://gw.example/a%2Fb/balance",
	} {
		var got *url.URL
		c := newClient(t, editkit.WithEditClips(testKey), editkit.WithBaseURL(editkit.EditClips, base), stub(func(r *http.Request) (*http.Response, error) {
			got = r.URL
			return reply(r, 200, `{"credits":1}`), nil
		}))
		if _, err := c.Account.Balance(t.Context()); err != nil || got.String() != want {
			t.Errorf("%s: %v, asked %s", base, err, got)
		}
	}
}
