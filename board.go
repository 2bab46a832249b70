package editkit

import (
	"context"
	"errors"
	"sync"
	"time"
)

// board lets all that wait for processes share one list call a tick. It has no goroutine:
// one of those who wait does the looking, and another takes over when it leaves.
type board struct {
	mu      sync.Mutex
	waiters map[*processWaiter]struct{}
	looking *processWaiter // who does the looking, nil if nobody
	pace    pace
	looked  time.Time // the last time
	due     time.Time // when the next look is due
	paused  time.Time // the service asked for no look before this
	// sooner wakes who does the looking when due has been brought forward.
	sooner chan struct{}
}

// processWaiter is one call of Wait.
type processWaiter struct {
	id string
	// news has the last thing to know, at most one: older news is worth nothing.
	news chan processNews
	// lead asks the waiter to do the looking, which it then does until it leaves.
	lead    chan struct{}
	leading bool // only its own goroutine knows
	pace    pace
}

// processNews is what a look at the list has brought for one waiter.
type processNews struct {
	process *Process // nil with no error: the list does not show it
	err     error
}

// join adds a waiter. One that comes brings the next look forward.
func (b *board) join(w *processWaiter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waiters == nil {
		b.waiters = map[*processWaiter]struct{}{}
		b.sooner = make(chan struct{}, 1)
	}
	b.waiters[w] = struct{}{}
	if b.pace.shortest == 0 || w.pace.shortest < b.pace.shortest || len(b.waiters) == 1 {
		b.pace = w.pace
	}
	b.pace.last = 0
	if soon := latest(b.looked.Add(b.pace.shortest), b.paused); soon.Before(b.due) {
		b.due = soon
		select {
		case b.sooner <- struct{}{}:
		default:
		}
	}
	b.appoint()
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// leave takes a waiter away, and appoints another if it did the looking.
func (b *board) leave(w *processWaiter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.waiters, w)
	if b.looking == w {
		b.looking = nil
		b.appoint()
	}
}

// appoint makes sure that somebody does the looking.
func (b *board) appoint() {
	if b.looking != nil {
		return
	}
	for w := range b.waiters {
		b.looking = w
		w.lead <- struct{}{} // there is room: nobody is appointed twice
		return
	}
}

// sleepUntilDue waits for the time of the next look, which may be brought forward.
func (b *board) sleepUntilDue(ctx context.Context) error {
	for {
		b.mu.Lock()
		left := time.Until(b.due)
		b.mu.Unlock()
		if left <= 0 {
			return ctx.Err()
		}
		timer := time.NewTimer(left)
		select {
		case <-ctx.Done():
		case <-b.sooner:
		case <-timer.C:
		}
		timer.Stop()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// publish gives everybody what a look has brought, and sets the time for the next one.
func (b *board) publish(list []*Process, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.looked = time.Now()
	b.paused = b.looked.Add(min(askedPause(err), maxPause))
	b.due = latest(b.looked.Add(b.pace.pause()), b.paused)
	byID := make(map[string]*Process, len(list))
	for _, p := range list {
		byID[p.ID] = p
	}
	for w := range b.waiters {
		select {
		case <-w.news: // nobody has read the last one
		default:
		}
		w.news <- processNews{byID[w.id], err}
	}
}

// look asks for the list when it is due, for everybody. It returns early when ctx ends.
func (s *ProcessesService) look(ctx context.Context) error {
	if err := s.board.sleepUntilDue(ctx); err != nil {
		return err
	}
	list, err := s.List(ctx, lookOnce)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return ctx.Err() // the others learn nothing from it
	}
	s.board.publish(list, err)
	return nil
}
