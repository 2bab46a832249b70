package editkittest

import (
	"bytes"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/editkit/editkit-go"
)

// The answers of the EditClips API, with exactly the documented fields.
type (
	balanceAnswer struct {
		Credits        int64 `json:"credits"`
		TotalPurchased int64 `json:"totalPurchased"`
	}

	createdAnswer struct {
		ID              string `json:"id"`
		Status          string `json:"status"`
		Tool            string `json:"tool"`
		CreditsReserved int64  `json:"creditsReserved"`
		Poll            string `json:"poll"` // a path from the origin
	}

	jobHead struct {
		ID       string  `json:"id"`
		Status   string  `json:"status"`
		Tool     string  `json:"tool"`
		Progress float64 `json:"progress"`
	}

	openJobAnswer struct {
		jobHead
		ProgressMessage string `json:"progressMessage,omitempty"`
	}

	completedJobAnswer struct {
		jobHead
		OutputURL       string `json:"outputUrl,omitempty"` // missing once the file is gone
		OutputFilename  string `json:"outputFilename"`
		OutputSize      int64  `json:"outputSize"`
		CreditsReserved int64  `json:"creditsReserved"`
		CreditsCharged  int64  `json:"creditsCharged"`
	}

	failedJobAnswer struct {
		jobHead
		ErrorMessage string `json:"errorMessage"`
	}

	errorAnswer struct {
		Error errorDetail `json:"error"`
	}

	errorDetail struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
)

// routeAPI finds the operation that a request to the EditClips API means.
func (e *Emulator) routeAPI(r *http.Request) route {
	path, found := strings.CutPrefix(r.URL.EscapedPath(), e.cfg.prefix+apiPath)
	id, isJob := strings.CutPrefix(path, "/jobs/")
	var known route
	var method string
	switch {
	case !found:
		return route{op: Unrouted, serve: e.serveUnknown}
	case path == "/balance":
		known, method = route{op: GetBalance, serve: e.getBalance}, http.MethodGet
	case path == "/jobs":
		known, method = route{op: CreateJob, serve: e.createJob}, http.MethodPost
	case isJob && id != "" && !strings.Contains(id, "/"):
		known, method = route{op: GetJob, serve: e.getJob, id: unescape(id)}, http.MethodGet
	default:
		return route{op: Unrouted, serve: e.serveUnknown}
	}
	if r.Method != method {
		return route{op: Unrouted, serve: func(w http.ResponseWriter, _ *http.Request, _ *call) {
			w.Header().Set("Allow", method)
			writeProblem(w, &problem{http.StatusMethodNotAllowed, "method_not_allowed", "the method is not allowed here"})
		}}
	}
	inner := known.serve
	known.serve = func(w http.ResponseWriter, r *http.Request, c *call) {
		if !e.authorized(r) {
			w.Header().Set("WWW-Authenticate", "Bearer")
			writeProblem(w, &problem{http.StatusUnauthorized, "unauthorized", "the API key is missing or wrong"})
			return
		}
		inner(w, r, c)
	}
	return known
}

func (e *Emulator) authorized(r *http.Request) bool {
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") &&
		subtle.ConstantTimeCompare([]byte(key), []byte(e.Key(editkit.EditClips))) == 1
}

func (e *Emulator) serveUnknown(w http.ResponseWriter, _ *http.Request, _ *call) {
	writeProblem(w, errNotFound)
}

var errNotFound = &problem{http.StatusNotFound, "not_found", "there is nothing here"}

func (e *Emulator) getBalance(w http.ResponseWriter, r *http.Request, _ *call) {
	e.refreshAll(r.Context())
	e.mu.Lock()
	credits := e.cfg.credits - e.held
	e.mu.Unlock()
	writeJSON(w, http.StatusOK, balanceAnswer{Credits: credits})
}

func (e *Emulator) createJob(w http.ResponseWriter, r *http.Request, c *call) {
	params, refused := readJobParams(r)
	if refused != nil {
		writeProblem(w, refused)
		return
	}
	e.noteLeaks(params.Inputs)
	storage := e.storageFor(r)
	j, err := e.addJob(params, storage)
	if err != nil { // unless jobs that have ended meanwhile give credits back
		e.refreshAll(r.Context())
		j, err = e.addJob(params, storage)
	}
	if err != nil {
		writeProblem(w, &problem{http.StatusPaymentRequired, "insufficient_credits", err.Error()})
		return
	}
	c.afterAnswer(func() { e.start(&j.activity) })
	writeJSON(w, http.StatusCreated, createdAnswer{
		ID:              j.id,
		Status:          statusQueued,
		Tool:            j.tool,
		CreditsReserved: j.reserved,
		Poll:            e.cfg.prefix + apiPath + "/jobs/" + j.id,
	})
}

func (e *Emulator) getJob(w http.ResponseWriter, r *http.Request, c *call) {
	e.stats.update(func(s *Stats) { s.Polls++ })
	j := e.findJob(c.route.id)
	if j == nil {
		writeProblem(w, errNotFound)
		return
	}
	e.refresh(r.Context(), &j.activity)
	answer := e.viewJob(j, e.storageFor(r))
	if answer == nil {
		writeProblem(w, errNotFound)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

// viewJob returns what GET says about a job; nil if it is gone.
func (e *Emulator) viewJob(j *job, storage string) any {
	now := e.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	state := j.shown(now)
	head := jobHead{ID: j.id, Status: state.Status, Tool: j.tool, Progress: state.Progress}
	switch state.Status {
	case statusCompleted:
		answer := completedJobAnswer{
			jobHead:         head,
			OutputURL:       e.mintLink(storage, j, now),
			OutputFilename:  j.output.name,
			OutputSize:      j.output.size,
			CreditsReserved: j.reserved,
			CreditsCharged:  j.charged,
		}
		if j.outputGone(now) {
			switch e.cfg.gone {
			case GoneNotFound:
				return nil
			case GoneNoLink:
				answer.OutputURL = ""
			case GoneDeadLink: // the storage answers 404
			}
		}
		return answer
	case statusFailed:
		return failedJobAnswer{jobHead: head, ErrorMessage: state.Error}
	default:
		return openJobAnswer{jobHead: head, ProgressMessage: state.Message}
	}
}

// retention is how long outputs are kept.
const retention = 7 * 24 * time.Hour

func (j *job) outputGone(now time.Time) bool {
	return !now.Before(j.endedAt.Add(retention))
}

func writeProblem(w http.ResponseWriter, p *problem) {
	writeJSON(w, p.status, errorAnswer{errorDetail{Code: p.code, Message: p.message}})
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := encodeJSON(value)
	if err != nil { // a Step may have a progress that is no number
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body)
}

// encodeJSON encodes without escaping the & of links.
func encodeJSON(value any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(value)
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), err
}
