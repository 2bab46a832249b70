package contest

import (
	"io"
	"net/http"
	"strings"
)

// stub is a transport that answers from memory, so that what a client adds to the
// network is seen without the network.
type stub struct {
	answers map[string]string
	header  http.Header // shared: clients only read it
}

func newStub() *stub {
	return &stub{answers(), http.Header{"Content-Type": {"application/json"}, "Server": {"stub"}}}
}

// RoundTrip implements [http.RoundTripper].
func (s *stub) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return nil, err
		}
		_ = r.Body.Close()
	}
	resp := &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: s.header, Request: r,
	}
	text, ok := s.answers[r.Method+" "+r.URL.Path]
	if !ok {
		resp.Status, resp.StatusCode = "404 Not Found", http.StatusNotFound
	}
	resp.Body, resp.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
	return resp, nil
}
