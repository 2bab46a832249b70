package editkittest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/editkit/editkit-go"
	"github.com/editkit/editkit-go/editkittest"
)

const videoURL = "https://example.com/video.mov"

// simpleJob is the smallest valid body of POST /jobs.
const simpleJob = `{"tool":"anything-to-mp4","inputs":["` + videoURL + `"]}`

// eachForm runs a test over HTTP/1.1, HTTP/2 and in memory.
func eachForm(t *testing.T, test func(t *testing.T, form editkittest.Option)) {
	t.Helper()
	forms := map[string]editkittest.Option{
		"http1":  nil,
		"http2":  editkittest.WithHTTP2(),
		"memory": editkittest.InMemory(),
	}
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, form)
		})
	}
}

// api talks to the emulator as any program could, with net/http.
type api struct {
	*editkittest.Server
	t      testing.TB
	client *http.Client
}

func newAPI(t testing.TB, opts ...editkittest.Option) *api {
	t.Helper()
	srv := editkittest.NewServer(t, opts...)
	return &api{Server: srv, t: t, client: srv.HTTPClient()}
}

// answer is a response with its body read.
type answer struct {
	*http.Response
	body []byte
	err  error // of reading the body
}

func (a answer) json(t testing.TB) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(a.body, &m); err != nil {
		t.Fatalf("%s is not JSON: %v", a.body, err)
	}
	return m
}

// request makes a request to the EditClips API, with the key.
func (a *api) request(method, path, body string) *http.Request {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.URL(editkit.EditClips)+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	if body == "" {
		req.Body = http.NoBody
	} else {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Authorization", "Bearer "+a.Key(editkit.EditClips))
	return req
}

// try sends a request and reads the answer.
func (a *api) try(req *http.Request) (answer, error) {
	a.t.Helper()
	resp, err := a.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answer{resp, body, err}, nil
}

// do is try for requests that must work.
func (a *api) do(req *http.Request) answer {
	a.t.Helper()
	ans, err := a.try(req)
	if err != nil {
		a.t.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	if ans.err != nil {
		a.t.Fatalf("%s %s: reading the body: %v", req.Method, req.URL, ans.err)
	}
	return ans
}

// call is do with a request of its own.
func (a *api) call(method, path, body string) answer {
	a.t.Helper()
	return a.do(a.request(method, path, body))
}

// create creates a job and returns its id.
func (a *api) create(body string) string {
	a.t.Helper()
	ans := a.call(http.MethodPost, "/jobs", body)
	if ans.StatusCode != http.StatusCreated {
		a.t.Fatalf("create: %s: %s", ans.Status, ans.body)
	}
	return ans.json(a.t)["id"].(string)
}

// job gets a job.
func (a *api) job(id string) map[string]any {
	a.t.Helper()
	ans := a.call(http.MethodGet, "/jobs/"+id, "")
	if ans.StatusCode != http.StatusOK {
		a.t.Fatalf("get: %s: %s", ans.Status, ans.body)
	}
	return ans.json(a.t)
}

// set moves a job by hand.
func (a *api) set(id string, s editkittest.Step) {
	a.t.Helper()
	if err := a.SetJob(id, s); err != nil {
		a.t.Fatal(err)
	}
}

func (a *api) status(id string) string {
	a.t.Helper()
	return a.job(id)["status"].(string)
}

func (a *api) credits() float64 {
	a.t.Helper()
	return a.call(http.MethodGet, "/balance", "").json(a.t)["credits"].(float64)
}

// link gets a fresh link to the output of a job.
func (a *api) link(id string) string {
	a.t.Helper()
	link, _ := a.job(id)["outputUrl"].(string)
	if link == "" {
		a.t.Fatal("the job has no outputUrl")
	}
	return link
}

// download makes a request to the storage.
func (a *api) download(link string, header ...string) *http.Request {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), http.MethodGet, link, nil)
	if err != nil {
		a.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return req
}

// pass lets time pass in a bubble.
func pass(d time.Duration) { <-time.After(d) }

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func sameBytes(t testing.TB, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Errorf("got %d bytes, want %d others", len(got), len(want))
	}
}

// sameValue compares anything, and shows it as JSON.
func sameValue(t testing.TB, what string, want, got any) {
	t.Helper()
	if reflect.DeepEqual(want, got) {
		return
	}
	w, _ := json.Marshal(want)
	g, _ := json.Marshal(got)
	t.Errorf("%s:\ngot  %s\nwant %s", what, g, w)
}
