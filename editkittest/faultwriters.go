package editkittest

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"time"
)

// respond writes the answer of a Respond fault.
func (f Fault) respond(w http.ResponseWriter) {
	status := f.status
	if status < 200 || status > 999 {
		status = http.StatusInternalServerError
	}
	for name, values := range f.header {
		w.Header()[http.CanonicalHeaderKey(name)] = values
	}
	hasBody := status != http.StatusNoContent && status != http.StatusNotModified
	if hasBody && w.Header().Get("Content-Length") == "" {
		w.Header().Set("Content-Length", strconv.Itoa(len(f.body)))
	}
	w.WriteHeader(status)
	if hasBody && f.body != "" {
		w.Write([]byte(f.body))
	}
}

// reset ends the request as a broken connection. It doesn't return.
func reset(w http.ResponseWriter) {
	// Only HTTP/1 on a socket can be hijacked. The server aborts the stream of an
	// HTTP/2 request, and the in-memory transport reports a reset by itself.
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		if wrapped, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS
			conn = wrapped.NetConn()
		}
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // so that Close sends a reset
		}
		conn.Close()
	}
	panic(http.ErrAbortHandler)
}

// pause waits for d, or aborts the handler when the request ends before that.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		panic(http.ErrAbortHandler)
	}
}

// cutWriter aborts the answer when more than left bytes are written.
type cutWriter struct {
	http.ResponseWriter
	left int64
}

func (w *cutWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *cutWriter) Write(p []byte) (int, error) {
	if int64(len(p)) <= w.left {
		n, err := w.ResponseWriter.Write(p)
		w.left -= int64(n)
		return n, err
	}
	w.ResponseWriter.Write(p[:w.left])
	http.NewResponseController(w.ResponseWriter).Flush()
	panic(http.ErrAbortHandler)
}

// lateWriter waits once before anything is sent.
type lateWriter struct {
	http.ResponseWriter
	once func()
}

func newLateWriter(w http.ResponseWriter, wait func()) *lateWriter {
	return &lateWriter{ResponseWriter: w, once: wait}
}

func (w *lateWriter) wait() {
	if wait := w.once; wait != nil {
		w.once = nil
		wait()
	}
}

func (w *lateWriter) WriteHeader(status int) {
	w.wait()
	w.ResponseWriter.WriteHeader(status)
}

func (w *lateWriter) Write(p []byte) (int, error) {
	w.wait()
	return w.ResponseWriter.Write(p)
}

func (w *lateWriter) FlushError() error {
	w.wait()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// slowWriter sends the body in small chunks, with pauses between them.
type slowWriter struct {
	http.ResponseWriter
	ctx    context.Context
	chunk  int64
	wait   time.Duration
	left   int64 // of the current chunk
	pauses bool  // one is due before the next byte
}

func (w *slowWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *slowWriter) Write(p []byte) (written int, err error) {
	for len(p) > 0 {
		if w.pauses {
			pause(w.ctx, w.wait)
			w.pauses = false
		}
		if w.left == 0 {
			w.left = w.chunk
		}
		n, err := w.ResponseWriter.Write(p[:min(int64(len(p)), w.left)])
		written += n
		if err != nil {
			return written, err
		}
		p = p[n:]
		if w.left -= int64(n); w.left == 0 {
			w.pauses = true
			http.NewResponseController(w.ResponseWriter).Flush()
		}
	}
	return written, nil
}

// discardWriter takes an answer that nobody gets to see.
type discardWriter struct{ header http.Header }

func newDiscardWriter() *discardWriter               { return &discardWriter{header: http.Header{}} }
func (w *discardWriter) Header() http.Header         { return w.header }
func (w *discardWriter) WriteHeader(int)             {}
func (w *discardWriter) Write(p []byte) (int, error) { return len(p), nil }
