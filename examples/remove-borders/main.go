// Remove-borders uploads a letterboxed picture and saves it without its black bars.
//
// Without a key it runs against the emulator, which really crops PNG and JPEG. With
// EDITINGTOOLS_API_KEY in the environment it runs against the live service.
package main

import (
	"context"
	_ "embed"
	"flag"
	"fmt"
	"image"
	_ "image/jpeg" // to read the size of the result
	_ "image/png"
	"io"
	"os"
	"os/signal"

	"github.com/editkit/editkit-go"
	"github.com/editkit/editkit-go/examples/internal/service"
)

//go:embed testdata/letterbox.png
var sample []byte

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "remove-borders:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("remove-borders", flag.ContinueOnError)
	input := flags.String("input", "", "a PNG or JPEG `file`; without it, a sample")
	target := flags.String("o", "cropped.png", "the `file` or folder for the result")
	lang := flags.String("lang", "en", "the `language` of messages, as a browser states it")
	sides := flags.Bool("sides", true, "crop left and right as well as top and bottom")
	if err := flags.Parse(args); err != nil {
		return err
	}
	c, done, err := service.Connect(out, editkit.MatchLanguage(*lang))
	if err != nil {
		return err
	}
	defer done()

	source := editkit.BytesSource("letterbox.png", sample)
	if *input != "" {
		source = editkit.FileSource(*input)
	}
	// Absent means true here, so a pointer tells false from absent.
	started, err := c.Tools.RemoveBorders(ctx, editkit.RemoveBordersParams{File: source, RemovePillarbox: editkit.Ptr(*sides)})
	if err != nil {
		return err
	}
	path, err := c.Tools.SaveResult(ctx, started, *target)
	if err != nil {
		return err
	}
	width, height, err := sizeOf(path)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "File:     %s, %d x %d pixels\n", path, width, height)
	return nil
}

func sizeOf(path string) (width, height int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = f.Close() }()
	config, _, err := image.DecodeConfig(f)
	return config.Width, config.Height, err
}
