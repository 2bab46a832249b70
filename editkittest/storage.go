package editkittest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// storedFile is an output in the storage. Its version is protected by the
// emulator's lock; the rest doesn't change.
type storedFile struct {
	name string // as suggested by the engine
	path string // empty for data
	data []byte
	size int64
	hash string

	version  int       // counts how often it was replaced
	modified time.Time // zero: when the job ended
}

// store takes over what an engine made.
func store(output Output, dir string) (*storedFile, error) {
	file := &storedFile{name: output.Filename, path: output.Path, data: output.Data}
	if file.path != "" {
		if !filepath.IsAbs(file.path) {
			file.path = filepath.Join(dir, file.path)
		}
		if inside, err := filepath.Rel(dir, file.path); err != nil || !filepath.IsLocal(inside) {
			return nil, errors.New("the engine's output lies outside of the job's folder")
		}
	}
	content, err := file.open()
	if err != nil {
		return nil, errors.New("the engine's output cannot be opened")
	}
	defer content.Close()
	hash := sha256.New()
	if file.size, err = io.Copy(hash, content); err != nil {
		return nil, errors.New("the engine's output cannot be read")
	}
	file.hash = hex.EncodeToString(hash.Sum(nil)[:16])
	return file, nil
}

type openFile interface {
	io.ReadSeeker
	io.Closer
}

func (f *storedFile) open() (openFile, error) {
	if f.path == "" {
		return openBytes{bytes.NewReader(f.data)}, nil
	}
	return os.Open(f.path)
}

type openBytes struct{ *bytes.Reader }

func (openBytes) Close() error { return nil }

// etag returns the strong ETag of the present version.
func (f *storedFile) etag() string {
	if f.version == 0 {
		return `"` + f.hash + `"`
	}
	return fmt.Sprintf(`"%s-%d"`, f.hash, f.version)
}

// routeStorage finds the operation that a request to the storage means.
func (e *Emulator) routeStorage(r *http.Request) route {
	rest, found := strings.CutPrefix(r.URL.EscapedPath(), outputsPath)
	id, name, both := strings.Cut(rest, "/")
	if !found || !both || strings.Contains(name, "/") {
		return route{op: Unrouted, serve: func(w http.ResponseWriter, _ *http.Request, _ *call) {
			writeStorageError(w, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
		}}
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return route{op: Unrouted, serve: func(w http.ResponseWriter, _ *http.Request, _ *call) {
			w.Header().Set("Allow", "GET, HEAD")
			writeStorageError(w, http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed.")
		}}
	}
	return route{op: GetOutput, serve: e.getOutput, id: unescape(id)}
}

// getOutput serves the output of a job to the holder of a link.
func (e *Emulator) getOutput(w http.ResponseWriter, r *http.Request, c *call) {
	if r.Header.Get("Authorization") != "" {
		writeStorageError(w, http.StatusBadRequest, "InvalidArgument", "Only one auth mechanism is allowed.")
		return
	}
	now := e.Now()
	state := e.checkLink(r.URL, now)
	switch {
	case state == linkForged:
		writeStorageError(w, http.StatusForbidden, "SignatureDoesNotMatch", "The signature of the request does not match.")
		return
	case state == linkExpired, c.fault.kind == faultExpireLink:
		writeStorageError(w, http.StatusForbidden, "AccessDenied", "Request has expired")
		return
	}
	file, etag, modified := e.storedOutput(c.route.id, now, c.fault.kind == faultChangeETag)
	if file == nil {
		writeStorageError(w, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
		return
	}
	content, err := file.open()
	if err != nil { // the emulator was closed
		writeStorageError(w, http.StatusInternalServerError, "InternalError", "The file cannot be read.")
		return
	}
	defer content.Close()
	serveFile(w, r, c, servedFile{file, content, etag, modified})
}

// servedFile is a version of a file that is about to be sent.
type servedFile struct {
	*storedFile
	content  openFile
	etag     string
	modified time.Time
}

// serveFile sends a file, or the ranges of it that are asked for.
func serveFile(w http.ResponseWriter, r *http.Request, c *call, f servedFile) {
	if c.fault.kind == faultDropValidators {
		f.etag, f.modified = "", time.Time{}
	}
	if f.etag != "" {
		w.Header().Set("ETag", f.etag)
	}
	w.Header().Set("Content-Type", contentType(f.name))
	c.isDownload = r.Method == http.MethodGet
	if c.fault.kind == faultIgnoreRange {
		serveWhole(w, r, f.modified, f.size, f.content)
		return
	}
	http.ServeContent(w, r, "", f.modified, f.content)
}

// storedOutput returns the output of a job with its validators; nil if there is
// none, or none any more. If replaced, the file becomes a new version first.
func (e *Emulator) storedOutput(id string, now time.Time, replaced bool) (file *storedFile, etag string, modified time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	j := e.jobs[id]
	if j == nil || j.output == nil || !j.endedAt.IsZero() && j.outputGone(now) {
		return nil, "", time.Time{}
	}
	etag, modified = j.output.validators(now, replaced, j.endedAt)
	return j.output, etag, modified
}

// validators returns those of the present version. If replaced, the file becomes
// a new version first.
func (f *storedFile) validators(now time.Time, replaced bool, made time.Time) (etag string, modified time.Time) {
	if replaced {
		f.version++
		f.modified = now
	}
	if modified = f.modified; modified.IsZero() {
		modified = made
	}
	return f.etag(), modified
}

// serveWhole answers as a server that knows nothing of ranges.
func serveWhole(w http.ResponseWriter, r *http.Request, modified time.Time, size int64, content io.Reader) {
	w.Header().Set("Last-Modified", modified.UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		_, _ = io.Copy(w, content)
	}
}

func contentType(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".mp4":
		return "video/mp4"
	case ".zip":
		return "application/zip"
	case ".srt":
		return "application/x-subrip"
	case ".vtt":
		return "text/vtt"
	case ".png":
		return "image/png"
	case ".jpg", ".jpeg":
		return "image/jpeg"
	}
	return "application/octet-stream"
}

// storageError is an error of an S3-like storage.
type storageError struct {
	XMLName xml.Name `xml:"Error"`
	Code    string   `xml:"Code"`
	Message string   `xml:"Message"`
}

func writeStorageError(w http.ResponseWriter, status int, code, message string) {
	body, err := xml.Marshal(storageError{Code: code, Message: message})
	if err != nil { // cannot happen with these types
		status = http.StatusInternalServerError
	}
	body = append([]byte(xml.Header), body...)
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body)
}

// unescape decodes a segment of a path; one that cannot be decoded matches nothing.
func unescape(segment string) string {
	plain, err := url.PathUnescape(segment)
	if err != nil {
		return ""
	}
	return plain
}
