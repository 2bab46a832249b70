package editkit

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// MaxRequestBytes is the largest request that EditingTools.io takes: 100 MB for all of
// it, fields and multipart framing included, whatever the plan. The service does not
// say which MB: this is the larger reading, 100 * 1024 * 1024, so that nothing is
// refused here that might be accepted there. Between it and the smaller reading
// (100,000,000) an upload may be refused on the way, which is then [ErrTooLarge] all the
// same. [WithUploadLimit] changes it.
// Source: editingtools.io/api/v2/webhooks, "Upload Limits".
const MaxRequestBytes = 100 << 20

// smallerReading is the limit if a MB is a million bytes.
const smallerReading = 100_000_000

// Source is a file to upload: [FileSource], [BytesSource], [ReaderAtSource] or
// [ReaderSource] makes one. It is read when the call is made, anew for each attempt, in
// small pieces. A call that ends early does not wait for a Read under way.
type Source struct {
	name string
	// open returns the content from its beginning, and how long it is.
	open func() (io.ReadCloser, int64, error)
	once bool // the content can be read only once
	err  error
}

// FileSource uploads the file at path, under its base name.
func FileSource(path string) Source {
	return Source{name: filepath.Base(path), open: func() (io.ReadCloser, int64, error) {
		info, err := os.Stat(path) // before it is opened: to open a pipe can take for ever
		if err != nil {
			return nil, 0, err
		}
		if !info.Mode().IsRegular() {
			return nil, 0, fmt.Errorf("%s is not a regular file", path)
		}
		f, err := os.Open(path)
		if err != nil {
			return nil, 0, err
		}
		return f, info.Size(), nil
	}}
}

// BytesSource uploads b, which must not change during the call, under the given name.
func BytesSource(name string, b []byte) Source {
	return Source{name: name, open: func() (io.ReadCloser, int64, error) {
		return io.NopCloser(bytes.NewReader(b)), int64(len(b)), nil
	}}
}

// ReaderAtSource uploads r, which must have exactly size bytes, under the given name. The
// source is good for any number of attempts. For a part of something larger, r can be an
// [io.SectionReader].
func ReaderAtSource(name string, r io.ReaderAt, size int64) Source {
	s := Source{name: name, open: func() (io.ReadCloser, int64, error) {
		// One byte more than promised shows a source that is longer than it said.
		return newAbandonable(io.NewSectionReader(r, 0, size+1)), size, nil
	}}
	if r == nil || size < 0 {
		s.err = &ArgError{"File", "a nil reader or a negative size"}
	}
	return s
}

// ReaderSource uploads size bytes of r under the given name. A reader can be read only
// once, so the call makes only one attempt, and the source is good for one call.
func ReaderSource(name string, r io.Reader, size int64) Source {
	used := make(chan struct{}, 1) // full: r has been taken
	s := Source{name: name, once: true, open: func() (io.ReadCloser, int64, error) {
		return newAbandonable(&takenOnce{r, used, false}), size, nil
	}}
	if r == nil || size < 0 {
		s.err = &ArgError{"File", "a nil reader or a negative size"}
	}
	return s
}

// takenOnce lets only the first that reads have the reader.
type takenOnce struct {
	r    io.Reader
	used chan struct{}
	mine bool
}

func (o *takenOnce) Read(p []byte) (int, error) {
	if !o.mine {
		select {
		case o.used <- struct{}{}:
			o.mine = true
		default:
			return 0, errTakenTwice
		}
	}
	return o.r.Read(p)
}

var (
	// ErrSource means that a source could not be uploaded whole: it failed, or was
	// shorter or longer than it said. The service has seen no complete request.
	ErrSource = errors.New("editkit: the source failed")

	errTakenTwice = fmt.Errorf("%w: a ReaderSource can be read only once", ErrSource)
	errShort      = fmt.Errorf("%w: it is shorter than it said", ErrSource)
	errLong       = fmt.Errorf("%w: it is longer than it said", ErrSource)
)

// TooLargeError is a request that is larger than the service takes. It matches
// [ErrTooLarge]. Nothing was sent, unless Err says how the service broke it off.
type TooLargeError struct {
	Size     int64 // of the whole request
	Limit    int64
	Overhead int64 // how much of Size is not the file
	Err      error // nil if it was refused here
}

func (e *TooLargeError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%v; the request has %d bytes, and the service may take no more than %d", e.Err, e.Size, e.Limit)
	}
	return fmt.Sprintf("editkit: the request would have %d bytes (%d of them beside the file), and the limit is %d: not sent",
		e.Size, e.Overhead, e.Limit)
}

// Is reports whether target is [ErrTooLarge].
func (e *TooLargeError) Is(target error) bool { return target == ErrTooLarge }

// Unwrap returns how the service broke the request off, nil if it was never sent.
func (e *TooLargeError) Unwrap() error { return e.Err }

// form is a multipart request body whose length is known before its first byte.
type form struct {
	source      Source
	head, tail  []byte
	size        int64 // of the source
	contentType string
}

// newForm lays out fields, in the order of their names, and then the file.
func newForm(fields url.Values, source Source, limit int64) (*form, error) {
	if source.err != nil {
		return nil, source.err
	}
	if source.open == nil {
		return nil, &ArgError{"File", "none given"}
	}
	if source.name == "" { // a part without a file name is a field
		return nil, &ArgError{"File", "it has no name"}
	}
	content, size, err := source.open()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSource, err)
	}
	_ = content.Close()

	f := &form{source: source, size: size}
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	if err := w.SetBoundary(newBoundary()); err != nil {
		return nil, err
	}
	for _, name := range sortedKeys(fields) {
		for _, value := range fields[name] {
			if err := w.WriteField(name, value); err != nil {
				return nil, err
			}
		}
	}
	if _, err := w.CreatePart(fileHeader(source.name)); err != nil {
		return nil, err
	}
	headLength := buf.Len()
	if err := w.Close(); err != nil {
		return nil, err
	}
	f.head, f.tail = buf.Bytes()[:headLength:headLength], buf.Bytes()[headLength:]
	f.contentType = w.FormDataContentType()
	if overhead := int64(buf.Len()); size > limit-overhead {
		return nil, &TooLargeError{Size: overhead + min(size, math.MaxInt64-overhead), Limit: limit, Overhead: overhead}
	}
	return f, nil
}

func newBoundary() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return "editkit" + hex.EncodeToString(b[:])
}

func sortedKeys(fields url.Values) []string {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// fileHeader describes the file's part. Of the name only what could end its quotes or
// its line is replaced.
func fileHeader(name string) textproto.MIMEHeader {
	escape := strings.NewReplacer(`\`, "_", `"`, "%22", "\r", "%0D", "\n", "%0A", "\x00", "_")
	return textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="file"; filename="` + escape.Replace(name) + `"`},
		"Content-Type":        {"application/octet-stream"},
	}
}

// length is what Content-Length says.
func (f *form) length() int64 { return int64(len(f.head)) + f.size + int64(len(f.tail)) }

// body returns the whole form for one attempt. The source is opened when the first
// byte is asked for: many a body is made and never read.
func (f *form) body() io.ReadCloser {
	return &formBody{form: f, head: bytes.NewReader(f.head), tail: bytes.NewReader(f.tail)}
}

// formBody reads head, source and tail one after the other. The tail, without which no
// request is complete, comes only after exactly the promised bytes.
type formBody struct {
	form       *form
	head, tail *bytes.Reader
	read       int64 // of the content
	checked    bool  // the content has ended where it should

	mu      sync.Mutex // a transport may close a body while it reads it
	content io.ReadCloser
	closed  bool
}

func (b *formBody) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if b.head.Len() > 0 {
		return b.head.Read(p)
	}
	if !b.checked {
		n, err := b.readContent(p)
		if !b.checked {
			return n, err
		}
	}
	return b.tail.Read(p)
}

func (b *formBody) readContent(p []byte) (int, error) {
	content, err := b.opened()
	if err != nil {
		return 0, err
	}
	left := b.form.size - b.read
	// Where the content should end, one more byte is asked for.
	n, err := readSome(content, p[:min(int64(len(p)), max(left, 1))])
	b.read += int64(n)
	switch {
	case n > 0 && left == 0:
		return 0, errLong
	case n > 0:
		return n, nil // an error comes again
	case errors.Is(err, io.EOF) && left == 0:
		b.checked = true
		return 0, nil
	case errors.Is(err, io.EOF):
		return 0, errShort
	}
	return 0, fmt.Errorf("%w: %w", ErrSource, err)
}

// readSome reads at least one byte, or says why not: a reader may give nothing and no
// error, but not for ever.
func readSome(r io.Reader, p []byte) (int, error) {
	for range 100 {
		if n, err := r.Read(p); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// opened returns the content, which it opens the first time.
func (b *formBody) opened() (io.Reader, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, os.ErrClosed
	}
	if b.content != nil {
		return b.content, nil
	}
	content, size, err := b.form.source.open()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSource, err)
	}
	b.content = content
	if size != b.form.size {
		return nil, fmt.Errorf("%w: its size changed from %d to %d bytes", ErrSource, b.form.size, size)
	}
	return content, nil
}

// Close closes the source.
func (b *formBody) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	first := !b.closed
	b.closed = true
	if b.content == nil || !first {
		return nil
	}
	return b.content.Close()
}
