package contest

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/editkit/editkit-go"
)

// api is a way to call the service without an SDK.
type api struct {
	name, does string
	call       func(ctx context.Context, method, path string, in, out any) error
}

// contestant makes the operation by this api.
func (a api) contestant(o operation) Contestant {
	return Contestant{Name: a.name, Does: a.does, Run: func(ctx context.Context) error {
		return o.byHand(ctx, a)
	}}
}

// operation is one call of the service, without an SDK and with editkit.
type operation struct {
	name   string
	byHand func(context.Context, api) error
	byKit  func(context.Context, *editkit.Client) error
}

func operations() []operation {
	return []operation{
		get("processing", editkit.JobProcessing),
		get("completed", editkit.JobCompleted),
		{
			name: "Jobs.Create",
			byHand: func(ctx context.Context, a api) error {
				var j job
				err := a.call(ctx, http.MethodPost, "/jobs", params{tool, []string{input}}, &j)
				return want(err, j.ID, "created")
			},
			byKit: func(ctx context.Context, c *editkit.Client) error {
				j, err := c.Jobs.Create(ctx, editkit.JobParams{Tool: tool, Inputs: []string{input}})
				if err != nil {
					return err
				}
				return want(nil, j.ID, "created")
			},
		},
		{
			name: "Account.Balance",
			byHand: func(ctx context.Context, a api) error {
				var b account
				err := a.call(ctx, http.MethodGet, "/balance", nil, &b)
				return want(err, b.Credits, 1234)
			},
			byKit: func(ctx context.Context, c *editkit.Client) error {
				b, err := c.Account.Balance(ctx)
				if err != nil {
					return err
				}
				return want(nil, b.Credits, 1234)
			},
		},
	}
}

// get asks for a job with an id.
func get(id string, status editkit.JobStatus) operation {
	return operation{
		name: "Jobs.Get-" + id,
		byHand: func(ctx context.Context, a api) error {
			var j job
			err := a.call(ctx, http.MethodGet, "/jobs/"+id, nil, &j)
			return want(err, j.Status, string(status))
		},
		byKit: func(ctx context.Context, c *editkit.Client) error {
			j, err := c.Jobs.Get(ctx, id)
			if err != nil {
				return err
			}
			return want(nil, j.Status, status)
		},
	}
}

// want checks that a call brought what it should, so that nobody is fast by failing.
func want[T comparable](err error, got, want T) error {
	if err == nil && got != want {
		return fmt.Errorf("got %v, want %v", got, want)
	}
	return err
}

// StubCalls returns the calls on a transport that answers from memory.
func StubCalls() ([]Contest, error) {
	transport := newStub()
	return calls("stub", "http://service.test", func() http.RoundTripper { return transport })
}

// LoopbackCalls returns the calls over connections to the service.
func LoopbackCalls(s *Service) ([]Contest, error) {
	return calls("loopback", s.URL, newTransport)
}

// newTransport returns a transport with connections of its own.
func newTransport() http.RoundTripper { return &http.Transport{MaxIdleConnsPerHost: 16} }

func calls(way, base string, transport func() http.RoundTripper) ([]Contest, error) {
	kit, err := newKit(base, transport())
	if err != nil {
		return nil, err
	}
	byHand, retrying := newHandwritten(base, transport()), newRetryable(base, transport())
	var all []Contest
	for _, o := range operations() {
		c := Contest{
			Contestants: []Contestant{byHand.contestant(o), retrying.contestant(o), {
				Name:   "editkit",
				Does:   "the SDK with its defaults: checked arguments, attempts and their time limit, throttle, typed errors, lenient decoding",
				Run:    func(ctx context.Context) error { return o.byKit(ctx, kit) },
				Judged: true,
			}},
		}
		c.Name = way + "/" + o.name + "/no-deadline"
		all = append(all, c)
		c.Name, c.Deadline = way+"/"+o.name+"/deadline-10s", 10*time.Second
		all = append(all, c)
	}
	return all, nil
}

func newKit(base string, transport http.RoundTripper) (*editkit.Client, error) {
	return editkit.New(
		editkit.WithEditClips(key),
		editkit.WithBaseURL(editkit.EditClips, base),
		editkit.WithHTTPClient(&http.Client{Transport: transport}),
	)
}
