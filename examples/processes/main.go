// Processes starts a few scene cut detections at EditingTools.io, follows all of them at
// once on the terminal, and lists what the account has.
//
// All that wait share one request a tick. Without a key it runs against the emulator.
// With EDITINGTOOLS_API_KEY in the environment, and the files given as arguments, it runs
// against the live service.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"time"

	"github.com/editkit/editkit-go"
	"github.com/editkit/editkit-go/editkittest"
	"github.com/editkit/editkit-go/examples/internal/service"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "processes:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("processes", flag.ContinueOnError)
	lang := flags.String("lang", "en", "the `language` of messages, as a browser states it")
	if err := flags.Parse(args); err != nil {
		return err
	}
	c, done, err := service.Connect(out, editkit.MatchLanguage(*lang),
		editkittest.WithToolEngine(editkittest.PassThrough()),
		editkittest.WithProcessCourse(editkittest.Timed(500*time.Millisecond, 3*time.Second)))
	if err != nil {
		return err
	}
	defer done()

	ids, err := start(ctx, c, flags.Args())
	if err != nil {
		return err
	}
	if err := follow(ctx, c, ids, out); err != nil {
		return err
	}
	fmt.Fprintln(out, "All processes of the account:")
	for p, err := range c.Processes.All(ctx) {
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "  %-12s %-12s %s\n", p.ID, p.Status, p.FileName)
	}
	return nil
}

// start uploads the files, or three samples if there are none.
func start(ctx context.Context, c *editkit.Client, files []string) ([]string, error) {
	sources := make([]editkit.Source, 0, 3)
	for _, path := range files {
		sources = append(sources, editkit.FileSource(path))
	}
	if len(files) == 0 {
		if os.Getenv("EDITINGTOOLS_API_KEY") != "" {
			return nil, errors.New("EDITINGTOOLS_API_KEY is set, so this is for the live service: give the files as arguments")
		}
		for _, name := range []string{"monday.mov", "tuesday.mov", "wednesday.mov"} {
			sources = append(sources, editkit.BytesSource(name, []byte("a film called "+name)))
		}
	}
	ids := make([]string, 0, len(sources))
	for _, source := range sources {
		started, err := c.Tools.CutDetection(ctx, editkit.CutDetectionParams{File: source})
		if err != nil {
			return nil, err
		}
		ids = append(ids, started.ProcessID)
	}
	return ids, nil
}

// follow waits for all processes and shows every change.
func follow(ctx context.Context, c *editkit.Client, ids []string, out io.Writer) error {
	var (
		wg     sync.WaitGroup
		mu     sync.Mutex
		failed error
	)
	for _, id := range ids {
		wg.Go(func() {
			_, err := c.Processes.Wait(ctx, id, editkit.PollInterval(500*time.Millisecond, 5*time.Second),
				editkit.OnUpdate(func(p *editkit.Process) {
					mu.Lock()
					defer mu.Unlock()
					progress := "" // only told while it runs
					if p.Progress > 0 {
						progress = fmt.Sprintf("%.0f%%", p.Progress)
					}
					fmt.Fprintf(out, "  %-12s %-12s %4s  %s\n", p.ID, p.Status, progress, p.Label)
				}))
			mu.Lock()
			defer mu.Unlock()
			failed = errors.Join(failed, err)
		})
	}
	wg.Wait()
	return failed
}
