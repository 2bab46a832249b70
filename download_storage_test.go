package editkit_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/editkit/editkit-go"
)

// linkQuery is what a link must not show to anybody.
const linkQuery = "X-Amz-Signature=topsecret"

// content returns n bytes of which no two stretches are alike, so that a piece in the
// wrong place shows. Another version has no byte in common on purpose.
func content(version byte, n int) string {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{version}).Read(b)
	return string(b)
}

// object is a file in a storage.
type object struct {
	body     string
	etag     string    // "" for none
	modified time.Time // zero for none
}

// serve answers as storages do: with ranges, If-Range and validators.
func (o object) serve(w http.ResponseWriter, r *http.Request) {
	if o.etag != "" {
		w.Header().Set("ETag", o.etag)
	}
	w.Header().Set("Content-Type", "video/mp4")
	http.ServeContent(w, r, "", o.modified, strings.NewReader(o.body))
}

// tamperedWriter changes what a step answers.
type tamperedWriter struct {
	http.ResponseWriter
	edit func(http.Header)
	left int // bytes before stop; negative: no end
	stop func()
}

func (w *tamperedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *tamperedWriter) WriteHeader(status int) {
	if w.edit != nil {
		w.edit(w.Header())
	}
	w.ResponseWriter.WriteHeader(status)
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

func (w *tamperedWriter) Write(p []byte) (int, error) {
	if w.left >= 0 && len(p) > w.left {
		_, _ = w.ResponseWriter.Write(p[:w.left])
		_ = http.NewResponseController(w.ResponseWriter).Flush()
		w.stop()
	}
	w.left -= len(p)
	return w.ResponseWriter.Write(p)
}

// editing changes the headers of a step's answer.
func editing(step http.HandlerFunc, edit func(http.Header)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		step(&tamperedWriter{ResponseWriter: w, edit: edit, left: -1}, r)
	}
}

// without takes headers off an answer: without(step, "Content-Length") is chunked.
func without(step http.HandlerFunc, names ...string) http.HandlerFunc {
	return editing(step, func(h http.Header) {
		for _, name := range names {
			h.Del(name)
		}
	})
}

// ignoring lets a step not see some headers of the request.
func ignoring(step http.HandlerFunc, names ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for _, name := range names {
			r.Header.Del(name)
		}
		step(w, r)
	}
}

// cutAfter breaks the connection after n bytes of the body.
func cutAfter(n int, step http.HandlerFunc) http.HandlerFunc {
	return stopAfter(n, step, func(*http.Request) { panic(http.ErrAbortHandler) })
}

// stallAfter sends nothing more after n bytes of the body.
func stallAfter(n int, step http.HandlerFunc) http.HandlerFunc {
	return stopAfter(n, step, func(r *http.Request) {
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	})
}

func stopAfter(n int, step http.HandlerFunc, stop func(*http.Request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		step(&tamperedWriter{ResponseWriter: w, left: n, stop: func() { stop(r) }}, r)
		_ = http.NewResponseController(w).Flush()
		stop(r) // all the bytes are out, but not the end of the body
	}
}

// storageSays is an answer of a storage that is no file, with a body that must not get
// into any error: storages repeat signatures there.
func storageSays(status int, headers ...string) http.HandlerFunc {
	return answer(status, "<Error><SignatureProvided>"+linkQuery+"</SignatureProvided></Error>", headers...)
}

// bed is a service and, on another port, the storage that its links lead to.
type bed struct {
	api, storage *script
	client       *editkit.Client
}

// sized is a completed job with a result of n bytes; LINK becomes a link to the storage.
func sized(n int) string {
	return fmt.Sprintf(`{"id":"j1","status":"completed","outputUrl":"LINK","outputFilename":"video.mp4","outputSize":%d}`, n)
}

const unsized = `{"id":"j1","status":"completed","outputUrl":"LINK","outputFilename":"video.mp4"}`

// newBed starts both. Each of gets answers one GET of the job, with a link of its own
// ("...&link=1", "...&link=2"), or with a status if it is a number. Each step answers
// one request to the storage.
func newBed(t *testing.T, proto int, gets []string, steps ...http.HandlerFunc) *bed {
	t.Helper()
	b := &bed{storage: newStorage(t, proto, steps...)}
	var jobs []http.HandlerFunc
	for i, body := range gets {
		link := fmt.Sprintf("%s/o/video.mp4?%s&link=%d", b.storage.URL, linkQuery, i+1)
		step := answer(200, strings.ReplaceAll(body, "LINK", link), "Set-Cookie", "session="+testKey+"; Path=/")
		if status, err := strconv.Atoi(body); err == nil {
			step = answer(status, `{"error":"no"}`)
		}
		jobs = append(jobs, step)
	}
	b.api = newScript(t, proto, jobs...)
	// Cookies know no ports, so this jar would send the service's to the storage.
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	hc := *b.api.Client()
	hc.Jar = jar
	b.client = b.api.client(editkit.WithHTTPClient(&hc))
	t.Cleanup(func() {
		for _, r := range b.api.requests() {
			if r.Header.Get("Authorization") != "Bearer "+testKey || r.Method != http.MethodGet || r.Path != apiPrefix+"/jobs/j1" {
				t.Errorf("the service was asked %+v", r)
			}
		}
	})
	return b
}

// newStorage is newScript for a server that must not see any secret of the service.
func newStorage(t *testing.T, proto int, steps ...http.HandlerFunc) *script {
	t.Helper()
	s := newScript(t, proto, steps...)
	s.Config.ErrorLog = quietLog
	t.Cleanup(func() {
		for _, r := range s.requests() {
			checkAnonymous(t, r.Header, fmt.Sprint(r))
			if r.Method != http.MethodGet || r.Proto != proto || r.Header.Get("Accept-Encoding") != "identity" {
				t.Errorf("the storage was asked %+v", r)
			}
		}
	})
	return s
}

// checkAnonymous checks a request, printed in whole, to the host of a link.
func checkAnonymous(t *testing.T, h http.Header, printed string) {
	t.Helper()
	for _, name := range []string{"Authorization", "Cookie", "Referer"} {
		if h.Get(name) != "" {
			t.Errorf("the storage was sent %s", name)
		}
	}
	if strings.Contains(printed, testKey) {
		t.Errorf("the storage was sent the key: %s", printed)
	}
}

// checkTold checks that an error shows nothing of a link, however it is printed.
func checkTold(t *testing.T, err error) {
	t.Helper()
	for _, format := range []string{"%v", "%+v", "%#v", "%q"} {
		text := fmt.Sprintf(format, err)
		for _, secret := range []string{"topsecret", "X-Amz", "link=", testKey} {
			if strings.Contains(text, secret) {
				t.Errorf("%s of the error shows %q: %s", format, secret, text)
			}
		}
	}
}

// ranges are the Range and If-Range of all requests.
func ranges(s *script) []string {
	asked := []string{}
	for _, r := range s.requests() {
		asked = append(asked, strings.TrimSpace(r.Header.Get("Range")+" "+r.Header.Get("If-Range")))
	}
	return asked
}

// links are the numbers of the links that were used.
func links(s *script) string {
	var used strings.Builder
	for _, r := range s.requests() {
		_, n, _ := strings.Cut(r.RawQuery, "link=")
		used.WriteString(n)
	}
	return used.String()
}
