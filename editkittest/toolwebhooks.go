package editkittest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// signatureHeader is the header with the signature of a webhook. The
// documentation gives the name in the form of a PHP variable only.
const signatureHeader = "Editingtools-Signature"

// processEvent is the body of a webhook, with exactly the documented fields.
type processEvent struct {
	Event     string `json:"event"`
	Status    string `json:"status"`
	ProcessID string `json:"processId"` // with #
}

// endpoint is a registered webhook of EditingTools.
type endpoint struct {
	url    string
	secret string
}

// RegisterWebhook does what the website of EditingTools does when a webhook is
// created, but for the test call (see [Emulator.TestWebhook]): from now on it is
// told when a process of the tools translate, cutdetection, loudness and stills
// finishes or fails. The URL must be an HTTPS one. Registering it again gives it
// another secret.
func (e *Emulator) RegisterWebhook(webhook string) (secret string, err error) {
	u, err := url.Parse(webhook)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return "", errors.New("editkittest: a webhook must be an HTTPS URL")
	}
	secret = "whsec_" + randomText(28, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
	e.refreshAll(e.life.ctx) // what has ended before is not for it
	now := e.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range e.endpoints {
		if e.endpoints[i].url == webhook {
			e.endpoints[i].secret = secret
			return secret, nil
		}
	}
	e.endpoints = append(e.endpoints, endpoint{webhook, secret})
	for _, a := range e.activities {
		e.setWake(a, now)
	}
	return secret, nil
}

// TestWebhook sends the test call to a registered webhook and waits for its
// answer. It is an error if that isn't 200. The process that it speaks of doesn't
// exist; what the test call of the live service says is unknown. It counts as a
// call of [SendWebhook], faults included.
func (e *Emulator) TestWebhook(webhook string) error {
	now := e.Now()
	e.mu.Lock()
	var found *delivery
	for _, hook := range e.endpoints {
		if hook.url == webhook {
			d := hook.delivery(processEvent{Event: "process", Status: processFinished, ProcessID: "#TEST00"}, now)
			found = &d
		}
	}
	e.mu.Unlock()
	if found == nil {
		return errors.New("editkittest: this webhook is not registered")
	}
	if !e.life.enter() {
		return errors.New("editkittest: the emulator is closed")
	}
	defer e.life.leave()
	e.stats.countCall(SendWebhook)
	status, err := e.carryOut(*found, e.faults.take(SendWebhook))
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("the webhook answered with status %d", status)
	}
	if err != nil {
		return fmt.Errorf("editkittest: test call: %w", err)
	}
	return nil
}

func (p *process) listened() bool {
	return p.tool.notifies && len(p.emulator.endpoints) > 0
}

func (p *process) announcement(now time.Time) func() {
	event := processEvent{Event: "process", Status: processStatus(p.state.Status), ProcessID: "#" + p.id}
	var deliveries []delivery
	for _, hook := range p.emulator.endpoints {
		deliveries = append(deliveries, hook.delivery(event, now))
	}
	return func() {
		for _, d := range deliveries {
			p.emulator.send(d)
		}
	}
}

// delivery signs an event. It is as old as that signature when it arrives late.
func (h endpoint) delivery(event processEvent, now time.Time) delivery {
	body, err := encodeJSON(event)
	if err != nil { // no value of this package
		body = nil
	}
	return delivery{url: h.url, body: body, signature: sign(h.secret, now, body)}
}

// sign returns the value of the signature header: the whole secret, prefix
// included, is the key.
func sign(secret string, t time.Time, body []byte) string {
	seconds := strconv.FormatInt(t.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(seconds + "."))
	mac.Write(body)
	return "t=" + seconds + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}
