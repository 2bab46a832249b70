package editkit

import (
	"fmt"
	"log/slog"
	"net/http"

	"github.com/editkit/editkit-go/internal/engine"
)

// Response is the last answer of a call as it came, kept by [WithResponse]. Its
// header and body may hold links that give access to files; it prints without them.
type Response struct {
	StatusCode int // 0 if no answer came
	Header     http.Header
	Body       []byte // an unsuccessful answer is cut at 64 KiB
	Attempts   int    // how many times the request was sent
}

// String describes the answer without its header and body.
func (r Response) String() string {
	return fmt.Sprintf("editkit.Response{StatusCode: %d, %d bytes, Attempts: %d}", r.StatusCode, len(r.Body), r.Attempts)
}

// GoString is String: %#v shows no more.
func (r Response) GoString() string { return r.String() }

// LogValue implements [slog.LogValuer].
func (r Response) LogValue() slog.Value { return slog.StringValue(r.String()) }

func (r *Response) set(o *engine.Outcome) {
	*r = Response{StatusCode: o.StatusCode, Header: o.Header, Body: o.Body, Attempts: o.Attempts}
}
