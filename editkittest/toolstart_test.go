package editkittest_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/editkit/editkit-go"
	"github.com/editkit/editkit-go/editkittest"
)

// required are the fields that make a start of each tool valid.
var required = map[string][]string{
	"translate": {"sourceLang", "AUTO", "targetLang", "DE", "translationMode", "1"},
	"ale":       {"format", "csv2"},
	"edl":       {"format", "pdf"},
	"subtitles": {"source", "ass", "format", "ttml"},
}

var fileNames = map[string]string{
	"translate": "a.SRT", "cutdetection": "a.mov", "loudness": "a.wav", "stills": "a.mov", "ale": "a.ale", "edl": "a.edl",
	"subtitles": "a.ass", "cuesheet": "a.fcpxml",
}

func TestStarts(t *testing.T) {
	t.Parallel()
	eachForm(t, func(t *testing.T, form editkittest.Option) {
		a := newTools(t, form)
		starts := 0
		for tool, name := range fileNames {
			ans := a.start(tool, name, "content", required[tool]...)
			starts++
			var id string
			switch tool {
			case "translate", "cutdetection", "loudness", "stills":
				equal(t, tool, ans.StatusCode, 202)
				id = a.ProcessIDs()[starts-1]
				sameValue(t, tool, map[string]any{"processId": id}, data(t, ans))
			default:
				equal(t, tool, ans.StatusCode, 200)
				id = a.ProcessIDs()[starts-1]
				p := a.details(id)
				sameValue(t, tool, map[string]any{
					"fileId": p["fileId"], "fileName": name, "fileUrl": p["fileUrl"], "fileExpires": p["fileExpires"],
				}, data(t, ans))
			}
			equal(t, tool, a.details(id)["status"], any("finished"))
			equal(t, tool, string(a.do(a.download(a.details(id)["fileUrl"].(string))).body), "content")
			output, _ := a.Output(id)
			if output.RealWork || !strings.Contains(output.Note, "passed through") {
				t.Errorf("%s: note %q", tool, output.Note)
			}
		}
		equal(t, "starts", a.Stats().Starts, starts)
		equal(t, "processes", len(list(t, a.get("/processes"))), starts)
	})
}

func TestToolParameters(t *testing.T) {
	t.Parallel()
	a := newTools(t, editkittest.InMemory())
	missing, bad := "The parameter %q is missing.", "The value of the parameter %q is not allowed."
	for _, c := range []struct {
		tool, fields string // added to the required ones; a leading - removes one
		field        string // that is named; empty: it is all right
		message      string
	}{
		{"translate", "-sourceLang", "sourceLang", missing},
		{"translate", "-targetLang", "targetLang", missing},
		{"translate", "-translationMode", "translationMode", missing},
		{"translate", "sourceLang=auto", "sourceLang", bad},
		{"translate", "sourceLang=EN-GB", "sourceLang", bad},
		{"translate", "sourceLang=PT", "", ""},
		{"translate", "targetLang=PT", "targetLang", bad},
		{"translate", "targetLang=SL", "targetLang", bad},
		{"translate", "targetLang=PT-BR", "", ""},
		{"translate", "targetLang=AUTO", "targetLang", bad},
		{"translate", "translationMode=2", "translationMode", bad},
		{"translate", "formality=informal", "", ""},
		{"translate", "formality=rude", "formality", bad},
		{"translate", "checkPrice=1", "checkPrice", bad},
		{"translate", "notification=yes", "notification", bad},
		{"cutdetection", "subclips=1", "", ""},
		{"cutdetection", "subclips=true", "subclips", bad},
		{"cutdetection", "notification=1", "notification", bad},
		{"cutdetection", "algorithm=", "algorithm", bad},
		{"cutdetection", "algorithm=content", "", ""},
		{"ale", "-format", "format", missing},
		{"ale", "format=pdf", "format", bad},
		{"ale", "format=ods&removeAsc=true&swapNames=false", "", ""},
		{"ale", "joinTrkColumns=1", "joinTrkColumns", bad},
		{"edl", "format=ale", "format", bad},
		{"edl", "framerate=23.976&useLongReelNames=1", "", ""},
		{"edl", "framerate=90", "", ""},
		{"edl", "framerate=7", "framerate", bad},
		{"edl", "framerate=029", "framerate", bad},
		{"edl", "framerate=29.97DF", "", ""},
		{"edl", "framerate=29.97", "framerate", bad},
		{"edl", "useLongReelNames=yes", "useLongReelNames", bad},
		{"subtitles", "-source", "source", missing},
		{"subtitles", "format=", "format", bad},
		{"subtitles", "removeEmpty=1", "removeEmpty", bad},
		{"subtitles", "base64=maybe", "base64", bad},
		{"cuesheet", "framerate=0", "framerate", bad},
		{"cuesheet", "template=x", "", ""},
	} {
		fields := url.Values{}
		for i := 0; i+1 < len(required[c.tool]); i += 2 {
			fields.Set(required[c.tool][i], required[c.tool][i+1])
		}
		if name, removed := strings.CutPrefix(c.fields, "-"); removed {
			fields.Del(name)
		} else {
			added, _ := url.ParseQuery(c.fields)
			for name := range added {
				fields.Set(name, added.Get(name))
			}
		}
		var pairs []string
		for name := range fields {
			pairs = append(pairs, name, fields.Get(name))
		}
		before := a.Stats().Starts
		ans := a.start(c.tool, fileNames[c.tool], "content", pairs...)
		if c.field == "" {
			equal(t, c.tool+" "+c.fields, ans.StatusCode/100, 2)
			continue
		}
		refused(t, c.tool+" "+c.fields, ans, 400, fmt.Sprintf(c.message, c.field))
		equal(t, "starts", a.Stats().Starts, before)
	}
	for _, c := range []struct{ tool, name, content, message string }{
		{"stills", "", "", fmt.Sprintf(missing, "file")},
		{"stills", "a.mov", "", fmt.Sprintf(bad, "file")},
		{"translate", "a.ass", "x", fmt.Sprintf(bad, "file")},
		{"ale", "a.txt", "x", fmt.Sprintf(bad, "file")},
		{"edl", "edl", "x", fmt.Sprintf(bad, "file")},
		{"cuesheet", "a.aaf", "x", fmt.Sprintf(bad, "file")},
		{"remove-borders", "a.gif", "x", fmt.Sprintf(bad, "file")},
	} {
		refused(t, c.tool+" "+c.name, a.start(c.tool, c.name, c.content, required[c.tool]...), 400, c.message)
	}
	req := a.startRequest("ale", "a.txt", "x")
	req.Header.Set("Accept-Language", "de-AT")
	refused(t, "auf Deutsch", a.do(req), 400, `Der Wert des Parameters "file" ist nicht erlaubt.`)
}

func TestRecordedRequests(t *testing.T) {
	t.Parallel()
	a := newTools(t, editkittest.InMemory())
	req := a.startRequest("stills", "dir/a b.mov", "film", "one", "1", "two", "1", "two", "2")
	req.Header.Set("Accept-Language", "ja")
	id := data(t, a.do(req))["processId"].(string)
	got, ok := a.ToolRequest("#" + id)
	equal(t, "found", ok, true)
	sameValue(t, "request", editkittest.ToolRequest{
		Tool: "stills", Filename: "a b.mov", ContentType: "application/octet-stream", Size: 4,
		Fields: url.Values{"one": {"1"}, "two": {"1", "2"}}, Language: "ja",
	}, got)
}

func TestFormsThatAreNone(t *testing.T) {
	t.Parallel()
	eachForm(t, func(t *testing.T, form editkittest.Option) {
		a := newTools(t, form)
		post := func(contentType, body string) answer {
			return a.do(a.toolsRequest("POST", "/stills", strings.NewReader(body), "Content-Type", contentType))
		}
		multipart := "multipart/form-data; boundary=b"
		file := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mov\"\r\n\r\nfilm\r\n"
		for _, kind := range []string{"", "application/json", "multipart/mixed; boundary=b", "text/plain"} {
			refused(t, kind, post(kind, "x"), 415, "The content type must be multipart/form-data.")
		}
		broken := "The request is not a valid multipart form."
		refused(t, "no boundary", post("multipart/form-data", "x"), 400, broken)
		refused(t, "garbage", post(multipart, "garbage"), 400, broken)
		refused(t, "nothing", post(multipart, ""), 400, broken)
		refused(t, "bad header", post(multipart, "--b\r\nno header\r\n\r\nx\r\n--b--\r\n"), 400, broken)
		refused(t, "many parts", post(multipart, strings.Repeat("--b\r\nContent-Disposition: form-data; name=x\r\n\r\n\r\n", 1001)+"--b--\r\n"), 400, broken)
		refused(t, "no parts", post(multipart, "--b--\r\n"), 400, `The parameter "file" is missing.`)
		refused(t, "two files", post(multipart, file+file+"--b--\r\n"), 400, `The value of the parameter "file" is not allowed.`)
		refused(t, "field", post(multipart, "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--b--\r\n"), 400, `The parameter "file" is missing.`)
		refused(t, "large field", post(multipart, "--b\r\nContent-Disposition: form-data; name=x\r\n\r\n"+strings.Repeat("x", 1<<20+1)+"\r\n--b--\r\n"), 400,
			`The value of the parameter "x" is not allowed.`)
		equal(t, "incomplete", a.Stats().Incomplete, 0)
		equal(t, "starts", a.Stats().Starts, 0)
		other := strings.Replace(file, `"file"`, `"logo"`, 1)
		equal(t, "another file", post(multipart, other+file+"--b--\r\nepilogue").StatusCode, 202)
		request, _ := a.ToolRequest(a.ProcessIDs()[0])
		sameValue(t, "recorded", url.Values{"logo": {"a.mov"}}, request.Fields)
	})
}

func TestBase64(t *testing.T) {
	t.Parallel()
	a := newTools(t, editkittest.InMemory())
	d := data(t, a.start("ale", "a.ale", "content", "format", "ale", "base64", "true"))
	equal(t, "base64", d["base64"], any(base64.StdEncoding.EncodeToString([]byte("content"))))
	equal(t, "fields", len(d), 5)
	equal(t, "not wanted", len(data(t, a.start("ale", "a.ale", "content", "format", "ale", "base64", "false"))), 4)
}

func TestCheckPrice(t *testing.T) {
	t.Parallel()
	a := newTools(t, editkittest.InMemory())
	ans := a.start("translate", "a.srt", strings.Repeat("x", 1001), append(required["translate"], "checkPrice", "true")...)
	equal(t, "status", ans.StatusCode, 200)
	sameValue(t, "price", map[string]any{"price": 2.0}, data(t, ans))
	equal(t, "starts", a.Stats().Starts, 0)
	equal(t, "processes", len(a.ProcessIDs()), 0)
	equal(t, "start", a.start("translate", "a.srt", "x", append(required["translate"], "checkPrice", "false")...).StatusCode, 202)
}

func TestRequirePro(t *testing.T) {
	t.Parallel()
	a := newTools(t, editkittest.InMemory(), editkittest.RequirePro("stills"), editkittest.RequirePro("ale", "edl"))
	for _, tool := range []string{"stills", "ale", "edl"} {
		refused(t, tool, a.start(tool, "a.mov", "film"), 402, "Upgrade required: this feature needs an active Pro subscription.")
	}
	a.process()
	equal(t, "starts", a.Stats().Starts, 1)
}

func TestStartAnswers(t *testing.T) {
	t.Parallel()
	a := newTools(t, editkittest.InMemory(), editkittest.WithStartAnswer(func(tool string, body []byte) []byte {
		if tool == "ale" {
			return []byte("<html>")
		}
		return bytes.Replace(bytes.Replace(body, []byte(`"processId":"`), []byte(`"id":"#`), 1), []byte(`"code":202`), []byte(`"code":"202"`), 1)
	}))
	ans := a.start("stills", "a.mov", "film")
	equal(t, "code", ans.json(t)["code"], any("202"))
	equal(t, "id", data(t, ans)["id"], any("#"+a.ProcessIDs()[0]))
	ans = a.start("ale", "a.ale", "x", "format", "ale")
	equal(t, "body", string(ans.body), "<html>")
	equal(t, "length", ans.ContentLength, 6)
	refused(t, "an error", a.start("ale", "a.ale", "x"), 400, `The parameter "format" is missing.`)
}

func TestLostStarts(t *testing.T) {
	t.Parallel()
	eachForm(t, func(t *testing.T, form editkittest.Option) {
		a := newTools(t, form)
		freshConnections(a.api)
		a.Inject(editkittest.StartTool, 1, editkittest.ResetBefore())
		a.Inject(editkittest.StartTool, 1, editkittest.ResetAfter())
		a.Inject(editkittest.StartTool, 1, editkittest.Respond(504, nil, "<html>").AfterEffect())
		a.Inject(editkittest.StartTool, 1, editkittest.Respond(429, http.Header{"Retry-After": {"7"}}, ""))
		large := strings.Repeat("x", 2<<20)
		for i, want := range []int{0, 1, 2, 2} {
			ans, err := a.try(a.startRequest("stills", "a.mov", large))
			equal(t, "starts", a.Stats().Starts, want)
			equal(t, "reset", err != nil, i < 2)
			if i == 3 {
				equal(t, "status", ans.StatusCode, 429)
			}
		}
		equal(t, "processes", len(list(t, a.get("/processes"))), 2)
		equal(t, "calls", a.Stats().Calls[editkittest.StartTool], 4)
		for _, op := range []editkittest.Operation{editkittest.ListProcesses, editkittest.GetProcess, editkittest.ListFiles} {
			a.Inject(op, 1, editkittest.Respond(503, nil, "busy"))
		}
		for _, path := range []string{"/processes", "/processes/" + a.ProcessIDs()[0], "/files"} {
			equal(t, path, a.get(path).StatusCode, 503)
			equal(t, path, a.get(path).StatusCode, 200)
		}
	})
}

func TestEngineErrorsOfTools(t *testing.T) {
	t.Parallel()
	a := newTools(t, editkittest.InMemory(), editkittest.WithToolEngine(failingEngine{}))
	p := a.details(a.process())
	equal(t, "status", p["status"], any("failed"))
	equal(t, "label", p["label"], any("Failed: disk on fire"))
	refused(t, "sync", a.start("ale", "a.ale", "x", "format", "ale"), 422, "The file could not be processed. disk on fire")
	processes := list(t, a.get("/processes"))
	equal(t, "processes", len(processes), 2)
	equal(t, "status", processes[0]["status"], any("failed"))
	equal(t, "files", a.get("/files").StatusCode, 404)
}

func TestLiveNotes(t *testing.T) {
	t.Parallel()
	a := newTools(t, editkittest.InMemory())
	post := func(body string, header ...string) answer {
		return a.do(a.toolsRequest("POST", "/livenotes/project", strings.NewReader(body), append([]string{"Content-Type", "application/json"}, header...)...))
	}
	ans := post(`{"name":"Day 1","unknown":[]}`)
	equal(t, "status", ans.StatusCode, 201)
	d := data(t, ans)
	sameValue(t, "defaults", map[string]any{"projectId": d["projectId"], "name": "Day 1", "color": "pink", "framerate": "25", "type": "live"}, d)
	d = data(t, post(`{"name":"日本語","tone":"sky","framerate":"30","type":"custom","isArchived":false,"location":"Rome"}`))
	sameValue(t, "given", map[string]any{"projectId": d["projectId"], "name": "日本語", "color": "sky", "framerate": "30", "type": "custom"}, d)
	for body, field := range map[string]string{
		`{"name":"ab"}`: "name",
		`{"name":"` + strings.Repeat("x", 51) + `"}`: "name",
		`{"name":"abc","color":"black"}`:             "color",
		`{"name":"abc","tone":"black"}`:              "tone",
		`{"name":"abc","framerate":"x"}`:             "framerate",
		`{"name":"abc","type":"x"}`:                  "type",
	} {
		refused(t, body, post(body), 400, fmt.Sprintf("The value of the parameter %q is not allowed.", field))
	}
	refused(t, "no name", post(`{}`), 400, `The parameter "name" is missing.`)
	for _, body := range []string{"", "x", `[]`, `{"name":1}`, `{"name":"abc","isArchived":"no"}`, `{"name":"` + strings.Repeat("x", 1<<20) + `"}`} {
		refused(t, "not JSON", post(body), 400, "The request is not valid JSON.")
	}
	refused(t, "type", post(`{}`, "Content-Type", "text/plain"), 415, "The content type must be application/json.")
	equal(t, "starts", a.Stats().Starts, 0)
	equal(t, "calls", a.Stats().Calls[editkittest.StartTool], 16)
}

func TestConcurrentStarts(t *testing.T) {
	t.Parallel()
	eachForm(t, func(t *testing.T, form editkittest.Option) {
		box := newEventBox()
		a := newTools(t, form, editkittest.WithWebhookHandler("app.test", box))
		a.register(box, hookURL)
		const clients, each = 8, 5
		var running sync.WaitGroup
		for range clients {
			running.Go(func() {
				for range each {
					id := a.process()
					a.get("/processes")
					a.setProcess(id, editkittest.Step{Status: "failed"})
					a.start("ale", "a.ale", "x", "format", "ale")
				}
			})
		}
		running.Wait()
		for range clients * each {
			<-box.came
		}
		equal(t, "processes", len(list(t, a.get("/processes"))), 2*clients*each)
		equal(t, "files", len(list(t, a.get("/files"))), min(100, 2*clients*each))
		equal(t, "starts", a.Stats().Starts, 2*clients*each)
	})
}

func TestToolsClient(t *testing.T) {
	t.Parallel()
	eachForm(t, func(t *testing.T, form editkittest.Option) {
		srv := editkittest.NewServer(t, form, editkittest.WithLimits())
		client := srv.Client()
		run, err := client.Tools.Run(t.Context(), "cutdetection", editkit.ToolParams{File: editkit.BytesSource("film.mov", []byte("film"))})
		if err != nil {
			t.Fatal(err)
		}
		p, err := client.Processes.Wait(t.Context(), run.ProcessID)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "status", string(p.Status), "finished")
		var file strings.Builder
		if _, err := client.Processes.Download(t.Context(), run.ProcessID, &file); err != nil {
			t.Fatal(err)
		}
		equal(t, "bytes", file.String(), "film")
		files, err := client.Files.List(t.Context())
		if err != nil || len(files) != 1 {
			t.Errorf("files %v, %v", files, err)
		}
		sameValue(t, "leaks", []string(nil), srv.Stats().KeyLeaks)
	})
}

var errFire = errors.New("disk on fire")
