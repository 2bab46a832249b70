package editkittest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
)

const (
	// maxDrain is how much of a request that its handler has not read is taken
	// from the client nevertheless, as a server and its socket do.
	maxDrain = 256 << 10
	// maxBuffered is how much of an answer is sent before the client reads it.
	maxBuffered = 64 << 10
)

// requestBody is the body of a request, as its handler reads it. It holds the
// client to the length that it has announced. Only the handler's goroutine reads.
type requestBody struct {
	exchange *exchange
	source   io.ReadCloser
	length   int64 // -1: unknown
	waits    bool  // it is sent only once the handler reads it

	read   int64
	end    error // why nothing more can be read
	closed atomic.Bool
	once   sync.Once
}

func newRequestBody(req *http.Request, x *exchange) *requestBody {
	b := &requestBody{exchange: x, source: req.Body, length: req.ContentLength}
	switch {
	case req.Body == nil || req.Body == http.NoBody:
		b.source, b.length = http.NoBody, 0
	case b.length == 0:
		b.length = -1
	}
	b.waits = strings.EqualFold(req.Header.Get("Expect"), "100-continue")
	return b
}

func (b *requestBody) Read(p []byte) (int, error) {
	if b.end == nil && b.closed.Load() {
		b.end = io.ErrUnexpectedEOF
	}
	if b.end != nil {
		return 0, b.end
	}
	if b.length >= 0 {
		if b.read == b.length {
			return 0, b.checkEnd()
		}
		p = p[:min(int64(len(p)), b.length-b.read)]
	}
	n, err := b.source.Read(p)
	b.read += int64(n)
	switch {
	case err == io.EOF && b.read < b.length:
		return n, b.fail(b.wrongLength(b.read))
	case err == io.EOF:
		return n, b.finish()
	case err != nil:
		return n, b.fail(err)
	}
	return n, nil
}

// checkEnd finds out whether the client has more than it has announced.
func (b *requestBody) checkEnd() error {
	var extra [1]byte
	if n, _ := io.ReadFull(b.source, extra[:]); n > 0 {
		return b.fail(b.wrongLength(b.length + 1))
	}
	return b.finish()
}

func (b *requestBody) wrongLength(found int64) error {
	return fmt.Errorf("http: ContentLength=%d with Body length %d", b.length, found)
}

func (b *requestBody) finish() error {
	b.end = io.EOF
	b.exchange.wroteRequest(nil)
	return b.end
}

// fail ends the exchange because the client's body cannot be sent. The handler
// sees a request that breaks off.
func (b *requestBody) fail(err error) error {
	b.end = io.ErrUnexpectedEOF
	b.exchange.wroteRequest(err)
	b.exchange.giveUp(err)
	return b.end
}

var errUnread = errors.New("editkittest: the server answered before it had read the request")

// drain takes what the handler left, before it is answered.
func (b *requestBody) drain() {
	if b.end != nil {
		return
	}
	if b.waits && b.read == 0 {
		_ = b.finish()
		return
	}
	_, _ = io.CopyN(io.Discard, b, maxDrain+1)
	if b.end == nil {
		b.end = errUnread
		b.exchange.wroteRequest(errUnread)
	}
}

// Close is for the handler, who need not close anything.
func (b *requestBody) Close() error { return nil }

// close closes the client's body, as the contract of RoundTripper wants.
func (b *requestBody) close() {
	b.once.Do(func() {
		b.closed.Store(true)
		b.source.Close()
	})
}

// answerBody is the body of an answer: a pipe with a buffer.
type answerBody struct {
	done func() // called once, when the client is done with it
	once sync.Once

	mu      sync.Mutex
	changed *sync.Cond
	buffer  []byte
	end     error // what follows the buffer; nil while more may come
	failed  error // set: over at once
	closed  bool  // by the client
}

func newAnswerBody(done func()) *answerBody {
	b := &answerBody{done: done}
	b.changed = sync.NewCond(&b.mu)
	return b
}

func (b *answerBody) Read(p []byte) (int, error) {
	n, err := b.take(p)
	if err != nil {
		b.once.Do(b.done)
	}
	return n, err
}

func (b *answerBody) take(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		switch {
		case b.closed:
			return 0, http.ErrBodyReadAfterClose
		case b.failed != nil:
			return 0, b.failed
		case len(p) == 0:
			return 0, nil
		case len(b.buffer) > 0:
			n := copy(p, b.buffer)
			b.buffer = b.buffer[n:]
			b.changed.Broadcast()
			return n, nil
		case b.end != nil:
			return 0, b.end
		}
		b.changed.Wait()
	}
}

func (b *answerBody) Close() error {
	b.mu.Lock()
	b.closed = true
	b.buffer = nil
	b.changed.Broadcast()
	b.mu.Unlock()
	b.once.Do(b.done)
	return nil
}

// write is the handler's end of the pipe.
func (b *answerBody) write(p []byte) (written int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(p) > 0 {
		switch room := maxBuffered - len(b.buffer); {
		case b.closed:
			return written, io.ErrClosedPipe
		case b.failed != nil:
			return written, b.failed
		case room == 0:
			b.changed.Wait()
		default:
			n := min(room, len(p))
			b.buffer = append(b.buffer, p[:n]...)
			p = p[n:]
			written += n
			b.changed.Broadcast()
		}
	}
	return written, nil
}

// finish says what follows after all that was written.
func (b *answerBody) finish(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.end = err
	b.changed.Broadcast()
}

// fail ends both sides at once.
func (b *answerBody) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failed == nil {
		b.failed = err
	}
	b.changed.Broadcast()
}
