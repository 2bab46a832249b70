package editkit_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/editkit/editkit-go"
	"github.com/editkit/editkit-go/editkittest"
)

var srtSource = editkit.BytesSource("a.srt", []byte("1\n00:00:01,000 --> 00:00:02,000\nHello\n"))

// TestToolToFile from end to end: upload, wait where there is something to wait for, and
// the file, in each way that a tool can answer, and through faults on the way.
func TestToolToFile(t *testing.T) {
	t.Parallel()
	overAll(t, func(t *testing.T, opts ...editkittest.Option) {
		srv := editkittest.NewServer(t, opts...)
		c := srv.Client(fastRetries)
		ctx, dir := ctxFor(t), t.TempDir()

		srv.Inject(editkittest.StartTool, 1, editkittest.Respond(429, nil, `{"code":429,"status":"slow down"}`))
		srv.Inject(editkittest.GetFile, 1, editkittest.Truncate(10))
		converted, err := c.Tools.Subtitles(ctx, editkit.SubtitlesParams{File: srtSource, From: "srt", To: "vtt"})
		if err != nil || len(converted.Files) != 1 {
			t.Fatalf("%v, %v", converted, err)
		}
		inline, err := c.Tools.Subtitles(ctx, editkit.SubtitlesParams{File: srtSource, From: "srt", To: "vtt", Base64: true})
		if err != nil || inline.Content == nil {
			t.Fatalf("%v, %v", inline, err)
		}
		for _, run := range []*editkit.ToolRun{converted, inline} {
			path, err := c.Tools.SaveResult(ctx, run, dir)
			if err != nil || filepath.Dir(path) != dir {
				t.Fatalf("%q, %v", path, err)
			}
			if text, err := os.ReadFile(path); err != nil || !strings.HasPrefix(string(text), "WEBVTT") || !strings.Contains(string(text), "Hello") {
				t.Errorf("%q, %v", text, err)
			}
		}
		for _, f := range []editkittest.Fault{editkittest.Respond(502, nil, gatewayPage), editkittest.ResetBefore(), editkittest.Truncate(20)} {
			srv.Inject(editkittest.ListProcesses, 1, f)
		}
		run, err := c.Tools.CutDetection(ctx, editkit.CutDetectionParams{File: editkit.BytesSource("film.mov", []byte("not really a film")), Subclips: true})
		if err != nil || run.ProcessID == "" {
			t.Fatalf("%v, %v", run, err)
		}
		var seen []editkit.ProcessStatus
		path, err := c.Tools.SaveResult(ctx, run, filepath.Join(dir, "cuts.zip"), quickPolls, editkit.OnUpdate(func(p *editkit.Process) { seen = append(seen, p.Status) }))
		if err != nil || path != filepath.Join(dir, "cuts.zip") || len(seen) == 0 {
			t.Errorf("%q, %v, saw %q", path, err, seen)
		}
		if s := srv.Stats(); s.Starts != 3 || len(s.KeyLeaks) != 0 {
			t.Errorf("%d starts, leaks %q", s.Starts, s.KeyLeaks)
		}
		if p, err := c.Processes.Get(ctx, "#"+run.ProcessID); err != nil || p.ID != run.ProcessID {
			t.Errorf("%v, %v", p, err)
		}
		if files, err := c.Files.List(ctx); err != nil || len(files) != 3 {
			t.Errorf("%v, %v", files, err)
		}
	})
}

// TestSaveResultChecksFirst: what can't be saved is said before anybody waits.
func TestSaveResultChecksFirst(t *testing.T) {
	t.Parallel()
	c := toolsClient(t, fail(errReset))
	for name, tt := range map[string]struct {
		run  *editkit.ToolRun
		to   string
		want error
	}{
		"no run":     {nil, ".", editkit.ErrInvalidArgument},
		"nothing":    {&editkit.ToolRun{}, ".", editkit.ErrNotReady},
		"no folder":  {&editkit.ToolRun{ProcessID: "A1"}, "no/such/folder/x", editkit.ErrInvalidArgument},
		"no folder2": {&editkit.ToolRun{Content: []byte("x")}, "no/such/folder/x", editkit.ErrInvalidArgument},
	} {
		if _, err := c.Tools.SaveResult(t.Context(), tt.run, tt.to); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLostAnswerOfAStart: the process exists, the answer doesn't: told once, started once.
func TestLostAnswerOfAStart(t *testing.T) {
	t.Parallel()
	overAll(t, func(t *testing.T, opts ...editkittest.Option) {
		for _, f := range []editkittest.Fault{
			editkittest.ResetAfter(), editkittest.Truncate(5), editkittest.Respond(504, nil, gatewayPage).AfterEffect(), editkittest.Respond(202, nil, "").AfterEffect(),
		} {
			srv := editkittest.NewServer(t, opts...)
			srv.Inject(editkittest.StartTool, 1, f)
			run, err := srv.Client(fastRetries).Tools.Translate(ctxFor(t), editkit.TranslateParams{File: srtSource, SourceLang: editkit.LangAuto, TargetLang: "DE"})
			if !errors.Is(err, editkit.ErrUncertain) || run != nil {
				t.Errorf("got %v, %v", run, err)
			}
			if n := srv.Stats().Starts; n != 1 {
				t.Errorf("%d starts", n)
			}
		}
	})
}

// TestToolRefusals: what the service refuses reaches the caller as what it is, in the
// language asked for.
func TestToolRefusals(t *testing.T) {
	t.Parallel()
	overAll(t, func(t *testing.T, opts ...editkittest.Option) {
		srv := editkittest.NewServer(t, append(opts, editkittest.RequirePro("stills"), editkittest.WithUploadLimit(4<<10, editkittest.RefuseHTML413))...)
		c, ctx := srv.Client(fastRetries), ctxFor(t)
		if _, err := c.Tools.Run(ctx, "stills", editkit.ToolParams{File: srtSource}); !errors.Is(err, editkit.ErrUpgradeRequired) {
			t.Errorf("a tool for Pro: %v", err)
		}
		if _, err := c.Tools.Run(ctx, "no-such-tool", editkit.ToolParams{File: srtSource}); !errors.Is(err, editkit.ErrNotFound) {
			t.Errorf("no such tool: %v", err)
		}
		big := editkit.BytesSource("a.srt", bytes.Repeat([]byte("x"), 8<<10))
		if _, err := c.Tools.Run(ctx, "subtitles", editkit.ToolParams{File: big}); !errors.Is(err, editkit.ErrTooLarge) || errors.Is(err, editkit.ErrUncertain) {
			t.Errorf("too large for the proxy: %v", err)
		}
		if n := srv.Stats().Starts; n != 0 {
			t.Errorf("%d starts", n)
		}
		german, err := c.With(editkit.WithLanguage(editkit.German))
		if err != nil {
			t.Fatal(err)
		}
		bad := editkit.BytesSource("a.srt", []byte("no subtitles"))
		var english, translated *editkit.APIError
		_, err = c.Tools.Subtitles(ctx, editkit.SubtitlesParams{File: bad, From: "srt", To: "vtt"})
		_, germanErr := german.Tools.Subtitles(ctx, editkit.SubtitlesParams{File: bad, From: "srt", To: "vtt"})
		if !errors.As(err, &english) || !errors.As(germanErr, &translated) || !errors.Is(err, editkit.ErrUnprocessable) || !errors.Is(germanErr, editkit.ErrUnprocessable) {
			t.Fatalf("%v, %v", err, germanErr)
		}
		if english.Message == translated.Message || english.Message == "" || english.Code != translated.Code {
			t.Errorf("%q, %q", english.Message, translated.Message)
		}
	})
}

// TestWithoutDetails: a service without the inferred path is followed by its list alone.
func TestWithoutDetails(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]editkittest.Option{"no such path": editkittest.WithoutProcessDetails(), "an array": editkittest.WithProcessDetailsArray()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := editkittest.NewServer(t, editkittest.InMemory(), o, editkittest.WithProcessCourse(editkittest.Timed(time.Minute, 10*time.Minute)))
				c := srv.Client()
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				run, err := c.Tools.CutDetection(ctx, editkit.CutDetectionParams{File: editkit.BytesSource("film.mov", []byte("x"))})
				if err != nil {
					t.Fatal(err)
				}
				if p, err := c.Processes.Get(ctx, run.ProcessID); err != nil || p.Status != editkit.ProcessInProgress {
					t.Errorf("%v, %v", p, err)
				}
				var out bytes.Buffer
				if _, err := c.Processes.Download(ctx, run.ProcessID, &out); !errors.Is(err, editkit.ErrNotReady) {
					t.Errorf("too early: %v", err)
				}
				if p, err := c.Processes.Wait(ctx, run.ProcessID); err != nil || p.Status != editkit.ProcessFinished {
					t.Errorf("%v, %v", p, err)
				}
				if n, err := c.Processes.Download(ctx, run.ProcessID, &out); err != nil || n == 0 {
					t.Errorf("%d, %v", n, err)
				}
				if _, err := c.Processes.Get(ctx, "NOBODY"); !errors.Is(err, editkit.ErrNotFound) {
					t.Errorf("no such process: %v", err)
				}
				srv.NextProcesses(editkittest.Course{{Status: "failed", After: time.Minute, Error: "broken"}})
				run, err = c.Tools.Run(ctx, "loudness", editkit.ToolParams{File: editkit.BytesSource("mix.wav", []byte("x"))})
				if err != nil {
					t.Fatal(err)
				}
				var failed *editkit.ProcessFailedError
				if _, err := c.Tools.SaveResult(ctx, run, t.TempDir()); !errors.As(err, &failed) || failed.Process.Label == "" {
					t.Errorf("%v", err)
				}
			})
		})
	}
}
