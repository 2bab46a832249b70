package editkittest

import (
	"net/http"
	"strings"
	"time"
)

const (
	// filesPath is where files are downloaded from.
	filesPath = "/download/"
	// fileLifetime is how long files are kept, as in the documented examples.
	fileLifetime = 72 * time.Hour
)

// filePath returns the path of the link to the file of a process.
func (p *process) filePath() string {
	return filesPath + p.token + "/" + linkName(p.file.name)
}

func (p *process) fileExpires() time.Time { return p.madeAt.Add(fileLifetime) }

// routeFiles finds the operation that a request for a file means.
func (e *Emulator) routeFiles(r *http.Request) route {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return route{op: Unrouted, serve: func(w http.ResponseWriter, _ *http.Request, _ *call) {
			w.Header().Set("Allow", "GET, HEAD")
			writeHTML(w, http.StatusMethodNotAllowed)
		}}
	}
	return route{op: GetFile, serve: e.getFile}
}

// getFile serves a file to whoever has its address.
func (e *Emulator) getFile(w http.ResponseWriter, r *http.Request, c *call) {
	file, etag, modified := e.storedFileAt(r.URL.EscapedPath(), e.Now(), c.fault.kind)
	if file == nil {
		writeHTML(w, http.StatusNotFound)
		return
	}
	content, err := file.open()
	if err != nil { // the emulator was closed
		writeHTML(w, http.StatusInternalServerError)
		return
	}
	defer content.Close()
	serveFile(w, r, c, servedFile{file, content, etag, modified})
}

// storedFileAt returns the file at a path with its validators; nil if there is
// none, or none any more.
func (e *Emulator) storedFileAt(path string, now time.Time, fault faultKind) (file *storedFile, etag string, modified time.Time) {
	token, _, _ := strings.Cut(strings.TrimPrefix(path, filesPath), "/")
	e.mu.Lock()
	defer e.mu.Unlock()
	p := e.tokens[token]
	if p == nil || path != p.filePath() || fault == faultExpireLink || !now.Before(p.fileExpires()) {
		return nil, "", time.Time{}
	}
	etag, modified = p.file.validators(now, fault == faultChangeETag, p.madeAt)
	return p.file, etag, modified
}
