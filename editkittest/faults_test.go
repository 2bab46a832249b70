package editkittest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/editkit/editkit-go"
	"github.com/editkit/editkit-go/editkittest"
)

// freshConnections keeps net/http from repeating requests by itself.
func freshConnections(a *api) {
	if t, ok := a.client.Transport.(*http.Transport); ok && t.TLSClientConfig == nil {
		t.DisableKeepAlives = true
	}
}

func TestRespond(t *testing.T) {
	t.Parallel()
	eachForm(t, func(t *testing.T, form editkittest.Option) {
		a := newAPI(t, form)
		html := "<html>Bad gateway</html>"
		a.Inject(editkittest.CreateJob, 2, editkittest.Respond(502, http.Header{"retry-after": {"7"}}, html))
		a.Inject(editkittest.CreateJob, 1, editkittest.Pass())
		a.Inject(editkittest.CreateJob, 1, editkittest.Respond(504, nil, "").AfterEffect())
		a.Inject(editkittest.CreateJob, 1, editkittest.Respond(204, nil, "ignored"))
		a.Inject(editkittest.CreateJob, 1, editkittest.Respond(-1, nil, "no such status"))
		var got []int
		for range 7 {
			ans := a.call("POST", "/jobs", simpleJob)
			got = append(got, ans.StatusCode)
			if ans.StatusCode == 502 {
				equal(t, "body", string(ans.body), html)
				equal(t, "header", ans.Header.Get("Retry-After"), "7")
				equal(t, "content type", ans.Header.Get("Content-Type"), "text/html; charset=utf-8")
				equal(t, "length", ans.ContentLength, int64(len(html)))
			}
		}
		sameValue(t, "statuses", []int{502, 502, 201, 504, 204, 500, 201}, got)
		stats := a.Stats()
		equal(t, "calls", stats.Calls[editkittest.CreateJob], 7)
		equal(t, "creates", stats.Creates, 3)
		equal(t, "jobs", len(a.JobIDs()), 3)
		equal(t, "balance", a.credits(), 297)
	})
}

func TestFaultsUntilCleared(t *testing.T) {
	t.Parallel()
	a := newAPI(t, editkittest.InMemory())
	a.Inject(editkittest.GetBalance, 0, editkittest.Respond(503, nil, ""))
	a.Inject(editkittest.GetBalance, 1, editkittest.Respond(500, nil, "")) // never reached
	for range 5 {
		equal(t, "status", a.call("GET", "/balance", "").StatusCode, 503)
	}
	equal(t, "other operations", a.call("GET", "/jobs/x", "").StatusCode, 404)
	a.ClearFaults()
	equal(t, "cleared", a.call("GET", "/balance", "").StatusCode, 200)
}

func TestResets(t *testing.T) {
	t.Parallel()
	eachForm(t, func(t *testing.T, form editkittest.Option) {
		a := newAPI(t, form)
		freshConnections(a)
		a.Inject(editkittest.CreateJob, 1, editkittest.ResetBefore())
		a.Inject(editkittest.CreateJob, 1, editkittest.ResetAfter())
		isReset := func(err error) {
			t.Helper()
			streamError := err != nil && strings.Contains(err.Error(), "stream error") // what HTTP/2 has instead
			if !errors.Is(err, syscall.ECONNRESET) && !streamError {
				t.Errorf("error %v, want a reset", err)
			}
		}
		_, err := a.try(a.request("POST", "/jobs", simpleJob))
		isReset(err)
		equal(t, "creates", a.Stats().Creates, 0)
		_, err = a.try(a.request("POST", "/jobs", simpleJob))
		isReset(err)
		equal(t, "creates", a.Stats().Creates, 1)
		equal(t, "calls", a.Stats().Calls[editkittest.CreateJob], 2)
		equal(t, "balance", a.credits(), 299)
		equal(t, "status", a.status(a.JobIDs()[0]), "completed")
	})
}

func TestRefuseConnection(t *testing.T) {
	t.Parallel()
	eachForm(t, func(t *testing.T, form editkittest.Option) {
		a := newAPI(t, form)
		freshConnections(a)
		a.Inject(editkittest.CreateJob, 1, editkittest.RefuseConnection())
		_, err := a.try(a.request("POST", "/jobs", simpleJob))
		if err == nil {
			t.Fatal("no error")
		}
		if a.client.Transport == a.Transport() {
			var op *net.OpError
			if !errors.As(err, &op) || op.Op != "dial" || !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("error %v", err)
			}
			equal(t, "calls", a.Stats().Calls[editkittest.CreateJob], 0)
		}
		equal(t, "creates", a.Stats().Creates, 0)
		a.create(simpleJob)
	})
}

func TestTruncate(t *testing.T) {
	t.Parallel()
	eachForm(t, func(t *testing.T, form editkittest.Option) {
		a := newAPI(t, form)
		link := a.link(a.create(simpleJob))
		for _, n := range []int{0, 1, 5000, len(sample) - 1} {
			before := a.Stats().BytesServed
			a.Inject(editkittest.GetOutput, 1, editkittest.Truncate(int64(n)))
			ans, err := a.try(a.download(link))
			if err != nil {
				t.Fatalf("%d: %v", n, err)
			}
			equal(t, "length", ans.ContentLength, int64(len(sample)))
			sameBytes(t, ans.body, sample[:n])
			if ans.err == nil {
				t.Errorf("%d: no error", n)
			}
			if ans.ProtoMajor == 1 && !errors.Is(ans.err, io.ErrUnexpectedEOF) {
				t.Errorf("%d: error %v", n, ans.err)
			}
			equal(t, "counted", a.Stats().BytesServed-before, int64(n))
		}
		for _, n := range []int{len(sample), len(sample) + 1} {
			a.Inject(editkittest.GetOutput, 1, editkittest.Truncate(int64(n)))
			sameBytes(t, a.do(a.download(link)).body, sample)
		}
		a.Inject(editkittest.CreateJob, 1, editkittest.Truncate(10))
		ans, err := a.try(a.request("POST", "/jobs", simpleJob))
		if err != nil || ans.err == nil || len(ans.body) != 10 {
			t.Errorf("create: %d bytes, %v, %v", len(ans.body), err, ans.err)
		}
		equal(t, "creates", a.Stats().Creates, 2)
	})
}

func TestSlowAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAPI(t, editkittest.InMemory())
		id := a.create(simpleJob)

		a.Inject(editkittest.CreateJob, 1, editkittest.SlowHeaders(time.Hour))
		begin := time.Now()
		a.create(simpleJob)
		equal(t, "headers", time.Since(begin), time.Hour)

		link := a.link(id)
		a.Inject(editkittest.GetOutput, 1, editkittest.SlowBody(1000, time.Second))
		begin = time.Now()
		sameBytes(t, a.do(a.download(link)).body, sample)
		equal(t, "body", time.Since(begin), time.Duration((len(sample)-1)/1000)*time.Second)

		// The operation has its effect although the client gives up.
		a.Inject(editkittest.CreateJob, 1, editkittest.SlowHeaders(time.Hour))
		req := a.request("POST", "/jobs", simpleJob)
		ctx, cancel := context.WithTimeout(req.Context(), time.Minute)
		defer cancel()
		begin = time.Now()
		if _, err := a.try(req.WithContext(ctx)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		equal(t, "given up", time.Since(begin), time.Minute)
		equal(t, "creates", a.Stats().Creates, 3)
	})
}

// Closing the emulator ends answers that are slow.
func TestCloseEndsSlowAnswers(t *testing.T) {
	t.Parallel()
	eachForm(t, func(t *testing.T, form editkittest.Option) {
		a := newAPI(t, form)
		link := a.link(a.create(simpleJob))
		a.Inject(editkittest.GetOutput, 1, editkittest.SlowBody(1, time.Hour))
		resp, err := a.client.Do(a.download(link))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		a.Close()
		if rest, err := io.ReadAll(resp.Body); err == nil {
			t.Errorf("read %d bytes without an error", len(rest))
		}
	})
}

func TestSlowBodyOverSockets(t *testing.T) {
	t.Parallel()
	eachForm(t, func(t *testing.T, form editkittest.Option) {
		a := newAPI(t, form)
		link := a.link(a.create(simpleJob))
		a.Inject(editkittest.GetOutput, 1, editkittest.SlowBody(4000, time.Millisecond))
		a.Inject(editkittest.GetOutput, 1, editkittest.SlowBody(0, 0))
		sameBytes(t, a.do(a.download(link)).body, sample)
		sameBytes(t, a.do(a.download(link, "Range", "bytes=0-99")).body, sample[:100])
	})
}

func TestStorageFaults(t *testing.T) {
	t.Parallel()
	eachForm(t, func(t *testing.T, form editkittest.Option) {
		a := newAPI(t, form)
		link := a.link(a.create(simpleJob))
		first := a.do(a.download(link))
		etag := first.Header.Get("ETag")
		resume := func() *http.Request { return a.download(link, "Range", "bytes=1000-", "If-Range", etag) }

		a.Inject(editkittest.GetOutput, 1, editkittest.ExpireLink())
		equal(t, "expired", a.do(resume()).StatusCode, 403)
		equal(t, "only once", a.do(resume()).StatusCode, 206)

		a.Inject(editkittest.GetOutput, 1, editkittest.IgnoreRange())
		ans := a.do(resume())
		equal(t, "range ignored", ans.StatusCode, 200)
		equal(t, "accept ranges", ans.Header.Get("Accept-Ranges"), "")
		equal(t, "etag", ans.Header.Get("ETag"), etag)
		sameBytes(t, ans.body, sample)

		a.Inject(editkittest.GetOutput, 1, editkittest.DropValidators())
		ans = a.do(a.download(link))
		equal(t, "validators", ans.Header.Get("ETag")+ans.Header.Get("Last-Modified"), "")

		a.Advance(time.Minute)
		a.Inject(editkittest.GetOutput, 1, editkittest.ChangeETag())
		ans = a.do(resume())
		equal(t, "changed", ans.StatusCode, 200)
		changed := ans.Header.Get("ETag")
		if changed == etag || ans.Header.Get("Last-Modified") == first.Header.Get("Last-Modified") {
			t.Errorf("validators %v", ans.Header)
		}
		equal(t, "stays changed", a.do(a.download(link)).Header.Get("ETag"), changed)
	})
}

// Faults of other operations do no harm.
func TestMeaninglessFaults(t *testing.T) {
	t.Parallel()
	a := newAPI(t, editkittest.InMemory())
	for _, f := range []editkittest.Fault{
		{}, editkittest.ExpireLink(), editkittest.IgnoreRange(), editkittest.ChangeETag(), editkittest.DropValidators(),
		editkittest.LoseWebhook(), editkittest.DuplicateWebhook(), editkittest.DelayWebhook(time.Hour), editkittest.Pass().AfterEffect(),
	} {
		a.Inject(editkittest.GetBalance, 1, f)
		equal(t, "status", a.call("GET", "/balance", "").StatusCode, 200)
	}
}

func TestStatsAreACopy(t *testing.T) {
	t.Parallel()
	a := newAPI(t, editkittest.InMemory())
	stats := a.Stats()
	stats.Calls[editkittest.GetBalance] = 99
	a.credits()
	equal(t, "calls", a.Stats().Calls[editkittest.GetBalance], 1)
	a.call("GET", "/none", "")
	equal(t, "unrouted", a.Stats().Calls[editkittest.Unrouted], 1)
	a.do(bytesRequest(t, a))
	equal(t, "polls", a.Stats().Polls, 0)
}

func bytesRequest(t *testing.T, a *api) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.URL(editkit.EditClips)+"/jobs", bytes.NewReader([]byte(simpleJob)))
	if err != nil {
		t.Fatal(err)
	}
	return req
}
