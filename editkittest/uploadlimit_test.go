package editkittest_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/editkit/editkit-go"
	"github.com/editkit/editkit-go/editkittest"
)

// unsized hides the length of a body.
type unsized struct{ io.Reader }

func TestUploadLimit(t *testing.T) {
	t.Parallel()
	eachForm(t, func(t *testing.T, form editkittest.Option) {
		content := strings.Repeat("x", 300<<10)
		body, _ := formBody("a.mov", content)
		size := int64(len(body))
		for name, sized := range map[string]bool{"Content-Length": true, "chunked": false} {
			a := newTools(t, form, editkittest.WithUploadLimit(size, editkittest.RefuseHTML413))
			request := func(content string) *http.Request {
				req := a.startRequest("stills", "a.mov", content)
				if !sized {
					req.Body, req.ContentLength, req.GetBody = io.NopCloser(unsized{req.Body}), -1, nil
				}
				return req
			}
			equal(t, name+": at the limit", a.do(request(content)).StatusCode, 202)
			equal(t, "bytes", a.Stats().UploadBytes, size)
			ans := a.do(request(content + "x"))
			equal(t, name+": over it", ans.StatusCode, 413)
			equal(t, "content type", ans.Header.Get("Content-Type"), "text/html")
			equal(t, "HTML", strings.HasPrefix(string(ans.body), "<html>"), true)
			stats := a.Stats()
			equal(t, "refused", stats.Refused, 1)
			equal(t, "starts", stats.Starts, 1)
			equal(t, "incomplete", stats.Incomplete, 0)
			if sized {
				equal(t, "read", stats.UploadBytes, size)
				equal(t, "closed", ans.Close || ans.ProtoMajor == 2 || a.client.Transport == a.Transport(), true)
			}
			equal(t, "after that", a.do(request("small")).StatusCode, 202)
		}
	})
}

// formBody is form under a name that eachForm's parameter doesn't hide.
func formBody(filename, content string) ([]byte, string) { return form(filename, content) }

func TestUploadIsReset(t *testing.T) {
	t.Parallel()
	eachForm(t, func(t *testing.T, form editkittest.Option) {
		a := newTools(t, form, editkittest.WithUploadLimit(1<<20, editkittest.RefuseReset))
		freshConnections(a.api)
		for i := range 2 {
			_, err := a.try(a.startRequest("stills", "a.mov", strings.Repeat("x", 8<<20)))
			if err == nil {
				t.Error("no error")
			}
			equal(t, "refused", a.Stats().Refused, i+1)
		}
		read := a.Stats().UploadBytes
		if read > 2*(1<<20) {
			t.Errorf("read %d bytes", read)
		}
		equal(t, "starts", a.Stats().Starts, 0)
	})
}

// No client is asked for a body that is refused.
func TestExpectContinue(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]editkittest.Option{"http1": nil, "memory": editkittest.InMemory()} {
		for _, how := range []editkittest.UploadRefusal{editkittest.RefuseHTML413, editkittest.RefuseReset} {
			t.Run(fmt.Sprint(name, how), func(t *testing.T) {
				t.Parallel()
				a := newTools(t, form, editkittest.WithUploadLimit(1000, how), editkittest.RequirePro("loudness"))
				var sent, asked atomic.Bool
				try := func(tool, content string) (answer, error) {
					sent.Store(false)
					asked.Store(false)
					req := a.startRequest(tool, "a.mov", content)
					req.Header.Set("Expect", "100-continue")
					body := req.Body
					req.Body = io.NopCloser(readerFunc(func(p []byte) (int, error) {
						sent.Store(true)
						return body.Read(p)
					}))
					return a.try(req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
						Got100Continue: func() { asked.Store(true) },
					})))
				}
				ans, err := try("stills", strings.Repeat("x", 1000))
				if how == editkittest.RefuseReset {
					equal(t, "reset", errors.Is(err, syscall.ECONNRESET), true)
				} else {
					equal(t, "status", ans.StatusCode, 413)
				}
				equal(t, "sent", sent.Load() || asked.Load(), false)
				ans, err = try("loudness", "film")
				if err != nil {
					t.Fatal(err)
				}
				equal(t, "another refusal", ans.StatusCode, 402)
				equal(t, "sent", sent.Load() || asked.Load(), false)
				a.Inject(editkittest.StartTool, 1, editkittest.Respond(503, nil, ""))
				ans, err = try("stills", "film")
				if err != nil {
					t.Fatal(err)
				}
				equal(t, "a fault", ans.StatusCode, 503)
				equal(t, "sent", sent.Load() || asked.Load(), false)
				equal(t, "bytes", a.Stats().UploadBytes, 0)
				ans, err = try("stills", "film")
				if err != nil {
					t.Fatal(err)
				}
				equal(t, "accepted", ans.StatusCode, 202)
				equal(t, "sent", sent.Load(), true)
				equal(t, "asked", asked.Load(), name == "http1")
			})
		}
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// An early answer reaches a client that sends without waiting.
func TestEarlyAnswerToLargeUpload(t *testing.T) {
	t.Parallel()
	eachForm(t, func(t *testing.T, form editkittest.Option) {
		a := newTools(t, form)
		req := a.startRequest("stills", "a.mov", strings.Repeat("x", 8<<20))
		length := req.ContentLength
		req.SetBasicAuth("apikey", "wrong")
		equal(t, "status", a.do(req).StatusCode, 401)
		a.Inject(editkittest.StartTool, 1, editkittest.Respond(503, nil, ""))
		equal(t, "status", a.do(a.startRequest("stills", "a.mov", strings.Repeat("x", 8<<20))).StatusCode, 503)
		if a.client.Transport != a.Transport() {
			equal(t, "bytes", a.Stats().UploadBytes, 2*length)
		}
	})
}

// rawPost sends a request by hand and returns the status line of the answer.
func (a *toolsAPI) rawPost(body []byte, contentType string, announced int) string {
	a.t.Helper()
	u, err := url.Parse(a.URL(editkit.EditingTools))
	if err != nil {
		a.t.Fatal(err)
	}
	conn, err := (&net.Dialer{}).DialContext(a.t.Context(), "tcp", u.Host)
	if err != nil {
		a.t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /v2/stills HTTP/1.1\r\nHost: %s\r\nAuthorization: Basic %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n",
		u.Host, basic("apikey", a.Key(editkit.EditingTools)), contentType, announced)
	_, err = conn.Write(body)
	if err = errors.Join(err, conn.(*net.TCPConn).CloseWrite()); err != nil {
		a.t.Fatal(err)
	}
	text, err := io.ReadAll(conn)
	if err != nil {
		a.t.Error(err)
	}
	line, _, _ := bytes.Cut(text, []byte("\r\n"))
	return string(line)
}

func TestIncompleteUploads(t *testing.T) {
	t.Parallel()
	a := newTools(t)
	body, contentType := form("a.mov", strings.Repeat("x", 10_000))
	for i, length := range []int{5_000, len(body) - 4, 50, 1} {
		equal(t, "shorter than announced", a.rawPost(body[:length], contentType, len(body)), "HTTP/1.1 400 Bad Request")
		equal(t, "incomplete", a.Stats().Incomplete, i+1)
	}
	equal(t, "without an end", a.rawPost(body[:5_000], contentType, 5_000), "HTTP/1.1 400 Bad Request")
	equal(t, "incomplete", a.Stats().Incomplete, 5)
	equal(t, "ends too early", a.rawPost(body, contentType, len(body)+1), "HTTP/1.1 400 Bad Request")
	equal(t, "incomplete", a.Stats().Incomplete, 6)
	equal(t, "starts", a.Stats().Starts, 0)
	equal(t, "bytes", a.Stats().UploadBytes, int64(5_000+len(body)-4+50+1+5_000+len(body)))
	equal(t, "whole", a.rawPost(body, contentType, len(body)), "HTTP/1.1 202 Accepted")
	equal(t, "incomplete", a.Stats().Incomplete, 6)
}

func TestClientBreaksOff(t *testing.T) {
	t.Parallel()
	eachForm(t, func(t *testing.T, form editkittest.Option) {
		a := newTools(t, form)
		req := a.startRequest("stills", "a.mov", strings.Repeat("x", 1<<20))
		broken := errors.New("disk on fire")
		req.Body = io.NopCloser(failingReader{io.LimitReader(req.Body, 1<<19), broken})
		if _, err := a.try(req); !errors.Is(err, broken) {
			t.Errorf("error %v", err)
		}
		for a.Stats().Incomplete == 0 { // the server finds out in its own time
			select {
			case <-time.After(time.Millisecond):
			case <-t.Context().Done():
				t.Fatal("the test has ended")
			}
		}
		a.Close()
		equal(t, "incomplete", a.Stats().Incomplete, 1)
		equal(t, "starts", a.Stats().Starts, 0)
	})
}
