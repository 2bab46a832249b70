package editkittest

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
)

// maxRequestBytes is the largest body that a request may have.
const maxRequestBytes = 1 << 20

// jobParams is the body of POST /jobs.
type jobParams struct {
	Tool       string         `json:"tool"`
	Inputs     []string       `json:"inputs"`
	Options    map[string]any `json:"options"`
	Webhook    string         `json:"webhook"`
	DurationMs float64        `json:"durationMs"`
	Width      float64        `json:"width"`
	Height     float64        `json:"height"`
}

// price returns the credits to reserve.
func (p jobParams) price() int64 {
	return price(p.Tool, millis(p.DurationMs), p.Width, p.Height)
}

// problem is why a request is refused.
type problem struct {
	status        int
	code, message string
}

func badRequest(message string) *problem {
	return &problem{http.StatusBadRequest, "bad_request", message}
}

// readJobParams reads and checks the body of POST /jobs.
func readJobParams(r *http.Request) (jobParams, *problem) {
	var p jobParams
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return p, &problem{http.StatusUnsupportedMediaType, "unsupported_media_type", "Content-Type must be application/json"}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequestBytes+1))
	if err != nil {
		return p, badRequest("the body could not be read")
	}
	if len(body) > maxRequestBytes {
		return p, &problem{http.StatusRequestEntityTooLarge, "too_large", "the body is larger than 1 MiB"}
	}
	if err := json.Unmarshal(body, &p); err != nil {
		return p, badRequest("the body is not the expected JSON: " + err.Error())
	}
	return p, p.check()
}

func (p jobParams) check() *problem {
	if p.Tool == "" {
		return badRequest("tool is missing")
	}
	if len(p.Inputs) == 0 {
		return badRequest("inputs is missing or empty")
	}
	for _, input := range p.Inputs {
		if input == "" {
			return badRequest("inputs has an empty URL")
		}
	}
	if p.DurationMs < 0 || p.Width < 0 || p.Height < 0 {
		return badRequest("durationMs, width and height must not be negative")
	}
	if p.Webhook != "" {
		u, err := url.Parse(p.Webhook)
		if err != nil || u.Scheme != "https" || u.Host == "" {
			return badRequest("webhook must be an HTTPS URL")
		}
	}
	return nil
}
