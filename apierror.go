package editkit

import (
	"bytes"
	"encoding/json"

	"github.com/editkit/editkit-go/internal/engine"
	"github.com/editkit/editkit-go/internal/lenient"
	"github.com/editkit/editkit-go/internal/redact"
)

const (
	maxErrorText  = 500     // bytes of a service's text in a message
	maxErrorStart = 2 << 10 // bytes of a body kept in an APIError
)

// apiError makes the error for an answer. The status is all it needs; whatever can
// be read of the body only adds to it.
func (ep *endpoint) apiError(op *operation, o *engine.Outcome) *APIError {
	e := &APIError{
		Service:    ep.service,
		StatusCode: o.StatusCode,
		Method:     op.method,
		Path:       op.path,
		RetryAfter: o.RetryAfter,
		Attempts:   o.Attempts,
		Body:       redact.Body(o.Body[:min(len(o.Body), 2*maxErrorStart)], ep.secrets(), maxErrorStart),
		cause:      o.Err,
	}
	code, message := errorText(o.Body)
	e.Code = redact.Text(code, ep.secrets(), 100)
	e.Message = redact.Text(message, ep.secrets(), maxErrorText)
	return e
}

// publicText is a text of the service's that is fit for an error.
func publicText(s string) string { return redact.Text(s, nil, maxErrorText) }

// errorText finds the code and the message in the body of an error. EditingTools.io
// documents {"code", "status"}. No body of EditClips is documented: the other forms
// are those in common use (unverified).
func errorText(body []byte) (code, message string) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 || body[0] == '<' { // a gateway's page says no more than its status
		return "", ""
	}
	if body[0] != '{' {
		return "", string(body[:min(len(body), 4*maxErrorText)])
	}
	var e struct {
		Code    lenient.String  `json:"code"`
		Status  lenient.String  `json:"status"`
		Message lenient.String  `json:"message"`
		Detail  lenient.String  `json:"detail"`
		Error   json.RawMessage `json:"error"`
		Errors  json.RawMessage `json:"errors"`
	}
	if json.Unmarshal(body, &e) != nil {
		return "", ""
	}
	inCode, inMessage := nestedError(e.Error)
	if inMessage == "" {
		_, inMessage = nestedError(e.Errors)
	}
	return firstOf(inCode, string(e.Code)),
		firstOf(inMessage, string(e.Message), string(e.Detail), string(e.Status))
}

// nestedError reads "text", {"code", "message"}, or the first of a list of these.
func nestedError(raw json.RawMessage) (code, message string) {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil && len(list) > 0 {
		raw = list[0]
	}
	var e struct {
		Code    lenient.String `json:"code"`
		Type    lenient.String `json:"type"`
		Message lenient.String `json:"message"`
		Detail  lenient.String `json:"detail"`
	}
	if json.Unmarshal(raw, &e) == nil {
		return firstOf(string(e.Code), string(e.Type)), firstOf(string(e.Message), string(e.Detail))
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return "", text
	}
	return "", ""
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
