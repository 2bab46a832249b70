package editkit_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/editkit/editkit-go"
)

// sourcesOf returns the content as each kind of source.
func sourcesOf(t *testing.T, name, content string) map[string]editkit.Source {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return map[string]editkit.Source{
		"FileSource":     editkit.FileSource(path),
		"BytesSource":    editkit.BytesSource(name, []byte(content)),
		"ReaderAtSource": editkit.ReaderAtSource(name, strings.NewReader(content), int64(len(content))),
		"ReaderSource":   editkit.ReaderSource(name, io.MultiReader(strings.NewReader(content)), int64(len(content))),
	}
}

// TestUpload: from every kind of source a real server gets the fields, the name and the
// very bytes, in exactly as many bytes as were declared, and is asked before it gets a
// large body.
func TestUpload(t *testing.T) {
	t.Parallel()
	fields := url.Values{"a": {"1", "2"}, "empty": {""}, "none": {}, "ü\"x": {"ä\r\nb\x00\xff"}, "file2": {"--editkit\r\n\r\n--"}}
	wantFields := url.Values{"a": {"1", "2"}, "empty": {""}, "ü\"x": {"ä\r\nb\x00\xff"}, "file2": {"--editkit\r\n\r\n--"}}
	overBoth(t, func(t *testing.T, proto int) {
		for _, size := range []int{0, 1, 70_000, 1<<20 + 12345} {
			text := content(byte(size), size)
			for kind, source := range sourcesOf(t, "Untertitel 日本.srt", text) {
				srv := newDock(t, proto, unload(202))
				run, err := srv.client().Tools.Run(ctxFor(t), "cutdetection", editkit.ToolParams{File: source, Fields: fields})
				if err != nil || run.ProcessID != "ABC123" {
					t.Fatalf("%s of %d bytes: %v, %v", kind, size, run, err)
				}
				d := srv.deliveries()[0]
				if !d.Whole || d.Content != text || d.FileName != "Untertitel 日本.srt" {
					t.Errorf("%s of %d bytes: %d bytes of %q came", kind, size, len(d.Content), d.FileName)
				}
				if diff := cmp.Diff(wantFields, d.Fields); diff != "" {
					t.Errorf("%s: fields (-want +got)\n%s", kind, diff)
				}
				if d.Proto != proto || d.Path != "/gateway/v2/cutdetection" || d.Header.Get("Authorization") != "Basic YXBpa2V5OmV0LWtleS1mZWRjYmE5ODc2NTQzMjEw" {
					t.Errorf("%s: HTTP/%d to %s with %v", kind, d.Proto, d.Path, d.Header)
				}
				if expects := d.Header.Get("Expect") == "100-continue"; expects != (size > 1<<20 && proto == 1) {
					t.Errorf("%s of %d bytes: Expect: %q", kind, size, d.Header.Get("Expect"))
				}
			}
		}
	})
}

// TestUploadFileNames: a name arrives as it is, but for what could end its quotes or its
// line, and adds neither a header nor a part.
func TestUploadFileNames(t *testing.T) {
	t.Parallel()
	names := map[string]string{
		"a.srt":                  "a.srt",
		"ä ö.srt":                "ä ö.srt",
		"字幕😀.srt":                "字幕😀.srt",
		"a\"b.srt":               "a%22b.srt",
		`a\"b.srt`:               "a_%22b.srt",
		`C:\clips\a.srt`:         "C:_clips_a.srt",
		"/etc/../x/a.srt":        "a.srt", // net/http leaves no path in a name
		"a\r\nX-Evil: 1.srt":     "a%0D%0AX-Evil: 1.srt",
		"a\r\n\r\n--evil--":      "a%0D%0A%0D%0A--evil--",
		"a\x00b.srt":             "a_b.srt",
		"a;b=c; filename=d.srt":  "a;b=c; filename=d.srt",
		"a'b%22c.srt":            "a'b%22c.srt",
		strings.Repeat("n", 999): strings.Repeat("n", 999),
	}
	for name, want := range names {
		srv := newDock(t, 1, unload(200))
		_, err := srv.client().Tools.Run(ctxFor(t), "x", editkit.ToolParams{File: editkit.BytesSource(name, []byte("x"))})
		d := srv.deliveries()[0]
		if err != nil || !d.Whole || d.FileName != want || d.Content != "x" || len(d.Fields) != 0 {
			t.Errorf("name %q came as %q with %q: %v", name, d.FileName, d.Content, err)
		}
	}
}

// TestUploadIsRepeatedWhenRefused: after a 429 the body goes again, and is whole again,
// whether the first one was read or not.
func TestUploadIsRepeatedWhenRefused(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, proto int) {
		for _, size := range []int{0, 5000, 1<<20 + 1} {
			text := content(byte(size), size)
			for kind, source := range sourcesOf(t, "a.mov", text) {
				if kind == "ReaderSource" {
					continue
				}
				srv := newDock(t, proto, unload(429, "Retry-After", "0"), refuse(429, gatewayPage), unload(202))
				var resp editkit.Response
				run, err := srv.client().Tools.Run(ctxFor(t), "x", editkit.ToolParams{File: source}, editkit.WithResponse(&resp))
				if err != nil || run.ProcessID != "ABC123" || resp.Attempts != 3 {
					t.Fatalf("%s: %v, %v", kind, run, err)
				}
				for i, d := range srv.deliveries() {
					if i != 1 && (!d.Whole || d.Content != text) {
						t.Errorf("%s: attempt %d brought %d of %d bytes", kind, i+1, len(d.Content), size)
					}
				}
			}
		}
	})
}

// TestUploadRefusedAtOnce: a server that has seen enough in the header is not sent the
// body, and its answer is what the caller gets.
func TestUploadRefusedAtOnce(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status int
		body   string
		want   error
	}{
		"401":      {401, `{"code":401,"status":"No such key."}`, editkit.ErrUnauthorized},
		"413 HTML": {413, "<html><center><h1>413 Request Entity Too Large</h1></center></html>", editkit.ErrTooLarge},
		"429":      {429, `{"code":429,"status":"Slow down."}`, editkit.ErrRateLimited},
		"502":      {502, gatewayPage, editkit.ErrUncertain}, // a gateway may have passed on the header, and more
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overBoth(t, func(t *testing.T, proto int) {
				srv := newDock(t, proto, refuse(tt.status, tt.body))
				var e endless
				_, err := srv.client(oneTry).Tools.Run(ctxFor(t), "x", editkit.ToolParams{File: e.source(99_000_000)})
				var ae *editkit.APIError
				if !errors.Is(err, tt.want) || !errors.As(err, &ae) || ae.StatusCode != tt.status {
					t.Errorf("error = %v", err)
				}
				if tt.status < 500 && errors.Is(err, editkit.ErrUncertain) {
					t.Errorf("a refusal is certain: %v", err)
				}
				srv.deliveries()
				if e.taken.Load() != 0 || srv.wire.Load() > 32<<10 {
					t.Errorf("%d bytes were read and %d sent for a refusal", e.taken.Load(), srv.wire.Load())
				}
			})
		})
	}
}

// TestExpectFrom: the question costs a turn, so that only a request from 1 MiB on asks.
func TestExpectFrom(t *testing.T) {
	t.Parallel()
	_, err := newDock(t, 1).client(editkit.WithUploadLimit(1)).Tools.Run(ctxFor(t), "x", editkit.ToolParams{File: (&endless{}).source(10)})
	var too *editkit.TooLargeError
	if !errors.As(err, &too) {
		t.Fatal(err)
	}
	for length, want := range map[int64]string{1<<20 - 1: "", 1 << 20: "100-continue"} {
		srv := newDock(t, 1, unload(202))
		if _, err := srv.client().Tools.Run(ctxFor(t), "x", editkit.ToolParams{File: (&endless{}).source(length - too.Overhead)}); err != nil {
			t.Error(err)
		}
		if d := srv.deliveries()[0]; d.Declared != length || d.Header.Get("Expect") != want {
			t.Errorf("%d bytes, Expect: %q", d.Declared, d.Header.Get("Expect"))
		}
	}
}

// TestUploadLimit: the limit holds for the whole request, to the byte, and what is over
// it is refused with its size before anything is sent.
func TestUploadLimit(t *testing.T) {
	t.Parallel()
	if editkit.MaxRequestBytes != 104_857_600 {
		t.Errorf("MaxRequestBytes = %d", editkit.MaxRequestBytes)
	}
	var sent []int64
	c := toolsClient(t, func(r *http.Request) (*http.Response, error) {
		sent = append(sent, r.ContentLength)
		return reply(r, 202, accepted), nil
	})
	run := func(c *editkit.Client, size int64) error {
		_, err := c.Tools.Run(t.Context(), "x", editkit.ToolParams{File: (&endless{}).source(size), Fields: url.Values{"a": {"b"}}})
		return err
	}
	check := func(c *editkit.Client, limit int64) {
		t.Helper()
		var too *editkit.TooLargeError
		for _, size := range []int64{limit, limit + 1, math.MaxInt64 - 1, math.MaxInt64} {
			err := run(c, size)
			if !errors.As(err, &too) || !errors.Is(err, editkit.ErrTooLarge) || too.Limit != limit || too.Err != nil || errors.Is(err, editkit.ErrUncertain) {
				t.Fatalf("%d bytes: %v", size, err)
			}
			if want := size + too.Overhead; too.Size != want && (want > 0 || too.Size != math.MaxInt64) {
				t.Errorf("%d bytes: %+v", size, too)
			}
		}
		if len(sent) != 0 {
			t.Fatal("it was sent")
		}
		if err := run(c, limit-too.Overhead+1); !errors.As(err, &too) || too.Size != limit+1 || len(sent) != 0 ||
			!strings.Contains(err.Error(), fmt.Sprintf("%d bytes (%d of them", limit+1, too.Overhead)) || !strings.Contains(err.Error(), "not sent") {
			t.Errorf("one byte too many: %v", err)
		}
		if err := run(c, limit-too.Overhead); err != nil || len(sent) != 1 || sent[0] != limit {
			t.Errorf("just the limit: %v, sent %d", err, sent)
		}
		sent = nil
	}
	check(c, editkit.MaxRequestBytes)
	for _, limit := range []int64{1000, 200 << 20} {
		other, err := c.With(editkit.WithUploadLimit(limit))
		if err != nil {
			t.Fatal(err)
		}
		check(other, limit)
	}
	for _, limit := range []int64{0, -1} {
		if _, err := c.With(editkit.WithUploadLimit(limit)); !errors.Is(err, editkit.ErrInvalidArgument) {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
}

// TestUploadProgress: the count only grows within an attempt, ends with the whole
// request, begins anew with the next one, and nobody is told after the call.
func TestUploadProgress(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, proto int) {
		srv := newDock(t, proto, unload(429), unload(202))
		var dones, totals []int64 // not locked: the race detector watches for calls after the end
		_, err := srv.client().Tools.Run(ctxFor(t), "x", editkit.ToolParams{File: (&endless{}).source(300_000)},
			editkit.OnProgress(func(done, total int64) { dones, totals = append(dones, done), append(totals, total) }))
		if err != nil {
			t.Fatal(err)
		}
		length := srv.deliveries()[1].Declared
		attempts := 1
		for i, done := range dones {
			if totals[i] != length || done <= 0 || done > length {
				t.Errorf("%d of %d", done, totals[i])
			}
			if i > 0 && done <= dones[i-1] {
				attempts++
				if dones[i-1] != length {
					t.Errorf("it fell from %d to %d", dones[i-1], done)
				}
			}
		}
		if attempts != 2 || len(dones) < 4 || dones[len(dones)-1] != length {
			t.Errorf("%d attempts seen in %d calls", attempts, len(dones))
		}

		// A server that answers in the midst of the body, which nobody may go on to count.
		srv = newDock(t, proto, func(w http.ResponseWriter, r *http.Request, _ *delivery) {
			_, _ = io.CopyN(io.Discard, r.Body, 1000)
			answer(400, `{}`)(w, r)
		})
		last := int64(0)
		_, err = srv.client().Tools.Run(ctxFor(t), "x", editkit.ToolParams{File: (&endless{}).source(50_000_000)},
			editkit.OnProgress(func(done, _ int64) { last = done }))
		if err == nil || errors.Is(err, editkit.ErrUncertain) || last >= 50_000_000 {
			t.Errorf("%d bytes, error %v", last, err)
		}
	})
}

// TestUploadIsNotRedirected: another address gets neither the file nor the key.
func TestUploadIsNotRedirected(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, proto int) {
		for _, status := range []int{301, 302, 303, 307, 308} {
			srv := newDock(t, proto, unload(status, "Location", "/elsewhere"))
			_, err := srv.client().Tools.Run(ctxFor(t), "x", editkit.ToolParams{File: smallSource()})
			var ae *editkit.APIError
			if !errors.As(err, &ae) || ae.StatusCode != status {
				t.Errorf("%d: %v", status, err)
			}
		}
	})
}

// TestOneStartPerDoubt is the promise that nothing is paid twice, for an upload: after
// each fault that leaves it open whether the process was started, one start has reached
// the service and the caller is told of the doubt.
func TestOneStartPerDoubt(t *testing.T) {
	t.Parallel()
	doubts := map[string]http.HandlerFunc{
		"500":                        answer(500, `{"code":500,"status":"boom"}`),
		"501":                        answer(501, ``),
		"502 HTML":                   answer(502, gatewayPage),
		"503":                        answer(503, ``),
		"503 with Retry-After":       answer(503, ``, "Retry-After", "0"),
		"504":                        answer(504, ``),
		"520 of a CDN":               answer(520, gatewayPage),
		"408":                        answer(408, ``),
		"reset":                      reset,
		"timeout":                    hang,
		"202 cut":                    cut(202, accepted, 12),
		"202 cut at once":            cut(202, accepted, 0),
		"200 empty":                  answer(200, ``),
		"202 HTML":                   answer(202, gatewayPage),
		"201 text":                   answer(201, `ABC123`),
		"202 with half a JSON value": answer(202, accepted[:len(accepted)-1]),
		"202 with more than JSON":    answer(202, accepted+"x"),
		"204":                        func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) },
	}
	for name, step := range doubts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overBoth(t, func(t *testing.T, proto int) {
				srv := newScript(t, proto, step)
				opts := []editkit.CallOption{}
				if name == "timeout" {
					opts = append(opts, editkit.WithRetryPolicy(editkit.RetryPolicy{AttemptTimeout: 50 * time.Millisecond}))
				}
				run, err := srv.tools().Tools.Translate(ctxFor(t), editkit.TranslateParams{File: smallSource(), SourceLang: editkit.LangAuto, TargetLang: "DE"}, opts...)
				if got := len(srv.requests()); got != 1 {
					t.Errorf("%d starts reached the service", got)
				}
				if run != nil || !errors.Is(err, editkit.ErrUncertain) {
					t.Fatalf("%v, %v, want ErrUncertain", run, err)
				}
				var (
					ae     *editkit.APIError
					te     *editkit.TransportError
					status int
				)
				if _, scanErr := fmt.Sscanf(name, "%d", &status); scanErr == nil {
					if !errors.As(err, &ae) || ae.StatusCode != status || ae.Service != editkit.EditingTools || ae.Attempts != 1 {
						t.Errorf("the status %d did not survive: %v", status, err)
					}
				} else if !errors.As(err, &te) || !te.Sent || te.Attempts != 1 {
					t.Errorf("error = %v", err)
				}
				if (name == "timeout") != errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, editkit.ErrSource) {
					t.Errorf("error = %v", err)
				}
			})
		})
	}
}
