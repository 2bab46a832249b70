package editkittest

import (
	"context"
	"time"
)

// activity is what jobs and processes have in common: a course, the work that it
// leads to, and somebody who may want to hear of the end. Its state is computed
// from the clock whenever somebody asks, see catchUp. It is protected by the
// emulator's lock.
type activity struct {
	owner owner

	createdAt time.Time
	endedAt   time.Time // zero while it goes on

	state  Step      // as it is shown
	course Course    // all steps
	next   int       // the first step of the course that is not taken
	since  time.Time // when the step before that was taken

	work    *work
	settled bool // the result of the work was taken over

	answered bool        // its creation was answered, so that it may wake by itself
	wake     *time.Timer // for the next step, if there is somebody to tell
	told     bool        // its end was told, or is about to be
}

// owner is the job or the process that an activity belongs to. All methods but
// perform need the emulator's lock.
type owner interface {
	perform(ctx context.Context) (Output, *storedFile, error) // does the work
	settle(at time.Time)                                      // takes over its result
	changed()                                                 // is called after each look at the state
	listened() bool                                           // reports whether somebody wants to hear of the end
	announcement(now time.Time) func()                        // returns what tells of the end
}

// newActivity returns the activity of something that is created now.
func newActivity(owner owner, course Course, now time.Time) activity {
	return activity{
		owner:     owner,
		createdAt: now,
		since:     now,
		state:     Step{Status: statusQueued},
		course:    course,
		work:      &work{done: make(chan struct{})},
	}
}

// catchUp takes the steps that are due by now. If one of them needs work that has
// not ended, it stops there and returns the work.
func (a *activity) catchUp(now time.Time) *work {
	for a.next < len(a.course) {
		step := a.course[a.next]
		at := a.dueAt()
		if at.After(now) {
			return nil
		}
		if step.Status == statusCompleted && !a.settled {
			select {
			case <-a.work.done:
			default:
				return a.work
			}
			if a.work.ended.After(at) && a.background() {
				at = a.work.ended
			}
			if a.work.err != nil {
				step = Step{Status: statusFailed, Progress: a.state.Progress, Error: a.work.err.Error()}
				a.course = a.course[:a.next+1]
			} else {
				a.settled = true
				a.owner.settle(at)
			}
		}
		a.take(step, at)
	}
	return nil
}

// dueAt returns the time of the next step. There must be one.
func (a *activity) dueAt() time.Time {
	return a.since.Add(max(a.course[a.next].After, 0))
}

// take makes step the state.
func (a *activity) take(step Step, at time.Time) {
	if step.Status == "" {
		step.Status = a.state.Status
	}
	if step.Status == statusCompleted && step.Progress == 0 {
		step.Progress = 100
	}
	a.state = step
	a.since = at
	a.next++
	switch {
	case !ends(step.Status):
		a.endedAt = time.Time{}
	case a.endedAt.IsZero():
		a.endedAt = at
	}
	if ends(step.Status) && step.Status != statusCompleted && a.work.stop != nil {
		a.work.stop()
	}
}

// mustTell reports whether the end is now to be told.
func (a *activity) mustTell() bool {
	ended := a.state.Status == statusCompleted || a.state.Status == statusFailed
	return ended && a.answered && !a.told
}

// background reports whether the work was begun at the creation.
func (a *activity) background() bool { return a.work.stop != nil }

// shown returns the state as the APIs tell it.
func (a *activity) shown(now time.Time) Step {
	if a.waitsForWork(now) {
		return Step{Status: statusProcessing, Progress: a.state.Progress, Message: encodingMessage}
	}
	return a.state
}

// waitsForWork reports whether only the work keeps it from completing.
func (a *activity) waitsForWork(now time.Time) bool {
	return a.next < len(a.course) && a.course[a.next].Status == statusCompleted && !a.settled && !a.dueAt().After(now)
}

// refresh brings an activity to the present. It does the work if that is due.
func (e *Emulator) refresh(ctx context.Context, a *activity) {
	for {
		now := e.Now()
		e.mu.Lock()
		work := a.catchUp(now)
		a.owner.changed()
		tell := func() {}
		if a.mustTell() {
			a.told = true // also if nobody is there to hear it
			if a.owner.listened() {
				tell = a.owner.announcement(now)
			}
		}
		run := work != nil && !work.started
		if run {
			work.started = true
		}
		e.setWake(a, now)
		e.mu.Unlock()

		tell()
		switch {
		case work == nil || a.background():
			return
		case run:
			e.run(e.life.ctx, a, work)
		default: // somebody else does
			select {
			case <-work.done:
			case <-ctx.Done():
				return
			}
		}
	}
}

// refreshAll brings all jobs and processes to the present.
func (e *Emulator) refreshAll(ctx context.Context) {
	e.mu.Lock()
	var unfinished []*activity
	for _, a := range e.activities {
		if a.next < len(a.course) {
			unfinished = append(unfinished, a)
		}
	}
	e.mu.Unlock()
	for _, a := range unfinished {
		e.refresh(ctx, a)
	}
}

// minWake keeps a base clock that stands still from being asked all the time.
const minWake = 10 * time.Millisecond

// setWake arranges that an activity whose end somebody wants to hear of takes its
// next step even if nobody asks. All others are left until somebody does. The
// lock must be held.
func (e *Emulator) setWake(a *activity, now time.Time) {
	if a.wake != nil {
		a.wake.Stop()
		a.wake = nil
	}
	var wait time.Duration
	switch {
	case a.told || !a.answered || !a.owner.listened():
		return
	case a.mustTell():
	case a.next == len(a.course), a.waitsForWork(now) && a.work.started:
		return
	default:
		wait = a.dueAt().Sub(now)
		if wait > 0 && e.cfg.clock != nil {
			wait = max(wait, minWake)
		}
	}
	a.wake = time.AfterFunc(wait, func() {
		if e.life.enter() {
			defer e.life.leave()
			e.refresh(e.life.ctx, a)
		}
	})
}

// start lets an activity wake by itself, now that its creation is answered.
func (e *Emulator) start(a *activity) {
	now := e.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	a.answered = true
	e.setWake(a, now)
}

// runInBackground begins the work at once. The lock must be held.
func (e *Emulator) runInBackground(a *activity) {
	ctx, cancel := context.WithCancel(e.life.ctx)
	a.work.started = true
	a.work.stop = cancel
	begun := e.life.spawn(func() {
		defer cancel()
		e.run(ctx, a, a.work)
		e.refresh(ctx, a)
	})
	if !begun {
		cancel()
		a.work.err = errEngineStopped
		close(a.work.done)
	}
}

// move takes an activity by hand to another state: the step takes the place of
// what is left of the course.
func (e *Emulator) move(a *activity, s Step) {
	now := e.Now()
	e.mu.Lock()
	a.catchUp(now)
	a.course = Course{s}
	a.next = 0
	a.since = now
	a.answered = true
	e.mu.Unlock()
	e.refresh(e.life.ctx, a)
}
