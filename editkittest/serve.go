package editkittest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/editkit/editkit-go"
)

// call is one request on its way through the emulator.
type call struct {
	route route
	fault Fault
	after []func() // to do once the answer is sent, or was lost

	isDownload bool // the answer is that to a GET of an output
	isUpload   bool // the request is one to EditingTools, which may carry a file
}

// route is the operation that a request means, and what serves it.
type route struct {
	op    Operation
	id    string // of the job or the process, if the path has one
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
	switch service := e.serviceAt(r.URL.EscapedPath()); {
	case e.isStorage(host, r.URL.Path) && strings.HasPrefix(r.URL.Path, filesPath):
		c.route = e.routeFiles(r)
		e.noteLeak(r, host)
	case e.isStorage(host, r.URL.Path):
		c.route = e.routeStorage(r)
		e.noteLeak(r, host)
	case service == editkit.EditingTools:
		c.route = e.routeTools(r)
		c.isUpload = true
		e.noteForeignKey(r, host, service)
	default:
		c.route = e.routeAPI(r)
		e.noteForeignKey(r, host, editkit.EditClips)
	}
	c.fault = e.faults.take(c.route.op)
	return c
}

// Handler returns the whole emulator as one handler, to be mounted at the root of
// any server. It routes by the Host header if that is one of the emulator's own,
// and otherwise by the path: /api/v1/... and /v2/... are the APIs (after the
// prefix of [WithPathPrefix]), /outputs/... and /download/... the storage. Links
// in its answers then lead to the host that was asked.
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
	if c.isUpload {
		r = r.WithContext(r.Context()) // a copy: the server must know its own body again
		r.Body = newUploadBody(r.Body, e.cfg.uploadLimit, &e.stats)
	}

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
		if c.isUpload {
			drainUnasked(r)
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
	if len(r.Header.Values("Authorization")) > 0 || carries(r, e.hasKey) {
		e.recordLeak(host + r.URL.Path)
	}
}

// noteForeignKey records a request to the API of a service that carries the key
// of the other one.
func (e *Emulator) noteForeignKey(r *http.Request, host string, service editkit.Service) {
	foreign := func(text string) bool { return e.hasForeignKey(service, text) }
	user, password, _ := r.BasicAuth()
	if carries(r, foreign) || foreign(user) || foreign(password) {
		e.recordLeak(host + r.URL.Path)
	}
}

// carries reports whether the URL or a header of a request has something.
func carries(r *http.Request, has func(string) bool) bool {
	if has(r.URL.RequestURI()) {
		return true
	}
	for _, values := range r.Header {
		if slices.ContainsFunc(values, has) {
			return true
		}
	}
	return false
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

// hasForeignKey reports whether text has the key of another service.
func (e *Emulator) hasForeignKey(service editkit.Service, text string) bool {
	for owner, key := range e.cfg.keys {
		if owner != service && key != e.cfg.keys[service] && strings.Contains(text, key) {
			return true
		}
	}
	return false
}

func (e *Emulator) hasKey(text string) bool {
	for _, key := range e.cfg.keys {
		if strings.Contains(text, key) {
			return true
		}
	}
	return false
}
