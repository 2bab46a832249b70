package editkit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"log"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/editkit/editkit-go"
	"github.com/editkit/editkit-go/editkittest"
)

// exampleClient returns a client of an emulator, which stands for the service.
func exampleClient(opts ...editkittest.Option) (c *editkit.Client, done func()) {
	emulator, err := editkittest.Start(append([]editkittest.Option{editkittest.InMemory()}, opts...)...)
	if err != nil {
		log.Fatal(err)
	}
	if c, err = editkit.New(emulator.ClientOptions()...); err != nil {
		log.Fatal(err)
	}
	return c, emulator.Close
}

func ExampleNew() {
	c, err := editkit.New(
		editkit.WithEditClips("ec_live_..."),
		editkit.WithRetryPolicy(editkit.RetryPolicy{MaxAttempts: 6}),
	)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(c)
	// Output: editkit.Client{EditClips at editclips.online}
}

func ExampleClient_With() {
	c, done := exampleClient()
	defer done()
	// One copy for a batch that has time. Connections and throttles are shared.
	patient, err := c.With(editkit.WithRetryPolicy(editkit.RetryPolicy{MaxAttempts: 10, MaxRetryAfter: time.Hour}))
	if err != nil {
		log.Fatal(err)
	}
	balance, err := patient.Account.Balance(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(balance.Credits)
	// Output: 300
}

func ExampleClient_Do() {
	c, done := exampleClient()
	defer done()
	var answer struct{ Credits int }
	if err := c.Do(context.Background(), editkit.EditClips, http.MethodGet, "/balance", nil, &answer); err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Credits)
	// Output: 300
}

func ExampleJobsService_Run() {
	c, done := exampleClient()
	defer done()
	dir, err := os.MkdirTemp("", "editkit")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()

	job, err := c.Jobs.Run(context.Background(), editkit.JobParams{
		Tool:   "anything-to-mp4",
		Inputs: []string{"https://example.com/holiday.mov"},
	}, dir)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(job.Status, filepath.Base(job.Path), job.CreditsCharged)
	// Output: completed holiday.mp4 1
}

func ExampleJobsService_Create() {
	c, done := exampleClient()
	defer done()
	params := editkit.JobParams{
		Tool:     "compress-video",
		Inputs:   []string{"https://example.com/holiday.mov"},
		Options:  map[string]any{"crf": 28},
		Duration: 90 * time.Second,
		Width:    640,
		Height:   480,
	}
	job, err := c.Jobs.Create(context.Background(), params)
	if errors.Is(err, editkit.ErrUncertain) {
		log.Fatal("look at the balance before trying again: ", err)
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(job.Status, job.CreditsReserved, editkit.EstimateCredits(params))
	// Output: queued 2 2
}

func ExampleJobsService_Get() {
	c, done := exampleClient()
	defer done()
	_, err := c.Jobs.Get(context.Background(), "d290f1ee-6c54-4b01-90e6-d701748f0851")
	fmt.Println(errors.Is(err, editkit.ErrNotFound))
	// Output: true
}

func ExampleJobsService_Wait() {
	c, done := exampleClient()
	defer done()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	job, err := c.Jobs.Create(ctx, editkit.JobParams{Tool: "anything-to-mp4", Inputs: []string{"https://example.com/holiday.mov"}})
	if err != nil {
		log.Fatal(err)
	}
	// Any process that knows the ID can wait for the job.
	job, err = c.Jobs.Wait(ctx, job.ID, editkit.OnUpdate(func(j *editkit.Job) {
		fmt.Printf("%s %.0f%%\n", j.Status, j.Progress)
	}))
	var failed *editkit.JobFailedError
	if errors.As(err, &failed) {
		log.Fatal("no result: ", failed.Job.ErrorMessage)
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(job.OutputFilename)
	// Output:
	// completed 100%
	// holiday.mp4
}

func ExampleJobsService_Download() {
	c, done := exampleClient(editkittest.WithEngine(editkittest.FixedOutput("subtitles.vtt", []byte("WEBVTT\n"))))
	defer done()
	ctx := context.Background()
	job, err := c.Jobs.Create(ctx, editkit.JobParams{Tool: "auto-subtitles", Inputs: []string{"https://example.com/holiday.mov"}})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := c.Jobs.Wait(ctx, job.ID); err != nil {
		log.Fatal(err)
	}
	n, err := c.Jobs.Download(ctx, job.ID, os.Stdout)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(n, "bytes")
	// Output:
	// WEBVTT
	// 7 bytes
}

func ExampleJobsService_DownloadFile() {
	c, done := exampleClient(editkittest.WithEngine(editkittest.FixedOutput("../../etc/holiday.mp4", []byte("..."))))
	defer done()
	dir, err := os.MkdirTemp("", "editkit")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ctx := context.Background()
	job, err := c.Jobs.Create(ctx, editkit.JobParams{Tool: "anything-to-mp4", Inputs: []string{"https://example.com/holiday.mov"}})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := c.Jobs.Wait(ctx, job.ID); err != nil {
		log.Fatal(err)
	}
	for range 2 {
		path, err := c.Jobs.DownloadFile(ctx, job.ID, dir)
		if err != nil {
			log.Fatal(err)
		}
		name, _ := filepath.Rel(dir, path) // never outside of dir, and never over another file
		fmt.Println(name)
	}
	// Output:
	// holiday.mp4
	// holiday (2).mp4
}

func ExampleAccountService_Balance() {
	c, done := exampleClient()
	defer done()
	balance, err := c.Account.Balance(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(balance.Credits, balance.TotalPurchased)
	// Output: 300 0
}

func ExampleWithResponse() {
	c, done := exampleClient()
	defer done()
	var answer editkit.Response
	if _, err := c.Account.Balance(context.Background(), editkit.WithResponse(&answer)); err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.StatusCode, answer.Header.Get("Content-Type"), answer.Attempts)
	// Output: 200 application/json 1
}

func ExampleToolsService_SaveResult() {
	c, done := exampleClient()
	defer done()
	dir, err := os.MkdirTemp("", "editkit")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ctx := context.Background()
	run, err := c.Tools.Subtitles(ctx, editkit.SubtitlesParams{
		File: editkit.BytesSource("a.srt", []byte("1\n00:00:01,000 --> 00:00:02,000\nHello\n")),
		From: "srt",
		To:   "vtt",
	})
	if err != nil {
		log.Fatal(err)
	}
	path, err := c.Tools.SaveResult(ctx, run, dir)
	if err != nil {
		log.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(text))
	// Output:
	// WEBVTT
	//
	// 00:00:01.000 --> 00:00:02.000
	// Hello
}

func ExampleToolsService_Run() {
	c, done := exampleClient(editkittest.WithToolEngine(editkittest.PassThrough()))
	defer done()
	ctx := context.Background()
	run, err := c.Tools.Run(ctx, "loudness", editkit.ToolParams{
		File:   editkit.BytesSource("mix.wav", []byte("RIFF...")),
		Fields: url.Values{"target": {"-23"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	process, err := c.Processes.Wait(ctx, run.ProcessID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(process.Status, process.FileName != "")
	// Output: finished true
}

func ExampleToolsService_RemoveBorders() {
	c, done := exampleClient()
	defer done()
	picture, err := os.ReadFile("examples/remove-borders/testdata/letterbox.png")
	if err != nil {
		log.Fatal(err)
	}
	run, err := c.Tools.RemoveBorders(context.Background(), editkit.RemoveBordersParams{
		File:            editkit.BytesSource("letterbox.png", picture),
		RemovePillarbox: editkit.Ptr(false), // absent would mean true
		Base64:          true,
	})
	if err != nil {
		log.Fatal(err)
	}
	size, err := png.DecodeConfig(bytes.NewReader(run.Content))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(size.Width, size.Height)
	// Output: 320 160
}

func ExampleProcessesService_All() {
	c, done := exampleClient()
	defer done()
	ctx := context.Background()
	for _, name := range []string{"a.mov", "b.mov"} {
		_, err := c.Tools.CutDetection(ctx, editkit.CutDetectionParams{File: editkit.BytesSource(name, []byte("..."))})
		if err != nil {
			log.Fatal(err)
		}
	}
	n := 0
	for p, err := range c.Processes.All(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		if p.ID != "" {
			n++
		}
	}
	fmt.Println(n)
	// Output: 2
}

func ExampleFilesService_List() {
	c, done := exampleClient()
	defer done()
	files, err := c.Files.List(context.Background()) // no files are no error
	fmt.Println(len(files), err)
	// Output: 0 <nil>
}

func ExampleMatchLanguage() {
	for _, header := range []string{"de-AT,de;q=0.9,en;q=0.8", "no", "zh-Hant-TW", "tlh"} {
		l := editkit.MatchLanguage(header)
		fmt.Println(l, l.Name())
	}
	// Output:
	// de German
	// nb Norwegian Bokmål
	// zh Chinese
	// en English
}
