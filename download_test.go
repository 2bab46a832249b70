package editkit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
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

// TestDownload: whatever happens to a transfer that can be mended, the bytes are those
// of the file, in order, and no request is made that was not needed.
func TestDownload(t *testing.T) {
	t.Parallel()
	var (
		small = object{body: content(1, 1000), etag: `"v1"`}
		large = object{body: content(1, 400_000), etag: `"v1"`}
		bare  = object{body: content(1, 1000)}
		weak  = object{body: content(1, 1000), etag: `W/"v1"`}
		dated = object{body: content(1, 1000), modified: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
		both  = object{body: content(1, 1000), etag: `W/"v1"`, modified: dated.modified}
		empty = object{etag: `"v1"`}
	)
	const chunked = "Content-Length"
	tests := map[string]struct {
		job   string
		steps []http.HandlerFunc
		want  string
		asked []string // Range and If-Range of each request
	}{
		"whole":                       {sized(1000), []http.HandlerFunc{small.serve}, small.body, []string{""}},
		"larger than the buffer":      {sized(400_000), []http.HandlerFunc{large.serve}, large.body, []string{""}},
		"empty":                       {sized(0), []http.HandlerFunc{empty.serve}, "", []string{""}},
		"empty chunked":               {sized(0), []http.HandlerFunc{without(empty.serve, chunked)}, "", []string{""}},
		"size unknown to the service": {unsized, []http.HandlerFunc{small.serve}, small.body, []string{""}},
		"chunked":                     {sized(400_000), []http.HandlerFunc{without(large.serve, chunked)}, large.body, []string{""}},
		"size unknown to all":         {unsized, []http.HandlerFunc{without(large.serve, chunked)}, large.body, []string{""}},
		"206 to a request without range": {sized(1000), []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
			r.Header.Set("Range", "bytes=0-")
			small.serve(w, r)
		}}, small.body, []string{""}},
		"cut three times": {
			sized(400_000), []http.HandlerFunc{cutAfter(150_000, large.serve), cutAfter(1, large.serve), cutAfter(200_000, large.serve), large.serve},
			large.body, []string{"", `bytes=150000- "v1"`, `bytes=150001- "v1"`, `bytes=350001- "v1"`},
		},
		"cut more often than a call is tried": {
			sized(1000), append(slices.Repeat([]http.HandlerFunc{cutAfter(100, small.serve)}, 9), small.serve),
			small.body, []string{
				"", `bytes=100- "v1"`, `bytes=200- "v1"`, `bytes=300- "v1"`, `bytes=400- "v1"`, `bytes=500- "v1"`,
				`bytes=600- "v1"`, `bytes=700- "v1"`, `bytes=800- "v1"`, `bytes=900- "v1"`,
			},
		},
		"cut before the first byte": {sized(1000), []http.HandlerFunc{cutAfter(0, small.serve), small.serve}, small.body, []string{"", ""}},
		"cut before the first byte of a file that then changes": {
			unsized, []http.HandlerFunc{cutAfter(0, object{body: content(2, 700), etag: `"v0"`}.serve), small.serve}, small.body, []string{"", ""},
		},
		"cut before the last byte": {sized(1000), []http.HandlerFunc{cutAfter(999, small.serve), small.serve}, small.body, []string{"", `bytes=999- "v1"`}},
		"reset":                    {sized(1000), []http.HandlerFunc{reset, small.serve}, small.body, []string{"", ""}},
		"chunked cut": {
			sized(1000), []http.HandlerFunc{cutAfter(400, without(small.serve, chunked)), without(small.serve, chunked)},
			small.body, []string{"", `bytes=400- "v1"`},
		},
		"chunked cut with a size unknown to all": {
			unsized, []http.HandlerFunc{cutAfter(400, without(small.serve, chunked)), cutAfter(300, without(small.serve, chunked)), small.serve},
			small.body, []string{"", `bytes=400- "v1"`, `bytes=700- "v1"`},
		},
		"all the bytes but not the end": {sized(1000), []http.HandlerFunc{cutAfter(1000, without(small.serve, chunked))}, small.body, []string{""}},
		"all the bytes but not the end, size unknown to all": {
			unsized, []http.HandlerFunc{cutAfter(1000, without(small.serve, chunked)), small.serve},
			small.body, []string{"", `bytes=1000- "v1"`}, // 416 says that there is no more
		},
		"cut without a validator": {
			sized(1000), []http.HandlerFunc{cutAfter(400, bare.serve), bare.serve}, small.body, []string{"", `bytes=400-`},
		},
		"cut with a weak validator": {
			sized(1000), []http.HandlerFunc{cutAfter(400, weak.serve), weak.serve}, small.body, []string{"", `bytes=400-`},
		},
		"cut with a date": {
			sized(1000), []http.HandlerFunc{cutAfter(400, dated.serve), dated.serve},
			small.body, []string{"", `bytes=400- Fri, 02 Jan 2026 03:04:05 GMT`},
		},
		"cut with a weak validator and a date": {
			sized(1000), []http.HandlerFunc{cutAfter(400, both.serve), both.serve},
			small.body, []string{"", `bytes=400- Fri, 02 Jan 2026 03:04:05 GMT`},
		},
		"206 without a validator": {
			sized(1000), []http.HandlerFunc{cutAfter(400, small.serve), cutAfter(100, without(small.serve, "ETag")), small.serve},
			small.body, []string{"", `bytes=400- "v1"`, `bytes=500- "v1"`},
		},
		"Range ignored": {
			sized(1000), []http.HandlerFunc{cutAfter(400, small.serve), ignoring(small.serve, "Range")},
			small.body, []string{"", `bytes=400- "v1"`},
		},
		"Range ignored, chunked, size unknown to all": {
			unsized, []http.HandlerFunc{cutAfter(400, without(small.serve, chunked)), ignoring(without(small.serve, chunked), "Range")},
			small.body, []string{"", `bytes=400- "v1"`},
		},
		"Range ignored and cut before anything new": {
			sized(1000), []http.HandlerFunc{
				cutAfter(400, small.serve), cutAfter(300, ignoring(small.serve, "Range")),
				cutAfter(600, ignoring(small.serve, "Range")), small.serve,
			},
			small.body, []string{"", `bytes=400- "v1"`, `bytes=400- "v1"`, `bytes=600- "v1"`},
		},
		"Range ignored with a buffer to skip": {
			sized(400_000), []http.HandlerFunc{cutAfter(300_000, large.serve), ignoring(large.serve, "Range")},
			large.body, []string{"", `bytes=300000- "v1"`},
		},
		"206 of unknown size": {
			sized(1000), []http.HandlerFunc{
				cutAfter(400, small.serve),
				editing(small.serve, func(h http.Header) { h.Set("Content-Range", "bytes 400-999/*") }),
			},
			small.body, []string{"", `bytes=400- "v1"`},
		},
		"shorter ranges than asked for": {
			sized(1000), []http.HandlerFunc{
				cutAfter(400, small.serve),
				func(w http.ResponseWriter, r *http.Request) {
					r.Header.Set("Range", "bytes=400-599")
					small.serve(w, r)
				},
				small.serve,
			},
			small.body, []string{"", `bytes=400- "v1"`, `bytes=600- "v1"`},
		},
		"faults at the start": {sized(1000), []http.HandlerFunc{storageSays(500), storageSays(502), storageSays(503), small.serve}, small.body, []string{"", "", "", ""}},
		"faults half-way": {
			sized(1000), []http.HandlerFunc{
				storageSays(504), cutAfter(400, small.serve), storageSays(429), storageSays(408), cutAfter(1, small.serve), reset, storageSays(503), small.serve,
			},
			small.body, []string{
				"", "", `bytes=400- "v1"`, `bytes=400- "v1"`, `bytes=400- "v1"`, `bytes=401- "v1"`, `bytes=401- "v1"`, `bytes=401- "v1"`,
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overBoth(t, func(t *testing.T, proto int) {
				b := newBed(t, proto, []string{tt.job}, tt.steps...)
				var got bytes.Buffer
				n, err := b.client.Jobs.Download(ctxFor(t), "j1", &got)
				if err != nil || n != int64(len(tt.want)) {
					t.Errorf("%d bytes, error %v", n, err)
				}
				if got.String() != tt.want {
					t.Errorf("%d bytes that are not those of the file", got.Len())
				}
				if asked := ranges(b.storage); !slices.Equal(asked, tt.asked) {
					t.Errorf("asked for %q, want %q", asked, tt.asked)
				}
			})
		})
	}
}

// TestDownloadFails: what can't be mended ends soon, with a typed error that says how
// far it came, and with the bytes so far untouched.
func TestDownloadFails(t *testing.T) {
	t.Parallel()
	file := object{body: content(1, 1000), etag: `"v1"`}
	const chunked = "Content-Length"
	// Four attempts in a row bring nothing new, of which the first may be the end of one that did.
	forEver := func(steps ...http.HandlerFunc) []http.HandlerFunc {
		return append(steps, slices.Repeat(steps[len(steps)-1:], 4-len(steps))...)
	}
	contentRange := func(value string) http.HandlerFunc {
		return editing(file.serve, func(h http.Header) { h.Set("Content-Range", value) })
	}
	half := cutAfter(400, file.serve)
	tests := map[string]struct {
		job     string
		steps   []http.HandlerFunc
		want    error
		text    string
		written int
		total   int64
	}{
		"503 for ever":             {sized(1000), forEver(storageSays(503)), nil, "503 Service Unavailable", 0, 1000},
		"500 for ever, half-way":   {sized(1000), forEver(half, storageSays(500)), nil, "500", 400, 1000},
		"429 for ever":             {unsized, forEver(storageSays(429)), nil, "429", 0, -1},
		"reset for ever":           {sized(1000), forEver(reset), nil, "", 0, 1000},
		"cut for ever":             {sized(1000), forEver(half, cutAfter(0, file.serve)), editkit.ErrIncomplete, "", 400, 1000},
		"cut at one byte for ever": {sized(1000), forEver(cutAfter(1, file.serve), cutAfter(1, ignoring(file.serve, "Range"))), editkit.ErrIncomplete, "", 1, 1000},
		"400":                      {sized(1000), []http.HandlerFunc{storageSays(400)}, nil, "400 Bad Request", 0, 1000},
		"401":                      {sized(1000), []http.HandlerFunc{storageSays(401)}, nil, "401", 0, 1000},
		"451 half-way":             {sized(1000), []http.HandlerFunc{half, storageSays(451)}, nil, "451", 400, 1000},
		"204":                      {sized(1000), []http.HandlerFunc{func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }}, nil, "204", 0, 1000},
		"304":                      {sized(1000), []http.HandlerFunc{func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(304) }}, nil, "304", 0, 1000},
		"302 to nowhere":           {sized(1000), []http.HandlerFunc{storageSays(302)}, nil, "302", 0, 1000},
		"416 at the start":         {sized(1000), []http.HandlerFunc{storageSays(416, "Content-Range", "bytes */0")}, editkit.ErrIncomplete, "416", 0, 1000},
		"416 half-way":             {sized(1000), []http.HandlerFunc{half, storageSays(416)}, editkit.ErrIncomplete, "416", 400, 1000},
		"416 where there is more":  {sized(1000), []http.HandlerFunc{half, storageSays(416, "Content-Range", "bytes */1000")}, editkit.ErrIncomplete, "416", 400, 1000},
		"416 where the promise ends later": {
			sized(1001), []http.HandlerFunc{without(file.serve, chunked), storageSays(416, "Content-Range", "bytes */1000")},
			editkit.ErrIncomplete, "416", 1000, 1001,
		},
		"416 of an unknown size": {
			unsized, []http.HandlerFunc{cutAfter(400, without(file.serve, chunked)), storageSays(416)}, editkit.ErrIncomplete, "416", 400, -1,
		},
		"206 of an earlier range":   {sized(1000), []http.HandlerFunc{half, contentRange("bytes 0-999/1000")}, editkit.ErrIncomplete, "another range", 400, 1000},
		"206 of a later range":      {sized(1000), []http.HandlerFunc{half, contentRange("bytes 401-999/1000")}, editkit.ErrIncomplete, "another range", 400, 1000},
		"206 of another unit":       {sized(1000), []http.HandlerFunc{half, contentRange("items 400-999/1000")}, editkit.ErrIncomplete, "another range", 400, 1000},
		"206 without a range":       {sized(1000), []http.HandlerFunc{half, without(file.serve, "Content-Range")}, editkit.ErrIncomplete, "another range", 400, 1000},
		"206 with a range of words": {sized(1000), []http.HandlerFunc{half, contentRange("bytes all-999/1000")}, editkit.ErrIncomplete, "another range", 400, 1000},
		"206 with an absurd size":   {sized(1000), []http.HandlerFunc{half, contentRange("bytes 400-999/99999999999999999999")}, editkit.ErrIncomplete, "another range", 400, 1000},
		"206 beyond its size":       {sized(1000), []http.HandlerFunc{half, contentRange("bytes 400-999/400")}, editkit.ErrIncomplete, "another range", 400, 1000},
		"longer than promised":      {sized(999), []http.HandlerFunc{file.serve}, editkit.ErrIncomplete, "1000 bytes, the service promised 999", 0, 999},
		"longer, chunked":           {sized(600), []http.HandlerFunc{without(file.serve, chunked)}, editkit.ErrIncomplete, "more than the promised 600", 0, 600},
		"longer, in a later range": {
			sized(1000), []http.HandlerFunc{half, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Range", "bytes 400-999/1000")
				w.WriteHeader(206)
				_, _ = io.WriteString(w, content(3, 601))
			}}, editkit.ErrIncomplete, "more than the promised 1000", 400, 1000,
		},
		"shorter than promised": {sized(1001), []http.HandlerFunc{file.serve}, editkit.ErrIncomplete, "1000 bytes, the service promised 1001", 0, 1001},
		"shorter, and Range ignored": {
			sized(1001), forEver(without(file.serve, chunked), ignoring(without(file.serve, chunked), "Range")), editkit.ErrIncomplete, "", 1000, 1001,
		},
		"a whole of another size after a cut": {
			sized(1000), []http.HandlerFunc{half, ignoring(object{body: content(1, 1001), etag: `"v1"`}.serve, "Range")},
			editkit.ErrIncomplete, "changed", 400, 1000,
		},
		"unusable link":           {strings.Replace(sized(1000), "LINK", "http://%zz/?"+linkQuery, 1), nil, editkit.ErrIncomplete, "link", 0, 1000},
		"link without a host":     {strings.Replace(sized(1000), "LINK", "/o?"+linkQuery, 1), nil, editkit.ErrIncomplete, "link", 0, 1000},
		"link to a file":          {strings.Replace(sized(1000), "LINK", "file:///etc/passwd?"+linkQuery, 1), nil, editkit.ErrIncomplete, "link", 0, 1000},
		"link of another scheme":  {strings.Replace(sized(1000), "LINK", "ftp://127.0.0.1/?"+linkQuery, 1), nil, nil, "", 0, 1000},
		"redirect to no address":  {sized(1000), forEver(storageSays(302, "Location", "http://%zz/?"+linkQuery)), nil, "", 0, 1000},
		"redirect to half a path": {sized(1000), forEver(storageSays(302, "Location", "/%zz?"+linkQuery)), nil, "", 0, 1000},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overBoth(t, func(t *testing.T, proto int) {
				b := newBed(t, proto, []string{tt.job}, tt.steps...)
				var got bytes.Buffer
				n, err := b.client.Jobs.Download(ctxFor(t), "j1", &got)
				var de *editkit.DownloadError
				if !errors.As(err, &de) || tt.want != nil && !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
					t.Fatalf("error = %v, want %v with %q", err, tt.want, tt.text)
				}
				if errors.Is(err, editkit.ErrExpired) || errors.Is(err, editkit.ErrIncomplete) != (tt.want == editkit.ErrIncomplete) {
					t.Errorf("error = %v", err)
				}
				if de.Service != editkit.EditClips || de.ID != "j1" || de.Written != int64(tt.written) || de.Total != tt.total {
					t.Errorf("error = %+v, want %d of %d bytes", de, tt.written, tt.total)
				}
				if n != int64(tt.written) || got.String() != file.body[:tt.written] {
					t.Errorf("%d bytes reported, %d written, want %d", n, got.Len(), tt.written)
				}
				checkTold(t, err)
			})
		})
	}
}

// TestDownloadOfAChangedFile: bytes of two files are never mixed. A writer keeps what it
// has and is told; a file is begun again and ends as the new one.
func TestDownloadOfAChangedFile(t *testing.T) {
	t.Parallel()
	var (
		before  = object{body: content(1, 1000), etag: `"v1"`}
		after   = object{body: content(2, 1000), etag: `"v2"`}
		longer  = object{body: content(2, 1500), etag: `"v2"`}
		shorter = object{body: content(2, 300)}
		dated   = object{body: content(1, 1000), modified: time.Unix(1e9, 0)}
		redated = object{body: content(2, 1000), modified: time.Unix(2e9, 0)}
		cut     = cutAfter(400, before.serve)
		bareCut = cutAfter(400, object{body: before.body}.serve)
	)
	tests := map[string]struct {
		gets      []string           // of the job, for both
		steps     []http.HandlerFunc // of the storage, for both
		fileGets  []string           // of the job, further for a file: only if the size is another one
		fileSteps []http.HandlerFunc // of the storage, further for a file
		want      string
	}{
		"seen by If-Range": {
			[]string{sized(1000)}, []http.HandlerFunc{cut, after.serve},
			nil, []http.HandlerFunc{after.serve}, after.body,
		},
		"seen by the ETag of a 206": {
			[]string{sized(1000)}, []http.HandlerFunc{cut, ignoring(after.serve, "If-Range")},
			nil, []http.HandlerFunc{after.serve}, after.body,
		},
		"seen by the ETag of a 206 after one without": {
			[]string{sized(1000)}, []http.HandlerFunc{cut, cutAfter(0, without(before.serve, "ETag")), ignoring(after.serve, "If-Range")},
			nil, []http.HandlerFunc{after.serve}, after.body,
		},
		"seen by the date": {
			[]string{sized(1000)}, []http.HandlerFunc{cutAfter(400, dated.serve), redated.serve},
			nil, []http.HandlerFunc{redated.serve}, redated.body,
		},
		"seen by the size of a 206": {
			[]string{unsized}, []http.HandlerFunc{bareCut, object{body: longer.body}.serve},
			nil, []http.HandlerFunc{longer.serve}, longer.body,
		},
		"seen by the size of a 206, known to the service": {
			[]string{sized(1000)}, []http.HandlerFunc{bareCut, object{body: longer.body}.serve},
			[]string{sized(1500)}, []http.HandlerFunc{longer.serve}, longer.body,
		},
		"seen by the size of a 200": {
			[]string{sized(1000)}, []http.HandlerFunc{bareCut, ignoring(object{body: longer.body}.serve, "Range")},
			[]string{sized(1500)}, []http.HandlerFunc{longer.serve}, longer.body,
		},
		"shorter now than what is there": { // 416
			[]string{sized(1000)}, []http.HandlerFunc{bareCut, shorter.serve},
			[]string{sized(300)}, []http.HandlerFunc{shorter.serve}, shorter.body,
		},
		"seen by a fresh link": {
			[]string{sized(1000), sized(1000)}, []http.HandlerFunc{cut, storageSays(403), after.serve},
			nil, []http.HandlerFunc{after.serve}, after.body,
		},
		"seen by the size with a fresh link": {
			[]string{sized(1000), sized(1500)}, []http.HandlerFunc{cut, storageSays(403)},
			nil, []http.HandlerFunc{longer.serve}, longer.body,
		},
		"twice": {
			[]string{sized(1000)}, []http.HandlerFunc{cut, after.serve},
			[]string{sized(1500)}, []http.HandlerFunc{cutAfter(700, after.serve), object{body: longer.body, etag: `"v3"`}.serve, longer.serve}, longer.body,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overBoth(t, func(t *testing.T, proto int) {
				b := newBed(t, proto, tt.gets, tt.steps...)
				var got bytes.Buffer
				n, err := b.client.Jobs.Download(ctxFor(t), "j1", &got)
				if !errors.Is(err, editkit.ErrIncomplete) || !strings.Contains(err.Error(), "changed") || errors.Is(err, editkit.ErrExpired) {
					t.Errorf("writer: error = %v", err)
				}
				if n != 400 || got.String() != before.body[:400] {
					t.Errorf("writer: %d bytes", got.Len())
				}
				checkTold(t, err)

				b = newBed(t, proto, slices.Concat(tt.gets, tt.fileGets), slices.Concat(tt.steps, tt.fileSteps)...)
				var falls, last int64
				path, err := b.client.Jobs.DownloadFile(ctxFor(t), "j1", t.TempDir(), editkit.OnProgress(func(done, _ int64) {
					if done < last {
						falls++
					}
					last = done
				}))
				if err != nil {
					t.Fatalf("file: %v", err)
				}
				checkFile(t, path, tt.want)
				if want := int64(1 + strings.Count(name, "twice")); falls != want || last != int64(len(tt.want)) {
					t.Errorf("file: the progress fell %d times, want %d, and ended with %d", falls, want, last)
				}
			})
		})
	}
}

// TestDownloadOfAFileThatNeverStaysTheSame: replicas that disagree don't keep a download
// busy for ever.
func TestDownloadOfAFileThatNeverStaysTheSame(t *testing.T) {
	t.Parallel()
	requests := 0
	c := newClient(t, editkit.WithEditClips(testKey), fastRetries, stub(func(r *http.Request) (*http.Response, error) {
		if r.URL.Host == "editclips.online" {
			return reply(r, 200, completed), nil
		}
		requests++
		if requests > 100 {
			return nil, errors.New("more than 100 requests")
		}
		resp := reply(r, 200, content(byte(requests), 400), "ETag", fmt.Sprintf(`"v%d"`, requests))
		resp.ContentLength = -1 // and so it is cut, for the service promised more
		return resp, nil
	}))
	_, err := c.Jobs.DownloadFile(ctxFor(t), "j1", t.TempDir())
	if !errors.Is(err, editkit.ErrIncomplete) || !strings.Contains(err.Error(), "changed") || requests > 20 {
		t.Errorf("after %d requests: %v", requests, err)
	}
}

// TestExpiredLink: an expired link costs one GET of the job, and the download goes on
// where it stood.
func TestExpiredLink(t *testing.T) {
	t.Parallel()
	file := object{body: content(1, 1000), etag: `"v1"`}
	for _, status := range []int{403, 404, 410} {
		gone := storageSays(status)
		tests := map[string]struct {
			gets  []string
			steps []http.HandlerFunc
			asked []string
			links string // which link each request used
		}{
			"at the start": {
				[]string{sized(1000), sized(1000)}, []http.HandlerFunc{gone, file.serve}, []string{"", ""}, "12",
			},
			"half-way": {
				[]string{sized(1000), sized(1000)}, []http.HandlerFunc{cutAfter(400, file.serve), gone, file.serve},
				[]string{"", `bytes=400- "v1"`, `bytes=400- "v1"`}, "112",
			},
			"twice, with progress between": {
				[]string{sized(1000), sized(1000), sized(1000)},
				[]http.HandlerFunc{cutAfter(400, file.serve), gone, cutAfter(100, file.serve), gone, file.serve},
				[]string{"", `bytes=400- "v1"`, `bytes=400- "v1"`, `bytes=500- "v1"`, `bytes=500- "v1"`}, "11223",
			},
			"with faults around": {
				[]string{sized(1000), "503", unsized}, []http.HandlerFunc{cutAfter(400, file.serve), storageSays(503), gone, reset, file.serve},
				[]string{"", `bytes=400- "v1"`, `bytes=400- "v1"`, `bytes=400- "v1"`, `bytes=400- "v1"`}, "11133",
			},
			"of a size that was not known": {
				[]string{unsized, sized(1000)}, []http.HandlerFunc{gone, without(file.serve, "Content-Length")}, []string{"", ""}, "12",
			},
			"of a size that was another one before anything came": {
				[]string{sized(500), sized(1000)}, []http.HandlerFunc{gone, file.serve}, []string{"", ""}, "12",
			},
		}
		for name, tt := range tests {
			t.Run(fmt.Sprint(status, " ", name), func(t *testing.T) {
				t.Parallel()
				overBoth(t, func(t *testing.T, proto int) {
					b := newBed(t, proto, tt.gets, tt.steps...)
					var got bytes.Buffer
					n, err := b.client.Jobs.Download(ctxFor(t), "j1", &got)
					if err != nil || n != 1000 || got.String() != file.body {
						t.Errorf("%d bytes, error %v", n, err)
					}
					if asked := ranges(b.storage); !slices.Equal(asked, tt.asked) || links(b.storage) != tt.links {
						t.Errorf("asked for %q by the links %s, want %q by %s", asked, links(b.storage), tt.asked, tt.links)
					}
				})
			})
		}
	}
}

// TestExpiredResult: a result that no fresh link leads to is ErrExpired, and a job that
// has no result says why.
func TestExpiredResult(t *testing.T) {
	t.Parallel()
	file := object{body: content(1, 1000), etag: `"v1"`}
	half := cutAfter(400, file.serve)
	noLink := `{"id":"j1","status":"completed"}`
	failed := `{"id":"j1","status":"failed","errorMessage":"codec of https://example.com/a?token=topsecret"}`
	tests := map[string]struct {
		gets    []string
		steps   []http.HandlerFunc
		want    error
		not     error
		written int64
	}{
		"the fresh link too":           {[]string{sized(1000), sized(1000)}, []http.HandlerFunc{storageSays(403), storageSays(404)}, editkit.ErrExpired, editkit.ErrNotFound, 0},
		"the fresh link too, half-way": {[]string{sized(1000), sized(1000)}, []http.HandlerFunc{half, storageSays(410), storageSays(403)}, editkit.ErrExpired, editkit.ErrIncomplete, 400},
		"the job is gone":              {[]string{sized(1000), "404"}, []http.HandlerFunc{half, storageSays(404)}, editkit.ErrExpired, editkit.ErrIncomplete, 400},
		"no link":                      {[]string{noLink}, nil, editkit.ErrExpired, editkit.ErrNotReady, 0},
		"no link any more":             {[]string{sized(1000), noLink}, []http.HandlerFunc{half, storageSays(403)}, editkit.ErrExpired, editkit.ErrNotReady, 400},
		"queued":                       {[]string{queued}, nil, editkit.ErrNotReady, editkit.ErrExpired, 0},
		"processing":                   {[]string{working}, nil, editkit.ErrNotReady, editkit.ErrExpired, 0},
		"unknown status":               {[]string{`{"id":"j1","status":"paused","outputUrl":"LINK"}`}, nil, editkit.ErrNotReady, editkit.ErrExpired, 0},
		"no status":                    {[]string{`{"id":"j1","outputUrl":"LINK"}`}, nil, editkit.ErrNotReady, editkit.ErrExpired, 0},
		"failed":                       {[]string{failed}, nil, editkit.ErrJobFailed, editkit.ErrExpired, 0},
		"cancelled":                    {[]string{`{"id":"j1","status":"canceled","outputUrl":"LINK"}`}, nil, editkit.ErrJobFailed, editkit.ErrNotReady, 0},
		"failed meanwhile":             {[]string{sized(1000), failed}, []http.HandlerFunc{half, storageSays(403)}, editkit.ErrJobFailed, editkit.ErrExpired, 400},
		"unknown job":                  {[]string{"404"}, nil, editkit.ErrNotFound, editkit.ErrExpired, 0},
		"key refused meanwhile":        {[]string{sized(1000), "401"}, []http.HandlerFunc{half, storageSays(403)}, editkit.ErrUnauthorized, editkit.ErrExpired, 400},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overBoth(t, func(t *testing.T, proto int) {
				check := func(err error) {
					t.Helper()
					if !errors.Is(err, tt.want) || errors.Is(err, tt.not) {
						t.Errorf("error = %v, want %v", err, tt.want)
					}
					var (
						de *editkit.DownloadError
						jf *editkit.JobFailedError
					)
					if errors.As(err, &de) && (de.ID != "j1" || de.Written != tt.written || strings.Count(err.Error(), "downloading") != 1) {
						t.Errorf("error = %+v", err)
					}
					if tt.want == editkit.ErrJobFailed && (!errors.As(err, &jf) || jf.Job.ID != "j1") {
						t.Errorf("error = %v", err)
					}
					checkTold(t, err)
				}
				b := newBed(t, proto, tt.gets, tt.steps...)
				var got bytes.Buffer
				n, err := b.client.Jobs.Download(ctxFor(t), "j1", &got)
				check(err)
				if n != tt.written || got.String() != file.body[:tt.written] {
					t.Errorf("%d bytes reported, %d written", n, got.Len())
				}
				b = newBed(t, proto, tt.gets, tt.steps...)
				dir := t.TempDir()
				path, err := b.client.Jobs.DownloadFile(ctxFor(t), "j1", dir)
				check(err)
				if left := listDir(t, dir); path != "" || len(left) != 0 {
					t.Errorf("path %q, %q left behind", path, left)
				}
			})
		})
	}
}

// TestDownloadIsAnonymous: neither the storage nor a host that it redirects to learns
// the key, a cookie of the service, or where the request comes from. A range survives
// the redirect.
func TestDownloadIsAnonymous(t *testing.T) {
	t.Parallel()
	file := object{body: content(1, 1000), etag: `"v1"`}
	overBoth(t, func(t *testing.T, proto int) {
		third := newStorage(t, proto, cutAfter(400, file.serve), file.serve)
		redirect := func(w http.ResponseWriter, r *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "storage", Value: "x", Path: "/"})
			http.Redirect(w, r, third.URL+"/elsewhere?"+linkQuery, http.StatusTemporaryRedirect)
		}
		b := newBed(t, proto, []string{sized(1000)}, redirect, redirect)
		var got bytes.Buffer
		if _, err := b.client.Jobs.Download(ctxFor(t), "j1", &got); err != nil || got.String() != file.body {
			t.Errorf("%d bytes, error %v", got.Len(), err)
		}
		if asked, want := ranges(third), []string{"", `bytes=400- "v1"`}; !slices.Equal(asked, want) {
			t.Errorf("asked for %q, want %q", asked, want)
		}
	})
	// Other names instead of other ports.
	hosts := map[string]int{}
	c := newClient(t, editkit.WithEditClips(testKey), editkit.WithUserAgent("shop/1"), stub(func(r *http.Request) (*http.Response, error) {
		hosts[r.URL.Host]++
		switch r.URL.Host {
		case "editclips.online":
			return reply(r, 200, strings.Replace(sized(1000), "LINK", "https://files.editclips.online/o?"+linkQuery, 1)), nil
		case "files.editclips.online":
			checkAnonymous(t, r.Header, fmt.Sprint(r))
			return reply(r, 302, "", "Location", "https://cdn.example/o?"+linkQuery), nil
		}
		checkAnonymous(t, r.Header, fmt.Sprint(r))
		if ua := r.Header.Get("User-Agent"); !strings.HasPrefix(ua, "shop/1 ") {
			t.Errorf("User-Agent %q", ua)
		}
		return reply(r, 200, file.body), nil
	}))
	if n, err := c.Jobs.Download(ctxFor(t), "j1", io.Discard); n != 1000 || err != nil || len(hosts) != 3 {
		t.Errorf("%d bytes, error %v, hosts %v", n, err, hosts)
	}
}

// TestDownloadRedirects: a storage can send a download neither from https to http nor
// round in circles.
func TestDownloadRedirects(t *testing.T) {
	t.Parallel()
	plain := newStorage(t, 1)
	b := newBed(t, 2, []string{sized(1000)}, storageSays(302, "Location", plain.URL+"/o?"+linkQuery))
	_, err := b.client.Jobs.Download(ctxFor(t), "j1", io.Discard)
	if err == nil || !strings.Contains(err.Error(), "302") {
		t.Errorf("https to http: error = %v", err)
	}
	checkTold(t, err)

	circle := func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.String(), http.StatusFound) }
	b = newBed(t, 1, []string{sized(1000)}, slices.Repeat([]http.HandlerFunc{circle}, 11)...)
	_, err = b.client.Jobs.Download(ctxFor(t), "j1", io.Discard)
	if err == nil || !strings.Contains(err.Error(), "302") {
		t.Errorf("in circles: error = %v", err)
	}
	checkTold(t, err)
}

// atStorage makes a client whose service answers with the job, and whose storage is f.
func atStorage(t *testing.T, f transportFunc, opts ...editkit.Option) *editkit.Client {
	t.Helper()
	return newClient(t, append([]editkit.Option{editkit.WithEditClips(testKey), stub(func(r *http.Request) (*http.Response, error) {
		if r.URL.Host == "editclips.online" {
			return reply(r, 200, strings.Replace(sized(1000), "LINK", "https://storage.example/o?"+linkQuery, 1)), nil
		}
		return f(r)
	})}, opts...)...)
}

// bodyFunc is a body that is read by a function.
type bodyFunc func([]byte) (int, error)

func (f bodyFunc) Read(p []byte) (int, error) { return f(p) }

func (f bodyFunc) Close() error { return nil }

// withBody is a file of 1000 bytes, from the start of the range that is asked for; for
// each read, give says how many bytes come, and may take its time or fail.
func withBody(give func(ctx context.Context, read int) (int, error)) transportFunc {
	return func(r *http.Request) (*http.Response, error) {
		rest, read := content(1, 1000), 0
		resp := reply(r, 200, rest, "ETag", `"v1"`)
		var from int
		if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from); err == nil {
			rest = rest[from:]
			resp = reply(r, 206, rest, "ETag", `"v1"`, "Content-Range", fmt.Sprintf("bytes %d-999/1000", from))
		}
		resp.Body = bodyFunc(func(p []byte) (int, error) {
			if rest == "" {
				return 0, io.EOF
			}
			read++
			n, err := give(r.Context(), read)
			n = copy(p, rest[:min(n, len(rest))])
			rest = rest[n:]
			return n, err
		})
		return resp, nil
	}
}

// TestStalledDownload: a transfer from which no byte comes for the time that the policy
// allows is begun again where it stood; one that is merely slow is left alone.
func TestStalledDownload(t *testing.T) {
	t.Parallel()
	file := object{body: content(1, 1000), etag: `"v1"`}
	overBoth(t, func(t *testing.T, proto int) {
		b := newBed(t, proto, []string{sized(1000)}, hang, stallAfter(400, file.serve), stallAfter(0, file.serve), file.serve)
		c, err := b.client.With(editkit.WithRetryPolicy(editkit.RetryPolicy{AttemptTimeout: 600 * time.Millisecond, BaseDelay: 1, MaxDelay: 1}))
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if n, err := c.Jobs.Download(ctxFor(t), "j1", &got); err != nil || n != 1000 || got.String() != file.body {
			t.Errorf("%d bytes, error %v", n, err)
		}
		if asked, want := ranges(b.storage), []string{"", "", `bytes=400- "v1"`, `bytes=400- "v1"`}; !slices.Equal(asked, want) {
			t.Errorf("asked for %q, want %q", asked, want)
		}
	})
	for name, tt := range map[string]struct {
		attempts int
		took     time.Duration
	}{
		"a stall in each request": {10, 9 * 30 * time.Second}, // 9 stalls, and as many pauses of at most 0.5 s
		"a stall for ever":        {4, 4 * 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				attempts, start := 0, time.Now()
				stalling := withBody(func(ctx context.Context, read int) (int, error) {
					if read == 1 && (name != "a stall for ever" || attempts == 1) {
						return 100, nil
					}
					<-ctx.Done()
					return 0, ctx.Err()
				})
				c := atStorage(t, func(r *http.Request) (*http.Response, error) {
					attempts++
					return stalling(r)
				})
				var got bytes.Buffer
				n, err := c.Jobs.Download(t.Context(), "j1", &got)
				if took := time.Since(start); attempts != tt.attempts || took < tt.took || took > tt.took+10*time.Second {
					t.Errorf("%d attempts in %s, want %d in %s", attempts, took, tt.attempts, tt.took)
				}
				if name == "a stall for ever" {
					if n != 100 || err == nil || !strings.Contains(err.Error(), "no byte came") || errors.Is(err, context.Canceled) {
						t.Errorf("%d bytes, error %v", n, err)
					}
					checkTold(t, err)
				} else if err != nil || got.String() != content(1, 1000) {
					t.Errorf("%d bytes, error %v", n, err)
				}
			})
		})
	}
	t.Run("slow", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			attempts := 0
			dripping := withBody(func(context.Context, int) (int, error) {
				<-time.After(29 * time.Second)
				return 10, nil
			})
			c := newClient(t, editkit.WithEditClips(testKey), editkit.WithHTTPClient(&http.Client{
				Timeout: time.Minute, // for calls, not for downloads
				Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
					if r.URL.Host == "editclips.online" {
						return reply(r, 200, strings.Replace(sized(1000), "LINK", "https://storage.example/o", 1)), nil
					}
					attempts++
					return dripping(r)
				}),
			}))
			slow := writerFunc(func(p []byte) (int, error) {
				<-time.After(time.Minute)
				return len(p), nil
			})
			if n, err := c.Jobs.Download(t.Context(), "j1", slow); n != 1000 || err != nil || attempts != 1 {
				t.Errorf("%d bytes in %d attempts, error %v", n, attempts, err)
			}
		})
	})
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestDownloadRetryAfter: a storage that asks for a pause gets it, and one that asks for
// more than the policy or the deadline allows ends the download at once.
func TestDownloadRetryAfter(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status   int
		header   string
		deadline time.Duration
		least    time.Duration // -1: the end
	}{
		"429":                 {429, "7", 0, 7 * time.Second},
		"503":                 {503, "7", 0, 7 * time.Second},
		"500":                 {500, "7", 0, 7 * time.Second},
		"not asked":           {503, "", 0, 0},
		"at the ceiling":      {503, "120", 0, 2 * time.Minute},
		"beyond the ceiling":  {503, "121", 0, -1},
		"before the deadline": {429, "20", time.Minute, 20 * time.Second},
		"beyond the deadline": {429, "20", 10 * time.Second, -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				requests, start := 0, time.Now()
				c := atStorage(t, func(r *http.Request) (*http.Response, error) {
					requests++
					if requests == 1 {
						return reply(r, tt.status, linkQuery, "Retry-After", tt.header), nil
					}
					return reply(r, 200, content(1, 1000)), nil
				})
				ctx := t.Context()
				if tt.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.deadline)
					defer cancel()
				}
				n, err := c.Jobs.Download(ctx, "j1", io.Discard)
				took := time.Since(start)
				if tt.least < 0 {
					if took != 0 || requests != 1 || err == nil || !strings.Contains(err.Error(), fmt.Sprint(tt.status)) {
						t.Errorf("after %s and %d requests: %v", took, requests, err)
					}
					checkTold(t, err)
					return
				}
				if err != nil || n != 1000 || requests != 2 || took < tt.least || took > tt.least+500*time.Millisecond {
					t.Errorf("after %s and %d requests: %d bytes, error %v", took, requests, n, err)
				}
			})
		})
	}
}

// TestContextEndsDownload: wherever a download stands, it ends when its context does.
func TestContextEndsDownload(t *testing.T) {
	t.Parallel()
	forEver := func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	inBody := withBody(func(ctx context.Context, read int) (int, error) {
		if read == 1 {
			return 400, nil
		}
		<-ctx.Done()
		return 0, ctx.Err()
	})
	for name, tt := range map[string]struct {
		storage func() transportFunc
		written int64
	}{
		"before the head":  {func() transportFunc { return forEver }, 0},
		"in the body":      {func() transportFunc { return inBody }, 400},
		"in a pause":       {func() transportFunc { return say(503, "", "Retry-After", "60") }, 0},
		"for a fresh link": {func() transportFunc { return replies(inBody, say(403, "")) }, 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, end := range []error{context.Canceled, context.DeadlineExceeded} {
				synctest.Test(t, func(t *testing.T) {
					jobs, storage := 0, tt.storage()
					c := newClient(t, editkit.WithEditClips(testKey), editkit.WithRetryPolicy(editkit.RetryPolicy{AttemptTimeout: 2 * time.Second}),
						stub(func(r *http.Request) (*http.Response, error) {
							if r.URL.Host != "editclips.online" {
								return storage(r)
							}
							if jobs++; jobs > 1 {
								return forEver(r)
							}
							return reply(r, 200, strings.Replace(sized(1000), "LINK", "https://storage.example/o?"+linkQuery, 1)), nil
						}))
					start := time.Now()
					// After a stall or two, and far from the next one.
					const after = 3*time.Second + 700*time.Millisecond
					ctx, cancel := context.WithCancel(t.Context())
					time.AfterFunc(after, cancel)
					if end == context.DeadlineExceeded {
						ctx, cancel = context.WithTimeout(t.Context(), after)
					}
					defer cancel()
					n, err := c.Jobs.Download(ctx, "j1", io.Discard)
					if name == "in a pause" && end == context.DeadlineExceeded {
						if time.Since(start) != 0 || err == nil { // no pause that the deadline would cut short
							t.Errorf("after %s: %v", time.Since(start), err)
						}
						return
					}
					if took := time.Since(start); took != after || !errors.Is(err, end) {
						t.Errorf("after %s: %v", took, err)
					}
					var de *editkit.DownloadError
					if !errors.As(err, &de) || n < tt.written || de.Written != n || de.Total != 1000 {
						t.Errorf("%d bytes, error %+v", n, err)
					}
					checkTold(t, err)
				})
			}
		})
	}
}

// TestWriterFails: an error of the writer, or a write that is not whole, ends a download
// at once and is what the caller finds.
func TestWriterFails(t *testing.T) {
	t.Parallel()
	errFull := errors.New("disk full")
	file := object{body: content(1, 400_000), etag: `"v1"`}
	for name, tt := range map[string]struct {
		write   func(n int) (int, error)
		want    error
		written int64 // of the second piece
	}{
		"nothing":     {func(int) (int, error) { return 0, errFull }, errFull, 0},
		"a part":      {func(int) (int, error) { return 10, errFull }, errFull, 10},
		"all":         {func(n int) (int, error) { return n, errFull }, errFull, -1},
		"short write": {func(n int) (int, error) { return n - 1, nil }, io.ErrShortWrite, -1},
		"EOF":         {func(int) (int, error) { return 0, io.EOF }, io.EOF, 0},
		"negative":    {func(int) (int, error) { return -1, errFull }, errFull, 0},
		"too much":    {func(n int) (int, error) { return n + 1000, nil }, nil, -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overBoth(t, func(t *testing.T, proto int) {
				b := newBed(t, proto, []string{sized(400_000)}, file.serve)
				writes := 0
				var first int64
				w := writerFunc(func(p []byte) (int, error) {
					if writes++; writes == 1 {
						first = int64(len(p))
						return len(p), nil
					}
					return tt.write(len(p))
				})
				n, err := b.client.Jobs.Download(ctxFor(t), "j1", w)
				var de *editkit.DownloadError
				if !errors.As(err, &de) || tt.want != nil && !errors.Is(err, tt.want) || errors.Is(err, editkit.ErrIncomplete) {
					t.Fatalf("error = %v, want %v", err, tt.want)
				}
				if writes != 2 || de.Written != n || de.Total != 400_000 || tt.written >= 0 && n != first+tt.written || n > 400_000 {
					t.Errorf("%d writes, %d bytes, error %+v", writes, n, de)
				}
				checkTold(t, err)
			})
		})
	}
}

// TestWriterFailsAfterAStall: bytes that come just when the transfer was given up are
// written, and what the writer says of them is not taken for the stall.
func TestWriterFailsAfterAStall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		errFull := errors.New("disk full")
		writes := 0
		c := atStorage(t, withBody(func(context.Context, int) (int, error) {
			<-time.After(31 * time.Second)
			return 100, nil
		}))
		n, err := c.Jobs.Download(t.Context(), "j1", writerFunc(func([]byte) (int, error) {
			writes++
			return 0, errFull
		}))
		if writes != 1 || n != 0 || !errors.Is(err, errFull) {
			t.Errorf("%d writes, %d bytes, error %v", writes, n, err)
		}
	})
}

// TestDownloadArguments: a mistake is an error before anything is sent, and no panic.
func TestDownloadArguments(t *testing.T) {
	t.Parallel()
	c := newClient(t, editkit.WithEditClips(testKey), stub(func(r *http.Request) (*http.Response, error) {
		t.Errorf("%s was asked", r.URL.Host)
		return nil, io.EOF
	}))
	dir := t.TempDir()
	var nilContext context.Context
	for name, call := range map[string]func() error{
		"nil writer":  func() error { _, err := c.Jobs.Download(t.Context(), "j1", nil); return err },
		"nil context": func() error { _, err := c.Jobs.Download(nilContext, "j1", io.Discard); return err },
		"nil option":  func() error { _, err := c.Jobs.Download(t.Context(), "j1", io.Discard, nil); return err },
		"nil progress": func() error {
			_, err := c.Jobs.Download(t.Context(), "j1", io.Discard, editkit.OnProgress(nil))
			return err
		},
		"empty id":          func() error { _, err := c.Jobs.Download(t.Context(), "", io.Discard); return err },
		"id with a slash":   func() error { _, err := c.Jobs.Download(t.Context(), "../balance", io.Discard); return err },
		"file: nil context": func() error { _, err := c.Jobs.DownloadFile(nilContext, "j1", dir); return err },
		"file: nil option":  func() error { _, err := c.Jobs.DownloadFile(t.Context(), "j1", dir, nil); return err },
		"file: empty id":    func() error { _, err := c.Jobs.DownloadFile(t.Context(), "", dir); return err },
		"file: empty path":  func() error { _, err := c.Jobs.DownloadFile(t.Context(), "j1", ""); return err },
		"run: nil context":  func() error { _, err := c.Jobs.Run(nilContext, goodParams, dir); return err },
		"run: nil option":   func() error { _, err := c.Jobs.Run(t.Context(), goodParams, dir, nil); return err },
	} {
		var arg *editkit.ArgError
		if err := call(); !errors.As(err, &arg) || !errors.Is(err, editkit.ErrInvalidArgument) {
			t.Errorf("%s: error = %v", name, err)
		}
	}
	var none editkit.JobsService
	if _, err := none.Download(t.Context(), "j1", io.Discard); !errors.Is(err, editkit.ErrNoCredentials) {
		t.Errorf("not made by New: %v", err)
	}
	if left := listDir(t, dir); len(left) != 0 {
		t.Errorf("%q left behind", left)
	}
}

// TestDownloadProgress: the count only grows, ends with the size, and comes with the
// size as soon as that is known.
func TestDownloadProgress(t *testing.T) {
	t.Parallel()
	file := object{body: content(1, 400_000), etag: `"v1"`}
	for name, tt := range map[string]struct {
		job   string
		steps []http.HandlerFunc
		first int64 // the total at first
		last  int64
	}{
		"known to the service":          {sized(400_000), []http.HandlerFunc{cutAfter(150_000, without(file.serve, "Content-Length")), file.serve}, 400_000, 400_000},
		"known to the storage":          {unsized, []http.HandlerFunc{cutAfter(150_000, file.serve), ignoring(file.serve, "Range")}, 400_000, 400_000},
		"known to nobody":               {unsized, []http.HandlerFunc{without(file.serve, "Content-Length")}, -1, -1},
		"known to the storage half-way": {unsized, []http.HandlerFunc{cutAfter(150_000, without(file.serve, "Content-Length")), file.serve}, -1, 400_000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overBoth(t, func(t *testing.T, proto int) {
				b := newBed(t, proto, []string{tt.job}, tt.steps...)
				var (
					got   bytes.Buffer
					calls [][2]int64
				)
				_, err := b.client.Jobs.Download(ctxFor(t), "j1", &got, editkit.OnProgress(func(done, total int64) {
					if done != int64(got.Len()) {
						t.Errorf("%d bytes reported, %d written", done, got.Len())
					}
					if len(calls) > 0 && (done <= calls[len(calls)-1][0] || total < calls[len(calls)-1][1]) {
						t.Errorf("(%d, %d) after %v", done, total, calls[len(calls)-1])
					}
					calls = append(calls, [2]int64{done, total})
				}))
				if err != nil || got.String() != file.body || len(calls) < 2 {
					t.Fatalf("%d bytes, %d calls, error %v", got.Len(), len(calls), err)
				}
				if calls[0][1] != tt.first || calls[len(calls)-1] != [2]int64{400_000, tt.last} {
					t.Errorf("first %v, last %v", calls[0], calls[len(calls)-1])
				}
			})
		})
	}
}

// TestDownloadOverBrokenTransport: the text of a transport's error that repeats the
// address is not passed on, but what it was can be found.
func TestDownloadOverBrokenTransport(t *testing.T) {
	t.Parallel()
	c := atStorage(t, func(r *http.Request) (*http.Response, error) {
		return nil, &url.Error{Op: "Get", URL: r.URL.String(), Err: io.ErrClosedPipe}
	}, fastRetries)
	_, err := c.Jobs.Download(ctxFor(t), "j1", io.Discard)
	if !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("error = %v", err)
	}
	checkTold(t, err)
}
