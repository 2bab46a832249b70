package editkittest

import (
	"context"
	"errors"
	"strings"
	"time"
)

// Engine does the work of jobs and of the processes of EditingTools: it makes
// outputs from inputs. It is asked once for each job that reaches "completed" (or
// process that reaches "finished"), and must be safe for concurrent use. An error
// makes the job failed, with the error's text as its message.
//
// An engine runs inline: in the call that finds the job's course at its end,
// such as a GET of the job or [Emulator.Advance], and that call waits for it.
// Only [FFmpeg] and [FFmpegTools] start when the job is created, and meanwhile the
// job is processing.
type Engine interface {
	Process(ctx context.Context, task Task) (Output, error)
}

// Task is what an [Engine] has to do. For a process of EditingTools, Inputs has the
// name of the uploaded file, Fetch returns its path whatever it is asked for, and
// Options has the form fields: a string for each, or []string if it was repeated.
type Task struct {
	JobID   string // or that of the process
	Tool    string
	Inputs  []string // URLs
	Options map[string]any
	Dir     string // a private folder, there until the emulator is closed

	// Fetch downloads an input into Dir. It does so only from the hosts of
	// AllowInputHosts, up to 512 MiB, and sends no credentials.
	Fetch func(ctx context.Context, url string) (path string, err error)
}

// Output is what an [Engine] has made.
type Output struct {
	Filename string // the suggested name; passed on as it is, however hostile
	Path     string // a file in Task.Dir, or empty for Data
	Data     []byte // the content if there is no Path

	// What was measured of the input, in time and pixels. The job is charged by
	// these; if all are zero, it is charged what was reserved.
	Duration      time.Duration
	Width, Height int

	RealWork bool   // the output was really made from the input by the tool's work
	Note     string // says what did the work, for people
}

// Output returns what the engine made for a job or a process, and whether it did.
// The data must not be changed.
func (e *Emulator) Output(id string) (Output, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if j := e.jobs[id]; j != nil && j.settled {
		return j.work.output, true
	}
	if p := e.processes[strings.TrimPrefix(id, "#")]; p != nil && p.settled {
		return p.work.output, true
	}
	return Output{}, false
}

// backgroundEngine marks the engines that start when a job is created and run
// beside it.
type backgroundEngine interface{ runsInBackground() }

// FixedOutput returns an engine whose outputs have exactly this name, also a
// hostile one such as "../../x", and this content.
func FixedOutput(filename string, data []byte) Engine {
	return fixedOutput{filename: filename, data: append([]byte(nil), data...)}
}

type fixedOutput struct {
	filename string
	data     []byte
}

func (f fixedOutput) Process(context.Context, Task) (Output, error) {
	return Output{Filename: f.filename, Data: f.data, Note: "fixed output"}, nil
}

// work is the run of an engine for one job or process. All but done is protected by the
// emulator's lock until done is closed; after that it doesn't change.
type work struct {
	started bool
	stop    context.CancelFunc // ends a run in the background
	done    chan struct{}      // closed at the end
	ended   time.Time
	output  Output
	file    *storedFile
	err     error
}

var errEngineStopped = errors.New("the engine stopped without a result")

// run does the work of a job or a process, and keeps the result in w.
func (e *Emulator) run(ctx context.Context, a *activity, w *work) {
	output, file, err := Output{}, (*storedFile)(nil), errEngineStopped
	defer func() { // also if the engine panics
		now := e.Now()
		e.mu.Lock()
		w.output, w.file, w.err, w.ended = output, file, err, now
		e.mu.Unlock()
		close(w.done)
	}()
	output, file, err = a.owner.perform(ctx)
}

// process makes the output of a job.
func (e *Emulator) process(ctx context.Context, j *job) (Output, *storedFile, error) {
	dir, err := e.privateDir(j.id)
	if err != nil {
		return Output{}, nil, err
	}
	output, err := e.engine.Process(ctx, Task{
		JobID:   j.id,
		Tool:    j.tool,
		Inputs:  append([]string(nil), j.inputs...),
		Options: j.options,
		Dir:     dir,
		Fetch: func(ctx context.Context, url string) (string, error) {
			return e.inputs.fetch(ctx, dir, url)
		},
	})
	if err != nil {
		return Output{}, nil, err
	}
	file, err := store(output, dir)
	return output, file, err
}
