package editkit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/editkit/editkit-go"
)

// secrets are what must never be printed: keys, in every form in which they travel, and
// the queries of links.
var secrets = []string{testKey, toolsKey, "YXBpa2V5OmV0LWtleS1mZWRjYmE5ODc2NTQzMjEw", "topsecret", "X-Amz-Signature", "in-token", "hook-token", "user-pw"}

// lockedBuffer collects log lines of several goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestNothingSecretIsPrinted: keys and links appear in no log line, no error and no
// printed value, whatever goes wrong and however hard the service tries.
func TestNothingSecretIsPrinted(t *testing.T) {
	t.Parallel()
	echo := func(status int) func(r *http.Request) (*http.Response, error) {
		return func(r *http.Request) (*http.Response, error) { // a service that repeats all it was sent
			body := fmt.Sprintf(`{"error":{"code":%q,"message":"you sent %s, %s; can't read https://user-pw:x@in.example/v.mov?token=in-token&X-Amz-Signature=topsecret or https:\/\/in.example\/v?X-Amz-Signature=topsecret"}}`,
				r.Header.Get("Authorization"), r.Header.Get("Authorization"), testKey)
			return reply(r, status, body, "X-Echo", r.Header.Get("Authorization")), nil
		}
	}
	answers := map[string]func(*http.Request) (*http.Response, error){
		"completed":    say(200, completed),
		"failed":       say(200, job("failed", `,"errorMessage":"can't read https://in.example/v.mov?token=in-token&X-Amz-Signature=topsecret"`)),
		"reset":        fail(&net.OpError{Op: "read", Err: syscall.ECONNRESET}),
		"unreadable":   say(200, testKey+` https://r2.editclips.online/o?X-Amz-Signature=topsecret`),
		"HTML":         say(200, `<a href="https://r2.editclips.online/o?X-Amz-Signature=topsecret">`+testKey+`</a>`),
		"redirect":     say(302, ``, "Location", "https://other.example/?X-Amz-Signature=topsecret&k="+testKey),
		"hostile link": say(200, strings.Replace(completed, "https://r2.editclips.online/o", "https://user-pw:x@[bad", 1)),
		"finished": say(200, envelope(200, `[{"processId":"A1","status":"finished","label":"see https://h/p?X-Amz-Signature=topsecret","fileName":"a.zip",`+
			`"fileUrl":"https://editingtools.io/download/a.zip?X-Amz-Signature=topsecret","url":"https://editingtools.io/download/a.zip?X-Amz-Signature=topsecret","id":"f1","base64":"dG9wc2VjcmV0"}]`)),
		"failed process": say(200, envelope(200, `[{"processId":"A1","status":"failed","label":"see https://h/p?X-Amz-Signature=topsecret"}]`)),
		"429":            say(429, ``, "Retry-After", "7"),
		"429 for long":   say(429, ``, "Retry-After", "70000"),
	}
	for _, status := range []int{400, 401, 402, 403, 404, 413, 422, 429, 500, 502, 503, 504, 418} {
		answers[fmt.Sprint("echo ", status)] = echo(status)
	}
	for name, step := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { hunt(t, step) })
		})
	}
}

// hunt makes every call against one kind of answer and searches all that can be printed.
func hunt(t *testing.T, step func(*http.Request) (*http.Response, error)) {
	var logged lockedBuffer
	logger := slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c := newClient(t, editkit.WithEditClips(testKey), editkit.WithEditingTools(toolsKey), editkit.WithLogger(logger), stub(func(r *http.Request) (*http.Response, error) {
		if r.URL.Host != "editclips.online" && r.URL.Host != "api.editingtools.io" {
			if r.Header.Get("Authorization") != "" || strings.Contains(r.URL.String(), testKey) {
				t.Errorf("the key went to %s", r.URL.Host)
			}
			return reply(r, 403, `<Error><StringToSign>X-Amz-Signature topsecret</StringToSign></Error>`), nil
		}
		return step(r)
	}))
	params := editkit.JobParams{
		Tool: "t", Inputs: []string{"https://user-pw:x@in.example/v.mov?token=in-token"}, Webhook: "https://yourapp.com/hook?t=hook-token",
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3e11)
	defer cancel()
	var resp editkit.Response
	created, createErr := c.Jobs.Create(ctx, params, editkit.WithResponse(&resp))
	got, getErr := c.Jobs.Get(ctx, "j1")
	waited, waitErr := c.Jobs.Wait(ctx, "j1")
	_, downloadErr := c.Jobs.Download(ctx, "j1", &bytes.Buffer{})
	_, fileErr := c.Jobs.DownloadFile(ctx, "j1", t.TempDir())
	ran, runErr := c.Jobs.Run(ctx, params, t.TempDir())
	_, balanceErr := c.Account.Balance(ctx)
	doErr := c.Do(ctx, editkit.EditingTools, "POST", "/x?X-Amz-Signature=topsecret", nil, nil)
	process, processErr := c.Processes.Get(ctx, "A1")
	list, listErr := c.Processes.List(ctx)
	awaited, awaitErr := c.Processes.Wait(ctx, "A1")
	_, processFileErr := c.Processes.DownloadFile(ctx, "A1", t.TempDir())
	files, filesErr := c.Files.List(ctx)
	run, toolErr := c.Tools.Run(ctx, "edl", editkit.ToolParams{File: editkit.BytesSource("a.edl", []byte("x"))})
	values := []any{c, *c, process, list, awaited, files, run, resp, &resp, params, &params, created, got, waited, ran, editkit.WithEditClips(testKey)}
	for _, err := range []error{createErr, getErr, waitErr, downloadErr, fileErr, runErr, balanceErr, doErr, processErr, listErr, awaitErr, processFileErr, filesErr, toolErr} {
		for ; err != nil; err = errors.Unwrap(err) {
			values = append(values, err)
			var ae *editkit.APIError
			if errors.As(err, &ae) {
				values = append(values, *ae, string(ae.Body), ae.Message, ae.Code)
			}
		}
	}
	for _, p := range append(list, process, awaited) {
		if p != nil {
			values = append(values, *p)
		}
	}
	for _, f := range files {
		values = append(values, *f)
	}
	if run != nil {
		values = append(values, *run)
	}
	for _, j := range []*editkit.Job{created, got, waited, ran} {
		if j != nil {
			values = append(values, *j)
		}
	}
	for _, v := range values {
		logger.Info("value", "v", v)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			search(t, fmt.Sprintf(verb, v), fmt.Sprintf("%s of %T", verb, v))
		}
	}
	search(t, logged.String(), "the log")
}

func search(t *testing.T, text, where string) {
	t.Helper()
	for _, secret := range secrets {
		if i := strings.Index(text, secret); i >= 0 {
			t.Errorf("%s shows %q: ...%s", where, secret, text[max(0, i-80):min(len(text), i+40)])
		}
	}
}

// TestLogs: what is logged, and that a client without a logger logs nothing.
func TestLogs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var logged lockedBuffer
		logger := slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
		c := newClient(t, editkit.WithEditClips(testKey), editkit.WithLogger(logger),
			stub(replies(say(429, ``, "Retry-After", "7"), say(200, working), say(404, `{"message":"no such job"}`))))
		_, _ = c.Jobs.Get(t.Context(), "j1")
		_, _ = c.Jobs.Get(t.Context(), "j1")
		lines := strings.Split(strings.TrimSpace(logged.String()), "\n")
		want := [][]string{
			{"level=DEBUG", "editkit: attempt", "service=EditClips", "method=GET", "endpoint=/jobs/{id}", "status=429", "retry_after=7s", "attempt=1", "again=true", "wait=7."},
			{"level=DEBUG", "status=200", "attempt=2", "again=false"},
			{"level=DEBUG", "status=404", "attempt=1", "again=false"},
			{"level=WARN", "editkit: call failed", "status=404", "attempts=1"},
		}
		if len(lines) != len(want) {
			t.Fatalf("%d lines:\n%s", len(lines), logged.String())
		}
		for i, parts := range want {
			for _, part := range parts {
				if !strings.Contains(lines[i], part) {
					t.Errorf("line %d has no %q: %s", i+1, part, lines[i])
				}
			}
			if strings.Contains(lines[i], "j1") || strings.Contains(lines[i], "no such job") {
				t.Errorf("line %d has an id or a text: %s", i+1, lines[i])
			}
		}
	})
}

// TestPlainHTTPIsNoticed: a key over http is possible, and said aloud.
func TestPlainHTTPIsNoticed(t *testing.T) {
	t.Parallel()
	for address, warned := range map[string]bool{
		"http://gateway.example/": true, "https://gateway.example/": false, "http://127.0.0.1:8080/": false, "http://localhost/": false, "http://[::1]/": false,
	} {
		var logged lockedBuffer
		newClient(t, editkit.WithEditClips(testKey), editkit.WithBaseURL(editkit.EditClips, address), editkit.WithLogger(slog.New(slog.NewTextHandler(&logged, nil))))
		if strings.Contains(logged.String(), "not https") != warned {
			t.Errorf("%s: logged %q", address, logged.String())
		}
	}
}
