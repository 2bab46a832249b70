package editkittest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/editkit/editkit-go"
	"github.com/editkit/editkit-go/editkittest"
)

// TestMain fails the suite when goroutines are left behind.
func TestMain(m *testing.M) {
	code := m.Run()
	if left := leftGoroutines(); code == 0 && left != "" {
		fmt.Fprintln(os.Stderr, "goroutines left behind:\n"+left)
		code = 1
	}
	os.Exit(code)
}

func leftGoroutines() string {
	var left []string
	for range 100 {
		buf := make([]byte, 4<<20)
		left = nil
		for _, stack := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n")[1:] {
			if strings.Contains(stack, "editkit-go") || strings.Contains(stack, "net/http") {
				left = append(left, stack)
			}
		}
		if len(left) == 0 {
			break
		}
		<-time.After(10 * time.Millisecond)
	}
	return strings.Join(left, "\n\n")
}

func TestURLs(t *testing.T) {
	t.Parallel()
	memory := newAPI(t, editkittest.InMemory(), editkittest.WithPathPrefix("/gateway/x/"))
	equal(t, "EditClips", memory.URL(editkit.EditClips), "https://editclips.test/gateway/x/api/v1")
	equal(t, "EditingTools", memory.URL(editkit.EditingTools), "https://api.editingtools.test/gateway/x/v2")
	plain, http2 := newAPI(t), newAPI(t, editkittest.WithHTTP2())
	if u := plain.URL(editkit.EditClips); !strings.HasPrefix(u, "http://127.0.0.1:") || !strings.HasSuffix(u, "/api/v1") {
		t.Error(u)
	}
	equal(t, "protocol", plain.call("GET", "/balance", "").Proto, "HTTP/1.1")
	equal(t, "protocol", http2.call("GET", "/balance", "").Proto, "HTTP/2.0")
	equal(t, "protocol", memory.call("GET", "/balance", "").Proto, "HTTP/1.1")
	if plain.Key(editkit.EditClips) == http2.Key(editkit.EditClips) || !strings.HasPrefix(plain.Key(editkit.EditClips), "ec_live_emulator") {
		t.Errorf("key %q", plain.Key(editkit.EditClips))
	}
}

func TestPathPrefix(t *testing.T) {
	t.Parallel()
	eachForm(t, func(t *testing.T, form editkittest.Option) {
		a := newAPI(t, form, editkittest.WithPathPrefix("gateway"))
		job := a.call("POST", "/jobs", simpleJob).json(t)
		equal(t, "poll", job["poll"], any("/gateway/api/v1/jobs/"+job["id"].(string)))
		sameBytes(t, a.do(a.download(a.link(job["id"].(string)))).body, sample)
		req := a.request("GET", "/balance", "")
		req.URL.Path = "/api/v1/balance"
		equal(t, "without prefix", a.do(req).StatusCode, 404)
	})
}

// Transport reaches a listening emulator too, and its links stay on it.
func TestTransportBesideSockets(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.create(simpleJob)
	a.client = &http.Client{Transport: a.Transport()}
	equal(t, "status", a.status(id), "completed") // at the address of the socket
	req := a.request("GET", "/jobs/"+id, "")
	req.URL.Scheme, req.URL.Host, req.Host = "https", "EditClips.test", ""
	link := a.do(req).json(t)["outputUrl"].(string)
	if !strings.HasPrefix(link, "https://storage.editclips.test/outputs/") {
		t.Error(link)
	}
	sameBytes(t, a.do(a.download(link)).body, sample)
}

func TestHandlerMountedElsewhere(t *testing.T) {
	t.Parallel()
	a := newAPI(t, editkittest.InMemory())
	srv := httptest.NewServer(a.Handler())
	t.Cleanup(srv.Close)
	a.client = srv.Client()
	move := func(req *http.Request) *http.Request {
		u, _ := url.Parse(srv.URL)
		req.URL.Scheme, req.URL.Host, req.Host = u.Scheme, u.Host, ""
		return req
	}
	id := a.do(move(a.request("POST", "/jobs", simpleJob))).json(t)["id"].(string)
	link := a.do(move(a.request("GET", "/jobs/"+id, ""))).json(t)["outputUrl"].(string)
	if !strings.HasPrefix(link, srv.URL+"/outputs/") {
		t.Error(link)
	}
	sameBytes(t, a.do(a.download(link)).body, sample)
	req := a.request("GET", "/balance", "")
	req.URL.Scheme, req.URL.Host = "http", strings.TrimPrefix(srv.URL, "http://")
	req.Host = "storage.editclips.test" // the Host header decides
	equal(t, "by host", a.do(req).StatusCode, 404)
}

func TestHTTPClientStaysOnHost(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	b := newAPI(t)
	a.Inject(editkittest.GetBalance, 1, editkittest.Respond(302, http.Header{"Location": {b.URL(editkit.EditClips) + "/balance"}}, ""))
	a.Inject(editkittest.GetBalance, 1, editkittest.Respond(302, http.Header{"Location": {a.URL(editkit.EditClips) + "/balance"}}, ""))
	equal(t, "elsewhere", a.call("GET", "/balance", "").StatusCode, 302)
	equal(t, "here", a.call("GET", "/balance", "").StatusCode, 200)
	equal(t, "other emulator", len(b.Stats().Calls), 0)
	one, two := a.HTTPClient(), a.HTTPClient()
	if one == two {
		t.Error("clients are shared")
	}
}

func TestWrongOptions(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]editkittest.Option{
		"both forms":       {editkittest.InMemory(), editkittest.WithHTTP2()},
		"no key":           {editkittest.WithKey(editkit.EditClips, "")},
		"bad key":          {editkittest.WithKey(editkit.EditClips, "a\r\nb")},
		"unknown service":  {editkittest.WithKey("x", "key")},
		"negative credits": {editkittest.WithCredits(-1)},
		"bad prefix":       {editkittest.WithPathPrefix("a?b")},
		"empty host":       {editkittest.AllowInputHosts("")},
		"no handler":       {editkittest.WithWebhookHandler("app.test", nil)},
		"gone answer":      {editkittest.WithGoneAnswer(99)},
	} {
		e, err := editkittest.Start(opts...)
		if err == nil {
			e.Close()
			t.Errorf("%s: no error", name)
		} else if !strings.HasPrefix(err.Error(), "editkittest: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	e, err := editkittest.Start(nil, editkittest.WithEngine(nil), editkittest.WithClock(nil), editkittest.WithCourse(nil),
		editkittest.WithWebhookClient(nil), editkittest.WithPathPrefix(""))
	if err != nil {
		t.Fatal(err)
	}
	e.Close()
	e.Close()
}

func TestClient(t *testing.T) {
	t.Parallel()
	eachForm(t, func(t *testing.T, form editkittest.Option) {
		srv := editkittest.NewServer(t, form)
		client := srv.Client()
		job, err := client.Jobs.Create(t.Context(), editkit.JobParams{Tool: "anything-to-mp4", Inputs: []string{videoURL}})
		if err != nil {
			t.Fatal(err)
		}
		job, err = client.Jobs.Wait(t.Context(), job.ID)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "status", string(job.Status), "completed")
		var file strings.Builder
		if _, err := client.Jobs.Download(t.Context(), job.ID, &file); err != nil {
			t.Fatal(err)
		}
		equal(t, "bytes", file.String() == string(sample), true)
		sameValue(t, "leaks", []string(nil), srv.Stats().KeyLeaks)
	})
}
