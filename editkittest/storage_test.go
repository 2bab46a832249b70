package editkittest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/editkit/editkit-go"
	"github.com/editkit/editkit-go/editkittest"
)

var sample = editkittest.SampleOutput(videoURL, "anything-to-mp4")

func TestDownload(t *testing.T) {
	t.Parallel()
	eachForm(t, func(t *testing.T, form editkittest.Option) {
		a := newAPI(t, form)
		id := a.create(simpleJob)
		link := a.link(id)
		if u, _ := url.Parse(link); strings.Contains(a.URL(editkit.EditClips), u.Host+"/") {
			t.Error("the storage has the host of the API")
		}
		whole := a.do(a.download(link))
		equal(t, "status", whole.StatusCode, 200)
		equal(t, "length", whole.ContentLength, int64(len(sample)))
		equal(t, "accept ranges", whole.Header.Get("Accept-Ranges"), "bytes")
		equal(t, "content type", whole.Header.Get("Content-Type"), "video/mp4")
		sameBytes(t, whole.body, sample)
		etag := whole.Header.Get("ETag")
		if !strings.HasPrefix(etag, `"`) {
			t.Errorf("ETag %s is not a strong one", etag)
		}
		modified := whole.Header.Get("Last-Modified")

		part := a.do(a.download(link, "Range", "bytes=100-199", "If-Range", etag))
		equal(t, "range", part.StatusCode, 206)
		equal(t, "content range", part.Header.Get("Content-Range"), fmt.Sprintf("bytes 100-199/%d", len(sample)))
		sameBytes(t, part.body, sample[100:200])
		sameBytes(t, a.do(a.download(link, "Range", "bytes=-5")).body, sample[len(sample)-5:])
		equal(t, "if-range by date", a.do(a.download(link, "Range", "bytes=1-", "If-Range", modified)).StatusCode, 206)
		equal(t, "if-range of another", a.do(a.download(link, "Range", "bytes=1-", "If-Range", `"other"`)).StatusCode, 200)
		equal(t, "beyond the end", a.do(a.download(link, "Range", "bytes=999999-")).StatusCode, 416)

		req := a.download(link)
		req.Method = http.MethodHead
		head := a.do(req)
		equal(t, "head", head.StatusCode, 200)
		equal(t, "head length", head.ContentLength, int64(len(sample)))
		equal(t, "head body", len(head.body), 0)

		stats := a.Stats()
		equal(t, "downloads", stats.Downloads, 5)
		equal(t, "calls", stats.Calls[editkittest.GetOutput], 7)
		equal(t, "bytes", stats.BytesServed, int64(2*len(sample)+100+5+len(sample)-1))
	})
}

func TestLinksExpire(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	id := a.create(simpleJob)
	link := a.link(id)
	a.Advance(time.Hour - 5*time.Second)
	equal(t, "young", a.do(a.download(link)).StatusCode, 200)
	a.Advance(5 * time.Second)
	expired := a.do(a.download(link))
	equal(t, "old", expired.StatusCode, 403)
	if !strings.Contains(string(expired.body), "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>") {
		t.Errorf("body %s", expired.body)
	}
	fresh := a.link(id)
	equal(t, "fresh", a.do(a.download(fresh)).StatusCode, 200)
	u, _ := url.Parse(fresh)
	equal(t, "lifetime", u.Query().Get("X-Amz-Expires"), "3600")
	minted, err := time.Parse("20060102T150405Z", u.Query().Get("X-Amz-Date"))
	if age := a.Now().Sub(minted); err != nil || age < 0 || age > 10*time.Second {
		t.Errorf("minted %v ago: %v", age, err)
	}
}

func TestTamperedLinks(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	one, two := a.create(simpleJob), a.create(simpleJob)
	link := a.link(one)
	a.link(two) // so that both are completed
	signature := link[strings.Index(link, "X-Amz-Signature=")+len("X-Amz-Signature="):]
	for name, broken := range map[string]string{
		"other job":     strings.Replace(link, one, two, 1),
		"other name":    strings.Replace(link, "video.mp4", "v.mp4", 1),
		"longer life":   strings.Replace(link, "Expires=3600", "Expires=36000", 1),
		"no signature":  strings.Replace(link, "X-Amz-Signature="+signature, "", 1),
		"cut signature": link[:len(link)-2],
		"no query":      link[:strings.Index(link, "?")],
	} {
		ans := a.do(a.download(broken))
		equal(t, name, ans.StatusCode, 403)
		equal(t, name, ans.Header.Get("Content-Type"), "application/xml")
	}
	origin := link[:strings.Index(link, "/outputs/")]
	for _, path := range []string{"/", "/outputs/", "/outputs/x", "/api/v1/balance"} {
		req := a.download(origin + path)
		ans := a.do(req)
		equal(t, path, ans.StatusCode, 404)
		if !strings.Contains(string(ans.body), "NoSuchKey") {
			t.Errorf("%s: %s", path, ans.body)
		}
	}
	req := a.download(link)
	req.Method = http.MethodDelete
	equal(t, "delete", a.do(req).StatusCode, 405)
	equal(t, "downloads", a.Stats().Downloads, 0)
}

func TestRetention(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]editkittest.GoneAnswer{
		"no link": editkittest.GoneNoLink, "not found": editkittest.GoneNotFound, "dead link": editkittest.GoneDeadLink,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAPI(t, editkittest.InMemory(), editkittest.WithGoneAnswer(answer),
				editkittest.WithClock(func() time.Time { return time.Unix(1e9, 0) }))
			id := a.create(simpleJob)
			a.job(id)
			a.Advance(7*24*time.Hour - time.Second)
			link := a.link(id)
			equal(t, "last second", a.do(a.download(link)).StatusCode, 200)
			a.Advance(time.Second)
			equal(t, "gone", a.do(a.download(link)).StatusCode, 404)
			ans := a.call("GET", "/jobs/"+id, "")
			if answer == editkittest.GoneNotFound {
				equal(t, "job", ans.StatusCode, 404)
				return
			}
			job := ans.json(t)
			equal(t, "status", job["status"], any("completed"))
			fresh, hasLink := job["outputUrl"].(string)
			equal(t, "has a link", hasLink, answer == editkittest.GoneDeadLink)
			if hasLink {
				equal(t, "fresh link", a.do(a.download(fresh)).StatusCode, 404)
			}
		})
	}
}

func TestKeyLeaks(t *testing.T) {
	t.Parallel()
	eachForm(t, func(t *testing.T, form editkittest.Option) {
		a := newAPI(t, form)
		id := a.create(simpleJob)
		link := a.link(id)
		equal(t, "before", len(a.Stats().KeyLeaks), 0)
		ans := a.do(a.download(link, "Authorization", "Bearer "+a.Key(editkit.EditClips)))
		equal(t, "status", ans.StatusCode, 400)
		a.do(a.download(link, "X-Api-Key", a.Key(editkit.EditingTools)))
		a.create(`{"tool":"x","inputs":["https://example.com/in?key=` + a.Key(editkit.EditClips) + `"]}`)
		u, _ := url.Parse(link)
		want := []string{u.Host + u.Path, u.Host + u.Path, "example.com/in"}
		sameValue(t, "leaks", want, a.Stats().KeyLeaks)
	})
}

// Credentials to hosts that don't exist are found in memory.
func TestKeyLeakToStranger(t *testing.T) {
	t.Parallel()
	a := newAPI(t, editkittest.InMemory())
	if _, err := a.try(a.download("https://evil.test/x", "Authorization", "Basic eDp5")); err == nil {
		t.Error("there is an answer from nowhere")
	}
	sameValue(t, "leaks", []string{"evil.test/x"}, a.Stats().KeyLeaks)
}

func TestHostileFilenames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"../../etc/passwd", "..", ".", "", "a/b\\c.mp4", "con\x00\r\n.mp4", "ü ?#%.mp4", strings.Repeat("x", 3000)} {
		a := newAPI(t, editkittest.WithEngine(editkittest.FixedOutput(name, []byte("data"))))
		id := a.create(simpleJob)
		job := a.job(id)
		equal(t, "name", job["outputFilename"], any(name))
		equal(t, "size", job["outputSize"], any(4.0))
		ans := a.do(a.download(job["outputUrl"].(string)))
		equal(t, name, ans.StatusCode, 200)
		equal(t, name, string(ans.body), "data")
	}
}
