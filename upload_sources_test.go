package editkit_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/editkit/editkit-go"
)

var errBoom = errors.New("boom")

// TestReaderSourceOnce: a reader that can be read only once is sent once, so that a 429
// is what the caller sees, and a second call with it sends nothing whole.
func TestReaderSourceOnce(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, proto int) {
		srv := newDock(t, proto, unload(429, "Retry-After", "0"), unload(202))
		c := srv.client()
		source := editkit.ReaderSource("a.mov", strings.NewReader(content(1, 5000)), 5000)
		_, err := c.Tools.Run(ctxFor(t), "x", editkit.ToolParams{File: source}, editkit.WithUnsafeRetry())
		var ae *editkit.APIError
		if !errors.Is(err, editkit.ErrRateLimited) || !errors.As(err, &ae) || ae.Attempts != 1 || errors.Is(err, editkit.ErrUncertain) || errors.Is(err, editkit.ErrSource) {
			t.Errorf("error = %v", err)
		}
		_, err = c.Tools.Run(ctxFor(t), "x", editkit.ToolParams{File: source})
		if !errors.Is(err, editkit.ErrSource) || !strings.Contains(err.Error(), "only once") || errors.Is(err, editkit.ErrUncertain) {
			t.Errorf("second call: %v", err)
		}
		got := srv.deliveriesSoFar()
		if !got[0].Whole || got[0].Content != content(1, 5000) {
			t.Errorf("the first call brought %d bytes", len(got[0].Content))
		}
		if len(got) > 1 && got[1].Whole {
			t.Errorf("the second call brought %q", got[1].Content)
		}
	})
}

// TestUnreadReaderSource: a refusal before the first byte does not use a reader up.
func TestUnreadReaderSource(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, proto int) {
		text := content(1, 1<<20)
		srv := newDock(t, proto, refuse(429, `{}`), unload(202))
		c := srv.client()
		source := editkit.ReaderSource("a.mov", strings.NewReader(text), int64(len(text)))
		if _, err := c.Tools.Run(ctxFor(t), "x", editkit.ToolParams{File: source}); !errors.Is(err, editkit.ErrRateLimited) {
			t.Error(err)
		}
		if _, err := c.Tools.Run(ctxFor(t), "x", editkit.ToolParams{File: source}); err != nil {
			t.Error(err)
		}
		if d := srv.deliveries()[1]; !d.Whole || d.Content != text {
			t.Errorf("%d bytes came", len(d.Content))
		}
	})
}

// TestOddReaders: a reader that gives its bytes in an unusual but lawful way is sent
// whole, in order.
func TestOddReaders(t *testing.T) {
	t.Parallel()
	text := content(1, 3000)
	for name, odd := range map[string]func(io.Reader) io.Reader{
		"byte by byte":     iotest.OneByteReader,
		"half of it":       iotest.HalfReader,
		"end with content": iotest.DataErrReader,
		"often nothing":    func(r io.Reader) io.Reader { return &hesitant{r: r, often: 50} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overBoth(t, func(t *testing.T, proto int) {
				srv := newDock(t, proto, unload(202))
				_, err := srv.client().Tools.Run(ctxFor(t), "x", editkit.ToolParams{File: editkit.ReaderSource("a.mov", odd(strings.NewReader(text)), 3000)})
				if d := srv.deliveries()[0]; err != nil || !d.Whole || d.Content != text {
					t.Errorf("%d bytes came: %v", len(d.Content), err)
				}
			})
		})
	}
}

// hesitant gives nothing, and no error, before each piece.
type hesitant struct {
	r           io.Reader
	often, said int
}

func (h *hesitant) Read(p []byte) (int, error) {
	if h.said++; h.said%h.often != 0 {
		return 0, nil
	}
	return h.r.Read(p[:min(len(p), 500)])
}

// TestBrokenSources: a source that fails or is not as long as it said is ErrSource with
// its cause, which leaves no doubt: no server has seen a complete request.
func TestBrokenSources(t *testing.T) {
	t.Parallel()
	closed, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	for _, size := range []int{10, 300_000} {
		text, n := content(1, size), int64(size)
		whole := func() io.Reader { return strings.NewReader(text) }
		half := func() io.Reader { return io.MultiReader(strings.NewReader(text[:n/2]), iotest.ErrReader(errBoom)) }
		silent := func() io.Reader { return &hesitant{r: strings.NewReader(text), often: math.MaxInt} }
		for name, tt := range map[string]struct {
			reader func() io.Reader
			size   int64
			cause  error
		}{
			"too short":        {whole, n + 1, nil},
			"too long":         {whole, n - 1, nil},
			"not empty at all": {whole, 0, nil},
			"fails":            {half, n, errBoom},
			"fails at its end": {half, n / 2, errBoom},
			"says nothing":     {silent, n, io.ErrNoProgress},
		} {
			t.Run(fmt.Sprint("reader of ", size, " ", name), func(t *testing.T) {
				t.Parallel()
				overBoth(t, func(t *testing.T, proto int) {
					checkBroken(t, proto, editkit.ReaderSource("a", tt.reader(), tt.size), tt.cause, nil)
				})
			})
		}
		for name, tt := range map[string]struct {
			source editkit.Source
			cause  error
		}{
			"too short":     {editkit.ReaderAtSource("a", strings.NewReader(text), n+1), nil},
			"too long":      {editkit.ReaderAtSource("a", strings.NewReader(text), n-1), nil},
			"a closed file": {editkit.ReaderAtSource("a", closed, n), fs.ErrClosed},
		} {
			t.Run(fmt.Sprint("ReaderAt of ", size, " ", name), func(t *testing.T) {
				t.Parallel()
				overBoth(t, func(t *testing.T, proto int) { checkBroken(t, proto, tt.source, tt.cause, nil) })
			})
		}
	}
}

// checkBroken sends a source that breaks, and looks at what the caller and the server
// see of it. The change is made when the call has looked at the source for the first time.
func checkBroken(t *testing.T, proto int, source editkit.Source, cause error, change func(), opts ...editkit.CallOption) {
	t.Helper()
	srv := newDock(t, proto, unload(202), unload(202))
	c := srv.client(editkit.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if change != nil {
				change()
			}
			return next.RoundTrip(r)
		})
	}))
	run, err := c.Tools.Run(ctxFor(t), "x", editkit.ToolParams{File: source}, opts...)
	if run != nil || !errors.Is(err, editkit.ErrSource) || errors.Is(err, editkit.ErrUncertain) || cause != nil && !errors.Is(err, cause) {
		t.Errorf("%v, %v, want ErrSource for %v", run, err, cause)
	}
	var te *editkit.TransportError
	if !errors.As(err, &te) || te.Attempts != 1 {
		t.Errorf("%v", err)
	}
	for _, d := range srv.deliveriesSoFar() {
		if d.Whole {
			t.Errorf("the server saw a complete request with %d bytes", len(d.Content))
		}
	}
}

// roundTripper is a middleware's.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestFileChanges: a file that grows, shrinks, vanishes or is replaced between the look at
// its size and its last byte is ErrSource.
func TestFileChanges(t *testing.T) {
	t.Parallel()
	const size = 2 << 20 // no transport takes it in one piece
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	grow := func(path string) error { return os.WriteFile(path, []byte(content(1, size+1)), 0o600) }
	shrink := func(path string) error { return os.Truncate(path, size-1) }
	for name, tt := range map[string]struct {
		change func(path string) error
		cause  error
		late   bool // while it is read
	}{
		"grows":           {grow, nil, false},
		"shrinks":         {shrink, nil, false},
		"vanishes":        {os.Remove, fs.ErrNotExist, false},
		"is empty":        {func(path string) error { return os.Truncate(path, 0) }, nil, false},
		"is a folder now": {func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) }, nil, false},
		"grows late": {func(path string) error {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteString("x")
			return errors.Join(err, f.Close())
		}, nil, true},
		"shrinks late": {shrink, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overBoth(t, func(t *testing.T, proto int) {
				path := filepath.Join(t.TempDir(), "a.mov")
				must(t, os.WriteFile(path, []byte(content(1, size)), 0o600))
				changed := false
				change := func() {
					if !changed {
						changed = true
						must(t, tt.change(path))
					}
				}
				opts := []editkit.CallOption{}
				if tt.late {
					opts = append(opts, editkit.OnProgress(func(done, _ int64) {
						if done > size/3 {
							change()
						}
					}))
					checkBroken(t, proto, editkit.FileSource(path), tt.cause, nil, opts...)
					return
				}
				checkBroken(t, proto, editkit.FileSource(path), tt.cause, change)
			})
		})
	}
}

// TestFileVanishesBetweenAttempts: what the caller sees is why the second attempt could
// not be made.
func TestFileVanishesBetweenAttempts(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, proto int) {
		path := filepath.Join(t.TempDir(), "a.mov")
		if err := os.WriteFile(path, []byte("content"), 0o600); err != nil {
			t.Fatal(err)
		}
		srv := newDock(t, proto, func(w http.ResponseWriter, r *http.Request, d *delivery) {
			d.unload(r)
			_ = os.Remove(path)
			answer(429, `{}`)(w, r)
		}, unload(202))
		_, err := srv.client().Tools.Run(ctxFor(t), "x", editkit.ToolParams{File: editkit.FileSource(path)})
		if !errors.Is(err, editkit.ErrSource) || !errors.Is(err, fs.ErrNotExist) || errors.Is(err, editkit.ErrUncertain) {
			t.Errorf("error = %v", err)
		}
		if got := srv.deliveriesSoFar(); !got[0].Whole || len(got) > 1 && got[1].Whole {
			t.Errorf("%d uploads came", len(got))
		}
	})
}

// TestUnusableSources: what can't be a file to upload is refused before anything is sent:
// a mistake in the program as an *ArgError, a file that can't be read as ErrSource.
func TestUnusableSources(t *testing.T) {
	t.Parallel()
	c := toolsClient(t, func(*http.Request) (*http.Response, error) {
		t.Error("something was sent")
		return nil, io.EOF
	})
	dir := t.TempDir()
	for name, source := range map[string]editkit.Source{
		"zero":                   {},
		"nil ReaderAt":           editkit.ReaderAtSource("a", nil, 0),
		"nil Reader":             editkit.ReaderSource("a", nil, 0),
		"negative size":          editkit.ReaderSource("a", strings.NewReader("x"), -1),
		"negative size ReaderAt": editkit.ReaderAtSource("a", strings.NewReader("x"), -1),
		"no name":                editkit.BytesSource("", []byte("x")),
	} {
		_, err := c.Tools.Run(t.Context(), "x", editkit.ToolParams{File: source})
		var ae *editkit.ArgError
		if !errors.As(err, &ae) || ae.Field != "File" {
			t.Errorf("%s: %v", name, err)
		}
	}
	files := map[string]error{"": fs.ErrNotExist, ".": nil, dir: nil, filepath.Join(dir, "none"): fs.ErrNotExist, filepath.Join(dir, "a\x00b"): nil, os.DevNull: nil}
	if mkfifo, err := exec.LookPath("mkfifo"); err == nil {
		pipe := filepath.Join(dir, "pipe") // that nobody writes to
		if err := exec.CommandContext(t.Context(), mkfifo, pipe).Run(); err != nil {
			t.Error(err)
		}
		files[pipe] = nil
	}
	for path, cause := range files {
		_, err := c.Tools.Run(t.Context(), "x", editkit.ToolParams{File: editkit.FileSource(path)})
		if !errors.Is(err, editkit.ErrSource) || cause != nil && !errors.Is(err, cause) {
			t.Errorf("%q: %v", path, err)
		}
	}
}

// TestFileIsClosed: whatever the end of a call, the file is closed when it returns.
func TestFileIsClosed(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("open files are counted by /proc/self/fd")
	}
	for name, tt := range map[string]struct {
		size int
		last step
	}{
		"taken":          {70_000, unload(202)},
		"refused unread": {2 << 20, refuse(413, ``)},
		"refused half-way": {900_000, func(w http.ResponseWriter, r *http.Request, _ *delivery) {
			_, _ = io.CopyN(io.Discard, r.Body, 10)
			answer(400, `{}`)(w, r)
		}},
		"broken off": {3 << 20, breakAfter(100_000)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overBoth(t, func(t *testing.T, proto int) {
				path := filepath.Join(t.TempDir(), "a.mov")
				if err := os.WriteFile(path, make([]byte, tt.size), 0o600); err != nil {
					t.Fatal(err)
				}
				srv := newDock(t, proto, unload(429), tt.last)
				_, _ = srv.client().Tools.Run(ctxFor(t), "x", editkit.ToolParams{File: editkit.FileSource(path)})
				// A transport that is reading just then may take a moment for its last piece.
				for deadline := time.Now().Add(5 * time.Second); openFiles(t, path) > 0; runtime.Gosched() {
					if time.Now().After(deadline) {
						t.Fatalf("%d times open", openFiles(t, path))
					}
				}
			})
		})
	}
}

func openFiles(t *testing.T, path string) int {
	t.Helper()
	fds, err := filepath.Glob("/proc/self/fd/*")
	if err != nil || len(fds) == 0 {
		t.Skip("there is no /proc/self/fd")
	}
	n := 0
	for _, fd := range fds {
		if target, err := os.Readlink(fd); err == nil && target == path {
			n++
		}
	}
	return n
}

// TestNothingIsReadLater: a transport may go on with a body, or forget to close it, when the
// call has returned; it gets no further byte, and nobody is told of any.
func TestNothingIsReadLater(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.mov")
	if err := os.WriteFile(path, make([]byte, 100_000), 0o600); err != nil {
		t.Fatal(err)
	}
	var e endless
	for name, source := range map[string]editkit.Source{"FileSource": editkit.FileSource(path), "ReaderAtSource": e.source(100_000)} {
		for _, answers := range []bool{true, false} {
			var body io.ReadCloser
			c := newClient(t, editkit.WithEditingTools(toolsKey), oneTry, editkit.WithHTTPClient(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				body = r.Body
				if n, err := io.CopyN(io.Discard, body, 1000); err != nil {
					t.Errorf("%d bytes: %v", n, err)
				}
				if answers {
					return reply(r, 400, `{}`), nil
				}
				return nil, io.ErrUnexpectedEOF
			})}))
			told := int64(0)
			_, err := c.Tools.Run(t.Context(), "x", editkit.ToolParams{File: source}, editkit.OnProgress(func(done, _ int64) { told = done }))
			if errors.Is(err, editkit.ErrBadRequest) != answers || told == 0 {
				t.Errorf("%s: %v, told of %d bytes", name, err, told)
			}
			before, read := told, e.taken.Load()
			if n, err := io.Copy(io.Discard, body); n != 0 || err == nil || told != before || e.taken.Load() != read {
				t.Errorf("%s: another %d bytes were read, %v, told of %d", name, n, err, told-before)
			}
			if runtime.GOOS == "linux" && openFiles(t, path) != 0 {
				t.Errorf("%s is still open", name)
			}
			if err := os.Rename(path, path); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestSourceIsLeftAlone: bytes that were uploaded belong to the caller again when the
// call has returned, and an unused source was never read.
func TestSourceIsLeftAlone(t *testing.T) {
	t.Parallel()
	srv := newDock(t, 1, unload(202))
	b := []byte(content(1, 500_000))
	if _, err := srv.client().Tools.Run(ctxFor(t), "x", editkit.ToolParams{File: editkit.BytesSource("a", b)}); err != nil {
		t.Fatal(err)
	}
	clear(b) // the race detector sees who still reads
	if d := srv.deliveries()[0]; d.Content != content(1, 500_000) {
		t.Error("other bytes came")
	}
	var e endless
	c := toolsClient(t, say(202, accepted))
	for _, err := range []error{
		second(c.Tools.Run(t.Context(), "../x", editkit.ToolParams{File: e.source(10)})),
		second(c.Tools.Translate(t.Context(), editkit.TranslateParams{File: e.source(10)})),
		second(c.Tools.Run(nil, "x", editkit.ToolParams{File: e.source(10)})), //nolint:staticcheck // the point of it
	} {
		if !errors.Is(err, editkit.ErrInvalidArgument) {
			t.Error(err)
		}
	}
	if e.taken.Load() != 0 || !bytes.Equal(b[:1], []byte{0}) {
		t.Errorf("%d bytes were read", e.taken.Load())
	}
}

func second[T any](_ T, err error) error { return err }
