package editkit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/editkit/editkit-go"
)

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
