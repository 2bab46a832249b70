package contest

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/hashicorp/go-retryablehttp"
)

// retryable calls the service with go-retryablehttp as it comes, without its log.
type retryable struct {
	base string
	http *retryablehttp.Client
}

func newRetryable(base string, transport http.RoundTripper) api {
	client := retryablehttp.NewClient()
	client.Logger = nil
	client.HTTPClient = &http.Client{Transport: transport}
	r := retryable{base, client}
	return api{
		name: "retryablehttp",
		does: "go-retryablehttp with its defaults, otherwise as net/http+json: repeats attempts, also of a POST",
		call: r.call,
	}
}

func (r retryable) call(ctx context.Context, method, path string, in, out any) error {
	var body any
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = b
	}
	req, err := retryablehttp.NewRequestWithContext(ctx, method, r.base+path, body)
	if err != nil {
		return err
	}
	setHeader(req.Header, in != nil)
	resp, err := r.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	return decode(resp, out)
}
