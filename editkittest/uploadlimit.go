package editkittest

import (
	"errors"
	"io"
	"net/http"
	"strings"
)

// UploadRefusal is how a request over the upload limit is refused. The
// documentation says no more than that it never reaches the servers.
type UploadRefusal int

// The refusals to choose from with [WithUploadLimit].
const (
	// RefuseHTML413 answers 413 in HTML, as a proxy does, and closes the
	// connection. A client that is still sending may notice only that.
	RefuseHTML413 UploadRefusal = iota
	// RefuseReset resets the connection after a little was read.
	RefuseReset
)

const (
	// defaultUploadLimit is 100 MiB. The documentation says 100 MB.
	defaultUploadLimit = 100 << 20
	// resetAfterBytes is how much is read before a reset.
	resetAfterBytes = 64 << 10
)

// errUploadTooLarge stands for an upload without a Content-Length that turned out
// to be too large. It is never sent in an envelope.
var errUploadTooLarge = refusal(http.StatusRequestEntityTooLarge, msgIncomplete)

// refuseUpload refuses a request over the limit. It never asks for a body that
// the client holds back.
func (e *Emulator) refuseUpload(w http.ResponseWriter, r *http.Request) {
	e.stats.update(func(s *Stats) { s.Refused++ })
	if e.cfg.uploadRefusal == RefuseReset {
		if !expectsContinue(r) {
			_, _ = io.CopyN(io.Discard, r.Body, resetAfterBytes)
		}
		reset(w)
	}
	w.Header().Set("Connection", "close")
	writeHTML(w, http.StatusRequestEntityTooLarge)
}

// expectsContinue reports whether the client holds the body back until it is
// asked for it.
func expectsContinue(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Expect"), "100-continue")
}

// drain reads a request to its end.
func drain(r *http.Request) error {
	_, err := io.Copy(io.Discard, r.Body)
	return err
}

// drainUnasked reads what a client sends without being asked for it. Clients that
// are still sending may miss an answer.
func drainUnasked(r *http.Request) {
	if !expectsContinue(r) {
		_ = drain(r) // whatever ends it, there is an answer
	}
}

// uploadBody is the body of a request to EditingTools. It counts what arrives and
// holds it to the limit. Only the handler's goroutine reads.
type uploadBody struct {
	io.ReadCloser
	stats *statistics
	left  int64 // until the limit

	tooLarge   bool
	ended      bool // there is no more, for whatever reason
	broken     bool // it ended before the Content-Length
	incomplete bool // that was noted
}

func newUploadBody(body io.ReadCloser, limit int64, stats *statistics) *uploadBody {
	if body == nil {
		body = http.NoBody
	}
	return &uploadBody{ReadCloser: body, stats: stats, left: limit}
}

var errOverLimit = errors.New("the upload is too large")

func (b *uploadBody) Read(p []byte) (int, error) {
	if b.tooLarge {
		return 0, errOverLimit
	}
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		b.stats.update(func(s *Stats) { s.UploadBytes += int64(n) })
	}
	if b.left -= int64(n); b.left < 0 {
		b.tooLarge = true
		return 0, errOverLimit
	}
	if err != nil {
		b.ended = true
	}
	if err != nil && !errors.Is(err, io.EOF) {
		b.broken = true
		b.noteIncomplete()
	}
	return n, err
}

// noteIncomplete counts an upload that ended too early, once.
func (b *uploadBody) noteIncomplete() {
	if !b.incomplete {
		b.incomplete = true
		b.stats.update(func(s *Stats) { s.Incomplete++ })
	}
}
