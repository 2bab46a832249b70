package contest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
)

// handwritten calls the service with the standard library alone, in the way of most
// programs without an SDK.
type handwritten struct {
	base string
	http *http.Client
}

func newHandwritten(base string, transport http.RoundTripper) api {
	h := handwritten{base, &http.Client{Transport: transport}}
	return api{
		name: "net/http+json",
		does: "http.NewRequestWithContext, Client.Do, status check, json.Decoder: one attempt, no checks",
		call: h.call,
	}
}

func (h handwritten) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, h.base+path, body)
	if err != nil {
		return err
	}
	setHeader(req.Header, in != nil)
	resp, err := h.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	return decode(resp, out)
}
