package editkittest_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/editkit/editkit-go/editkittest"
)

const hookURL = "https://app.test/tools"

// eventBox is a webhook handler that checks signatures as the documented script
// does, and keeps what it is told.
type eventBox struct {
	came chan struct{}

	mu     sync.Mutex
	secret string
	status int      // to answer; 0: 200
	events []string // "finished ABC123"
	times  []string // of the signatures
	bad    int      // signatures
}

func newEventBox() *eventBox { return &eventBox{came: make(chan struct{}, 100)} }

func (b *eventBox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	b.mu.Lock()
	defer b.mu.Unlock()
	values := map[string]string{}
	for pair := range strings.SplitSeq(r.Header.Get("EditingTools-Signature"), ",") {
		k, v, _ := strings.Cut(pair, "=")
		values[k] = v
	}
	mac := hmac.New(sha256.New, []byte(b.secret))
	mac.Write([]byte(values["t"] + "." + string(body)))
	var event struct{ Event, Status, ProcessID string }
	if err != nil || hex.EncodeToString(mac.Sum(nil)) != values["v1"] || json.Unmarshal(body, &event) != nil || event.Event != "process" {
		b.bad++
	}
	b.events = append(b.events, event.Status+" "+event.ProcessID)
	b.times = append(b.times, values["t"])
	if b.status != 0 {
		w.WriteHeader(b.status)
	}
	b.came <- struct{}{}
}

func (b *eventBox) seen() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.events...)
}

// register registers the webhook of a box.
func (a *toolsAPI) register(b *eventBox, url string) {
	a.t.Helper()
	secret, err := a.RegisterWebhook(url)
	if err != nil {
		a.t.Fatal(err)
	}
	if !strings.HasPrefix(secret, "whsec_") || len(secret) != 34 {
		a.t.Errorf("secret of %d characters", len(secret))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.secret = secret
}

func TestSignature(t *testing.T) {
	t.Parallel()
	got := editkittest.SignEvent("whsec_test", time.Unix(1700000000, 0), []byte(`{"event":"process","status":"finished","processId":"#ABC123"}`))
	equal(t, "signature", got, "t=1700000000,v1=163362359323794873b7b0baaf1e2365ebc791521eb1810a6d7bd03cfa681411")
}

func TestProcessWebhooks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		box := newEventBox()
		a := newTools(t, editkittest.InMemory(), editkittest.WithWebhookHandler("app.test", box))
		before := a.process() // nobody has asked for it, but it has ended
		a.register(box, hookURL)
		synctest.Wait()
		equal(t, "before", len(box.seen()), 0)

		a.NextProcesses(editkittest.AtOnce(), editkittest.FailAtOnce("x"), editkittest.Timed(time.Minute, time.Minute), editkittest.ByHand())
		var want []string
		for i, tool := range []string{"translate", "cutdetection", "loudness", "stills"} {
			id := data(t, a.start(tool, fileNames[tool], "content", required[tool]...))["processId"].(string)
			synctest.Wait()
			want = append(want, []string{"finished", "failed", "finished", "finished"}[i]+" #"+id)
		}
		for _, tool := range []string{"ale", "edl", "subtitles", "cuesheet"} {
			a.start(tool, fileNames[tool], "content", required[tool]...)
		}
		synctest.Wait()
		sameValue(t, "two have ended", want[:2], box.seen())
		pass(2 * time.Minute) // nobody asks
		synctest.Wait()
		sameValue(t, "three", want[:3], box.seen())
		id := strings.TrimPrefix(want[3], "finished #")
		a.setProcess(id, editkittest.Step{Status: "cancelled"})
		a.setProcess(id, editkittest.Step{Status: "finished"})
		a.setProcess(id, editkittest.Step{Status: "in_progress"})
		a.setProcess(id, editkittest.Step{Status: "failed"})
		a.setProcess(before, editkittest.Step{Status: "failed"})
		synctest.Wait()
		sameValue(t, "the first end only", want, box.seen())
		equal(t, "bad signatures", box.bad, 0)
		sameValue(t, "times", []string{"946684800", "946684800", "946684920", "946684920"}, box.times)
		equal(t, "accepted", a.Stats().WebhooksAccepted, 4)
	})
}

// A webhook that is registered while a process runs is told of its end.
func TestLateRegistration(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		box, second := newEventBox(), newEventBox()
		a := newTools(t, editkittest.InMemory(), editkittest.WithWebhookHandler("app.test", box), editkittest.WithWebhookHandler("b.test", second),
			editkittest.WithProcessCourse(editkittest.Timed(0, time.Minute)))
		a.process()
		a.register(box, hookURL)
		a.register(second, "https://b.test/")
		a.register(box, hookURL) // another secret, not another webhook
		pass(time.Minute)
		synctest.Wait()
		equal(t, "told", len(box.seen()), 1)
		equal(t, "told", len(second.seen()), 1)
		equal(t, "bad", box.bad+second.bad, 0)
	})
}

func TestProcessWebhookFaults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		box := newEventBox()
		a := newTools(t, editkittest.InMemory(), editkittest.WithWebhookHandler("app.test", box))
		a.register(box, hookURL)
		for _, f := range []editkittest.Fault{editkittest.LoseWebhook(), editkittest.DuplicateWebhook(), editkittest.DelayWebhook(time.Hour)} {
			a.Inject(editkittest.SendWebhook, 1, f)
		}
		lost := a.process()
		synctest.Wait()
		twice := a.process()
		synctest.Wait()
		late := a.process()
		synctest.Wait()
		want := []string{"finished #" + twice, "finished #" + twice}
		sameValue(t, "events", want, box.seen())
		pass(time.Hour)
		synctest.Wait()
		sameValue(t, "later", append(want, "finished #"+late), box.seen())
		equal(t, "as old as the delay", box.times[2], "946684800")
		equal(t, "bad", box.bad, 0)
		equal(t, "lost", a.details(lost)["status"], any("finished"))
		box.status = 500
		a.process()
		pass(time.Hour)
		equal(t, "no second try", len(box.seen()), 4)
		equal(t, "calls", a.Stats().Calls[editkittest.SendWebhook], 4)
	})
}

func TestTestWebhook(t *testing.T) {
	t.Parallel()
	box := newEventBox()
	a := newTools(t, editkittest.InMemory(), editkittest.WithWebhookHandler("app.test", box))
	for _, url := range []string{"http://app.test/", "https://", "", "://", "app.test"} {
		if _, err := a.RegisterWebhook(url); err == nil {
			t.Errorf("%q: no error", url)
		}
	}
	if err := a.TestWebhook(hookURL); err == nil {
		t.Error("a webhook that is not registered")
	}
	a.register(box, hookURL)
	if err := a.TestWebhook(hookURL); err != nil {
		t.Error(err)
	}
	box.status = 204
	if err := a.TestWebhook(hookURL); err == nil || !strings.Contains(err.Error(), "204") {
		t.Errorf("error %v", err)
	}
	a.Inject(editkittest.SendWebhook, 1, editkittest.LoseWebhook())
	if err := a.TestWebhook(hookURL); err == nil {
		t.Error("the call was lost")
	}
	sameValue(t, "events", []string{"finished #TEST00", "finished #TEST00"}, box.seen())
	equal(t, "bad", box.bad, 0)
	equal(t, "processes", len(a.ProcessIDs()), 0)
}

func TestProcessWebhookOverSockets(t *testing.T) {
	t.Parallel()
	box := newEventBox()
	receiver := httptest.NewUnstartedServer(box)
	receiver.Config.ErrorLog = log.New(io.Discard, "", 0)
	receiver.StartTLS()
	t.Cleanup(receiver.Close)
	a := newTools(t, editkittest.WithWebhookClient(receiver.Client()))
	a.register(box, receiver.URL+"/hook")
	id := a.process()
	<-box.came
	sameValue(t, "events", []string{"finished #" + id}, box.seen())
	equal(t, "bad", box.bad, 0)
}
