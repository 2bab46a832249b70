package editkittest

import (
	"crypto/subtle"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/editkit/editkit-go"
)

// toolsUser is the user name that goes with every key of EditingTools.
const toolsUser = "apikey"

// timestampForm is how EditingTools writes times, which are in UTC.
const timestampForm = "2006-01-02T15:04:05Z"

// envelope is around every answer of the EditingTools API.
type envelope struct {
	Code      int    `json:"code"`
	Status    string `json:"status"` // "OK", or a message for people
	Timestamp string `json:"timestamp"`
	Data      any    `json:"data"`
}

// nothing is the data of errors: the empty array, as which PHP writes an empty
// object.
var nothing = []string{}

// routeTools finds the operation that a request to the EditingTools API means.
func (e *Emulator) routeTools(r *http.Request) route {
	path := strings.TrimPrefix(r.URL.EscapedPath(), e.cfg.prefix+toolsPath)
	id, isProcess := strings.CutPrefix(path, "/processes/")
	tool := findTool(strings.TrimPrefix(path, "/"))
	var known route
	method := http.MethodGet
	switch {
	case path == "/processes":
		known = route{op: ListProcesses, serve: e.listProcesses}
	case isProcess && id != "" && !strings.Contains(id, "/"):
		known = route{op: GetProcess, serve: e.getProcess, id: strings.TrimPrefix(unescape(id), "#")}
		if e.cfg.noDetails {
			known.serve = serveNoPage
			return known
		}
	case path == "/files":
		known = route{op: ListFiles, serve: e.listFiles}
	case path == projectPath:
		known, method = route{op: StartTool, serve: e.createProject}, http.MethodPost
	case tool != nil:
		known, method = route{op: StartTool, serve: func(w http.ResponseWriter, r *http.Request, c *call) {
			e.startTool(w, r, c, tool)
		}}, http.MethodPost
	default:
		return route{op: Unrouted, serve: serveNoPage}
	}
	if r.Method != method {
		return route{op: Unrouted, serve: func(w http.ResponseWriter, r *http.Request, _ *call) {
			w.Header().Set("Allow", method)
			e.refuse(w, r, refusal(http.StatusMethodNotAllowed, msgMethod))
		}}
	}
	known.serve = e.guard(known.serve)
	return known
}

// guard lets a request through to serve if it isn't too large, has the key and is
// within the limits.
func (e *Emulator) guard(serve func(http.ResponseWriter, *http.Request, *call)) func(http.ResponseWriter, *http.Request, *call) {
	return func(w http.ResponseWriter, r *http.Request, c *call) {
		if r.ContentLength > e.cfg.uploadLimit {
			e.refuseUpload(w, r)
			return
		}
		if !e.toolsAuthorized(r) {
			w.Header().Set("WWW-Authenticate", `Basic realm="EditingTools API"`)
			e.refuse(w, r, refusal(http.StatusUnauthorized, msgUnauthorized))
			return
		}
		if wait := e.limiter.admit(e.Now()); wait > 0 {
			e.stats.update(func(s *Stats) { s.RateLimited++ })
			w.Header().Set("Retry-After", strconv.FormatFloat(math.Ceil(wait.Seconds()), 'f', 0, 64))
			e.refuse(w, r, refusal(http.StatusTooManyRequests, msgRateLimited))
			return
		}
		serve(w, r, c)
	}
}

func (e *Emulator) toolsAuthorized(r *http.Request) bool {
	user, key, _ := r.BasicAuth()
	rightUser := subtle.ConstantTimeCompare([]byte(user), []byte(toolsUser))
	rightKey := subtle.ConstantTimeCompare([]byte(key), []byte(e.Key(editkit.EditingTools)))
	return rightUser&rightKey == 1
}

// writeData answers with data in an envelope.
func (e *Emulator) writeData(w http.ResponseWriter, status int, data any) {
	e.writeEnvelope(w, envelope{Code: status, Status: "OK", Data: data})
}

// refuse answers with an error in an envelope, in the language of the request.
func (e *Emulator) refuse(w http.ResponseWriter, r *http.Request, p *toolProblem) {
	drainUnasked(r)
	e.writeEnvelope(w, envelope{Code: p.status, Status: p.text(languageOf(r.Header)), Data: nothing})
}

func (e *Emulator) writeEnvelope(w http.ResponseWriter, answer envelope) {
	answer.Timestamp = timestamp(e.Now())
	body, err := encodeJSON(answer)
	if err != nil { // no value of this package
		body = nil
	}
	writeToolsBody(w, answer.Code, body)
}

func writeToolsBody(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body)
}

// serveNoPage answers as a site does for an address that it doesn't know: in HTML.
func serveNoPage(w http.ResponseWriter, _ *http.Request, _ *call) {
	writeHTML(w, http.StatusNotFound)
}

// writeHTML answers with a page such as a proxy makes.
func writeHTML(w http.ResponseWriter, status int) {
	title := strconv.Itoa(status) + " " + http.StatusText(status)
	body := "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title + "</h1></center>\r\n</body>\r\n</html>\r\n"
	w.Header().Set("Content-Type", "text/html")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write([]byte(body))
}

func timestamp(t time.Time) string { return t.UTC().Format(timestampForm) }
