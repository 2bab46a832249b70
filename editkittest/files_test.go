package editkittest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/editkit/editkit-go/editkittest"
)

func TestFileList(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newTools(t, editkittest.InMemory())
		refused(t, "empty", a.get("/files"), 404, "No files were found in the associated account.")
		refused(t, "auf Deutsch", a.get("/files", "Accept-Language", "de"), 404, "Im zugehörigen Konto wurden keine Dateien gefunden.")
		a.NextProcesses(editkittest.ByHand())
		late := a.process()
		for i := range 100 {
			a.start("stills", fmt.Sprintf("%d.tar.gz", i), "film")
			pass(time.Second)
		}
		a.setProcess(late, editkittest.Step{Status: "finished"})
		files := list(t, a.get("/files"))
		equal(t, "files", len(files), 100)
		equal(t, "newest", files[0]["name"], any("film.mov"))
		equal(t, "oldest", files[99]["name"], any("1.tar.gz"))
		sameValue(t, "file", map[string]any{
			"id": files[1]["id"], "name": "99.tar.gz", "extension": "gz", "url": files[1]["url"],
			"created": "2000-01-01T00:01:39Z", "expires": "2000-01-04T00:01:39Z",
		}, files[1])
		equal(t, "same file", a.details(late)["fileUrl"], files[0]["url"])

		link, _ := files[1]["url"].(string)
		a.SetTime(epoch.Add(72*time.Hour + 98*time.Second + 999*time.Millisecond))
		equal(t, "last moment", a.do(a.download(link)).StatusCode, 200)
		a.SetTime(epoch.Add(72*time.Hour + 99*time.Second))
		equal(t, "expired", a.do(a.download(link)).StatusCode, 404)
		equal(t, "still listed", list(t, a.get("/files"))[1]["url"], any(link))
		equal(t, "others", a.do(a.download(files[0]["url"].(string))).StatusCode, 200)
	})
}

func TestFileSizes(t *testing.T) {
	t.Parallel()
	a := newTools(t, editkittest.InMemory(), editkittest.WithFileSizes())
	a.process()
	equal(t, "size", list(t, a.get("/files"))[0]["size"], any("6"))
}

func TestFileDownload(t *testing.T) {
	t.Parallel()
	eachForm(t, func(t *testing.T, form editkittest.Option) {
		a := newTools(t, form)
		content := strings.Repeat("0123456789", 10_000)
		a.start("stills", "clip.mp4", content)
		link, _ := list(t, a.get("/processes"))[0]["fileUrl"].(string)
		whole := a.do(a.download(link))
		equal(t, "body", string(whole.body), content)
		equal(t, "content type", whole.Header.Get("Content-Type"), "video/mp4")
		equal(t, "length", whole.ContentLength, int64(len(content)))
		etag := whole.Header.Get("ETag")
		part := a.do(a.download(link, "Range", "bytes=5-9", "If-Range", etag))
		equal(t, "part", fmt.Sprint(part.StatusCode, " ", string(part.body)), "206 56789")
		equal(t, "not modified", a.do(a.download(link, "If-None-Match", etag)).StatusCode, 304)
		head := a.download(link)
		head.Method = http.MethodHead
		equal(t, "head", a.do(head).ContentLength, int64(len(content)))
		wrong := a.download(link)
		wrong.Method = http.MethodPut
		equal(t, "method", a.do(wrong).StatusCode, 405)
		for _, path := range []string{"/download/", "/download/x/clip.mp4", strings.TrimSuffix(head.URL.Path, "mp4") + "mov", head.URL.Path + "/"} {
			req := a.download(link)
			req.URL.Path = path
			equal(t, path, a.do(req).StatusCode, 404)
		}
		equal(t, "leaks", len(a.Stats().KeyLeaks), 0)
		stats := a.Stats()
		equal(t, "downloads", stats.Downloads, 2)
		equal(t, "bytes", stats.BytesServed, int64(len(content)+5))

		req := a.download(link, "Authorization", "Basic x")
		equal(t, "served nevertheless", a.do(req).StatusCode, 200)
		sameValue(t, "leak", []string{req.URL.Host + req.URL.Path}, a.Stats().KeyLeaks)
	})
}

func TestFileFaults(t *testing.T) {
	t.Parallel()
	eachForm(t, func(t *testing.T, form editkittest.Option) {
		a := newTools(t, form)
		link := a.details(a.process())["fileUrl"].(string)
		etag := a.do(a.download(link)).Header.Get("ETag")
		resume := func() *http.Request { return a.download(link, "Range", "bytes=2-", "If-Range", etag) }
		a.Inject(editkittest.GetFile, 1, editkittest.ExpireLink())
		equal(t, "expired", a.do(resume()).StatusCode, 404)
		equal(t, "resumed", a.do(resume()).StatusCode, 206)
		a.Inject(editkittest.GetFile, 1, editkittest.IgnoreRange())
		equal(t, "range ignored", a.do(resume()).StatusCode, 200)
		a.Inject(editkittest.GetFile, 1, editkittest.Truncate(3))
		if ans, err := a.try(a.download(link)); err != nil || ans.err == nil || string(ans.body) != "a f" {
			t.Errorf("truncated: %q, %v, %v", ans.body, err, ans.err)
		}
		a.Inject(editkittest.GetFile, 1, editkittest.DropValidators())
		equal(t, "no validators", a.do(a.download(link)).Header.Get("ETag"), "")
		a.Inject(editkittest.GetFile, 1, editkittest.ChangeETag())
		equal(t, "changed", a.do(resume()).StatusCode, 200)
		equal(t, "calls", a.Stats().Calls[editkittest.GetFile], 7)
		equal(t, "outputs", a.Stats().Calls[editkittest.GetOutput], 0)
	})
}

func TestHostileFileNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"../../x", "", "..", `C:\x.mov`, "a b%2f?#.srt", "x\r\ny", "名.mov", "<script>"} {
		a := newTools(t, editkittest.InMemory(), editkittest.WithToolEngine(editkittest.FixedOutput(name, []byte("content"))))
		p := a.details(a.process())
		equal(t, "name", p["fileName"], any(name))
		equal(t, name, string(a.do(a.download(p["fileUrl"].(string))).body), "content")
	}
}
