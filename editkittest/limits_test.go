package editkittest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/editkit/editkit-go/editkittest"
)

func TestDocumentedLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newTools(t, editkittest.InMemory(), editkittest.WithLimits())
		a.SetTime(epoch.Add(10*time.Minute + 20*time.Second + 500*time.Millisecond))
		a.process()
		for range 49 {
			equal(t, "status", a.get("/processes").StatusCode, 200)
		}
		ans := a.get("/processes", "Accept-Language", "fr")
		refused(t, "the 51st", ans, 429, "Trop de requêtes. Réessayez dans quelques secondes.")
		equal(t, "retry after", ans.Header.Get("Retry-After"), "40")
		refused(t, "a start", a.start("stills", "a.mov", "film"), 429, "Too many requests. Try again in some seconds.")
		pass(39 * time.Second)
		ans = a.get("/files")
		equal(t, "still", ans.StatusCode, 429)
		equal(t, "retry after", ans.Header.Get("Retry-After"), "1")
		pass(time.Second)
		for range 19 { // 50 of 1000 are used already
			for range 50 {
				equal(t, "status", a.get("/files").StatusCode, 200)
			}
			a.Advance(time.Minute)
		}
		ans = a.get("/files")
		equal(t, "the 1001st in an hour", ans.StatusCode, 429)
		equal(t, "retry after", ans.Header.Get("Retry-After"), "1800")
		a.Advance(30 * time.Minute)
		equal(t, "the next hour", a.get("/files").StatusCode, 200)
		equal(t, "limited", a.Stats().RateLimited, 4)
		equal(t, "starts", a.Stats().Starts, 1)
	})
}

func TestOtherLimits(t *testing.T) {
	t.Parallel()
	a := newTools(t, editkittest.InMemory(), editkittest.WithLimits(editkittest.Limit{Requests: 2, Window: 24 * time.Hour}))
	req := a.toolsRequest("GET", "/files", nil)
	req.SetBasicAuth("apikey", "wrong")
	for range 5 { // none of these count
		equal(t, "unauthorized", a.do(req).StatusCode, 401)
		equal(t, "method", a.do(a.toolsRequest("PUT", "/files", nil)).StatusCode, 405)
		equal(t, "EditClips", a.call("GET", "/balance", "").StatusCode, 200)
		equal(t, "unknown", a.get("/none").StatusCode, 404)
	}
	a.process()
	equal(t, "second", a.get("/processes").StatusCode, 200)
	equal(t, "third", a.get("/processes").StatusCode, 429)
	a.Advance(-48 * time.Hour)
	equal(t, "another day", a.get("/processes").StatusCode, 200)

	free := newTools(t, editkittest.InMemory())
	for range 60 {
		equal(t, "without limits", free.get("/files").StatusCode, 404)
	}
}
