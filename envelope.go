package editkit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/editkit/editkit-go/internal/lenient"
)

// envelope is what EditingTools.io puts every answer into. The code repeats the status
// of HTTP, which is the one that counts; it comes as a number or as a string.
type envelope struct {
	Code   lenient.String  `json:"code"`
	Status lenient.String  `json:"status"`
	Data   json.RawMessage `json:"data"`
}

// openEnvelope returns the data of an answer.
func openEnvelope(body []byte) (json.RawMessage, error) {
	var e envelope
	if err := unmarshalLeniently(body, &e); err != nil {
		return nil, err
	}
	if e.Code == "" && e.Status == "" && e.Data == nil {
		return nil, fmt.Errorf("%w: it has no envelope", errUnreadable)
	}
	return e.Data, nil
}

// elements returns the objects in data, which may be an array, a single object, or
// nothing ([], {}, null).
func elements(data json.RawMessage) ([]json.RawMessage, error) {
	data = bytes.TrimSpace(data)
	switch {
	case len(data) == 0, string(data) == "null", string(data) == "{}":
		return nil, nil
	case data[0] == '{':
		return []json.RawMessage{data}, nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("%w: its data is neither an object nor an array", errUnreadable)
	}
	return list, nil
}

// decodeList reads the elements of a list. One that has no shape is left out rather than
// hiding the others.
func decodeList[T any](body []byte, decode func(json.RawMessage) (*T, error)) ([]*T, error) {
	data, err := openEnvelope(body)
	if err != nil {
		return nil, err
	}
	raw, err := elements(data)
	if err != nil {
		return nil, err
	}
	list := make([]*T, 0, len(raw))
	for _, r := range raw {
		if one, err := decode(r); err == nil {
			list = append(list, one)
		}
	}
	if len(list) == 0 && len(raw) > 0 {
		return nil, fmt.Errorf("%w: none of its %d elements has an id", errUnreadable, len(raw))
	}
	return list, nil
}

// isEmptyList reports whether an answer is how the service says that a list is empty: 404
// like for an unknown address, but in an envelope.
func isEmptyList(status int, body []byte) bool {
	if status != http.StatusNotFound {
		return false
	}
	var e envelope
	return json.Unmarshal(body, &e) == nil && e.Code == "404" && e.Status != ""
}

// parseTime reads the service's times: ISO 8601, UTC. What can't be read is the zero time.
func parseTime(s lenient.String) time.Time {
	t, err := time.Parse(time.RFC3339, string(s))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
