package editkittest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"testing"

	"github.com/editkit/editkit-go"
	"github.com/editkit/editkit-go/editkittest"
)

// newTools is newAPI for the requests of this file.
func newTools(t testing.TB, opts ...editkittest.Option) *toolsAPI {
	t.Helper()
	return &toolsAPI{newAPI(t, opts...)}
}

// toolsAPI talks to the EditingTools half of an emulator.
type toolsAPI struct{ *api }

// toolsRequest makes a request to the EditingTools API, with the key.
func (a *toolsAPI) toolsRequest(method, path string, body io.Reader, header ...string) *http.Request {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.URL(editkit.EditingTools)+path, body)
	if err != nil {
		a.t.Fatal(err)
	}
	req.SetBasicAuth("apikey", a.Key(editkit.EditingTools))
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return req
}

// get makes a GET request.
func (a *toolsAPI) get(path string, header ...string) answer {
	a.t.Helper()
	return a.do(a.toolsRequest(http.MethodGet, path, nil, header...))
}

// form encodes a form with a file (unless it has no name) and fields.
func form(filename, content string, fields ...string) (body []byte, contentType string) {
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	for i := 0; i+1 < len(fields); i += 2 {
		_ = w.WriteField(fields[i], fields[i+1])
	}
	if filename != "" {
		part, _ := w.CreateFormFile("file", filename)
		_, _ = io.WriteString(part, content)
	}
	w.Close()
	return buf.Bytes(), w.FormDataContentType()
}

// startRequest makes a request that starts a tool.
func (a *toolsAPI) startRequest(tool, filename, content string, fields ...string) *http.Request {
	a.t.Helper()
	body, contentType := form(filename, content, fields...)
	return a.toolsRequest(http.MethodPost, "/"+tool, bytes.NewReader(body), "Content-Type", contentType)
}

// start starts a tool, whatever comes of it.
func (a *toolsAPI) start(tool, filename, content string, fields ...string) answer {
	a.t.Helper()
	return a.do(a.startRequest(tool, filename, content, fields...))
}

// process starts a scene cut detection and returns the id of the process.
func (a *toolsAPI) process() string {
	a.t.Helper()
	ans := a.start("cutdetection", "film.mov", "a film")
	if ans.StatusCode != http.StatusAccepted {
		a.t.Fatalf("start: %s: %s", ans.Status, ans.body)
	}
	id, _ := data(a.t, ans)["processId"].(string)
	return id
}

// data returns the data of an answer, which must be an object.
func data(t testing.TB, ans answer) map[string]any {
	t.Helper()
	m, ok := ans.json(t)["data"].(map[string]any)
	if !ok {
		t.Fatalf("no object in %s", ans.body)
	}
	return m
}

// list returns the data of an answer, which must be an array of objects.
func list(t testing.TB, ans answer) []map[string]any {
	t.Helper()
	var envelope struct{ Data []map[string]any }
	if err := json.Unmarshal(ans.body, &envelope); err != nil {
		t.Fatalf("no array in %s: %v", ans.body, err)
	}
	return envelope.Data
}

// details gets a process.
func (a *toolsAPI) details(id string) map[string]any {
	a.t.Helper()
	return data(a.t, a.get("/processes/"+id))
}

// setProcess moves a process by hand.
func (a *toolsAPI) setProcess(id string, s editkittest.Step) {
	a.t.Helper()
	if err := a.SetProcess(id, s); err != nil {
		a.t.Fatal(err)
	}
}

// refused checks for an error in an envelope.
func refused(t testing.TB, what string, ans answer, status int, message string) {
	t.Helper()
	m := ans.json(t)
	got := fmt.Sprint(ans.StatusCode, " ", m["code"], " ", m["status"])
	want := fmt.Sprint(status, " ", status, " ", message)
	equal(t, what, got, want)
}

// failingEngine is an engine that never gets anything done.
type failingEngine struct{}

func (failingEngine) Process(context.Context, editkittest.Task) (editkittest.Output, error) {
	return editkittest.Output{}, errFire
}
