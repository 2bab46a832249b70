package editkit_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/editkit/editkit-go"
)

// TestSentinels: each code of the services' tables has its sentinel, and matches no
// other one.
func TestSentinels(t *testing.T) {
	t.Parallel()
	all := []error{
		editkit.ErrBadRequest, editkit.ErrUnauthorized, editkit.ErrUpgradeRequired, editkit.ErrForbidden, editkit.ErrNotFound,
		editkit.ErrTooLarge, editkit.ErrUnprocessable, editkit.ErrRateLimited, editkit.ErrServer,
	}
	want := map[int]error{
		400: editkit.ErrBadRequest, 401: editkit.ErrUnauthorized, 402: editkit.ErrUpgradeRequired, 403: editkit.ErrForbidden,
		404: editkit.ErrNotFound, 413: editkit.ErrTooLarge, 422: editkit.ErrUnprocessable, 429: editkit.ErrRateLimited,
		500: editkit.ErrServer, 502: editkit.ErrServer, 503: editkit.ErrServer, 504: editkit.ErrServer, 599: editkit.ErrServer,
		405: nil, 409: nil, 418: nil,
	}
	for status, sentinel := range want {
		c := newClient(t, editkit.WithEditClips(testKey), fastRetries, stub(say(status, `{"code":"c1","message":"m1"}`)))
		_, err := c.Account.Balance(ctxFor(t))
		for _, s := range all {
			if errors.Is(err, s) != (s == sentinel) {
				t.Errorf("%d: errors.Is(%v) = %v", status, s, errors.Is(err, s))
			}
		}
		var ae *editkit.APIError
		if !errors.As(err, &ae) {
			t.Fatalf("%d: %v is no *APIError", status, err)
		}
		if ae.StatusCode != status || ae.Service != editkit.EditClips || ae.Method != "GET" || ae.Path != "/balance" || ae.Code != "c1" || ae.Message != "m1" {
			t.Errorf("%d: %#v", status, ae)
		}
		for _, part := range []string{"EditClips", "GET /balance", fmt.Sprint(status), "m1", "c1"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q doesn't mention %q", err, part)
			}
		}
	}
}

// TestErrorBodies: whatever the body is, the status survives, and a message is found in
// all the forms in use.
func TestErrorBodies(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ body, code, message string }{
		"EditingTools.io envelope":   {`{"code":404,"status":"No files were found.","timestamp":"2025-05-22T10:00:00Z"}`, "404", "No files were found."},
		"code as a string":           {`{"code":"404","status":"Nicht gefunden."}`, "404", "Nicht gefunden."},
		"error text":                 {`{"error":"webhook must be https"}`, "", "webhook must be https"},
		"error object":               {`{"error":{"code":"bad_webhook","message":"webhook must be https"}}`, "bad_webhook", "webhook must be https"},
		"error object with type":     {`{"error":{"type":"invalid","detail":"no"}}`, "invalid", "no"},
		"message":                    {`{"message":"no"}`, "", "no"},
		"detail":                     {`{"detail":"no"}`, "", "no"},
		"errors, texts":              {`{"errors":["first","second"]}`, "", "first"},
		"errors, objects":            {`{"errors":[{"code":1,"message":"first"}]}`, "", "first"},
		"text":                       {`out of order`, "", "out of order"},
		"line breaks":                {"two\r\nlines", "", "two  lines"},
		"HTML":                       {gatewayPage, "", ""},
		"empty":                      {``, "", ""},
		"null":                       {`null`, "", "null"},
		"array":                      {`[1,2]`, "", "[1,2]"},
		"half an object":             {`{"error":{"code":`, "", ""},
		"other types":                {`{"code":{},"status":[],"message":7,"error":false,"errors":{}}`, "", "7"},
		"invalid UTF-8":              {"{\"message\":\"a\xffb\"}", "", "a�b"},
		"deep nesting":               {strings.Repeat("[", 100_000), "", strings.Repeat("[", 500)},
		"a long text is cut":         {`{"message":"` + strings.Repeat("x", 5000) + `"}`, "", strings.Repeat("x", 500)},
		"cut between two characters": {`{"message":"` + strings.Repeat("é", 300) + `"}`, "", strings.Repeat("é", 250)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, editkit.WithEditClips(testKey), stub(say(422, tt.body)))
			_, err := c.Jobs.Create(ctxFor(t), goodParams)
			var ae *editkit.APIError
			if !errors.As(err, &ae) || ae.StatusCode != 422 || !errors.Is(err, editkit.ErrUnprocessable) {
				t.Fatalf("error = %v", err)
			}
			if ae.Code != tt.code || ae.Message != tt.message {
				t.Errorf("code %q, message %q; want %q, %q", ae.Code, ae.Message, tt.code, tt.message)
			}
			if len(ae.Body) > 2<<10 {
				t.Errorf("%d bytes of the body were kept", len(ae.Body))
			}
			if strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("the text has line breaks: %q", err)
			}
		})
	}
}

// TestEndlessErrorBody: an unsuccessful answer is read to 64 KiB and no further.
func TestEndlessErrorBody(t *testing.T) {
	t.Parallel()
	read := 0
	c := newClient(t, editkit.WithEditClips(testKey), stub(func(r *http.Request) (*http.Response, error) {
		resp := reply(r, 400, "")
		resp.ContentLength = -1
		resp.Body = io.NopCloser(readerFunc(func(p []byte) (int, error) {
			for i := range p {
				p[i] = 'x'
			}
			read += len(p)
			return len(p), nil
		}))
		return resp, nil
	}))
	_, err := c.Account.Balance(ctxFor(t))
	if !errors.Is(err, editkit.ErrBadRequest) || read > 256<<10 {
		t.Errorf("read %d bytes, error %v", read, err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestErrorBodyCut: an error whose body breaks off is still that error.
func TestErrorBodyCut(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, proto int) {
		srv := newScript(t, proto, cut(401, `{"message":"bad key"}`, 5))
		_, err := srv.client().Account.Balance(ctxFor(t))
		if !errors.Is(err, editkit.ErrUnauthorized) {
			t.Errorf("error = %v", err)
		}
	})
}

// TestUnusableSuccess: a 200 that can't be read is an APIError with its status and the
// start of what came, and the cause is not lost.
func TestUnusableSuccess(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"HTML": gatewayPage, "empty": "", "truncated": working[:20], "array": "[]", "null": "null", "text": `"ok"`, "another object": `{"ok":true}`,
	} {
		c := newClient(t, editkit.WithEditClips(testKey), stub(say(200, body)))
		_, err := c.Jobs.Get(ctxFor(t), "j1")
		var ae *editkit.APIError
		if !errors.As(err, &ae) || ae.StatusCode != 200 || string(ae.Body) != body || !strings.Contains(err.Error(), "can't be read") {
			t.Errorf("%s: %v", name, err)
		}
		if errors.Is(err, editkit.ErrUncertain) {
			t.Errorf("%s: a read is never uncertain", name)
		}
	}
	c := newClient(t, editkit.WithEditClips(testKey), stub(say(200, `{"id":`)))
	_, err := c.Jobs.Get(ctxFor(t), "j1")
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		t.Errorf("the cause is lost: %v", err)
	}
}

// TestErrorsLogWithoutTexts: an error that is logged shows the fields of an allow-list.
func TestErrorsLogWithoutTexts(t *testing.T) {
	t.Parallel()
	c := newClient(t, editkit.WithEditClips(testKey), stub(say(422, `{"error":{"code":"x1","message":"about https://in.example/a?token=abc"}}`)))
	_, err := c.Jobs.Create(ctxFor(t), goodParams)
	var b strings.Builder
	slog.New(slog.NewJSONHandler(&b, nil)).Info("failed", "err", err)
	var line struct {
		Err struct {
			Service, Code, Method, Path string
			Status, Attempts            int
		}
	}
	if jsonErr := json.Unmarshal([]byte(b.String()), &line); jsonErr != nil {
		t.Fatal(jsonErr)
	}
	if line.Err.Status != 422 || line.Err.Code != "x1" || line.Err.Path != "/jobs" || strings.Contains(b.String(), "about") {
		t.Errorf("logged %s", b.String())
	}
}
