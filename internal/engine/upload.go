package engine

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

// upload is one attempt at a streamed body: how far it got, and a time limit that
// each piece of it sets anew.
type upload struct {
	length   int64
	handed   atomic.Int64 // bytes that the transport took; it may read in a goroutine of its own
	failure  atomic.Pointer[error]
	progress func(done, total int64)
	alive    func()
}

// limit returns a context that ends when nothing happens for so long.
func (u *upload) limit(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	if timeout <= 0 {
		return ctx, cancel
	}
	timer := time.AfterFunc(timeout, cancel)
	u.alive = func() { timer.Reset(timeout) }
	return ctx, func() { timer.Stop(); cancel() }
}

// watch makes r carry a body that tells how far it got.
func (u *upload) watch(r *http.Request) {
	r.Body = &uploadBody{u, r.Body}
	if again := r.GetBody; again != nil {
		r.GetBody = func() (io.ReadCloser, error) { // net/http repeats what no server has seen
			body, err := again()
			u.handed.Store(0)
			return &uploadBody{u, body}, err
		}
	}
}

// whole reports whether the transport took all of the body. Before that, no server can
// have seen a complete request.
func (u *upload) whole() bool { return u.handed.Load() >= u.length }

// sourceError returns why the body could not be read, nil if it could.
func (u *upload) sourceError() error {
	if err := u.failure.Load(); err != nil {
		return *err
	}
	return nil
}

type uploadBody struct {
	*upload
	io.ReadCloser
}

func (b *uploadBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		done := b.handed.Add(int64(n))
		b.alive()
		if b.progress != nil {
			b.progress(done, b.length)
		}
	}
	if err != nil && err != io.EOF && !errors.Is(err, os.ErrClosed) { // closed by the transport
		b.failure.Store(&err)
	}
	return n, err
}
