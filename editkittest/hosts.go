package editkittest

import (
	"net/http"
	"slices"
	"strings"
)

// apiPath is where the EditClips API lives on its host.
const apiPath = "/api/v1"

// toolsPath is where the EditingTools API lives on its host.
const toolsPath = "/v2"

// origins are the base URLs, without a path, of one way to reach the emulator.
type origins struct {
	api     string
	tools   string
	storage string
}

// virtualOrigins exist on the in-memory transport only.
var virtualOrigins = origins{
	api:     "https://editclips.test",
	tools:   "https://api.editingtools.test",
	storage: "https://storage.editclips.test",
}

// isAPI reports whether host is that of the APIs.
func (o origins) isAPI(host string) bool {
	return sameHost(o.api, host) || sameHost(o.tools, host)
}

func sameHost(origin, host string) bool {
	_, own, found := strings.Cut(origin, "://")
	return found && strings.EqualFold(own, strings.TrimSuffix(host, ":443"))
}

// owns reports whether host is one of the emulator's own.
func (e *Emulator) owns(host string) bool {
	return slices.ContainsFunc(e.reachable, func(o origins) bool {
		return o.isAPI(host) || sameHost(o.storage, host)
	})
}

// isStorage reports whether a request is for the storage: by its host, or by its
// path if the host is none of the emulator's.
func (e *Emulator) isStorage(host, path string) bool {
	if e.owns(host) {
		return slices.ContainsFunc(e.reachable, func(o origins) bool { return sameHost(o.storage, host) })
	}
	return strings.HasPrefix(path, outputsPath)
}

// storageFor returns the base URL of the links in the answer to r, so that
// whoever reached the API can reach the storage.
func (e *Emulator) storageFor(r *http.Request) string {
	for _, o := range e.reachable {
		if o.isAPI(r.Host) {
			return o.storage
		}
	}
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	return scheme + r.Host
}
