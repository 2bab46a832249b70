package editkittest_test

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/editkit/editkit-go/editkittest"
)

const hookJob = `{"tool":"anything-to-mp4","inputs":["` + videoURL + `"],"webhook":"https://app.test/hook?x=1"}`

// inbox is a webhook handler that keeps what it is told.
type inbox struct {
	status int // to answer; 0: 200
	came   chan struct{}

	mu     sync.Mutex
	events []map[string]any
	last   *http.Request
}

func newInbox() *inbox { return &inbox{came: make(chan struct{}, 100)} }

func (i *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var event map[string]any
	if err != nil || json.Unmarshal(body, &event) != nil {
		http.Error(w, "bad", http.StatusBadRequest)
		return
	}
	i.mu.Lock()
	i.events = append(i.events, event)
	i.last = r
	i.mu.Unlock()
	if i.status != 0 {
		w.WriteHeader(i.status)
	}
	i.came <- struct{}{}
}

func (i *inbox) len() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.events)
}

func TestDocumentedWebhooks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inbox := newInbox()
		a := newAPI(t, editkittest.InMemory(), editkittest.WithWebhookHandler("APP.test", inbox))
		id := a.create(hookJob) // nobody asks for the job
		synctest.Wait()
		a.NextJobs(editkittest.FailAtOnce("FFmpeg exited with code 1: Invalid input format"))
		failed := a.create(hookJob)
		synctest.Wait()
		a.NextJobs(editkittest.ByHand())
		cancelled := a.create(hookJob)
		a.set(cancelled, editkittest.Step{Status: "cancelled"})
		synctest.Wait()

		if inbox.len() != 2 {
			t.Fatalf("%d events, want 2", inbox.len())
		}
		completedJob, _ := inbox.events[0]["job"].(map[string]any)
		link, _ := completedJob["outputUrl"].(string)
		want := []map[string]any{
			{"event": "job.completed", "job": map[string]any{
				"id": id, "tool": "anything-to-mp4", "status": "completed", "outputUrl": link, "outputFilename": "video.mp4",
				"outputSize": float64(16 << 10), "creditsCharged": 1.0,
				"metrics": map[string]any{
					"wallTimeMs": 0.0, "cpuTimeMs": 0.0, "peakMemoryBytes": float64(512 << 20), "estimatedCostMicroUsd": 1250.0,
				},
			}},
			{"event": "job.failed", "job": map[string]any{
				"id": failed, "tool": "anything-to-mp4", "status": "failed",
				"errorMessage": "FFmpeg exited with code 1: Invalid input format",
			}},
		}
		sameValue(t, "values", want, inbox.events)
		sameBytes(t, a.do(a.download(link)).body, editkittest.SampleOutput(videoURL, "anything-to-mp4"))
		equal(t, "method", inbox.last.Method, "POST")
		equal(t, "content type", inbox.last.Header.Get("Content-Type"), "application/json")
		equal(t, "authorization", inbox.last.Header.Get("Authorization"), "")
		equal(t, "query", inbox.last.URL.RawQuery, "x=1")

		a.set(id, editkittest.Step{Status: "processing"})
		a.set(id, editkittest.Step{Status: "failed"})
		synctest.Wait()
		equal(t, "told again", inbox.len(), 2)
		stats := a.Stats()
		equal(t, "sent", stats.WebhooksSent, 2)
		equal(t, "accepted", stats.WebhooksAccepted, 2)
		equal(t, "calls", stats.Calls[editkittest.SendWebhook], 2)
	})
}

func TestWebhookIsNotRetried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inbox := newInbox()
		inbox.status = 500
		a := newAPI(t, editkittest.InMemory(), editkittest.WithWebhookHandler("app.test", inbox))
		a.create(hookJob)
		a.create(`{"tool":"x","inputs":["u"],"webhook":"https://unknown.test/"}`) // no such host
		pass(24 * time.Hour)
		synctest.Wait()
		equal(t, "events", inbox.len(), 1)
		stats := a.Stats()
		equal(t, "sent", stats.WebhooksSent, 2)
		equal(t, "accepted", stats.WebhooksAccepted, 0)
	})
}

func TestWebhookAfterAdvance(t *testing.T) {
	t.Parallel()
	inbox := newInbox()
	a := newAPI(t, editkittest.WithWebhookHandler("app.test", inbox), editkittest.WithCourse(editkittest.Timed(time.Hour, time.Hour)))
	a.create(hookJob)
	a.Advance(2*time.Hour - time.Minute)
	equal(t, "early", a.Stats().Calls[editkittest.SendWebhook], 0)
	a.Advance(time.Minute)
	<-inbox.came
}

func TestWebhookOverSockets(t *testing.T) {
	t.Parallel()
	inbox := newInbox()
	target := httptest.NewUnstartedServer(inbox)
	target.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that shall fail
	target.StartTLS()
	t.Cleanup(target.Close)
	a := newAPI(t, editkittest.WithWebhookClient(target.Client()))
	a.create(`{"tool":"x","inputs":["u"],"webhook":"` + target.URL + `"}`)
	<-inbox.came

	// The default client knows no such certificate, and nobody outside.
	b := newAPI(t)
	b.create(`{"tool":"x","inputs":["u"],"webhook":"` + target.URL + `"}`)
	b.create(`{"tool":"x","inputs":["u"],"webhook":"https://192.0.2.1/"}`)
	for b.Stats().WebhooksSent < 2 {
		b.Advance(0)
	}
	b.Close()
	equal(t, "accepted", b.Stats().WebhooksAccepted, 0)
	equal(t, "events", inbox.len(), 1)
}

func TestWebhookTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var gone time.Time
		slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			gone = time.Now()
		})
		a := newAPI(t, editkittest.InMemory(), editkittest.WithWebhookHandler("app.test", slow))
		a.create(hookJob)
		pass(time.Minute)
		synctest.Wait()
		equal(t, "timeout", gone.Sub(begin), 5*time.Second)
		equal(t, "accepted", a.Stats().WebhooksAccepted, 0)
	})
}

func TestWebhookFaults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inbox := newInbox()
		a := newAPI(t, editkittest.InMemory(), editkittest.WithWebhookHandler("app.test", inbox))
		a.Inject(editkittest.SendWebhook, 1, editkittest.LoseWebhook())
		a.Inject(editkittest.SendWebhook, 1, editkittest.DuplicateWebhook())
		a.Inject(editkittest.SendWebhook, 1, editkittest.DelayWebhook(time.Hour))
		var came []int
		for range 4 {
			a.create(hookJob)
			synctest.Wait()
			came = append(came, inbox.len())
		}
		pass(time.Hour)
		synctest.Wait()
		came = append(came, inbox.len())
		sameValue(t, "values", []int{0, 2, 2, 3, 4}, came)
		sameValue(t, "the duplicate differs", inbox.events[0], inbox.events[1])
		equal(t, "calls", a.Stats().Calls[editkittest.SendWebhook], 4)
		equal(t, "sent", a.Stats().WebhooksSent, 4)
	})
}

// A delivery that still waits is dropped when the emulator is closed.
func TestCloseEndsDeliveries(t *testing.T) {
	t.Parallel()
	inbox := newInbox()
	a := newAPI(t, editkittest.InMemory(), editkittest.WithWebhookHandler("app.test", inbox))
	a.Inject(editkittest.SendWebhook, 0, editkittest.DelayWebhook(time.Hour))
	a.create(hookJob)
	for a.Stats().Calls[editkittest.SendWebhook] == 0 {
		a.Advance(0)
	}
	a.Close()
	a.Close()
	equal(t, "events", inbox.len(), 0)
}
