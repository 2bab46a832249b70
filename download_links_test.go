package editkit_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/editkit/editkit-go"
)

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
