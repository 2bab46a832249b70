package editkittest

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// The statuses of processes. A [Step] may have others, which are shown as they are.
const (
	processRunning  = "in_progress"
	processFinished = "finished"
	processFailed   = "failed"
)

// process is one process of EditingTools. What may change is protected by the
// emulator's lock.
type process struct {
	activity
	emulator *Emulator

	id      string // without #
	tool    *tool
	request ToolRequest
	upload  string // path of the uploaded file
	dir     string // private, has the upload in it

	file   *storedFile // nil until it has finished for the first time
	fileID string
	token  string // in the address of the file
	madeAt time.Time
}

// ToolRequest is what a tool of EditingTools was started with.
type ToolRequest struct {
	Tool        string
	Filename    string // as the client called the file, without a path
	ContentType string // that the client gave for the file
	Size        int64  // of the file
	Fields      url.Values
	Language    string // Accept-Language
}

// perform does the work with the engine for tools.
func (p *process) perform(ctx context.Context) (Output, *storedFile, error) {
	output, err := p.emulator.toolEngine.Process(ctx, Task{
		JobID:   p.id,
		Tool:    p.tool.name,
		Inputs:  []string{p.request.Filename},
		Options: optionsOf(p.request.Fields),
		Dir:     p.dir,
		Fetch:   func(context.Context, string) (string, error) { return p.upload, nil },
	})
	if err != nil {
		return Output{}, nil, err
	}
	file, err := store(output, p.dir)
	return output, file, err
}

// optionsOf returns form fields as the options of a task: a string for a field
// with one value, otherwise []string.
func optionsOf(fields url.Values) map[string]any {
	options := make(map[string]any, len(fields))
	for name, values := range fields {
		if len(values) == 1 {
			options[name] = values[0]
		} else {
			options[name] = append([]string(nil), values...)
		}
	}
	return options
}

func (p *process) settle(at time.Time) {
	p.file = p.work.file
	p.madeAt = at
	p.emulator.tokens[p.token] = p
}

func (p *process) changed() {}

// processStatus translates the status of a step into what the API calls it.
func processStatus(status string) string {
	switch status {
	case statusQueued, statusProcessing:
		return processRunning
	case statusCompleted:
		return processFinished
	}
	return status
}

// forProcess returns a course in the words that steps have in common with jobs.
func (c Course) forProcess() Course {
	c = c.orDefault()
	for i := range c {
		c[i] = c[i].forProcess()
	}
	return c
}

func (s Step) forProcess() Step {
	switch s.Status {
	case processRunning:
		s.Status = statusProcessing
	case processFinished:
		s.Status = statusCompleted
	}
	return s
}

// label returns the text for people that goes with a state.
func (p *process) label(state Step, language string) string {
	switch processStatus(state.Status) {
	case processRunning:
		return say(language, msgRunning)
	case processFinished:
		return say(language, msgFinished)
	case processFailed:
		label, reason := say(language, msgFailed), state.Error
		if p.work.err != nil && reason == p.work.err.Error() {
			reason = inLanguage(p.work.err, language)
		}
		if reason != "" {
			label += ": " + reason
		}
		return label
	}
	if state.Message != "" {
		return state.Message
	}
	return state.Status
}

// addProcess makes a process of an upload.
func (e *Emulator) addProcess(t *tool, form *toolForm) *process {
	p := &process{
		emulator: e,
		tool:     t,
		request:  form.request(t),
		upload:   form.path,
		dir:      form.dir,
		fileID:   "f" + randomText(8, "0123456789ABCDEFabcdef"),
		token:    randomText(32, "0123456789abcdefghijklmnopqrstuvwxyz"),
	}
	now := e.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	for p.id == "" || e.processes[p.id] != nil {
		p.id = randomText(6, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
	}
	course := AtOnce()
	if t.async {
		course = e.cfg.processCourse.forProcess()
		if len(e.plannedProcesses) > 0 {
			course = e.plannedProcesses[0]
			e.plannedProcesses = e.plannedProcesses[1:]
		}
	}
	p.activity = newActivity(p, course, now)
	e.processes[p.id] = p
	e.processOrder = append(e.processOrder, p.id)
	e.activities = append(e.activities, &p.activity)
	e.stats.update(func(s *Stats) { s.Starts++ })
	if _, background := e.toolEngine.(backgroundEngine); background && t.async {
		e.runInBackground(&p.activity)
	}
	return p
}

// randomText returns so many random characters of an alphabet.
func randomText(n int, alphabet string) string {
	text := randomBytes(n)
	for i, b := range text {
		text[i] = alphabet[int(b)%len(alphabet)]
	}
	return string(text)
}

// findProcess returns a process, or nil. The id may begin with #.
func (e *Emulator) findProcess(id string) *process {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.processes[strings.TrimPrefix(id, "#")]
}

// NextProcesses gives the processes that are started next these courses, in
// order. After them, new processes take the default course again, see
// [WithProcessCourse]. The tools that answer with their result at once have no
// course.
func (e *Emulator) NextProcesses(courses ...Course) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range courses {
		e.plannedProcesses = append(e.plannedProcesses, c.forProcess())
	}
}

// SetProcess moves a process by hand, as [Emulator.SetJob] does with a job. The
// id may begin with "#".
func (e *Emulator) SetProcess(id string, s Step) error {
	p := e.findProcess(id)
	if p == nil {
		return fmt.Errorf("editkittest: there is no process %q", id)
	}
	e.move(&p.activity, s.forProcess())
	return nil
}

// ProcessIDs returns the ids of all processes without "#", in order of their
// creation.
func (e *Emulator) ProcessIDs() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]string{}, e.processOrder...)
}

// ToolRequest returns what a process was started with, fields that are unknown to
// the emulator included, and whether there is such a process. The fields must not
// be changed.
func (e *Emulator) ToolRequest(processID string) (ToolRequest, bool) {
	p := e.findProcess(processID)
	if p == nil {
		return ToolRequest{}, false
	}
	return p.request, true
}
