// Subtitles uploads an SRT file and saves what EditingTools.io makes of it: WebVTT.
//
// Without a key it runs against the emulator, which really converts. With
// EDITINGTOOLS_API_KEY in the environment it runs against the live service.
package main

import (
	"context"
	_ "embed"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/editkit/editkit-go"
	"github.com/editkit/editkit-go/examples/internal/service"
)

//go:embed testdata/holiday.srt
var sample []byte

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "subtitles:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("subtitles", flag.ContinueOnError)
	input := flags.String("input", "", "an SRT `file`; without it, a sample")
	target := flags.String("o", "holiday.vtt", "the `file` or folder for the result")
	lang := flags.String("lang", "en", "the `language` of messages, as a browser states it")
	if err := flags.Parse(args); err != nil {
		return err
	}
	c, done, err := service.Connect(out, editkit.MatchLanguage(*lang))
	if err != nil {
		return err
	}
	defer done()

	source := editkit.BytesSource("holiday.srt", sample)
	if *input != "" {
		source = editkit.FileSource(*input)
	}
	started, err := c.Tools.Subtitles(ctx,
		editkit.SubtitlesParams{File: source, From: "srt", To: "vtt"},
		editkit.OnProgress(func(done, total int64) {
			fmt.Fprintf(out, "Uploaded: %d of %d bytes\n", done, total)
		}))
	if err != nil {
		return err
	}
	path, err := c.Tools.SaveResult(ctx, started, *target)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "File:     %s\n\n%s", path, text)
	return nil
}
