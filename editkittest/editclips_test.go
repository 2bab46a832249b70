package editkittest_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/editkit/editkit-go"
	"github.com/editkit/editkit-go/editkittest"
)

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// The examples of the quickstart, field by field.
func TestDocumentedAnswers(t *testing.T) {
	t.Parallel()
	eachForm(t, func(t *testing.T, form editkittest.Option) {
		a := newAPI(t, form)
		balance := a.call("GET", "/balance", "")
		equal(t, "status", balance.StatusCode, 200)
		equal(t, "content type", balance.Header.Get("Content-Type"), "application/json")
		equal(t, "balance", string(balance.body), `{"credits":300,"totalPurchased":0}`)

		a.NextJobs(editkittest.ByHand())
		created := a.call("POST", "/jobs", `{"tool":"anything-to-mp4","inputs":["`+videoURL+`"],"durationMs":30000,"width":640,"height":480}`)
		equal(t, "status", created.StatusCode, 201)
		job := created.json(t)
		id, _ := job["id"].(string)
		if !uuid.MatchString(id) {
			t.Errorf("id %q is no UUID", id)
		}
		want := map[string]any{
			"id": id, "status": "queued", "tool": "anything-to-mp4", "creditsReserved": 1.0, "poll": "/api/v1/jobs/" + id,
		}
		sameValue(t, "created", want, job)

		want = map[string]any{"id": id, "status": "queued", "tool": "anything-to-mp4", "progress": 0.0}
		sameValue(t, "queued", want, a.job(id))

		a.set(id, editkittest.Step{Status: "processing", Progress: 45, Message: "Encoding..."})
		want = map[string]any{
			"id": id, "status": "processing", "tool": "anything-to-mp4", "progress": 45.0, "progressMessage": "Encoding...",
		}
		sameValue(t, "processing", want, a.job(id))

		a.set(id, editkittest.Step{Status: "completed"})
		job = a.job(id)
		link, _ := job["outputUrl"].(string)
		want = map[string]any{
			"id": id, "status": "completed", "tool": "anything-to-mp4", "progress": 100.0, "outputUrl": link,
			"outputFilename": "video.mp4", "outputSize": float64(16 << 10), "creditsReserved": 1.0, "creditsCharged": 1.0,
		}
		sameValue(t, "completed", want, job)
		if !strings.Contains(link, "/outputs/"+id+"/video.mp4?X-Amz-Algorithm=") {
			t.Errorf("outputUrl %q", link)
		}
	})
}

func TestFailedAndCancelledJobs(t *testing.T) {
	t.Parallel()
	a := newAPI(t, editkittest.InMemory())
	a.NextJobs(editkittest.FailAtOnce("FFmpeg exited with code 1: Invalid input format"), editkittest.ByHand())
	failed, cancelled := a.create(simpleJob), a.create(simpleJob)
	equal(t, "reserved", a.credits(), 299) // the first is already refunded

	want := map[string]any{
		"id": failed, "status": "failed", "tool": "anything-to-mp4", "progress": 0.0,
		"errorMessage": "FFmpeg exited with code 1: Invalid input format",
	}
	sameValue(t, "failed", want, a.job(failed))
	a.set(cancelled, editkittest.Step{Status: "cancelled", Progress: 10})
	want = map[string]any{"id": cancelled, "status": "cancelled", "tool": "anything-to-mp4", "progress": 10.0}
	sameValue(t, "cancelled", want, a.job(cancelled))
	equal(t, "refunded", a.credits(), 300)
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	a := newAPI(t, editkittest.InMemory(), editkittest.WithKey(editkit.EditClips, "ec_live_mine"))
	equal(t, "key", a.Key(editkit.EditClips), "ec_live_mine")
	for header, status := range map[string]int{
		"Bearer ec_live_mine":  200,
		"bearer ec_live_mine":  200,
		"":                     401,
		"Bearer":               401,
		"Bearer ":              401,
		"Bearer ec_live_mine2": 401,
		"Bearer ec_live_min":   401,
		"Basic ec_live_mine":   401,
		"ec_live_mine":         401,
	} {
		req := a.request("GET", "/balance", "")
		req.Header.Set("Authorization", header)
		ans := a.do(req)
		equal(t, header, ans.StatusCode, status)
		if status == 401 {
			code := ans.json(t)["error"].(map[string]any)["code"]
			equal(t, "code", code, any("unauthorized"))
		}
	}
	equal(t, "calls", a.Stats().Calls[editkittest.GetBalance], 9)
}

func TestValidation(t *testing.T) {
	t.Parallel()
	a := newAPI(t, editkittest.InMemory())
	for body, status := range map[string]int{
		`{`:                           400,
		`[]`:                          400,
		`{}`:                          400,
		`{"tool":"x"}`:                400,
		`{"inputs":["https://a/b"]}`:  400,
		`{"tool":"x","inputs":[]}`:    400,
		`{"tool":"x","inputs":[1]}`:   400,
		`{"tool":"x","inputs":[""]}`:  400,
		`{"tool":"x","inputs":"u"}`:   400,
		`{"tool":1,"inputs":["u"]}`:   400,
		simpleJob + "x":               400,
		strings.Repeat(" ", 1<<20+1):  413,
		simpleJob:                     201,
		`{"tool":"x","inputs":["u"]}`: 201, // nothing says that tools or URLs are checked
		`{"tool":"x","inputs":["u"],"webhook":"http://example.com/"}`:       400,
		`{"tool":"x","inputs":["u"],"webhook":"https://"}`:                  400,
		`{"tool":"x","inputs":["u"],"webhook":":"}`:                         400,
		`{"tool":"x","inputs":["u"],"webhook":"https://a.test/"}`:           201,
		`{"tool":"x","inputs":["u"],"options":[]}`:                          400,
		`{"tool":"x","inputs":["u"],"options":{"crf":1},"other":1}`:         201,
		`{"tool":"x","inputs":["u"],"durationMs":-1}`:                       400,
		`{"tool":"x","inputs":["u"],"durationMs":"1"}`:                      400,
		`{"tool":"x","inputs":["u"],"durationMs":1e300,"width":3840}`:       402,
		`{"tool":"x","inputs":["u"],"durationMs":1.5,"width":1,"height":1}`: 201,
	} {
		ans := a.call("POST", "/jobs", body)
		if ans.StatusCode != status {
			t.Errorf("%.80s: %s, want %d: %s", body, ans.Status, status, ans.body)
		}
		ans.json(t)
	}
	equal(t, "creates", a.Stats().Creates, 5)

	for contentType, status := range map[string]int{
		"application/json; charset=utf-8": 201, "text/plain": 415, "": 415, "application/x-www-form-urlencoded": 415,
	} {
		req := a.request("POST", "/jobs", simpleJob)
		req.Header.Set("Content-Type", contentType)
		equal(t, contentType, a.do(req).StatusCode, status)
	}
}

func TestUnknownPathsAndMethods(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/", 404}, {"GET", "/job", 404}, {"GET", "/jobs/", 404}, {"GET", "/jobs/none", 404}, {"GET", "/jobs/a/b", 404},
		{"GET", "/jobs/..", 404}, {"GET", "/jobs/a%2Fb", 404}, {"GET", "/jobs/%00", 404},
		{"GET", "/jobs", 405}, {"PUT", "/jobs", 405}, {"DELETE", "/jobs/x", 405}, {"POST", "/balance", 405},
	} {
		ans := a.call(c.method, c.path, "")
		equal(t, c.method+" "+c.path, ans.StatusCode, c.status)
		ans.json(t)
		if c.status == 405 && ans.Header.Get("Allow") == "" {
			t.Errorf("%s %s: no Allow header", c.method, c.path)
		}
	}
	equal(t, "unknown service", a.URL("x")+a.Key("x"), "")
}

// The worked values of the billing page.
func TestReservedCredits(t *testing.T) {
	t.Parallel()
	a := newAPI(t, editkittest.InMemory(), editkittest.WithCourse(editkittest.ByHand()))
	for hints, want := range map[string]float64{
		``: 1,
		`,"durationMs":30000,"width":640,"height":480`:    1,
		`,"durationMs":135000,"width":640,"height":480`:   3,
		`,"durationMs":300000,"width":1080,"height":720`:  10,
		`,"durationMs":60000,"width":1920,"height":1080`:  4,
		`,"durationMs":180000,"width":3840,"height":2160`: 12,
		`,"durationMs":60000,"width":720,"height":720`:    1,
		`,"durationMs":60001,"width":480,"height":721`:    4,
		`,"durationMs":60000,"height":1081`:               4,
		`,"durationMs":120000`:                            2,
		`,"width":3840,"height":2160`:                     1,
	} {
		body := `{"tool":"x","inputs":["u"]` + hints + `}`
		got := a.call("POST", "/jobs", body).json(t)["creditsReserved"]
		equal(t, hints, got, any(want))
	}
	subtitles := `{"tool":"auto-subtitles","inputs":["u"],"durationMs":180000,"width":3840,"height":2160}`
	equal(t, "subtitles", a.call("POST", "/jobs", subtitles).json(t)["creditsReserved"], any(3.0))
	equal(t, "balance", a.credits(), 300-1-1-3-10-4-12-1-4-4-2-1-3)
}

func TestTooFewCredits(t *testing.T) {
	t.Parallel()
	a := newAPI(t, editkittest.InMemory(), editkittest.WithCredits(5), editkittest.WithCourse(editkittest.ByHand()))
	body := func(minutes int) string {
		return `{"tool":"x","inputs":["u"],"durationMs":` + strconv.Itoa(minutes*60000) + `}`
	}
	equal(t, "6 of 5", a.call("POST", "/jobs", body(6)).StatusCode, 402)
	first := a.create(body(5))
	equal(t, "1 of 0", a.call("POST", "/jobs", simpleJob).StatusCode, 402)
	equal(t, "creates", a.Stats().Creates, 1)
	equal(t, "balance", a.credits(), 0)
	a.set(first, editkittest.Step{Status: "failed"})
	a.create(body(5))
	equal(t, "balance", a.credits(), 0)

	// A failure that nobody has seen yet gives its credits back in time.
	b := newAPI(t, editkittest.InMemory(), editkittest.WithCredits(1), editkittest.WithCourse(editkittest.FailAtOnce("no")))
	b.create(simpleJob)
	b.create(simpleJob)
}
