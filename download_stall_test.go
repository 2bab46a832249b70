package editkit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/editkit/editkit-go"
)

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
