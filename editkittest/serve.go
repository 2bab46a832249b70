package editkittest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// call is one request on its way through the emulator.
type call struct {
	route route
	fault Fault
	after []func() // to do once the answer is sent, or was lost

	isDownload bool // the answer is that to a GET of an output
}

// route is the operation that a request means, and what serves it.
type route struct {
	op    Operation
	id    string // of the job, if the path has one
	serve func(http.ResponseWriter, *http.Request, *call)
}

// afterAnswer has f done once the answer is sent, or was lost.
func (c *call) afterAnswer(f func()) {
	c.after = append(c.after, f)
}

// finish does what waits for the answer.
func (c *call) finish() {
	after := c.after
	c.after = nil
	for _, f := range after {
		f()
	}
}

// arrive counts a request, looks for leaked keys and takes the fault that is
// meant for it.
func (e *Emulator) arrive(r *http.Request, host string) *call {
	c := &call{}
	if e.isStorage(host, r.URL.Path) {
		c.route = e.routeStorage(r)
		e.noteLeak(r, host)
	} else {
		c.route = e.routeAPI(r)
	}
	c.fault = e.faults.take(c.route.op)
	return c
}

// Handler returns the whole emulator as one handler, to be mounted at the root of
// any server. It routes by the Host header if that is one of the emulator's own,
// and otherwise by the path: /api/v1/... is the API (after the prefix of
// [WithPathPrefix]), /outputs/... the storage. Links in its answers then lead to
// the host that was asked.
func (e *Emulator) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := e.arrive(r, r.Host)
		e.serve(w, r, c)
	})
}

// serve runs a call, with its fault.
func (e *Emulator) serve(w http.ResponseWriter, r *http.Request, c *call) {
	if !e.life.enter() {
		panic(http.ErrAbortHandler)
	}
	defer e.life.leave()
	defer c.finish()
	e.stats.countCall(c.route.op)
	w.Header().Set("Date", e.Now().UTC().Format(http.TimeFormat))
	w = &countingWriter{ResponseWriter: w, call: c, stats: &e.stats}

	switch f := c.fault; f.kind {
	case faultRespond, faultReset, faultRefuse:
		if f.afterEffect {
			c.route.serve(newDiscardWriter(), r, c)
			c.isDownload = false // nobody got it
			c.finish()
		}
		if f.kind != faultRespond {
			reset(w)
		}
		f.respond(w)
	case faultTruncate:
		c.route.serve(&cutWriter{ResponseWriter: w, left: f.bytes}, r, c)
	case faultSlowHeaders:
		c.route.serve(newLateWriter(w, func() {
			c.finish()
			pause(r.Context(), f.wait)
		}), r, c)
	case faultSlowBody:
		c.route.serve(&slowWriter{ResponseWriter: w, ctx: r.Context(), chunk: f.bytes, wait: f.wait}, r, c)
	default:
		c.route.serve(w, r, c)
	}
	if len(c.after) > 0 { // so that nobody hears of the effect before the answer
		http.NewResponseController(w).Flush()
	}
}

// countingWriter counts downloads and their bytes. It does so before they are
// sent, so that whoever received them finds them counted.
type countingWriter struct {
	http.ResponseWriter
	call  *call
	stats *statistics

	counts bool // the body consists of bytes of an output
}

func (w *countingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *countingWriter) WriteHeader(status int) {
	if w.call.isDownload && (status == http.StatusOK || status == http.StatusPartialContent) {
		w.counts = true
		w.stats.update(func(s *Stats) { s.Downloads++ })
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *countingWriter) Write(p []byte) (int, error) {
	w.count(len(p))
	n, err := w.ResponseWriter.Write(p)
	w.count(n - len(p))
	return n, err
}

func (w *countingWriter) count(n int) {
	if w.counts && n != 0 {
		w.stats.update(func(s *Stats) { s.BytesServed += int64(n) })
	}
}

// noteLeak records a request to the storage that carries a credential.
func (e *Emulator) noteLeak(r *http.Request, host string) {
	leaks := len(r.Header.Values("Authorization")) > 0 || e.hasKey(r.URL.RequestURI())
	for _, values := range r.Header {
		leaks = leaks || slices.ContainsFunc(values, e.hasKey)
	}
	if leaks {
		e.recordLeak(host + r.URL.Path)
	}
}

// noteLeaks records the input URLs that carry a key, which they would carry to
// the input's host.
func (e *Emulator) noteLeaks(inputs []string) {
	for _, input := range inputs {
		if !e.hasKey(input) {
			continue
		}
		place := "an input that is no URL"
		if u, err := url.Parse(input); err == nil {
			place = u.Host + u.Path
		}
		e.recordLeak(place)
	}
}

func (e *Emulator) recordLeak(place string) {
	for _, key := range e.cfg.keys {
		place = strings.ReplaceAll(place, key, "[key]")
	}
	e.stats.update(func(s *Stats) { s.KeyLeaks = append(s.KeyLeaks, place) })
}

func (e *Emulator) hasKey(text string) bool {
	for _, key := range e.cfg.keys {
		if strings.Contains(text, key) {
			return true
		}
	}
	return false
}
