package editkittest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/editkit/editkit-go"
)

// apiPath is where the EditClips API lives on its host.
const apiPath = "/api/v1"

// toolsPath is where the EditingTools API lives on its host.
const toolsPath = "/v2"

// origins are the base URLs, without a path, of one way to reach the emulator.
type origins struct {
	api     string // EditClips
	storage string // its outputs
	tools   string // EditingTools
	files   string // its files
}

// virtualOrigins exist on the in-memory transport only.
var virtualOrigins = origins{
	api:     "https://editclips.test",
	storage: "https://storage.editclips.test",
	tools:   "https://api.editingtools.test",
	files:   "https://editingtools.test",
}

// isAPI reports whether host is that of the APIs.
func (o origins) isAPI(host string) bool {
	return sameHost(o.api, host) || sameHost(o.tools, host)
}

// isStorage reports whether host is that of outputs and files.
func (o origins) isStorage(host string) bool {
	return sameHost(o.storage, host) || sameHost(o.files, host)
}

func sameHost(origin, host string) bool {
	_, own, found := strings.Cut(origin, "://")
	return found && strings.EqualFold(own, strings.TrimSuffix(host, ":443"))
}

// owns reports whether host is one of the emulator's own.
func (e *Emulator) owns(host string) bool {
	return slices.ContainsFunc(e.reachable, func(o origins) bool {
		return o.isAPI(host) || o.isStorage(host)
	})
}

// isStorage reports whether a request is for a storage: by its host, or by its
// path if the host is none of the emulator's.
func (e *Emulator) isStorage(host, path string) bool {
	if e.owns(host) {
		return slices.ContainsFunc(e.reachable, func(o origins) bool { return o.isStorage(host) })
	}
	return strings.HasPrefix(path, outputsPath) || strings.HasPrefix(path, filesPath)
}

// originsFor returns the origins of the links in the answer to r, so that whoever
// reached the API can reach the storage.
func (e *Emulator) originsFor(r *http.Request) origins {
	for _, o := range e.reachable {
		if o.isAPI(r.Host) {
			return o
		}
	}
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	own := scheme + r.Host
	return origins{api: own, storage: own, tools: own, files: own}
}

// storageFor returns the base URL of links to outputs in the answer to r.
func (e *Emulator) storageFor(r *http.Request) string { return e.originsFor(r).storage }

// filesFor returns the base URL of links to files in the answer to r.
func (e *Emulator) filesFor(r *http.Request) string { return e.originsFor(r).files }

// serviceAt returns the service whose API lives at the path; empty if it is none.
func (e *Emulator) serviceAt(path string) editkit.Service {
	path, found := strings.CutPrefix(path, e.cfg.prefix)
	switch {
	case !found:
		return ""
	case path == toolsPath, strings.HasPrefix(path, toolsPath+"/"):
		return editkit.EditingTools
	case path == apiPath, strings.HasPrefix(path, apiPath+"/"):
		return editkit.EditClips
	}
	return ""
}
