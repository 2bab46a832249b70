package editkittest

import (
	"sync"
	"time"
)

// clock is a base clock that can be moved.
type clock struct {
	base func() time.Time

	mu     sync.Mutex
	offset time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.base().Add(c.offset)
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = t.Sub(c.base())
}

// Now returns the emulator's time: the base clock (see [WithClock]), moved by
// what [Emulator.Advance] and [Emulator.SetTime] added to it.
func (e *Emulator) Now() time.Time {
	return e.clock.now()
}

// Advance moves the emulator's clock by d. Jobs whose course ends within d have
// ended when it returns (unless [FFmpeg] is still at work), and their webhooks are
// on their way. A negative d moves the clock back; what has already happened
// stays.
func (e *Emulator) Advance(d time.Duration) {
	e.clock.advance(d)
	e.refreshAll(e.life.ctx)
}

// SetTime sets the emulator's clock to t; from there it goes on with the base
// clock. It treats jobs as [Emulator.Advance] does.
func (e *Emulator) SetTime(t time.Time) {
	e.clock.set(t)
	e.refreshAll(e.life.ctx)
}
