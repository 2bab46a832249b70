package editkit_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/editkit/editkit-go"
	"github.com/editkit/editkit-go/editkittest"
)

// TestReadmeSnippets: every Go snippet of the README stands, to the letter, in this file,
// and so compiles.
func TestReadmeSnippets(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("readme_test.go")
	if err != nil {
		t.Fatal(err)
	}
	snippets := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	if len(snippets) < 8 {
		t.Errorf("only %d snippets were found", len(snippets))
	}
	for _, s := range snippets {
		if !strings.Contains(squeeze(string(source)), squeeze(s[1])) {
			t.Errorf("this snippet is not compiled by readme_test.go:\n%s", s[1])
		}
	}
}

// squeeze takes the indentation and the alignment out of code.
func squeeze(code string) string {
	return strings.Join(strings.Fields(code), " ")
}

// TestReadmeCommands: the two commands of the README are what CI and the Makefile run.
func TestReadmeCommands(t *testing.T) {
	t.Parallel()
	for file, command := range map[string]string{
		".ci/run": "make test", "Makefile": "go run ./examples/quickstart", "README.md": "go run ./examples/quickstart ",
	} {
		if b, err := os.ReadFile(file); err != nil || !strings.Contains(string(b), command) {
			t.Errorf("%s doesn't run %q: %v", file, command, err)
		}
	}
}

// The snippets, in the order of the README. They are compiled, not run; what they do is
// tested elsewhere.
var _ = []any{readmeOneCall, readmeCreate, readmeWait, readmeDownload, readmeDo, readmeTranslate, readmeAnyTool, readmeProcesses, readmeLanguage, readmeErrors, readmeConfiguration}

func readmeOneCall(ctx context.Context) error {
	c, err := editkit.New(editkit.FromEnv()) // EDITCLIPS_API_KEY
	if err != nil {
		return err
	}
	job, err := c.Jobs.Run(ctx, editkit.JobParams{
		Tool:   "anything-to-mp4",
		Inputs: []string{"https://example.com/video.mov"},
	}, "video.mp4")
	if err != nil {
		return err
	}
	fmt.Println(job.Path, job.OutputSize, job.CreditsCharged)
	return nil
}

func readmeCreate(ctx context.Context, c *editkit.Client) (*editkit.Job, error) {
	job, err := c.Jobs.Create(ctx, editkit.JobParams{
		Tool:     "compress-video",
		Inputs:   []string{"https://example.com/video.mov"},
		Options:  map[string]any{"crf": 28},                // as the tool takes them
		Webhook:  "https://yourapp.com/webhooks/editclips", // https only, called once
		Duration: 90 * time.Second,                         // of the input, so that the
		Width:    1280,                                     // right number of credits
		Height:   720,                                      // is reserved
	})
	return job, err
}

func readmeWait(ctx context.Context, c *editkit.Client, id string) (*editkit.Job, error) {
	job, err := c.Jobs.Wait(ctx, id, editkit.OnUpdate(func(j *editkit.Job) {
		fmt.Printf("%s %.0f%%\n", j.Status, j.Progress)
	}))
	return job, err
}

func readmeDownload(ctx context.Context, c *editkit.Client, id string) (string, error) {
	path, err := c.Jobs.DownloadFile(ctx, id, "results/", editkit.OnProgress(func(done, total int64) {
		fmt.Printf("%d of %d bytes\n", done, total)
	}))
	return path, err
}

func readmeDo(ctx context.Context, c *editkit.Client) error {
	var tools any
	err := c.Do(ctx, editkit.EditClips, http.MethodGet, "/tools", nil, &tools)
	return err
}

func readmeTranslate(ctx context.Context, c *editkit.Client) error {
	run, err := c.Tools.Translate(ctx, editkit.TranslateParams{
		File:       editkit.FileSource("film.srt"),
		SourceLang: editkit.LangAuto,
		TargetLang: "DE",
	})
	if err != nil {
		return err
	}
	path, err := c.Tools.SaveResult(ctx, run, "results/")
	fmt.Println(path)
	return err
}

func readmeAnyTool(ctx context.Context, c *editkit.Client) (*editkit.ToolRun, error) {
	run, err := c.Tools.Run(ctx, "loudness", editkit.ToolParams{
		File:   editkit.FileSource("mix.wav"),
		Fields: url.Values{"target": {"-23"}},
	})
	return run, err
}

func readmeProcesses(ctx context.Context, c *editkit.Client, run *editkit.ToolRun) (*editkit.Process, error) {
	process, err := c.Processes.Wait(ctx, run.ProcessID, editkit.OnUpdate(func(p *editkit.Process) {
		fmt.Println(p.Status, p.Progress, p.Label)
	}))
	for p, err := range c.Processes.All(ctx) {
		fmt.Println(p, err)
	}
	return process, err
}

func readmeLanguage(c *editkit.Client) (*editkit.Client, error) {
	german, err := c.With(editkit.WithLanguage(editkit.MatchLanguage("de-AT,de;q=0.9")))
	return german, err
}

func readmeErrors(ctx context.Context, c *editkit.Client, params editkit.JobParams) *editkit.Job {
	job, err := c.Jobs.Create(ctx, params)
	switch {
	case errors.Is(err, editkit.ErrUncertain):
		// Nobody can know whether the job exists and was charged. It was sent once. Look at
		// the balance, or wait for the webhook, before you create it again.
	case errors.Is(err, editkit.ErrRateLimited):
		// The service refused for longer than the retry policy waits.
	case errors.Is(err, editkit.ErrUpgradeRequired):
		// Too few credits, or the plan does not cover it.
	case errors.Is(err, editkit.ErrInvalidArgument):
		// A mistake in params. Nothing was sent.
	}
	var ae *editkit.APIError
	if errors.As(err, &ae) {
		log.Printf("status %d, code %s: %s", ae.StatusCode, ae.Code, ae.Message)
	}
	return job
}

func readmeConfiguration(key, toolsKey string, transport http.RoundTripper) (*editkit.Client, error) {
	c, err := editkit.New(
		editkit.WithEditClips(key),
		editkit.WithEditingTools(toolsKey),
		editkit.WithLogger(slog.Default()), // attempts at debug, failed calls at warn
		editkit.WithUserAgent("shop/1.2"),
		editkit.WithRetryPolicy(editkit.RetryPolicy{MaxAttempts: 6, MaxRetryAfter: 10 * time.Minute}),
		editkit.WithHTTPClient(&http.Client{Transport: transport}),
	)
	if err != nil {
		return nil, err
	}
	patient, err := c.With(editkit.WithRetryPolicy(editkit.RetryPolicy{AttemptTimeout: 2 * time.Minute}))
	return patient, err
}

func TestConvert(t *testing.T) {
	t.Parallel()
	srv := editkittest.NewServer(t)
	srv.Inject(editkittest.CreateJob, 1, editkittest.ResetAfter()) // created, but the answer is lost
	_, err := srv.Client().Jobs.Create(t.Context(), editkit.JobParams{
		Tool:   "anything-to-mp4",
		Inputs: []string{"https://example.com/video.mov"},
	})
	if !errors.Is(err, editkit.ErrUncertain) {
		t.Errorf("error = %v", err)
	}
	if n := srv.Stats().Creates; n != 1 {
		t.Errorf("%d jobs were created", n)
	}
}
