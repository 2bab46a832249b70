package engine

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// upload is one attempt at a streamed body: how far it got, and a time limit that
// each piece of it sets anew.
type upload struct {
	length   int64
	progress func(done, total int64)
	alive    func()
	taken    atomic.Bool                // all of a body was taken
	body     atomic.Pointer[uploadBody] // the one in use
}

// limit returns a context that ends when nothing happens for so long. Its cancel function
// ends the upload as well.
func (u *upload) limit(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(ctx, u.end) // net/http waits for a read of the body, whatever ctx says
	end := func() { stop(); u.end(); cancel() }
	if timeout <= 0 {
		return ctx, end
	}
	timer := time.AfterFunc(timeout, cancel)
	u.alive = func() { timer.Reset(timeout) }
	return ctx, func() { end(); timer.Stop() }
}

// watched makes bodies tell how far they get.
func (u *upload) watched(open func() io.ReadCloser) func() io.ReadCloser {
	return func() io.ReadCloser {
		b := &uploadBody{upload: u, inner: open()}
		u.body.Store(b)
		return b
	}
}

// whole reports whether the transport took all of a body. Before that, no server can
// have seen a complete request.
func (u *upload) whole() bool { return u.taken.Load() }

// sourceError returns why the body could not be read, nil if it could.
func (u *upload) sourceError() error {
	b := u.body.Load()
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failure
}

// end closes the body. A transport may still be reading when the attempt is over, and
// some never close what they were given.
func (u *upload) end() {
	if b := u.body.Load(); b != nil {
		_ = b.Close()
	}
}

// uploadBody is read by the transport, in a goroutine of its own if it likes.
type uploadBody struct {
	*upload
	inner io.ReadCloser

	mu      sync.Mutex
	handed  int64 // bytes that the transport took
	failure error
	closed  bool
}

func (b *uploadBody) Read(p []byte) (int, error) {
	n, err := b.inner.Read(p)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.handed += int64(n); b.handed >= b.length {
		b.taken.Store(true)
	}
	if b.closed { // the attempt is over: nobody is told any more, and what fails is only this
		return n, err
	}
	if n > 0 {
		b.alive()
		if b.progress != nil {
			b.progress(b.handed, b.length)
		}
	}
	if err != nil && err != io.EOF {
		b.failure = err
	}
	return n, err
}

func (b *uploadBody) Close() error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	return b.inner.Close()
}
