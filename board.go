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
	due     time.Time      // when the next look is due
	pace    pace
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

// join adds a waiter. One that comes makes the next look come soon.
func (b *board) join(w *processWaiter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waiters == nil {
		b.waiters = map[*processWaiter]struct{}{}
	}
	b.waiters[w] = struct{}{}
	if b.pace.shortest == 0 || w.pace.shortest < b.pace.shortest || len(b.waiters) == 1 {
		b.pace = w.pace
	}
	b.pace.last = 0
	b.appoint()
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

// untilDue returns how long it is to the next look.
func (b *board) untilDue() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return time.Until(b.due)
}

// publish gives everybody what a look has brought, and sets the time for the next one.
func (b *board) publish(list []*Process, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.due = time.Now().Add(max(b.pace.pause(), min(askedPause(err), maxPause)))
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
	if err := sleep(ctx, s.board.untilDue()); err != nil {
		return err
	}
	list, err := s.List(ctx, lookOnce)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return ctx.Err() // the others learn nothing from it
	}
	s.board.publish(list, err)
	return nil
}
