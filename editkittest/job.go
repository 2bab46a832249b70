package editkittest

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// job is one job. Its state is computed from the clock whenever somebody asks,
// see catchUp. It is protected by the emulator's lock.
type job struct {
	id      string
	tool    string
	inputs  []string
	options map[string]any
	webhook string // empty if there is none
	storage string // base URL of the links to its output

	reserved int64 // credits, when it was created
	charged  int64 // credits, once it is completed
	held     int64 // credits that are missing from the balance because of it

	createdAt time.Time
	endedAt   time.Time // zero while it goes on

	state  Step      // as it is shown
	course Course    // all steps
	next   int       // the first step of the course that is not taken
	since  time.Time // when the step before that was taken

	work   *work
	output *storedFile

	answered bool        // its creation was answered, so that it may wake by itself
	wake     *time.Timer // for the next step, if there is a webhook to tell
	told     bool        // its end was told to the webhook, or is about to be
}

// catchUp takes the steps that are due by now. If one of them needs work that has
// not ended, it stops there and returns the work.
func (j *job) catchUp(now time.Time) *work {
	for j.next < len(j.course) {
		step := j.course[j.next]
		at := j.dueAt()
		if at.After(now) {
			return nil
		}
		if step.Status == statusCompleted && j.output == nil {
			select {
			case <-j.work.done:
			default:
				return j.work
			}
			if j.work.err != nil {
				step = Step{Status: statusFailed, Progress: j.state.Progress, Error: j.work.err.Error()}
				j.course = j.course[:j.next+1]
			} else {
				j.settle()
			}
			if j.work.ended.After(at) && j.background() {
				at = j.work.ended
			}
		}
		j.take(step, at)
	}
	return nil
}

// dueAt returns the time of the next step. There must be one.
func (j *job) dueAt() time.Time {
	return j.since.Add(max(j.course[j.next].After, 0))
}

// take makes step the state of the job.
func (j *job) take(step Step, at time.Time) {
	if step.Status == "" {
		step.Status = j.state.Status
	}
	if step.Status == statusCompleted && step.Progress == 0 {
		step.Progress = 100
	}
	j.state = step
	j.since = at
	j.next++
	switch {
	case !ends(step.Status):
		j.endedAt = time.Time{}
	case j.endedAt.IsZero():
		j.endedAt = at
	}
	if ends(step.Status) && step.Status != statusCompleted && j.work.stop != nil {
		j.work.stop()
	}
}

// settle takes over the output and fixes the final price.
func (j *job) settle() {
	j.output = j.work.file
	j.charged = j.reserved
	if o := j.work.output; o.Duration > 0 || o.Width > 0 || o.Height > 0 {
		j.charged = price(j.tool, o.Duration, float64(o.Width), float64(o.Height))
	}
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

// mustTell reports whether the end of the job is now to be told to its webhook.
func (j *job) mustTell() bool {
	ended := j.state.Status == statusCompleted || j.state.Status == statusFailed
	return ended && j.webhook != "" && j.answered && !j.told
}

// background reports whether the work of the job was begun at its creation.
func (j *job) background() bool { return j.work.stop != nil }

// shown returns the state as the API tells it.
func (j *job) shown(now time.Time) Step {
	if j.waitsForWork(now) {
		return Step{Status: statusProcessing, Progress: j.state.Progress, Message: encodingMessage}
	}
	return j.state
}

// waitsForWork reports whether only the work keeps the job from completing.
func (j *job) waitsForWork(now time.Time) bool {
	return j.next < len(j.course) && j.course[j.next].Status == statusCompleted && j.output == nil && !j.dueAt().After(now)
}

// refresh brings a job to the present. It runs the engine if that is due.
func (e *Emulator) refresh(ctx context.Context, j *job) {
	for {
		now := e.Now()
		e.mu.Lock()
		work := j.catchUp(now)
		e.held += j.owes() - j.held
		j.held = j.owes()
		var event jobEvent
		tell := j.mustTell()
		if tell {
			j.told = true
			event = e.event(j, now)
		}
		run := work != nil && !work.started
		if run {
			work.started = true
		}
		e.setWake(j, now)
		e.mu.Unlock()

		if tell {
			e.tell(j.webhook, event)
		}
		switch {
		case work == nil || j.background():
			return
		case run:
			e.run(e.life.ctx, j, work)
		default: // somebody else does
			select {
			case <-work.done:
			case <-ctx.Done():
				return
			}
		}
	}
}

// refreshAll brings all jobs to the present.
func (e *Emulator) refreshAll(ctx context.Context) {
	e.mu.Lock()
	var unfinished []*job
	for _, id := range e.order {
		if j := e.jobs[id]; j.next < len(j.course) {
			unfinished = append(unfinished, j)
		}
	}
	e.mu.Unlock()
	for _, j := range unfinished {
		e.refresh(ctx, j)
	}
}

// minWake keeps a base clock that stands still from being asked all the time.
const minWake = 10 * time.Millisecond

// setWake arranges that a job which has somebody to tell takes its next step
// even if nobody asks. All other jobs are left until somebody does. The lock
// must be held.
func (e *Emulator) setWake(j *job, now time.Time) {
	if j.wake != nil {
		j.wake.Stop()
		j.wake = nil
	}
	var wait time.Duration
	switch {
	case j.webhook == "" || j.told || !j.answered:
		return
	case j.mustTell():
	case j.next == len(j.course), j.waitsForWork(now) && j.work.started:
		return
	default:
		wait = j.dueAt().Sub(now)
		if wait > 0 && e.cfg.clock != nil {
			wait = max(wait, minWake)
		}
	}
	j.wake = time.AfterFunc(wait, func() {
		if e.life.enter() {
			defer e.life.leave()
			e.refresh(e.life.ctx, j)
		}
	})
}

// start lets a job wake by itself, now that its creation is answered.
func (e *Emulator) start(j *job) {
	now := e.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	j.answered = true
	e.setWake(j, now)
}

// errNoCredits says that a job costs more than there is.
var errNoCredits = errors.New("not enough credits")

// addJob creates a job and reserves its credits.
func (e *Emulator) addJob(p jobParams, storage string) (*job, error) {
	now := e.Now()
	j := &job{
		id:        newUUID(),
		tool:      p.Tool,
		inputs:    p.Inputs,
		options:   p.Options,
		webhook:   p.Webhook,
		storage:   storage,
		reserved:  p.price(),
		createdAt: now,
		since:     now,
		state:     Step{Status: statusQueued},
		work:      &work{done: make(chan struct{})},
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if j.reserved > e.cfg.credits-e.held {
		return nil, errNoCredits
	}
	j.held = j.reserved
	e.held += j.held
	j.course = e.cfg.course.orDefault()
	if len(e.planned) > 0 {
		j.course = e.planned[0].orDefault()
		e.planned = e.planned[1:]
	}
	e.jobs[j.id] = j
	e.order = append(e.order, j.id)
	e.stats.update(func(s *Stats) { s.Creates++ })
	if _, background := e.engine.(backgroundEngine); background {
		e.runInBackground(j)
	}
	return j, nil
}

// runInBackground begins the work of a job at once. The lock must be held.
func (e *Emulator) runInBackground(j *job) {
	ctx, cancel := context.WithCancel(e.life.ctx)
	j.work.started = true
	j.work.stop = cancel
	begun := e.life.spawn(func() {
		defer cancel()
		e.run(ctx, j, j.work)
		e.refresh(ctx, j)
	})
	if !begun {
		cancel()
		j.work.err = errEngineStopped
		close(j.work.done)
	}
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
	now := e.Now()
	e.mu.Lock()
	j.catchUp(now)
	j.course = Course{s}
	j.next = 0
	j.since = now
	j.answered = true
	e.mu.Unlock()
	e.refresh(e.life.ctx, j)
	return nil
}

// JobIDs returns the ids of all jobs, in order of their creation.
func (e *Emulator) JobIDs() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]string{}, e.order...)
}
