package editkittest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/editkit/editkit-go/editkittest"
)

func jobFor(tool, input string) string {
	return fmt.Sprintf(`{"tool":%q,"inputs":[%q]}`, tool, input)
}

// inputServer serves files for jobs, and its host.
func inputServer(t *testing.T, h http.HandlerFunc) (base, host string) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	u, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	return srv.URL, u.Host
}

func TestSampleOutput(t *testing.T) {
	t.Parallel()
	a := newAPI(t, editkittest.InMemory())
	sameBytes(t, a.do(a.download(a.link(a.create(simpleJob)))).body, sample)
	equal(t, "size", len(sample), 16<<10)
	if string(sample) == string(editkittest.SampleOutput(videoURL, "compress-video")) || string(sample) == string(editkittest.SampleOutput("u", "anything-to-mp4")) {
		t.Error("the sample doesn't depend on its arguments")
	}
}

func TestOutputNames(t *testing.T) {
	t.Parallel()
	a := newAPI(t, editkittest.InMemory())
	for _, c := range [][3]string{
		{"anything-to-mp4", "https://a.test/dir/my%20film.mov?x=y.z", "my film.mp4"},
		{"compress-video", "https://a.test/film", "film.mp4"},
		{"rotate-video", "https://a.test/film.webm", "film.webm"},
		{"rotate-video", "https://a.test/", "output.mp4"},
		{"anything-to-mp4", "https://a.test", "output.mp4"},
		{"anything-to-mp4", "https://a.test/x/..", "output.mp4"},
		{"anything-to-mp4", "://", "output.mp4"},
	} {
		equal(t, c[1], a.job(a.create(jobFor(c[0], c[1])))["outputFilename"], any(c[2]))
	}
}

func TestInputsAreFetched(t *testing.T) {
	t.Parallel()
	var leaked atomic.Bool
	base, host := inputServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" || r.Header.Get("Referer") != "" {
			leaked.Store(true)
		}
		switch r.URL.Path {
		case "/in.mov":
			fmt.Fprint(w, "the film")
		case "/here":
			http.Redirect(w, r, "/in.mov", http.StatusFound)
		case "/away":
			http.Redirect(w, r, "http://localhost:1/in.mov?secret", http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case "/cut":
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "half")
		default:
			http.NotFound(w, r)
		}
	})
	for _, allowed := range []string{strings.ToUpper(host), "127.0.0.1"} {
		a := newAPI(t, editkittest.AllowInputHosts(allowed))
		for _, path := range []string{"/in.mov", "/here"} {
			equal(t, path, string(a.do(a.download(a.link(a.create(jobFor("x", base+path))))).body), "the film")
		}
		for path, message := range map[string]string{
			"/away":  `"localhost:1" is not among those of AllowInputHosts`,
			"/round": "too many redirects",
			"/none":  "status 404",
			"/cut":   "unexpected EOF",
		} {
			job := a.job(a.create(jobFor("x", base+path)))
			equal(t, path, job["status"], any("failed"))
			text, _ := job["errorMessage"].(string)
			if !strings.Contains(text, message) || strings.Contains(text, "secret") {
				t.Errorf("%s: %q, want %q", path, text, message)
			}
		}
		for input, message := range map[string]string{
			"http://localhost:1/in.mov":                      "AllowInputHosts",
			"file:///etc/passwd":                             "neither http nor https",
			strings.Replace(base, "://", "://u:p@", 1) + "/": "credentials",
			"://": "parsed",
		} {
			job := a.job(a.create(jobFor("x", input)))
			if text, _ := job["errorMessage"].(string); !strings.Contains(text, message) {
				t.Errorf("%s: %q, want %q", input, text, message)
			}
		}
	}
	equal(t, "leaked", leaked.Load(), false)
}

// An output can be the input of the next job.
func TestChainOfJobs(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]editkittest.Option{
		"memory": {editkittest.InMemory(), editkittest.AllowInputHosts("storage.editclips.test")},
		"http2":  {editkittest.WithHTTP2(), editkittest.AllowInputHosts("127.0.0.1")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engine := &switchEngine{first: editkittest.FixedOutput("first.mov", []byte("film"))}
			a := newAPI(t, append(opts, editkittest.WithEngine(engine))...)
			link := a.link(a.create(simpleJob))
			job := a.job(a.create(jobFor("anything-to-mp4", link)))
			equal(t, "name", job["outputFilename"], any("first.mp4"))
			equal(t, "body", string(a.do(a.download(job["outputUrl"].(string))).body), "film")
			equal(t, "leaks", len(a.Stats().KeyLeaks), 0)
		})
	}
}

// switchEngine uses PassThrough after its first job.
type switchEngine struct {
	first editkittest.Engine
	used  atomic.Bool
}

func (e *switchEngine) Process(ctx context.Context, task editkittest.Task) (editkittest.Output, error) {
	if e.used.CompareAndSwap(false, true) {
		return e.first.Process(ctx, task)
	}
	return editkittest.PassThrough().Process(ctx, task)
}

// engineFunc is a function as an engine.
type engineFunc func(context.Context, editkittest.Task) (editkittest.Output, error)

func (f engineFunc) Process(ctx context.Context, task editkittest.Task) (editkittest.Output, error) {
	return f(ctx, task)
}

func TestOutputFiles(t *testing.T) {
	t.Parallel()
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	var dir string
	engine := engineFunc(func(_ context.Context, task editkittest.Task) (editkittest.Output, error) {
		dir = task.Dir
		equal(t, "crf", task.Options["crf"], any(30.0))
		path := task.Inputs[0]
		if path == "inside" {
			path = filepath.Join(task.Dir, "out")
			if err := os.WriteFile(path, []byte("content"), 0o600); err != nil {
				t.Error(err)
			}
		}
		return editkittest.Output{Filename: "f", Path: path, Note: "by hand"}, nil
	})
	a := newAPI(t, editkittest.InMemory(), editkittest.WithEngine(engine))
	body := `{"tool":"x","inputs":["%s"],"options":{"crf":30}}`
	id := a.create(fmt.Sprintf(body, "inside"))
	equal(t, "body", string(a.do(a.download(a.link(id))).body), "content")
	output, ok := a.Output(id)
	equal(t, "output", ok, true)
	equal(t, "note", output.Note, "by hand")
	for _, path := range []string{outside, "../x", "missing"} {
		job := a.job(a.create(fmt.Sprintf(body, path)))
		equal(t, path, job["status"], any("failed"))
		if text := job["errorMessage"].(string); strings.Contains(text, os.TempDir()) {
			t.Errorf("%q names a path", text)
		}
	}
	a.Close()
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder of the job is still there: %v", err)
	}
}

func ffmpegEngine(t *testing.T) editkittest.Engine {
	t.Helper()
	engine, err := editkittest.FFmpeg("")
	if err != nil {
		t.Skip("no FFmpeg on this machine: ", err)
	}
	return engine
}

// makeVideo makes a clip of odd dimensions with FFmpeg.
func makeVideo(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in.mkv")
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc=size=161x121:rate=5:duration=1",
		"-f", "lavfi", "-i", "sine=duration=1", "-c:v", "ffv1", "-c:a", "pcm_s16le", path)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("FFmpeg cannot make a clip here: %v: %s", err, text)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// waitJob polls until a job has ended.
func (a *api) waitJob(id string) map[string]any {
	a.t.Helper()
	for {
		job := a.job(id)
		switch job["status"] {
		case "completed", "failed", "cancelled":
			return job
		case "processing":
			equal(a.t, "message", job["progressMessage"], any("Encoding..."))
		}
		// FFmpeg needs real time, and the polls must leave it some.
		select {
		case <-time.After(5 * time.Millisecond):
		case <-a.t.Context().Done():
			a.t.Fatal("the test has ended")
		}
	}
}

func TestFFmpeg(t *testing.T) {
	t.Parallel()
	engine := ffmpegEngine(t)
	video := makeVideo(t)
	base, host := inputServer(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/broken") {
			w.Write([]byte("this is no film"))
			return
		}
		w.Write(video)
	})
	inbox := newInbox()
	a := newAPI(t, editkittest.WithEngine(engine), editkittest.AllowInputHosts(host), editkittest.WithWebhookHandler("app.test", inbox))

	t.Run("transcode", func(t *testing.T) {
		for _, body := range []string{
			jobFor("anything-to-mp4", base+"/clip.mkv"),
			`{"tool":"compress-video","inputs":["` + base + `/clip.mkv"],"options":{"crf":40}}`,
		} {
			id := a.create(strings.TrimSuffix(body, "}") + `,"webhook":"https://app.test/"}`)
			job := a.waitJob(id)
			equal(t, "status", job["status"], any("completed"))
			equal(t, "name", job["outputFilename"], any("clip.mp4"))
			ans := a.do(a.download(job["outputUrl"].(string)))
			if len(ans.body) < 12 || string(ans.body[4:8]) != "ftyp" {
				t.Errorf("%d bytes that are no MP4", len(ans.body))
			}
			output, _ := a.Output(id)
			equal(t, "real work", output.RealWork, true)
			if probe, err := exec.LookPath("ffprobe"); err == nil {
				equal(t, "width", output.Width, 161)
				equal(t, "height", output.Height, 121)
				text, err := exec.CommandContext(t.Context(), probe, "-v", "error", "-show_entries", "stream=codec_name,width", "-of", "csv=p=0", output.Path).Output()
				if err != nil || strings.TrimSpace(string(text)) != "h264,160\naac" {
					t.Errorf("ffprobe says %q, %v", text, err)
				}
			}
			<-inbox.came
		}
	})
	t.Run("broken input", func(t *testing.T) {
		job := a.waitJob(a.create(jobFor("anything-to-mp4", base+"/broken.mov")))
		equal(t, "status", job["status"], any("failed"))
		text := job["errorMessage"].(string)
		if !strings.HasPrefix(text, "FFmpeg exited with code 1: ") && !strings.HasPrefix(text, "FFmpeg exited with code 183: ") {
			t.Errorf("message %q", text)
		}
		if strings.Contains(text, os.TempDir()) || strings.Contains(text, "file:") {
			t.Errorf("message %q names a path", text)
		}
	})
	t.Run("bad option", func(t *testing.T) {
		job := a.waitJob(a.create(`{"tool":"compress-video","inputs":["u"],"options":{"crf":"; rm"}}`))
		equal(t, "message", job["errorMessage"], any("option crf is not a number from 0 to 51"))
	})
	t.Run("host not allowed", func(t *testing.T) {
		job := a.waitJob(a.create(simpleJob))
		if text := job["errorMessage"].(string); !strings.Contains(text, "AllowInputHosts") {
			t.Errorf("message %q", text)
		}
	})
	t.Run("other tool", func(t *testing.T) {
		id := a.create(jobFor("rotate-video", base+"/clip.mkv"))
		job := a.waitJob(id)
		sameBytes(t, a.do(a.download(job["outputUrl"].(string))).body, video)
		output, _ := a.Output(id)
		equal(t, "real work", output.RealWork, false)
		if !strings.Contains(output.Note, "passed through") {
			t.Errorf("note %q", output.Note)
		}
	})
}

func TestFFmpegIsKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	program := filepath.Join(dir, "ffmpeg")
	// Another process writes the program, so that no fork of this one can hold it
	// open for writing while it is run.
	write := exec.CommandContext(t.Context(), "sh", "-c", `cat >"$0" && chmod 700 "$0"`, program)
	write.Stdin = strings.NewReader("#!/bin/sh\ntouch " + dir + "/started\nexec sleep 1000\n")
	if text, err := write.CombinedOutput(); err != nil {
		t.Skipf("no program can be made here: %v: %s", err, text)
	}
	engine, err := editkittest.FFmpeg(program)
	if err != nil {
		t.Skip("no programs can be run from the temporary folder: ", err)
	}
	base, host := inputServer(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "film") })
	a := newAPI(t, editkittest.WithEngine(engine), editkittest.AllowInputHosts(host))
	waitStarted := func() {
		for {
			if _, err := os.Stat(dir + "/started"); err == nil {
				os.Remove(dir + "/started")
				return
			}
			<-time.After(time.Millisecond)
		}
	}
	cancelled := a.create(jobFor("anything-to-mp4", base))
	waitStarted()
	equal(t, "status", a.status(cancelled), "processing")
	a.set(cancelled, editkittest.Step{Status: "cancelled"})
	equal(t, "status", a.status(cancelled), "cancelled")
	equal(t, "credits", a.credits(), 300)

	a.create(jobFor("anything-to-mp4", base))
	waitStarted()
	a.Close() // would wait for ever if it didn't kill the program
}

func TestNoFFmpeg(t *testing.T) {
	t.Parallel()
	if _, err := editkittest.FFmpeg(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("no error")
	}
}
