// Quickstart turns a video into an MP4 file with one call, Jobs.Run.
//
// Without a key it runs against the emulator: a small video of this folder is served on
// the loopback and really transcoded if ffmpeg is installed. With EDITCLIPS_API_KEY in
// the environment it runs against the live service, on the URL given by -input.
package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/signal"
	"time"

	"github.com/editkit/editkit-go"
	"github.com/editkit/editkit-go/editkittest"
)

//go:embed testdata/sample.mov
var sample []byte

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	input := flags.String("input", "", "public `URL` of a video, for the live service")
	target := flags.String("o", "quickstart.mp4", "the `file` or folder for the result")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if os.Getenv("EDITCLIPS_API_KEY") != "" {
		return runLive(ctx, out, *input, *target)
	}
	return runEmulated(ctx, out, *target)
}

func runLive(ctx context.Context, out io.Writer, input, target string) error {
	if input == "" {
		return errors.New("EDITCLIPS_API_KEY is set, so this is for the live service: give a public URL with -input")
	}
	c, err := editkit.New(editkit.FromEnv())
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "Service: EditClips, live")
	_, err = convert(ctx, c, out, input, target)
	return err
}

func runEmulated(ctx context.Context, out io.Writer, target string) error {
	videos := httptest.NewServer(http.HandlerFunc(serveSample))
	defer videos.Close()
	address, err := url.Parse(videos.URL)
	if err != nil {
		return err
	}
	opts := []editkittest.Option{
		editkittest.AllowInputHosts(address.Host),
		editkittest.WithCourse(editkittest.Timed(300*time.Millisecond, 2*time.Second)),
	}
	if ffmpeg, err := editkittest.FFmpeg(""); err == nil {
		opts = append(opts, editkittest.WithEngine(ffmpeg))
	}
	emulator, err := editkittest.Start(opts...)
	if err != nil {
		return err
	}
	defer emulator.Close()
	c, err := editkit.New(emulator.ClientOptions()...)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "Service: EditClips, emulated (set EDITCLIPS_API_KEY for the live one)")
	job, err := convert(ctx, c, out, videos.URL+"/sample.mov", target)
	if err != nil {
		return err
	}
	if made, ok := emulator.Output(job.ID); ok {
		fmt.Fprintln(out, "Engine: ", engineLine(made))
	}
	return nil
}

func serveSample(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "video/quicktime")
	_, _ = w.Write(sample)
}

func engineLine(made editkittest.Output) string {
	if made.RealWork {
		return "real work: " + made.Note
	}
	return "no real work: " + made.Note + " (install ffmpeg to see it transcode)"
}

// convert is the main job: what a backend does with editkit.
func convert(ctx context.Context, c *editkit.Client, out io.Writer, input, target string) (*editkit.Job, error) {
	job, err := c.Jobs.Run(ctx,
		editkit.JobParams{Tool: "anything-to-mp4", Inputs: []string{input}},
		target,
		editkit.OnUpdate(func(j *editkit.Job) {
			fmt.Fprintf(out, "  %-10s %3.0f%% %s\n", j.Status, j.Progress, j.ProgressMessage)
		}),
		editkit.OnProgress(showTenths(out)),
	)
	switch {
	case errors.Is(err, editkit.ErrUncertain):
		return job, fmt.Errorf("the job may exist, and may be charged: look before you run this again: %w", err)
	case err != nil:
		return job, err
	}
	size, kind, err := inspect(job.Path)
	if err != nil {
		return job, err
	}
	fmt.Fprintf(out, "File:     %s, %d bytes, %s\n", job.Path, size, kind)
	fmt.Fprintf(out, "Credits:  %d reserved, %d charged\n", job.CreditsReserved, job.CreditsCharged)
	return job, nil
}

// showTenths prints the progress of a download at most ten times.
func showTenths(out io.Writer) func(done, total int64) {
	shown := int64(-1)
	return func(done, total int64) {
		if total <= 0 || done*10/total == shown {
			return
		}
		shown = done * 10 / total
		fmt.Fprintf(out, "  download   %3d%% of %d bytes\n", done*100/total, total)
	}
}

// inspect returns the size of a file and what it is, by its first bytes.
func inspect(path string) (size int64, kind string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return 0, "", err
	}
	head := make([]byte, 512)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, "", err
	}
	return info.Size(), fileType(head[:n]), nil
}

// fileType tells MP4 from QuickTime, which the sniffer of net/http does not.
func fileType(head []byte) string {
	if len(head) >= 12 && string(head[4:8]) == "ftyp" {
		if brand := string(head[8:12]); brand == "qt  " {
			return "QuickTime movie"
		}
		return "MP4 video"
	}
	return http.DetectContentType(head)
}
