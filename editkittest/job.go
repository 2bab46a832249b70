package editkittest

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// job is one job. What may change is protected by the emulator's lock.
type job struct {
	activity
	emulator *Emulator

	id      string
	tool    string
	inputs  []string
	options map[string]any
	webhook string // empty if there is none
	storage string // base URL of the links to its output

	reserved int64 // credits, when it was created
	charged  int64 // credits, once it is completed
	held     int64 // credits that are missing from the balance because of it

	output *storedFile
}

func (j *job) perform(ctx context.Context) (Output, *storedFile, error) {
	return j.emulator.process(ctx, j)
}

// settle takes over the output and fixes the final price.
func (j *job) settle(time.Time) {
	j.output = j.work.file
	j.charged = j.reserved
	if o := j.work.output; o.Duration > 0 || o.Width > 0 || o.Height > 0 {
		j.charged = price(j.tool, o.Duration, float64(o.Width), float64(o.Height))
	}
}

// changed brings the balance into line with the state.
func (j *job) changed() {
	j.emulator.held += j.owes() - j.held
	j.held = j.owes()
}

// owes returns the credits that the job keeps from the balance in its state.
func (j *job) owes() int64 {
	switch {
	case j.state.Status == statusCompleted:
		return j.charged
	case ends(j.state.Status):
		return 0
	default:
		return j.reserved
	}
}

func (j *job) listened() bool { return j.webhook != "" }

func (j *job) announcement(now time.Time) func() {
	event := j.emulator.event(j, now)
	return func() { j.emulator.tell(j.webhook, event) }
}

// errNoCredits says that a job costs more than there is.
var errNoCredits = errors.New("not enough credits")

// addJob creates a job and reserves its credits.
func (e *Emulator) addJob(p jobParams, storage string) (*job, error) {
	j := &job{
		emulator: e,
		id:       newUUID(),
		tool:     p.Tool,
		inputs:   p.Inputs,
		options:  p.Options,
		webhook:  p.Webhook,
		storage:  storage,
		reserved: p.price(),
	}
	now := e.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	if j.reserved > e.cfg.credits-e.held {
		return nil, errNoCredits
	}
	j.held = j.reserved
	e.held += j.held
	course := e.cfg.course.orDefault()
	if len(e.planned) > 0 {
		course = e.planned[0].orDefault()
		e.planned = e.planned[1:]
	}
	j.activity = newActivity(j, course, now)
	e.jobs[j.id] = j
	e.order = append(e.order, j.id)
	e.activities = append(e.activities, &j.activity)
	e.stats.update(func(s *Stats) { s.Creates++ })
	if _, background := e.engine.(backgroundEngine); background {
		e.runInBackground(&j.activity)
	}
	return j, nil
}

// findJob returns a job, or nil.
func (e *Emulator) findJob(id string) *job {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.jobs[id]
}

// NextJobs gives the jobs that are created next these courses, in order. After
// them, new jobs take the default course again, see [WithCourse].
func (e *Emulator) NextJobs(courses ...Course) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range courses {
		e.planned = append(e.planned, c.orDefault())
	}
}

// SetJob moves a job by hand, from whatever state to any other. The step takes
// the place of what is left of the job's course; s.After is counted from now. An
// unknown id is an error. To move a job to "completed" runs the engine, which may
// make it failed instead. A webhook is told of the job's first end only.
func (e *Emulator) SetJob(id string, s Step) error {
	j := e.findJob(id)
	if j == nil {
		return fmt.Errorf("editkittest: there is no job %q", id)
	}
	e.move(&j.activity, s)
	return nil
}

// JobIDs returns the ids of all jobs, in order of their creation.
func (e *Emulator) JobIDs() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]string{}, e.order...)
}
