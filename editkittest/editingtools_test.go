package editkittest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/editkit/editkit-go"
	"github.com/editkit/editkit-go/editkittest"
)

// epoch is when the clock of a bubble begins.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func TestDocumentedProcesses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newTools(t, editkittest.InMemory())
		refused(t, "empty list", a.get("/processes"), 404, "No processes were found in the associated account.")
		a.NextProcesses(editkittest.FailAtOnce(""), editkittest.AtOnce(), editkittest.Course{
			{After: time.Minute, Status: "in_progress", Progress: 12}, {After: time.Hour, Status: "finished"},
		})
		failed := a.process()
		pass(time.Second)
		finished := a.process()
		pass(time.Second)
		running := a.process()
		equal(t, "not yet asked", a.details(running)["progress"], nil)
		pass(time.Minute)

		ans := a.get("/processes")
		equal(t, "status", ans.StatusCode, 200)
		equal(t, "content type", ans.Header.Get("Content-Type"), "application/json; charset=utf-8")
		envelope := ans.json(t)
		files := list(t, a.get("/files"))
		link, _ := files[0]["url"].(string)
		want := map[string]any{"code": 200.0, "status": "OK", "timestamp": "2000-01-01T00:01:02Z", "data": []any{
			map[string]any{
				"processId": running, "created": "2000-01-01T00:00:02Z", "lastUpdate": "2000-01-01T00:01:02Z",
				"status": "in_progress", "label": "Processing", "progress": "12%",
			},
			map[string]any{
				"processId": finished, "created": "2000-01-01T00:00:01Z", "lastUpdate": "2000-01-01T00:00:01Z",
				"status": "finished", "label": "Finished", "fileId": files[0]["id"], "fileName": "film.mov", "fileUrl": link,
				"fileExpires": "2000-01-04T00:00:01Z",
			},
			map[string]any{
				"processId": failed, "created": "2000-01-01T00:00:00Z", "lastUpdate": "2000-01-01T00:00:00Z",
				"status": "failed", "label": "Failed",
			},
		}}
		sameValue(t, "list", want, envelope)
		data := want["data"].([]any)
		for i, id := range []string{running, finished, failed} {
			for _, form := range []string{id, "%23" + id} {
				sameValue(t, form, data[i], any(a.details(form)))
			}
			equal(t, "length of id", len(id), 6)
		}
		sameValue(t, "ids", []string{failed, finished, running}, a.ProcessIDs())
		equal(t, "body", string(a.do(a.download(link)).body), "a film")
		if !strings.HasPrefix(link, "https://editingtools.test/download/") || !strings.HasSuffix(link, "/film.mov") {
			t.Error(link)
		}
		for _, id := range []string{"none", "%23", "%2523" + running, "%"} {
			refused(t, id, a.get("/processes/"+url.PathEscape(id)), 404, "There is no such process.")
		}
		stats := a.Stats()
		equal(t, "starts", stats.Starts, 3)
		equal(t, "lists", stats.Calls[editkittest.ListProcesses], 2)
		equal(t, "details", stats.Calls[editkittest.GetProcess], 11)
		equal(t, "files", stats.Calls[editkittest.ListFiles], 1)
		equal(t, "tools", stats.Calls[editkittest.StartTool], 3)
		equal(t, "polls", stats.Polls, 0)
	})
}

func TestProcessDetailsVariants(t *testing.T) {
	t.Parallel()
	a := newTools(t, editkittest.InMemory(), editkittest.WithProcessDetailsArray())
	id := a.process()
	processes := list(t, a.get("/processes/"+id))
	equal(t, "processes", len(processes), 1)
	equal(t, "id", processes[0]["processId"], any(id))
	refused(t, "unknown", a.get("/processes/none"), 404, "There is no such process.")

	a = newTools(t, editkittest.WithoutProcessDetails())
	ans := a.get("/processes/" + a.process())
	equal(t, "status", ans.StatusCode, 404)
	equal(t, "content type", ans.Header.Get("Content-Type"), "text/html")
	unknown := a.get("/no/such/path")
	equal(t, "unknown path", unknown.StatusCode, 404)
	equal(t, "body", string(ans.body), string(unknown.body))
	equal(t, "list", len(list(t, a.get("/processes"))), 1)
	equal(t, "calls", a.Stats().Calls[editkittest.GetProcess], 1)
}

func TestToolsAuthentication(t *testing.T) {
	t.Parallel()
	eachForm(t, func(t *testing.T, form editkittest.Option) {
		a := newTools(t, form, editkittest.WithKey(editkit.EditingTools, "right"))
		for name, c := range map[string]struct {
			user, key string
			status    int
		}{
			"right": {"apikey", "right", 404}, "wrong key": {"apikey", "wrong", 401}, "no key": {"apikey", "", 401},
			"wrong user": {"user", "right", 401}, "case of user": {"APIKEY", "right", 401}, "swapped": {"right", "apikey", 401},
			"longer": {"apikey", "right1", 401},
		} {
			req := a.toolsRequest("GET", "/files", nil)
			req.SetBasicAuth(c.user, c.key)
			ans := a.do(req)
			equal(t, name, ans.StatusCode, c.status)
			if c.status == 401 {
				refused(t, name, ans, 401, "The user name or the API key is not valid.")
				equal(t, name, ans.Header.Get("WWW-Authenticate"), `Basic realm="EditingTools API"`)
			}
		}
		for _, header := range []string{"", "Bearer right", "Basic right", "Basic ???"} {
			req := a.startRequest("stills", "a.mov", "film")
			req.Header.Set("Authorization", header)
			equal(t, header, a.do(req).StatusCode, 401)
		}
		equal(t, "starts", a.Stats().Starts, 0)
	})
}

func TestToolsPathsAndMethods(t *testing.T) {
	t.Parallel()
	a := newTools(t, editkittest.InMemory())
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", "", 404}, {"GET", "/", 404}, {"GET", "/process", 404}, {"GET", "/processes/", 404}, {"GET", "/processes/a/b", 404},
		{"GET", "/files/x", 404}, {"POST", "/watermark", 404}, {"POST", "/livenotes", 404}, {"POST", "/translate/", 404},
		{"POST", "/processes", 405}, {"DELETE", "/processes/x", 405}, {"PUT", "/files", 405}, {"GET", "/translate", 405},
		{"GET", "/livenotes/project", 405},
	} {
		ans := a.do(a.toolsRequest(c.method, c.path, strings.NewReader("body")))
		equal(t, c.method+" "+c.path, ans.StatusCode, c.status)
		if c.status == 405 {
			refused(t, c.path, ans, 405, "This method is not allowed here.")
			equal(t, "allowed", ans.Header.Get("Allow") != "", true)
		} else {
			equal(t, "content type", ans.Header.Get("Content-Type"), "text/html")
		}
	}
	equal(t, "unrouted", a.Stats().Calls[editkittest.Unrouted], 14)
}

func TestToolsElsewhere(t *testing.T) {
	t.Parallel()
	t.Run("prefix", func(t *testing.T) {
		t.Parallel()
		a := newTools(t, editkittest.WithPathPrefix("gateway"))
		id := a.process()
		sameBytes(t, a.do(a.download(a.details(id)["fileUrl"].(string))).body, []byte("a film"))
		if u := a.URL(editkit.EditingTools); !strings.HasSuffix(u, "/gateway/v2") {
			t.Error(u)
		}
		req := a.toolsRequest("GET", "/processes", nil)
		req.URL.Path = "/v2/processes"
		equal(t, "without prefix", a.do(req).StatusCode, 404)
	})
	t.Run("handler", func(t *testing.T) {
		t.Parallel()
		a := newTools(t, editkittest.InMemory())
		srv := httptest.NewServer(a.Handler())
		t.Cleanup(srv.Close)
		a.client = srv.Client()
		id := a.processAt(srv.URL)
		req := a.toolsRequest("GET", "/processes/"+id, nil)
		req.URL, _ = url.Parse(srv.URL + "/v2/processes/" + id)
		req.Host = ""
		link := data(t, a.do(req))["fileUrl"].(string)
		if !strings.HasPrefix(link, srv.URL+"/download/") {
			t.Error(link)
		}
		sameBytes(t, a.do(a.download(link)).body, []byte("a film"))
	})
	t.Run("without a body", func(t *testing.T) {
		t.Parallel()
		a := newTools(t, editkittest.InMemory())
		req := a.toolsRequest("POST", "/stills", nil)
		req.Body = nil
		w := httptest.NewRecorder()
		a.Handler().ServeHTTP(w, req)
		equal(t, "status", w.Code, 415)
	})
}

// processAt starts a process at another address.
func (a *toolsAPI) processAt(base string) string {
	a.t.Helper()
	req := a.startRequest("cutdetection", "film.mov", "a film")
	req.URL, _ = url.Parse(base + "/v2/cutdetection")
	req.Host = ""
	return data(a.t, a.do(req))["processId"].(string)
}

func TestProcessesByHand(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newTools(t, editkittest.InMemory(), editkittest.WithProcessCourse(editkittest.ByHand()))
		id := a.process()
		equal(t, "status", a.details(id)["status"], any("in_progress"))
		a.setProcess(id, editkittest.Step{Status: "in_progress", Progress: 40.5})
		equal(t, "progress", a.details(id)["progress"], any("40.5%"))
		a.setProcess("#"+id, editkittest.Step{Status: "paused", Message: "Waiting for a slot"})
		p := a.details(id)
		equal(t, "status", p["status"], any("paused"))
		equal(t, "label", p["label"], any("Waiting for a slot"))
		equal(t, "no progress", p["progress"], nil)
		a.setProcess(id, editkittest.Step{Status: "waiting"})
		equal(t, "label", a.details(id)["label"], any("waiting"))
		a.setProcess(id, editkittest.Step{After: time.Minute, Status: "finished"})
		equal(t, "not yet", a.details(id)["status"], any("waiting"))
		a.Advance(time.Minute)
		p = a.details(id)
		equal(t, "status", p["status"], any("finished"))
		equal(t, "update", p["lastUpdate"], any("2000-01-01T00:01:00Z"))
		a.setProcess(id, editkittest.Step{Status: "failed", Error: "no disk left"})
		p = a.details(id)
		equal(t, "label", p["label"], any("Failed: no disk left"))
		equal(t, "no file", p["fileUrl"], nil)
		equal(t, "still listed", len(list(t, a.get("/files"))), 1)

		if err := a.SetProcess("none", editkittest.Step{}); err == nil {
			t.Error("no error")
		}
		if _, ok := a.ToolRequest("none"); ok {
			t.Error("a request of no process")
		}
		if _, ok := a.Output("#none"); ok {
			t.Error("an output of no process")
		}
	})
}

func TestTimedProcess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newTools(t, editkittest.InMemory())
		a.NextProcesses(editkittest.Timed(time.Minute, 4*time.Minute))
		id := a.process()
		var got []string
		for range 6 {
			p := a.details(id)
			got = append(got, fmt.Sprint(p["status"], " ", p["progress"]))
			pass(time.Minute)
		}
		sameValue(t, "course", []string{
			"in_progress <nil>", "in_progress <nil>", "in_progress 25%", "in_progress 50%", "in_progress 75%", "finished <nil>",
		}, got)
		equal(t, "default again", a.details(a.process())["status"], any("finished"))
	})
}

func TestKeysOfTheOtherService(t *testing.T) {
	t.Parallel()
	a := newTools(t, editkittest.InMemory(), editkittest.WithKey(editkit.EditClips, "clipskey"), editkittest.WithKey(editkit.EditingTools, "toolskey"))
	get := func(service editkit.Service, path, header, value string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), "GET", a.URL(service)+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set(header, value)
		a.do(req)
	}
	get(editkit.EditClips, "/balance", "Authorization", "Bearer clipskey")
	get(editkit.EditingTools, "/files", "Authorization", "Basic YXBpa2V5OnRvb2xza2V5")
	sameValue(t, "own keys", []string(nil), a.Stats().KeyLeaks)

	get(editkit.EditClips, "/balance", "Authorization", "Basic YXBpa2V5OnRvb2xza2V5")
	get(editkit.EditClips, "/jobs/1?key=toolskey", "X", "")
	get(editkit.EditingTools, "/files", "Authorization", "Bearer clipskey")
	get(editkit.EditingTools, "/files", "Authorization", "Basic "+basic("apikey", "clipskey"))
	get(editkit.EditingTools, "/none/clipskey", "X-Key", "")
	a.start("stills", "a.mov", "film", "note", "my key is clipskey")
	a.start("stills", "a.mov", "film", "note", "my key is toolskey")
	api, tools := "editclips.test/api/v1", "api.editingtools.test/v2"
	sameValue(t, "leaks", []string{
		api + "/balance", api + "/jobs/1", tools + "/files", tools + "/files", tools + "/none/[key]", tools + "/stills",
	}, a.Stats().KeyLeaks)
}

func basic(user, password string) string {
	req := &http.Request{Header: http.Header{}}
	req.SetBasicAuth(user, password)
	return strings.TrimPrefix(req.Header.Get("Authorization"), "Basic ")
}

func TestWrongToolOptions(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]editkittest.Option{
		"limit":    editkittest.WithUploadLimit(0, editkittest.RefuseReset),
		"refusal":  editkittest.WithUploadLimit(1, 99),
		"requests": editkittest.WithLimits(editkittest.Limit{Window: time.Hour}),
		"window":   editkittest.WithLimits(editkittest.Limit{Requests: 1}),
		"tool":     editkittest.RequirePro("translate", "transmute"),
	} {
		e, err := editkittest.Start(opt)
		if err == nil {
			e.Close()
			t.Errorf("%s: no error", name)
		}
	}
	e, err := editkittest.Start(editkittest.WithToolEngine(nil), editkittest.WithProcessCourse(nil), editkittest.WithStartAnswer(nil), editkittest.RequirePro())
	if err != nil {
		t.Fatal(err)
	}
	e.Close()
	if err := e.TestWebhook("https://app.test/"); err == nil {
		t.Error("a test call after the end")
	}
}
