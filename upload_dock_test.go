package editkit_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/editkit/editkit-go"
)

const accepted = `{"code":202,"status":"OK","timestamp":"2025-05-21T10:00:00Z","data":{"processId":"#ABC123"}}`

// smallSource is a file of a few bytes.
func smallSource() editkit.Source { return editkit.BytesSource("a.srt", []byte("1\n")) }

// delivery is an upload as the dock saw it.
type delivery struct {
	Header   http.Header // without Expect over HTTP/2, where net/http takes it off
	Proto    int
	Path     string
	Declared int64 // the Content-Length
	Read     int64 // how much of the body was read
	Fields   url.Values
	FileName string
	Content  string
	Whole    bool // the form was read to its end, and the request to its own
}

// dock is a server that takes uploads in order, and leaves it to each step whether it
// reads the body at all.
type dock struct {
	*httptest.Server
	t     *testing.T
	wire  atomic.Int64 // bytes that came in, also those that nobody asked for
	mu    sync.Mutex
	steps []step
	got   []*delivery
	over  bool
	lax   bool // steps may be left over
	// running are the steps: over HTTP/2 they outlive the server.
	running sync.WaitGroup
}

// step answers one upload.
type step func(http.ResponseWriter, *http.Request, *delivery)

// newDock starts a server for HTTP/1.1, or with TLS for HTTP/2. A request too many, or a
// step left over, fails the test.
func newDock(t *testing.T, proto int, steps ...step) *dock {
	t.Helper()
	d := &dock{t: t, steps: steps}
	d.Server = httptest.NewUnstartedServer(d)
	d.Listener = scale{d.Listener, &d.wire}
	d.Config.ErrorLog = quietLog
	if proto == 2 {
		d.EnableHTTP2 = true
		d.StartTLS()
	} else {
		d.Start()
	}
	t.Cleanup(func() {
		if got := d.deliveries(); len(got) < len(d.steps) && !d.lax && !t.Failed() {
			t.Errorf("%d of %d expected uploads came", len(got), len(d.steps))
		}
	})
	return d
}

// scale counts what comes in.
type scale struct {
	net.Listener
	n *atomic.Int64
}

func (s scale) Accept() (net.Conn, error) {
	conn, err := s.Listener.Accept()
	return weighed{conn, s.n}, err
}

type weighed struct {
	net.Conn
	n *atomic.Int64
}

func (w weighed) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.n.Add(int64(n))
	return n, err
}

func (d *dock) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	seen := &delivery{Header: r.Header, Proto: r.ProtoMajor, Path: r.URL.Path, Declared: r.ContentLength}
	d.mu.Lock()
	n := len(d.got)
	if d.over {
		d.mu.Unlock()
		return
	}
	d.got = append(d.got, seen)
	d.running.Add(1)
	d.mu.Unlock()
	defer d.running.Done()
	if n >= len(d.steps) {
		d.t.Errorf("unexpected upload %d: %s %s", n+1, r.Method, r.URL.Path)
		http.Error(w, "too many", http.StatusTeapot)
		return
	}
	own := r.WithContext(r.Context()) // net/http looks at the body of r to see whether to ask for it
	own.Body = counted{r.Body, &seen.Read}
	d.steps[n](w, own, seen)
}

type counted struct {
	io.ReadCloser
	n *int64
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	*c.n += int64(n)
	return n, err
}

// deliveries returns what came, when all of it has come: it closes the server.
func (d *dock) deliveries() []*delivery {
	d.Server.Client().CloseIdleConnections()
	d.Close()
	d.mu.Lock()
	d.over = true
	d.mu.Unlock()
	d.running.Wait()
	return d.got
}

// deliveriesSoFar is deliveries for uploads that need not have got as far as the server.
func (d *dock) deliveriesSoFar() []*delivery {
	d.lax = true
	return d.deliveries()
}

// client returns a client of EditingTools.io for the dock. It waits for a 100 Continue as
// long as it takes, so that a busy machine is no reason to send a body.
func (d *dock) client(opts ...editkit.Option) *editkit.Client {
	d.t.Helper()
	transport := d.Server.Client().Transport.(*http.Transport).Clone()
	transport.ExpectContinueTimeout = time.Minute
	return newClient(d.t, append([]editkit.Option{
		editkit.WithEditingTools(toolsKey),
		editkit.WithBaseURL(editkit.EditingTools, d.URL+"/gateway/v2"),
		editkit.WithHTTPClient(&http.Client{Transport: transport}),
		fastRetries,
	}, opts...)...)
}

// unload is a step that reads the upload to its end, and then answers.
func unload(status int, headers ...string) step {
	return func(w http.ResponseWriter, r *http.Request, d *delivery) {
		d.unload(r)
		answer(status, accepted, headers...)(w, r)
	}
}

func (d *delivery) unload(r *http.Request) {
	err := r.ParseMultipartForm(64 << 20)
	if err == nil {
		d.Fields = r.PostForm
		err = d.readFile(r)
	}
	_, rest := io.Copy(io.Discard, r.Body)
	d.Whole = err == nil && rest == nil && d.Read == d.Declared
}

func (d *delivery) readFile(r *http.Request) error {
	if n := len(r.MultipartForm.File); n != 1 || len(r.MultipartForm.File["file"]) != 1 {
		return errors.New("not one file")
	}
	header := r.MultipartForm.File["file"][0]
	d.FileName = header.Filename
	f, err := header.Open()
	if err != nil {
		return err
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	d.Content = string(b)
	return err
}

// refuse is a step that answers at once, without a look at the body.
func refuse(status int, body string, headers ...string) step {
	return func(w http.ResponseWriter, r *http.Request, _ *delivery) { answer(status, body, headers...)(w, r) }
}

// breakAfter is a step that breaks the connection, or the stream, when n bytes of the
// body were read; negative: when all of it was.
func breakAfter(n int64) step {
	return func(_ http.ResponseWriter, r *http.Request, d *delivery) {
		if n < 0 {
			d.unload(r)
		}
		_, _ = io.CopyN(io.Discard, r.Body, n)
		panic(http.ErrAbortHandler)
	}
}

// stopAt is a step that reads no further than n bytes until the test lets it go.
func stopAt(n int64, reached chan<- struct{}, release <-chan struct{}) step {
	return func(_ http.ResponseWriter, r *http.Request, _ *delivery) {
		_, _ = io.CopyN(io.Discard, r.Body, n)
		if reached != nil {
			close(reached)
		}
		<-release
		panic(http.ErrAbortHandler)
	}
}

// endless has zeros without end, and counts how many were taken.
type endless struct{ taken atomic.Int64 }

func (e *endless) ReadAt(p []byte, _ int64) (int, error) {
	clear(p)
	e.taken.Add(int64(len(p)))
	return len(p), nil
}

func (e *endless) source(size int64) editkit.Source {
	return editkit.ReaderAtSource("long.mov", &limited{e, size}, size)
}

// limited ends after size bytes.
type limited struct {
	r    io.ReaderAt
	size int64
}

func (l *limited) ReadAt(p []byte, off int64) (int, error) {
	if left := l.size - off; left < int64(len(p)) {
		p = p[:max(left, 0)]
		n, _ := l.r.ReadAt(p, off)
		return n, io.EOF
	}
	return l.r.ReadAt(p, off)
}
