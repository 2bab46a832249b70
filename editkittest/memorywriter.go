package editkittest

import (
	"io"
	"net/http"
	"strconv"
)

// answerWriter is the http.ResponseWriter of an exchange. The headers are handed
// over at the first write or flush, or when the handler ends.
type answerWriter struct {
	x      *exchange
	header http.Header

	status    int         // 0 until the handler has chosen one
	chosen    http.Header // the headers at that moment
	committed bool
	noBody    bool        // this status or method has none
	body      *answerBody // nil until committed, or if there is none
	announced int64       // Content-Length; -1: none
	written   int64
}

func (w *answerWriter) Header() http.Header { return w.header }

func (w *answerWriter) WriteHeader(status int) {
	if w.status != 0 || status < 200 && status != http.StatusSwitchingProtocols {
		return
	}
	w.status = status
	w.chosen = w.header.Clone()
}

func (w *answerWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if _, set := w.chosen["Content-Type"]; !w.committed && !set && len(p) > 0 {
		w.chosen.Set("Content-Type", http.DetectContentType(p))
	}
	w.commit()
	switch {
	case w.x.req.Method == http.MethodHead:
		return len(p), nil
	case w.noBody:
		return 0, http.ErrBodyNotAllowed
	case w.body == nil: // the client has given up
		return 0, io.ErrClosedPipe
	case w.announced >= 0 && w.written+int64(len(p)) > w.announced:
		return 0, http.ErrContentLength
	}
	n, err := w.body.write(p)
	w.written += int64(n)
	return n, err
}

// FlushError is what http.ResponseController.Flush calls.
func (w *answerWriter) FlushError() error {
	w.WriteHeader(http.StatusOK)
	w.commit()
	return nil
}

// Flush makes it an http.Flusher.
func (w *answerWriter) Flush() { _ = w.FlushError() }

// commit hands over the headers, once.
func (w *answerWriter) commit() {
	if w.committed {
		return
	}
	w.committed = true
	w.x.body.drain()
	w.x.gotFirstByte()

	header, status := w.chosen, w.status
	if _, set := header["Date"]; !set {
		header.Set("Date", w.x.now().UTC().Format(http.TimeFormat))
	}
	w.announced = -1
	if n, err := strconv.ParseInt(header.Get("Content-Length"), 10, 64); err == nil && n >= 0 {
		w.announced = n
	}
	w.noBody = status < 200 || status == http.StatusNoContent || status == http.StatusNotModified || w.x.req.Method == http.MethodHead

	response := &http.Response{
		Status:        strconv.Itoa(status) + " " + http.StatusText(status),
		StatusCode:    status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        header,
		Body:          http.NoBody,
		ContentLength: w.announced,
		Request:       w.x.req,
	}
	var body *answerBody
	if !w.noBody {
		body = newAnswerBody(w.x.release)
		response.Body = body
	} else if w.x.req.Method != http.MethodHead {
		response.ContentLength = 0
	}
	if w.x.settle(response, body, nil) {
		w.body = body
	}
}

// end is called when the handler has returned, or was aborted.
func (w *answerWriter) end(returned bool) {
	if !w.committed && returned {
		w.WriteHeader(http.StatusOK)
		if _, set := w.chosen["Content-Length"]; !set && w.status != http.StatusNoContent && w.status != http.StatusNotModified {
			w.chosen.Set("Content-Length", "0")
		}
		w.commit()
	}
	switch {
	case !w.committed:
		w.x.body.drain()
		w.x.giveUp(brokenConnection())
		w.x.release()
	case w.body == nil:
		w.x.release()
	case !returned, w.written < w.announced:
		w.body.finish(io.ErrUnexpectedEOF)
	default:
		w.body.finish(io.EOF)
	}
}
