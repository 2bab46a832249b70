package editkit_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/editkit/editkit-go"
)

// oneTry makes fuzzing fast: no pauses.
var oneTry = editkit.WithRetryPolicy(editkit.RetryPolicy{MaxAttempts: 1})

// FuzzJob: no answer makes a panic or a job without an id, and every other one is an
// error with its status; for a create, an uncertain one.
func FuzzJob(f *testing.F) {
	for _, name := range []string{"job_created.json", "job_processing.json", "job_completed.json"} {
		f.Add([]byte(golden(f, name)))
	}
	for _, s := range []string{``, `null`, `[]`, `{"id":1e999}`, `{"id":"a","metrics":[],"outputSize":"x"}`, `{"ID":"a"}`, "\xff", `{"id":"\ud800"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		c := newClient(t, editkit.WithEditClips(testKey), oneTry, stub(say(201, string(body))))
		got, getErr := c.Jobs.Get(t.Context(), "j1")
		created, createErr := c.Jobs.Create(t.Context(), goodParams)
		if (getErr == nil) != (createErr == nil) {
			t.Fatalf("Get: %v, Create: %v", getErr, createErr)
		}
		if getErr != nil {
			var ae *editkit.APIError
			if got != nil || created != nil || !errors.As(getErr, &ae) || ae.StatusCode != 201 || !errors.Is(createErr, editkit.ErrUncertain) {
				t.Fatalf("Get: %v, %v; Create: %v, %v", got, getErr, created, createErr)
			}
			return
		}
		if got.ID == "" || !bytes.Equal(got.Raw, body) || !utf8.ValidString(got.ID) {
			t.Fatalf("got %#v", got)
		}
	})
}

// FuzzErrorBody: the status survives every body, and texts are capped, on one line, and
// free of the key and of queries.
func FuzzErrorBody(f *testing.F) {
	for _, s := range []string{
		`{"code":404,"status":"x"}`, `{"error":{"code":"a","message":"b"}}`, `{"errors":[{"message":"x"}]}`, `{"error":[[]]}`, gatewayPage, ``,
		testKey, `https://h/p?sig=topsecret`, `{"message":"https:\/\/u:p@h\/p?sig=topsecret"}`, "{\"message\":\"a\r\nb\"}",
	} {
		f.Add(404, []byte(s))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 300 || status > 599 {
			return
		}
		c := newClient(t, editkit.WithEditClips(testKey), oneTry, stub(say(status, string(body))))
		_, err := c.Account.Balance(t.Context())
		var ae *editkit.APIError
		if !errors.As(err, &ae) || ae.StatusCode != status {
			t.Fatalf("error = %v", err)
		}
		if len(ae.Message) > 500 || len(ae.Code) > 100 || len(ae.Body) > 2<<10 {
			t.Errorf("message %d, code %d, body %d bytes", len(ae.Message), len(ae.Code), len(ae.Body))
		}
		for _, text := range []string{err.Error(), string(ae.Body)} {
			if strings.Contains(text, testKey) || strings.Contains(text, "?sig=topsecret") || !utf8.ValidString(text) {
				t.Errorf("text %q", text)
			}
		}
		if strings.ContainsAny(err.Error(), "\r\n") {
			t.Errorf("error %q", err)
		}
	})
}

// FuzzID: an id is refused, or asks for one job below the base address and nothing else.
func FuzzID(f *testing.F) {
	for _, s := range []string{"d290f1ee", "#ABC123", "..", "a/b", "%2e%2e", "a?b", "a#b", "\x00", "é", `\`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, id string) {
		asked := ""
		c := newClient(t, editkit.WithEditClips(testKey), oneTry, stub(func(r *http.Request) (*http.Response, error) {
			asked = r.URL.EscapedPath()
			if r.URL.RawQuery != "" || r.URL.Fragment != "" || r.URL.Host != "editclips.online" {
				t.Errorf("id %q asked %s", id, r.URL)
			}
			return reply(r, 200, working), nil
		}))
		_, err := c.Jobs.Get(t.Context(), id)
		if err != nil {
			if asked != "" || !errors.Is(err, editkit.ErrInvalidArgument) {
				t.Errorf("id %q: asked %q: %v", id, asked, err)
			}
			return
		}
		segment, ok := strings.CutPrefix(asked, "/api/v1/jobs/")
		if !ok || segment == "" || strings.ContainsAny(segment, "/") || segment == "." || segment == ".." {
			t.Errorf("id %q asked %q", id, asked)
		}
	})
}

// FuzzContentRange: whatever a storage says of the range it sends, a download ends with
// the right bytes or with an error.
func FuzzContentRange(f *testing.F) {
	for _, s := range []string{"bytes 4-9/10", "bytes 4-9/*", "bytes 5-9/10", "bytes 4-9/11", "bytes */10", "", "bytes 4-9", "bytes -1-9/10", "bytes 99999999999999999999-9/10"} {
		f.Add(s, "0123456789", 206)
	}
	f.Fuzz(func(t *testing.T, contentRange, rest string, status int) {
		if status < 200 || status > 599 {
			return
		}
		const content = "0123456789"
		first := true
		c := newClient(t, editkit.WithEditClips(testKey), oneTry, stub(func(r *http.Request) (*http.Response, error) {
			switch {
			case r.URL.Host == "editclips.online":
				return reply(r, 200, `{"id":"j","status":"completed","outputUrl":"https://r2.example/o","outputSize":10}`), nil
			case first: // four bytes, then nothing
				first = false
				resp := reply(r, 200, "")
				resp.ContentLength = int64(len(content))
				resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(content[:4]), readerFunc(func([]byte) (int, error) { return 0, io.ErrUnexpectedEOF })))
				return resp, nil
			default:
				resp := reply(r, status, rest, "Content-Range", contentRange)
				resp.ContentLength = -1
				return resp, nil
			}
		}))
		cRetry, err := c.With(editkit.WithRetryPolicy(editkit.RetryPolicy{MaxAttempts: 2, BaseDelay: 1, MaxDelay: 1}))
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		n, err := cRetry.Jobs.Download(t.Context(), "j", &got)
		if n != int64(got.Len()) || err == nil && got.Len() != len(content) || got.Len() > len(content) || !strings.HasPrefix(got.String(), content[:4]) {
			t.Errorf("%d bytes %q, %v", n, got.String(), err)
		}
	})
}
