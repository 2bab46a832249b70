package editkit_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/editkit/editkit-go"
)

// toolsGolden returns a documented example of EditingTools.io.
func toolsGolden(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "editingtools", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// toolsClient returns a client of EditingTools.io on a stub.
func toolsClient(t testing.TB, f transportFunc, opts ...editkit.Option) *editkit.Client {
	t.Helper()
	return newClient(t, append([]editkit.Option{editkit.WithEditingTools(toolsKey), fastRetries, stub(f)}, opts...)...)
}

// tools returns a client of EditingTools.io for the script server.
func (s *script) tools(opts ...editkit.Option) *editkit.Client {
	s.t.Helper()
	return newClient(s.t, append([]editkit.Option{
		editkit.WithEditingTools(toolsKey),
		editkit.WithBaseURL(editkit.EditingTools, s.URL+"/gateway/v2"),
		editkit.WithHTTPClient(s.Client()),
		fastRetries,
	}, opts...)...)
}

func date(year, month, day, hour, minute int) time.Time {
	return time.Date(year, time.Month(month), day, hour, minute, 0, 0, time.UTC)
}

// envelope is an answer of the service.
func envelope(code int, data string) string {
	return fmt.Sprintf(`{"code":%d,"status":"OK","timestamp":"2025-05-21T10:00:00Z","data":%s}`, code, data)
}

// TestDocumentedProcesses: the documented list, field by field, with its oddities: a
// percent sign, a file that expired before it was created, fields that come and go.
func TestDocumentedProcesses(t *testing.T) {
	t.Parallel()
	want := []editkit.Process{
		{ID: "TEST003", Status: editkit.ProcessInProgress, Label: "Being worked on", Progress: 12, Created: date(2025, 5, 21, 9, 58), LastUpdate: date(2025, 5, 21, 9, 59)},
		{
			ID: "TEST002", Status: editkit.ProcessFinished, Label: "Done", Created: date(2025, 5, 8, 12, 0), LastUpdate: date(2025, 5, 8, 12, 1),
			FileID: "f12A34C00", FileName: "Trailer.zip", FileURL: "https://editingtools.io/download/demo/path/Trailer.zip", FileExpires: date(2025, 5, 5, 12, 0),
		},
		{ID: "TEST001", Status: editkit.ProcessFailed, Label: "Did not work", Created: date(2025, 5, 7, 12, 0), LastUpdate: date(2025, 5, 7, 12, 1)},
	}
	overBoth(t, func(t *testing.T, proto int) {
		list := answer(200, toolsGolden(t, "processes.json"))
		srv := newScript(t, proto, list, list)
		c := srv.tools()
		got, err := c.Processes.List(ctxFor(t))
		if err != nil {
			t.Fatal(err)
		}
		if diff := diffProcesses(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		var all []*editkit.Process
		for p, err := range c.Processes.All(ctxFor(t)) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, p)
			if len(all) == 2 {
				break // no panic, and nothing more
			}
		}
		if diff := diffProcesses(want[:2], all); diff != "" {
			t.Errorf("All (-want +got)\n%s", diff)
		}
		r := srv.requests()[0]
		user, password, _ := (&http.Request{Header: r.Header}).BasicAuth()
		if r.Method != "GET" || r.Path != "/gateway/v2/processes" || user != "apikey" || password != toolsKey || r.Header.Get("Content-Type") != "" || r.Body != "" {
			t.Errorf("sent %+v", r)
		}
	})
}

func diffProcesses(want []editkit.Process, got []*editkit.Process) string {
	type plain editkit.Process // without the String method, which leaves fields out
	var w, g []plain
	for _, p := range want {
		w = append(w, plain(p))
	}
	for _, p := range got {
		g = append(g, plain(*p))
	}
	return cmp.Diff(w, g, cmpopts.IgnoreFields(plain{}, "Raw"))
}

// TestDocumentedFiles: the documented list, with extensions that contradict the names
// and dates long past.
func TestDocumentedFiles(t *testing.T) {
	t.Parallel()
	c := toolsClient(t, say(200, toolsGolden(t, "files.json")))
	files, err := c.Files.List(t.Context())
	if err != nil || len(files) != 2 {
		t.Fatalf("%v, %v", files, err)
	}
	type plain editkit.File
	want := plain{
		ID: "f12A34C56", Name: "marker_file.txt", Extension: "zip", Created: date(2025, 5, 2, 10, 0), Expires: date(2025, 5, 5, 10, 0),
		URL: "https://editingtools.io/download/demo/path/marker_file.txt",
	}
	if diff := cmp.Diff(want, plain(*files[0]), cmpopts.IgnoreFields(plain{}, "Raw")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestEmptyLists: a 404 in an envelope is an empty list; any other 404 is an error, and so
// is anything else in an envelope.
func TestEmptyLists(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status int
		body   string
		want   error // nil: an empty list
	}{
		"404 in an envelope":      {404, toolsGolden(t, "files_empty.json"), nil},
		"404 in another language": {404, `{"code":404,"status":"Im verknüpften Konto wurden keine Dateien gefunden.","timestamp":"2025-05-22T10:00:00Z"}`, nil},
		"code as a string":        {404, `{"code":"404","status":"No files"}`, nil},
		"200 with no elements":    {200, envelope(200, `[]`), nil},
		"200 with an object":      {200, envelope(200, `{}`), nil},
		"200 with null":           {200, envelope(200, `null`), nil},
		"200 without data":        {200, `{"code":200,"status":"OK"}`, nil},
		"404 HTML":                {404, gatewayPage, editkit.ErrNotFound},
		"404 empty":               {404, ``, editkit.ErrNotFound},
		"404 of another shape":    {404, `{"message":"no route"}`, editkit.ErrNotFound},
		"404 with another code":   {404, `{"code":200,"status":"OK"}`, editkit.ErrNotFound},
		"403 in an envelope":      {403, `{"code":403,"status":"Not allowed"}`, editkit.ErrForbidden},
		"402 in an envelope":      {402, `{"code":402,"status":"Upgrade required"}`, editkit.ErrUpgradeRequired},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := toolsClient(t, say(tt.status, tt.body))
			files, filesErr := c.Files.List(t.Context())
			processes, processesErr := c.Processes.List(t.Context())
			for _, err := range []error{filesErr, processesErr} {
				if !errors.Is(err, tt.want) {
					t.Errorf("error = %v, want %v", err, tt.want)
				}
			}
			if tt.want == nil && (files == nil || processes == nil || len(files)+len(processes) != 0) {
				t.Errorf("%v, %v", files, processes)
			}
			n := 0
			for _, err := range c.Processes.All(t.Context()) {
				n++
				if !errors.Is(err, tt.want) || err == nil {
					t.Errorf("All: %v", err)
				}
			}
			if (n == 1) != (tt.want != nil) {
				t.Errorf("All yielded %d times", n)
			}
		})
	}
}

// TestProcessShapes: what may come instead of what is documented.
func TestProcessShapes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		data string
		want editkit.Process
	}{
		"an object":            {`{"processId":"A1","status":"queued"}`, editkit.Process{ID: "A1", Status: "queued"}},
		"an array of one":      {`[{"processId":"A1"}]`, editkit.Process{ID: "A1"}},
		"an id with #":         {`[{"processId":"#A1"}]`, editkit.Process{ID: "A1"}},
		"an id of digits":      {`[{"processId":17}]`, editkit.Process{ID: "17"}},
		"progress as a number": {`{"processId":"A1","progress":12}`, editkit.Process{ID: "A1", Progress: 12}},
		"progress bare":        {`{"processId":"A1","progress":"12"}`, editkit.Process{ID: "A1", Progress: 12}},
		"progress with space":  {`{"processId":"A1","progress":"12.5 %"}`, editkit.Process{ID: "A1", Progress: 12.5}},
		"nulls":                {`{"processId":"A1","status":null,"label":null,"progress":null,"created":null,"fileUrl":null}`, editkit.Process{ID: "A1"}},
		"times in other zones": {`{"processId":"A1","created":"2025-05-21T12:00:00+02:00"}`, editkit.Process{ID: "A1", Created: date(2025, 5, 21, 10, 0)}},
		"times that are none":  {`{"processId":"A1","created":"yesterday","lastUpdate":0,"fileExpires":""}`, editkit.Process{ID: "A1"}},
		"shapes of no use":     {`{"processId":"A1","status":{},"label":[],"progress":{}}`, editkit.Process{ID: "A1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := toolsClient(t, say(200, envelope(200, tt.data)))
			got, err := c.Processes.Get(t.Context(), "A1")
			if err != nil {
				t.Fatal(err)
			}
			if diff := diffProcesses([]editkit.Process{tt.want}, []*editkit.Process{got}); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	for name, body := range map[string]string{
		"no envelope": `{"processId":"A1"}`, "text": `"A1"`, "HTML": gatewayPage, "empty": ``, "data is text": envelope(200, `"A1"`), "no id": envelope(200, `{"status":"finished"}`),
		"two of them": envelope(200, `[{"processId":"A1"},{"processId":"A2"}]`),
	} {
		c := toolsClient(t, say(200, body))
		var ae *editkit.APIError
		if p, err := c.Processes.Get(t.Context(), "A1"); !errors.As(err, &ae) || ae.StatusCode != 200 {
			t.Errorf("%s: %v, %v", name, p, err)
		}
	}
	c := toolsClient(t, say(200, envelope(200, `[{"processId":"A1"},{"status":"finished"},7,{"processId":"A2"}]`)))
	if list, err := c.Processes.List(t.Context()); err != nil || len(list) != 2 {
		t.Errorf("one bad element hides the others: %v, %v", list, err)
	}
	c = toolsClient(t, say(200, envelope(200, `[{"status":"finished"}]`)))
	if list, err := c.Processes.List(t.Context()); err == nil {
		t.Errorf("a list of no processes passes for an empty one: %v", list)
	}
}

// TestProcessDetails: the inferred path first, the documented list where there is no such
// path, and the client remembers which one works.
func TestProcessDetails(t *testing.T) {
	t.Parallel()
	const list = `[{"processId":"A1","status":"in_progress"},{"processId":"B2","status":"finished"}]`
	var paths []string
	detailsThere := true
	c := toolsClient(t, func(r *http.Request) (*http.Response, error) {
		paths = append(paths, r.URL.EscapedPath())
		switch {
		case r.URL.Path == "/v2/processes":
			return reply(r, 200, envelope(200, list)), nil
		case detailsThere && r.URL.Path == "/v2/processes/A1":
			return reply(r, 200, envelope(200, `{"processId":"A1","status":"in_progress"}`)), nil
		case detailsThere:
			return reply(r, 404, `{"code":404,"status":"No such process"}`), nil
		}
		return reply(r, 404, gatewayPage), nil
	})
	get := func(id string, wantErr error, wantPaths ...string) {
		t.Helper()
		paths = nil
		p, err := c.Processes.Get(t.Context(), id)
		if !errors.Is(err, wantErr) || wantErr == nil && p.ID != strings.TrimPrefix(id, "#") {
			t.Errorf("Get(%q) = %v, %v", id, p, err)
		}
		if diff := cmp.Diff(wantPaths, paths); diff != "" {
			t.Errorf("Get(%q) asked (-want +got)\n%s", id, diff)
		}
	}
	get("A1", nil, "/v2/processes/A1")
	get("#A1", nil, "/v2/processes/A1")
	get("nobody", editkit.ErrNotFound, "/v2/processes/nobody", "/v2/processes") // and nothing is learnt from it
	get("A1", nil, "/v2/processes/A1")
	detailsThere = false
	get("#B2", nil, "/v2/processes/B2", "/v2/processes")
	get("A1", nil, "/v2/processes")
	get("nobody", editkit.ErrNotFound, "/v2/processes")
}

// TestProcessIDs: an id with # is the same as without, and none leads elsewhere.
func TestProcessIDs(t *testing.T) {
	t.Parallel()
	var paths []string
	c := toolsClient(t, func(r *http.Request) (*http.Response, error) {
		paths = append(paths, r.URL.EscapedPath()+"?"+r.URL.RawQuery)
		return reply(r, 200, envelope(200, `{"processId":"x"}`)), nil
	})
	for id, want := range map[string]string{
		"ABC123": "/v2/processes/ABC123?", "#ABC123": "/v2/processes/ABC123?", "a?b": "/v2/processes/a%3Fb?", "a#b": "/v2/processes/a%23b?", "##a": "/v2/processes/%23a?", "%2e": "/v2/processes/%252e?",
	} {
		paths = nil
		if _, err := c.Processes.Get(t.Context(), id); err != nil || len(paths) != 1 || paths[0] != want {
			t.Errorf("Get(%q) asked %q: %v", id, paths, err)
		}
	}
	paths = nil
	for _, id := range []string{"", "#", "..", "a/b", "../files", `a\b`, "a b", "\n"} {
		for name, call := range map[string]func() error{
			"Get":          func() error { _, err := c.Processes.Get(t.Context(), id); return err },
			"Wait":         func() error { _, err := c.Processes.Wait(t.Context(), id); return err },
			"Download":     func() error { _, err := c.Processes.Download(t.Context(), id, &bytes.Buffer{}); return err },
			"DownloadFile": func() error { _, err := c.Processes.DownloadFile(t.Context(), id, "."); return err },
		} {
			if err := call(); !errors.Is(err, editkit.ErrInvalidArgument) {
				t.Errorf("%s(%q): %v", name, id, err)
			}
		}
	}
	if len(paths) != 0 {
		t.Errorf("asked %q", paths)
	}
}

// TestProcessStatuses: which ones are the end.
func TestProcessStatuses(t *testing.T) {
	t.Parallel()
	for status, want := range map[editkit.ProcessStatus]bool{
		editkit.ProcessInProgress: false, editkit.ProcessFinished: true, editkit.ProcessFailed: true, "queued": false, "expired": false, "": false,
	} {
		if status.Terminal() != want {
			t.Errorf("%q.Terminal() = %v", status, !want)
		}
	}
}

// TestEnvelopeErrors: the code table of the service, one to one, with the message from
// the envelope, in any language, and the status of a gateway's page.
func TestEnvelopeErrors(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]error{
		400: editkit.ErrBadRequest, 401: editkit.ErrUnauthorized, 402: editkit.ErrUpgradeRequired, 403: editkit.ErrForbidden, 422: editkit.ErrUnprocessable,
		429: editkit.ErrRateLimited, 500: editkit.ErrServer, 502: editkit.ErrServer, 503: editkit.ErrServer, 504: editkit.ErrServer,
	} {
		for _, body := range []string{fmt.Sprintf(`{"code":%d,"status":"Das ging nicht."}`, status), fmt.Sprintf(`{"code":"%d","status":"Das ging nicht."}`, status), gatewayPage} {
			c := toolsClient(t, say(status, body))
			_, err := c.Processes.List(t.Context())
			var ae *editkit.APIError
			if !errors.As(err, &ae) || !errors.Is(err, want) || ae.StatusCode != status || ae.Service != editkit.EditingTools {
				t.Errorf("%d: %v", status, err)
				continue
			}
			if body != gatewayPage && (ae.Code != fmt.Sprint(status) || ae.Message != "Das ging nicht.") {
				t.Errorf("%d: code %q, message %q", status, ae.Code, ae.Message)
			}
		}
	}
}

// TestProcessDownload: the result of a process, without credentials, whatever the dates
// say.
func TestProcessDownload(t *testing.T) {
	t.Parallel()
	finished := envelope(200, `{"processId":"A1","status":"finished","fileName":"../Trailer.zip","fileUrl":"https://editingtools.io/download/x/Trailer.zip","fileExpires":"2001-01-01T00:00:00Z"}`)
	asked := 0
	transport := func(r *http.Request) (*http.Response, error) {
		if r.URL.Host == "editingtools.io" {
			asked++
			if r.Header.Get("Authorization") != "" {
				t.Error("the key went to the download host")
			}
			if asked == 1 {
				return reply(r, 404, ""), nil // the first link is dead: one look, and a new one
			}
			return reply(r, 200, "content"), nil
		}
		return reply(r, 200, finished), nil
	}
	c := toolsClient(t, transport)
	var got bytes.Buffer
	if n, err := c.Processes.Download(t.Context(), "#A1", &got); err != nil || n != 7 || got.String() != "content" {
		t.Errorf("%d, %q, %v", n, got.String(), err)
	}
	dir := t.TempDir()
	path, err := c.Processes.DownloadFile(t.Context(), "A1", dir)
	if err != nil || path != filepath.Join(dir, "Trailer.zip") {
		t.Errorf("%q, %v", path, err)
	}
	got.Reset()
	if _, err := c.Files.Download(t.Context(), "https://editingtools.io/download/x/Trailer.zip", &got); err != nil || got.String() != "content" {
		t.Errorf("by link: %q, %v", got.String(), err)
	}
	if path, err := c.Files.DownloadFile(t.Context(), "https://editingtools.io/download/x/Trailer.zip?a=b", dir); err != nil || path != filepath.Join(dir, "Trailer (2).zip") {
		t.Errorf("by link: %q, %v", path, err)
	}
}

// TestProcessWithoutResult: why there is nothing to download.
func TestProcessWithoutResult(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]error{
		`{"processId":"A1","status":"in_progress"}`:                            editkit.ErrNotReady,
		`{"processId":"A1","status":"queued"}`:                                 editkit.ErrNotReady,
		`{"processId":"A1","status":"finished"}`:                               editkit.ErrExpired,
		`{"processId":"A1","status":"failed","label":"Fehlgeschlagen"}`:        editkit.ErrProcessFailed,
		`{"processId":"A1","status":"finished","fileUrl":"https://dead.test"}`: editkit.ErrExpired,
	} {
		c := toolsClient(t, func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == "dead.test" {
				return reply(r, 410, ""), nil
			}
			return reply(r, 200, envelope(200, data)), nil
		})
		_, err := c.Processes.Download(t.Context(), "A1", &bytes.Buffer{})
		_, fileErr := c.Processes.DownloadFile(t.Context(), "A1", t.TempDir())
		if !errors.Is(err, want) || !errors.Is(fileErr, want) {
			t.Errorf("%s: %v, %v, want %v", data, err, fileErr, want)
		}
		var failed *editkit.ProcessFailedError
		if want == editkit.ErrProcessFailed && (!errors.As(err, &failed) || failed.Process.Label != "Fehlgeschlagen" || failed.Process.Status != editkit.ProcessFailed) {
			t.Errorf("%v", err)
		}
	}
	dead := toolsClient(t, say(403, ""))
	if _, err := dead.Files.Download(t.Context(), "https://editingtools.io/download/x", &bytes.Buffer{}); !errors.Is(err, editkit.ErrExpired) {
		t.Errorf("a dead link: %v", err)
	}
	for _, link := range []string{"", "x", "ftp://h/x", "https:///x", "https://h\x7f/"} {
		if _, err := dead.Files.Download(t.Context(), link, &bytes.Buffer{}); !errors.Is(err, editkit.ErrInvalidArgument) {
			t.Errorf("link %q: %v", link, err)
		}
	}
}
