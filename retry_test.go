package editkit_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/editkit/editkit-go"
)

const gatewayPage = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"

var (
	errNoAnswer  = errors.New("a TransportError is expected")
	errAnyStatus = errors.New("an APIError of a 200 is expected")
)

// TestReadsAreRepeated is the read half of the retry table: what is asked again, and
// what is final at once.
func TestReadsAreRepeated(t *testing.T) {
	t.Parallel()
	ok := answer(200, working)
	tests := map[string]struct {
		steps    []http.HandlerFunc
		want     error // nil: the job
		attempts int
	}{
		"429":      {[]http.HandlerFunc{answer(429, `{}`), ok}, nil, 2},
		"502 HTML": {[]http.HandlerFunc{answer(502, gatewayPage), ok}, nil, 2},
		"503":      {[]http.HandlerFunc{answer(503, ``), ok}, nil, 2},
		"504":      {[]http.HandlerFunc{answer(504, ``), ok}, nil, 2},
		"reset":    {[]http.HandlerFunc{reset, ok}, nil, 2},
		"cut body": {[]http.HandlerFunc{cut(200, working, 20), ok}, nil, 2},
		// The reset comes first: after one on a used connection net/http repeats a GET by itself.
		"three faults":   {[]http.HandlerFunc{reset, answer(502, ``), answer(503, ``), ok}, nil, 4},
		"502 for ever":   {[]http.HandlerFunc{answer(502, ``), answer(502, ``), answer(502, ``), answer(502, gatewayPage)}, editkit.ErrServer, 4},
		"reset for ever": {[]http.HandlerFunc{reset, reset, reset, reset}, errNoAnswer, 4},
		"500":            {[]http.HandlerFunc{answer(500, ``)}, editkit.ErrServer, 1},
		"501":            {[]http.HandlerFunc{answer(501, ``)}, editkit.ErrServer, 1},
		"400":            {[]http.HandlerFunc{answer(400, ``)}, editkit.ErrBadRequest, 1},
		"401":            {[]http.HandlerFunc{answer(401, ``)}, editkit.ErrUnauthorized, 1},
		"404":            {[]http.HandlerFunc{answer(404, ``)}, editkit.ErrNotFound, 1},
		"200 HTML":       {[]http.HandlerFunc{answer(200, gatewayPage)}, errAnyStatus, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overBoth(t, func(t *testing.T, proto int) {
				srv := newScript(t, proto, tt.steps...)
				var resp editkit.Response
				job, err := srv.client().Jobs.Get(ctxFor(t), "j1", editkit.WithResponse(&resp))
				if got := len(srv.requests()); got != tt.attempts {
					t.Errorf("%d requests, want %d", got, tt.attempts)
				}
				for _, r := range srv.requests() {
					if r.Proto != proto {
						t.Errorf("HTTP/%d was used", r.Proto)
					}
				}
				if resp.Attempts != tt.attempts {
					t.Errorf("Attempts = %d, want %d", resp.Attempts, tt.attempts)
				}
				if errors.Is(err, editkit.ErrUncertain) {
					t.Errorf("a read is never uncertain: %v", err)
				}
				var (
					ae *editkit.APIError
					te *editkit.TransportError
				)
				switch tt.want {
				case nil:
					if err != nil || job.Status != editkit.JobProcessing {
						t.Errorf("got %v, %v", job, err)
					}
				case errNoAnswer:
					if !errors.As(err, &te) || te.Attempts != tt.attempts || !te.Sent {
						t.Errorf("error = %v", err)
					}
				case errAnyStatus:
					if !errors.As(err, &ae) || ae.StatusCode != 200 {
						t.Errorf("error = %v", err)
					}
				default:
					if !errors.As(err, &ae) || ae.Attempts != tt.attempts || !errors.Is(err, tt.want) {
						t.Errorf("error = %v, want %v", err, tt.want)
					}
				}
			})
		})
	}
}

// TestOneCreatePerDoubt is the promise that nothing is paid twice: after each fault
// that leaves it open whether the job was created, one create has reached the service
// and the caller is told of the doubt.
func TestOneCreatePerDoubt(t *testing.T) {
	t.Parallel()
	doubts := map[string]http.HandlerFunc{
		"500":                        answer(500, `{"error":"boom"}`),
		"501":                        answer(501, ``),
		"502 HTML":                   answer(502, gatewayPage),
		"503":                        answer(503, ``),
		"503 with Retry-After":       answer(503, ``, "Retry-After", "0"),
		"504":                        answer(504, ``),
		"520 of a CDN":               answer(520, gatewayPage),
		"408":                        answer(408, ``),
		"reset":                      reset,
		"timeout":                    hang,
		"201 cut":                    cut(201, queued, 12),
		"201 cut at once":            cut(201, queued, 0),
		"201 empty":                  answer(201, ``),
		"201 HTML":                   answer(201, gatewayPage),
		"201 another object":         answer(201, `{"ok":true}`),
		"201 array":                  answer(201, `[]`),
		"201 null":                   answer(201, `null`),
		"201 number":                 answer(201, `1`),
		"201 without id":             answer(201, `{"status":"queued","tool":"anything-to-mp4"}`),
		"201 with empty id":          answer(201, `{"id":"","status":"queued"}`),
		"201 with id null":           answer(201, `{"id":null,"status":"queued"}`),
		"201 with an object for id":  answer(201, `{"id":{},"status":"queued"}`),
		"201 with half a JSON value": answer(201, queued[:len(queued)-1]),
		"200 empty":                  answer(200, ``),
		"204":                        func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) },
		"201 far too large":          answer(201, strings.Repeat(" ", 33<<20)+queued),
	}
	for name, step := range doubts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overBoth(t, func(t *testing.T, proto int) {
				srv := newScript(t, proto, step)
				c := srv.client()
				opts := []editkit.CallOption{}
				if name == "timeout" {
					opts = append(opts, editkit.WithRetryPolicy(editkit.RetryPolicy{AttemptTimeout: 50 * time.Millisecond}))
				}
				job, err := c.Jobs.Create(ctxFor(t), goodParams, opts...)
				if got := len(srv.requests()); got != 1 {
					t.Errorf("%d creates reached the service", got)
				}
				if job != nil {
					t.Errorf("job = %v", job)
				}
				if !errors.Is(err, editkit.ErrUncertain) {
					t.Fatalf("error = %v, want ErrUncertain", err)
				}
				var ue *editkit.UncertainError
				if !errors.As(err, &ue) || !strings.Contains(err.Error(), "check the balance") || !strings.Contains(err.Error(), "POST /jobs") {
					t.Errorf("it doesn't say what happened and what to do: %v", err)
				}
				if errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("the caller's context has not ended: %v", err)
				}
				var status int
				if _, scanErr := fmt.Sscanf(name, "%d", &status); scanErr == nil {
					var ae *editkit.APIError
					if !errors.As(err, &ae) || ae.StatusCode != status {
						t.Errorf("the status %d did not survive: %v", status, err)
					}
				}
			})
		})
	}
}

// TestCreateAfterDeadline: the caller's own deadline passes when the request is out.
func TestCreateAfterDeadline(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, proto int) {
		srv := newScript(t, proto, hang)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err := srv.client().Jobs.Create(ctx, goodParams)
		if !errors.Is(err, editkit.ErrUncertain) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error = %v", err)
		}
	})
}

// TestCreateIsRepeatedWhenRefused: a 429 was never carried out, so the same create goes
// again, whole.
func TestCreateIsRepeatedWhenRefused(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, proto int) {
		srv := newScript(t, proto, answer(429, `{}`), answer(429, gatewayPage), answer(201, queued))
		job, err := srv.client().Jobs.Create(ctxFor(t), goodParams)
		if err != nil || job.ID != "j1" || job.Status != editkit.JobQueued || job.CreditsReserved != 1 {
			t.Fatalf("got %v, %v", job, err)
		}
		const want = `{"tool":"anything-to-mp4","inputs":["https://example.com/video.mov"]}`
		for i, r := range srv.requests() {
			if r.Body != want || r.Header.Get("Content-Length") != "" && r.Header.Get("Content-Length") != fmt.Sprint(len(want)) {
				t.Errorf("create %d: body %q", i+1, r.Body)
			}
		}
	})
}

// TestCertainFailuresOfCreate: refusals are not doubtful, and not repeated.
func TestCertainFailuresOfCreate(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]error{
		400: editkit.ErrBadRequest,
		401: editkit.ErrUnauthorized,
		402: editkit.ErrUpgradeRequired,
		403: editkit.ErrForbidden,
		404: editkit.ErrNotFound,
		413: editkit.ErrTooLarge,
		422: editkit.ErrUnprocessable,
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			overBoth(t, func(t *testing.T, proto int) {
				srv := newScript(t, proto, answer(status, `{"error":{"code":"x","message":"no"}}`))
				_, err := srv.client().Jobs.Create(ctxFor(t), goodParams)
				if !errors.Is(err, want) || errors.Is(err, editkit.ErrUncertain) {
					t.Errorf("error = %v, want %v", err, want)
				}
			})
		})
	}
}

// TestRefusedForEver: the last 429 is what the caller sees.
func TestRefusedForEver(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, proto int) {
		full := answer(429, `{"message":"slow down"}`)
		srv := newScript(t, proto, full, full, full)
		_, err := srv.client().Jobs.Create(ctxFor(t), goodParams,
			editkit.WithRetryPolicy(editkit.RetryPolicy{MaxAttempts: 3, BaseDelay: time.Millisecond}))
		var ae *editkit.APIError
		if !errors.As(err, &ae) || !errors.Is(err, editkit.ErrRateLimited) || ae.Attempts != 3 || ae.Message != "slow down" {
			t.Errorf("error = %v", err)
		}
		if errors.Is(err, editkit.ErrUncertain) {
			t.Errorf("a 429 is not uncertain: %v", err)
		}
	})
}

// TestNeverSent: a connection that can't be made is tried again, also for a create,
// and leaves no doubt.
func TestNeverSent(t *testing.T) {
	t.Parallel()
	// The port is free, and stays so: nothing listens there.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + listener.Addr().String()
	_ = listener.Close()

	var dials atomic.Int32
	transport := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		dials.Add(1)
		return (&net.Dialer{}).DialContext(ctx, network, addr)
	}}
	c := newClient(t, editkit.WithEditClips(testKey), editkit.WithBaseURL(editkit.EditClips, address),
		editkit.WithHTTPClient(&http.Client{Transport: transport}), fastRetries)
	_, err = c.Jobs.Create(ctxFor(t), goodParams)
	var te *editkit.TransportError
	if !errors.As(err, &te) || te.Sent || te.Attempts != 4 || errors.Is(err, editkit.ErrUncertain) {
		t.Errorf("error = %v", err)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("the cause is lost: %v", err)
	}
	if dials.Load() != 4 {
		t.Errorf("%d dials, want 4", dials.Load())
	}
}

// TestUnknownTransport: a transport that tells nothing about connections is believed
// only when it could not even dial.
func TestUnknownTransport(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err       error
		calls     int
		uncertain bool
	}{
		"dial":            {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, 4, false},
		"no such host":    {&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", IsNotFound: true}}, 1, false},
		"reset":           {&net.OpError{Op: "read", Err: syscall.ECONNRESET}, 1, true},
		"EOF":             {io.EOF, 1, true},
		"anything":        {errors.New("boom"), 1, true},
		"bad certificate": {&tls.CertificateVerificationError{Err: errors.New("x509: no")}, 1, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			c := newClient(t, editkit.WithEditClips(testKey), fastRetries, stub(func(*http.Request) (*http.Response, error) {
				calls++
				return nil, tt.err
			}))
			_, err := c.Jobs.Create(ctxFor(t), goodParams)
			if calls != tt.calls || errors.Is(err, editkit.ErrUncertain) != tt.uncertain || !errors.Is(err, tt.err) {
				t.Errorf("%d calls, error = %v", calls, err)
			}
		})
	}
}

// TestTLSFailureIsCertain: without a trusted certificate nothing was sent, whatever
// the call.
func TestTLSFailureIsCertain(t *testing.T) {
	t.Parallel()
	srv := newScript(t, 2)
	srv.Config.ErrorLog = quietLog
	c := srv.client(editkit.WithHTTPClient(&http.Client{Transport: &http.Transport{}}))
	_, err := c.Jobs.Create(ctxFor(t), goodParams)
	var cert *tls.CertificateVerificationError
	if !errors.As(err, &cert) || errors.Is(err, editkit.ErrUncertain) {
		t.Errorf("error = %v", err)
	}
}

// TestUnsafeRetry: on demand a create is repeated like a read, and a doubt that an
// earlier attempt left is not forgotten.
func TestUnsafeRetry(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, proto int) {
		srv := newScript(t, proto, answer(503, ``), reset, answer(201, queued))
		job, err := srv.client().Jobs.Create(ctxFor(t), goodParams, editkit.WithUnsafeRetry())
		if err != nil || job.ID != "j1" {
			t.Errorf("got %v, %v", job, err)
		}
		srv = newScript(t, proto, answer(503, ``), answer(400, `{}`))
		_, err = srv.client().Jobs.Create(ctxFor(t), goodParams, editkit.WithUnsafeRetry())
		if !errors.Is(err, editkit.ErrUncertain) || !errors.Is(err, editkit.ErrBadRequest) {
			t.Errorf("error = %v", err)
		}
	})
}

// TestAttemptTimeout: a slow attempt of a read is repeated, and not taken for the end
// of the caller's context.
func TestAttemptTimeout(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, proto int) {
		srv := newScript(t, proto, hang, answer(200, working))
		job, err := srv.client().Jobs.Get(ctxFor(t), "j1",
			editkit.WithRetryPolicy(editkit.RetryPolicy{AttemptTimeout: 100 * time.Millisecond, BaseDelay: 1}))
		if err != nil || job.ID != "j1" {
			t.Fatalf("got %v, %v", job, err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, editkit.WithEditClips(testKey), stub(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}))
		start := time.Now()
		_, err := c.Jobs.Get(t.Context(), "j1", editkit.WithRetryPolicy(editkit.RetryPolicy{MaxAttempts: 1}))
		if time.Since(start) != 30*time.Second || !errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
	})
}

// TestContextEndsAtOnce: in an attempt, and in the pause between two.
func TestContextEndsAtOnce(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]func(*http.Request) (*http.Response, error){
		"in an attempt": func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		},
		"between two": say(429, `{}`, "Retry-After", "60"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newClient(t, editkit.WithEditClips(testKey), stub(step))
				ctx, cancel := context.WithCancel(t.Context())
				start := time.Now()
				time.AfterFunc(3*time.Second, cancel)
				_, err := c.Jobs.Get(ctx, "j1")
				if !errors.Is(err, context.Canceled) || time.Since(start) != 3*time.Second {
					t.Errorf("after %s: %v", time.Since(start), err)
				}
			})
		})
	}
}

// TestEndedContext: with a context that has ended nothing is sent, whatever the transport
// makes of it, and nothing is uncertain.
func TestEndedContext(t *testing.T) {
	t.Parallel()
	c := newClient(t, editkit.WithEditClips(testKey), editkit.WithEditingTools(toolsKey), stub(func(r *http.Request) (*http.Response, error) {
		t.Errorf("%s was asked", r.URL)
		return reply(r, 201, queued), nil
	}))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range calls(c, t.TempDir()) {
		if err := call(ctx); !errors.Is(err, context.Canceled) || errors.Is(err, editkit.ErrUncertain) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := c.Tools.Run(ctx, "edl", editkit.ToolParams{File: editkit.BytesSource("a.edl", []byte("x"))})
	if !errors.Is(err, context.Canceled) || errors.Is(err, editkit.ErrUncertain) {
		t.Errorf("Tools.Run: %v", err)
	}
}

// TestFailuresLeaveThePoolAlone: calls that are given up must not close the connections
// of their neighbours.
func TestFailuresLeaveThePoolAlone(t *testing.T) {
	t.Parallel()
	var connections atomic.Int32
	steps := make([]http.HandlerFunc, 40)
	for i := range steps {
		steps[i] = answer(503, strings.Repeat("x", 20_000)) // far more than the loop's library drains
	}
	srv := newScript(t, 1, steps...)
	transport := srv.Client().Transport.(*http.Transport).Clone()
	dial := &net.Dialer{}
	transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		connections.Add(1)
		return dial.DialContext(ctx, network, addr)
	}
	c := srv.client(editkit.WithHTTPClient(&http.Client{Transport: transport}))
	t.Cleanup(transport.CloseIdleConnections)
	for range 10 {
		if _, err := c.Jobs.Get(ctxFor(t), "j1"); !errors.Is(err, editkit.ErrServer) {
			t.Fatal(err)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections for 40 attempts one after the other, want 1", n)
	}
}
