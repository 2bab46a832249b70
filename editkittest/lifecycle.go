package editkittest

import (
	"context"
	"sync"
)

// lifecycle knows everything that runs on behalf of an emulator, so that closing
// it can stop all of it and wait for the end.
type lifecycle struct {
	ctx    context.Context // ends when the emulator is closed
	cancel context.CancelFunc

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup
}

func newLifecycle() *lifecycle {
	ctx, cancel := context.WithCancel(context.Background())
	return &lifecycle{ctx: ctx, cancel: cancel}
}

// enter announces work on the caller's goroutine. When it returns true, leave
// must follow; false means that the emulator is closed.
func (l *lifecycle) enter() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.running.Add(1)
	return true
}

func (l *lifecycle) leave() {
	l.running.Done()
}

// spawn runs f on a goroutine of its own, unless the emulator is closed.
func (l *lifecycle) spawn(f func()) bool {
	if !l.enter() {
		return false
	}
	go func() {
		defer l.leave()
		f()
	}()
	return true
}

// stop ends the context and lets nothing new begin.
func (l *lifecycle) stop() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.cancel()
}

// wait returns when all that had begun before stop has ended.
func (l *lifecycle) wait() {
	l.running.Wait()
}
