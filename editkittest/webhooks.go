package editkittest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
)

// webhookTimeout is how long a webhook may take to answer. The service's own
// limit is unknown.
const webhookTimeout = 5 * time.Second

// The body of a webhook, with exactly the documented fields.
type (
	jobEvent struct {
		Event string `json:"event"`
		Job   any    `json:"job"`
	}

	completedEventJob struct {
		ID             string  `json:"id"`
		Tool           string  `json:"tool"`
		Status         string  `json:"status"`
		OutputURL      string  `json:"outputUrl"`
		OutputFilename string  `json:"outputFilename"`
		OutputSize     int64   `json:"outputSize"`
		CreditsCharged int64   `json:"creditsCharged"`
		Metrics        metrics `json:"metrics"`
	}

	metrics struct {
		WallTimeMs            int64 `json:"wallTimeMs"`
		CPUTimeMs             int64 `json:"cpuTimeMs"`
		PeakMemoryBytes       int64 `json:"peakMemoryBytes"`
		EstimatedCostMicroUSD int64 `json:"estimatedCostMicroUsd"`
	}

	failedEventJob struct {
		ID           string `json:"id"`
		Tool         string `json:"tool"`
		Status       string `json:"status"`
		ErrorMessage string `json:"errorMessage"`
	}
)

// event returns what the webhook of a job that has ended is told. The lock must
// be held.
func (e *Emulator) event(j *job, now time.Time) jobEvent {
	if j.state.Status == statusFailed {
		return jobEvent{Event: "job.failed", Job: failedEventJob{
			ID: j.id, Tool: j.tool, Status: statusFailed, ErrorMessage: j.state.Error,
		}}
	}
	wall := j.endedAt.Sub(j.createdAt).Milliseconds()
	return jobEvent{Event: "job.completed", Job: completedEventJob{
		ID:             j.id,
		Tool:           j.tool,
		Status:         statusCompleted,
		OutputURL:      e.mintLink(j.storage, j, now),
		OutputFilename: j.output.name,
		OutputSize:     j.output.size,
		CreditsCharged: j.charged,
		Metrics: metrics{
			WallTimeMs:            wall,
			CPUTimeMs:             wall,
			PeakMemoryBytes:       512 << 20,
			EstimatedCostMicroUSD: 1250,
		},
	}}
}

// tell delivers an event to a webhook: once, without a second try.
func (e *Emulator) tell(webhook string, event jobEvent) {
	body, err := encodeJSON(event)
	if err != nil { // no value of this package
		return
	}
	e.send(delivery{url: webhook, body: body})
}

// delivery is what is sent to a webhook.
type delivery struct {
	url       string
	body      []byte
	signature string // empty if there is none
}

var errWebhookLost = errors.New("the webhook was lost")

// send has a delivery carried out in the background.
func (e *Emulator) send(d delivery) {
	e.stats.countCall(SendWebhook)
	fault := e.faults.take(SendWebhook)
	e.life.spawn(func() {
		_, _ = e.carryOut(d, fault) // there is no second try
	})
}

// carryOut makes the requests of a delivery. It returns the status of the last
// answer.
func (e *Emulator) carryOut(d delivery, fault Fault) (status int, err error) {
	times := 1
	switch fault.kind {
	case faultLoseWebhook, faultReset, faultRefuse:
		return 0, errWebhookLost
	case faultDelayWebhook:
		if !sleep(e.life.ctx, fault.wait) {
			return 0, e.life.ctx.Err()
		}
	case faultDuplicateWebhook:
		times = 2
	default: // it is delivered once
	}
	for range times {
		status, err = e.deliver(d)
	}
	return status, err
}

// deliver makes one request to a webhook and returns the status of the answer.
func (e *Emulator) deliver(d delivery) (status int, err error) {
	ctx, cancel := context.WithTimeout(e.life.ctx, webhookTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url, bytes.NewReader(d.body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "editkittest")
	if d.signature != "" {
		req.Header.Set(signatureHeader, d.signature)
	}
	e.stats.update(func(s *Stats) { s.WebhooksSent++ })
	resp, err := e.webhookClient(req).Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 200 && resp.StatusCode <= 299 {
		e.stats.update(func(s *Stats) { s.WebhooksAccepted++ })
	}
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection can be used again
	return resp.StatusCode, nil
}

// webhookClient returns the client for a delivery.
func (e *Emulator) webhookClient(req *http.Request) *http.Client {
	if e.webhookHandler(req) != nil {
		return e.handlerClient
	}
	return e.cfg.webhookClient
}

// webhookHandler returns the handler that stands for the host of a webhook, or nil.
func (e *Emulator) webhookHandler(req *http.Request) http.Handler {
	if h := e.cfg.webhookHandlers[strings.ToLower(req.URL.Host)]; h != nil {
		return h
	}
	return e.cfg.webhookHandlers[strings.ToLower(req.URL.Hostname())]
}

// newHandlerClient returns the client that delivers to handlers without a socket.
func (e *Emulator) newHandlerClient() *http.Client {
	return &http.Client{
		CheckRedirect: stayHere,
		Transport: &memoryTransport{
			life: e.life,
			now:  e.Now,
			dial: func(req *http.Request) (http.Handler, error) {
				if h := e.webhookHandler(req); h != nil {
					return h, nil
				}
				return nil, refusedConnection()
			},
		},
	}
}

// newLoopbackClient returns the default client for webhooks. It reaches this
// machine only, so that a test never calls the address of somebody else.
func newLoopbackClient(transport *http.Transport) *http.Client {
	dialer := &net.Dialer{Control: func(_, address string, _ syscall.RawConn) error {
		host, _, err := net.SplitHostPort(address)
		if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
			return errors.New("editkittest: webhooks outside of this machine need WithWebhookClient")
		}
		return nil
	}}
	transport.DialContext = dialer.DialContext
	return &http.Client{CheckRedirect: stayHere, Transport: transport}
}

// stayHere makes a client return redirects as they are.
func stayHere(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// sleep waits for d, and reports whether the context let it.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
