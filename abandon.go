package editkit

import (
	"io"
	"os"
)

// abandonable is a reader of the caller's, which may take for ever: Close ends a Read, for
// that reads in a goroutine, into memory that nobody else has.
type abandonable struct {
	r      io.Reader
	buf    []byte
	read   chan readResult
	closed chan struct{}
}

type readResult struct {
	n   int
	err error
}

func newAbandonable(r io.Reader) *abandonable {
	return &abandonable{r: r, read: make(chan readResult, 1), closed: make(chan struct{})}
}

// maxAbandoned is the most that is read at once, and so the memory it takes.
const maxAbandoned = 32 << 10

func (a *abandonable) Read(p []byte) (int, error) {
	p = p[:min(len(p), maxAbandoned)]
	if len(a.buf) < len(p) {
		a.buf = make([]byte, len(p))
	}
	go func(buf []byte) {
		n, err := a.r.Read(buf)
		a.read <- readResult{n, err}
	}(a.buf[:len(p)])
	select {
	case got := <-a.read:
		return copy(p, a.buf[:got.n]), got.err
	case <-a.closed:
		return 0, os.ErrClosed
	}
}

func (a *abandonable) Close() error {
	close(a.closed)
	return nil
}
