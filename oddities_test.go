package editkit_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/editkit/editkit-go"
	"github.com/editkit/editkit-go/editkittest"
)

// oneProcess asks for the process that an answer shows.
func oneProcess(ctx context.Context, t *testing.T, data string) *editkit.Process {
	t.Helper()
	p, err := toolsClient(t, say(200, envelope(200, data))).Processes.Get(ctx, "A1")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// sentForm runs a tool against a stub and returns the path and the fields that were sent.
func sentForm(t *testing.T, start func(c *editkit.Client) error) (path string, fields url.Values) {
	t.Helper()
	c := toolsClient(t, func(r *http.Request) (*http.Response, error) {
		_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err != nil {
			return nil, err
		}
		form, err := multipart.NewReader(r.Body, params["boundary"]).ReadForm(1 << 20)
		if err != nil {
			return nil, err
		}
		path, fields = r.URL.Path, form.Value
		return reply(r, 202, `{"code":202,"status":"OK","data":{"processId":"A1"}}`), nil
	})
	if err := start(c); err != nil {
		t.Fatal(err)
	}
	return path, fields
}

// TestOddities: what the documentation of EditingTools.io contradicts itself in, or does
// otherwise than one would think, one by one, in the order of the project's list of them.
func TestOddities(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	file := editkit.BytesSource("a.edl", []byte("x"))
	want := func(t *testing.T, got, want any) {
		t.Helper()
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	tests := []struct {
		oddity string
		test   func(t *testing.T)
	}{
		{"the code is a string or a number, and the status of HTTP is what counts", func(t *testing.T) {
			for _, code := range []string{`403`, `"403"`, `200`, `null`} {
				_, err := toolsClient(t, say(403, `{"code":`+code+`,"status":"no"}`)).Files.List(ctx)
				want(t, errors.Is(err, editkit.ErrForbidden), true)
			}
			var v1 struct {
				Code string
				Data struct {
					APIList []string `json:"api_list"`
				}
			}
			err := toolsClient(t, say(200, toolsGolden(t, "tools_v1.json"))).Do(ctx, editkit.EditingTools, http.MethodGet, "/", nil, &v1)
			want(t, fmt.Sprint(err, v1.Code, len(v1.Data.APIList)), "<nil>2003")
		}},
		{"data is an array, an object, empty or missing", func(t *testing.T) {
			want(t, oneProcess(ctx, t, `{"processId":"A1"}`).ID, "A1")
			want(t, oneProcess(ctx, t, `[{"processId":"A1"}]`).ID, "A1")
			for _, body := range []string{envelope(200, `[]`), envelope(200, `null`), `{"code":200,"status":"OK"}`} {
				list, err := toolsClient(t, say(200, body)).Processes.List(ctx)
				want(t, fmt.Sprint(len(list), err), "0 <nil>")
			}
		}},
		{"status is the envelope's, the message's and the process's", func(t *testing.T) {
			want(t, oneProcess(ctx, t, `{"processId":"A1","status":"finished"}`).Status, "finished")
			_, err := toolsClient(t, say(400, `{"code":400,"status":"Der Name fehlt."}`)).Files.List(ctx)
			var ae *editkit.APIError
			want(t, errors.As(err, &ae) && ae.Message == "Der Name fehlt.", true)
		}},
		{"an empty list is a 404", func(t *testing.T) {
			files, err := toolsClient(t, say(404, toolsGolden(t, "files_empty.json"))).Files.List(ctx)
			want(t, fmt.Sprint(len(files), err), "0 <nil>")
			_, err = toolsClient(t, say(404, gatewayPage)).Files.List(ctx)
			want(t, errors.Is(err, editkit.ErrNotFound), true)
		}},
		{"a file that expired before it was created can be fetched", func(t *testing.T) {
			c := toolsClient(t, func(r *http.Request) (*http.Response, error) {
				if r.URL.Host == "editingtools.io" {
					return reply(r, 200, "zip"), nil
				}
				return reply(r, 200, toolsGolden(t, "processes.json")), nil
			})
			list, err := c.Processes.List(ctx)
			want(t, err == nil && list[1].FileExpires.Before(list[1].Created), true)
			var out bytes.Buffer
			_, err = c.Files.Download(ctx, list[1].FileURL, &out)
			want(t, fmt.Sprint(out.String(), err), "zip<nil>")
		}},
		{"files are listed long after they expired", func(t *testing.T) {
			files, err := toolsClient(t, say(200, toolsGolden(t, "files.json"))).Files.List(ctx)
			want(t, fmt.Sprint(len(files), err, files[0].Expires.Before(time.Now())), "2 <nil> true")
		}},
		{"the extension contradicts the name", func(t *testing.T) {
			files, err := toolsClient(t, say(200, toolsGolden(t, "files.json"))).Files.List(ctx)
			want(t, fmt.Sprint(files[1].Name, " ", files[1].Extension, err), "subtitles.srt zip<nil>")
		}},
		{"webhooks have a # before the id, lists have none", func(t *testing.T) {
			want(t, oneProcess(ctx, t, `{"processId":"#A1"}`).ID, "A1")
		}},
		{"progress is text with a percent sign, a bare numeral, a number or absent", func(t *testing.T) {
			for in, out := range map[string]float64{`"12%"`: 12, `"12"`: 12, `12`: 12, `null`: 0} {
				want(t, oneProcess(ctx, t, `{"processId":"A1","progress":`+in+`}`).Progress, out)
			}
			want(t, oneProcess(ctx, t, `{"processId":"A1"}`).Progress, 0)
		}},
		{"size is a string, a number or absent", func(t *testing.T) {
			for in, out := range map[string]string{`"12 KB"`: "12 KB", `12345`: "12345", `null`: ""} {
				files, err := toolsClient(t, say(200, envelope(200, `[{"id":"f1","size":`+in+`}]`))).Files.List(ctx)
				want(t, fmt.Sprint(files[0].Size, err), out+"<nil>")
			}
		}},
		{"a GET needs no multipart content type", func(t *testing.T) {
			_, err := toolsClient(t, func(r *http.Request) (*http.Response, error) {
				want(t, r.Header.Get("Content-Type"), "")
				return reply(r, 200, envelope(200, `[]`)), nil
			}).Processes.List(ctx)
			want(t, err, nil)
		}},
		{"the signature's header is not named as PHP names it", func(t *testing.T) {
			want(t, delivered(t).header.Get("HTTP_EDITINGTOOLS_SIGNATURE"), "")
			want(t, delivered(t).header.Get("Editingtools-Signature") != "", true)
		}},
		{"the time is part of what is signed", func(t *testing.T) {
			d := delivered(t)
			stamp, signature, _ := strings.Cut(strings.TrimPrefix(d.header.Get("Editingtools-Signature"), "t="), ",v1=")
			mac := hmac.New(sha256.New, []byte(d.secret))
			mac.Write([]byte(stamp + "." + d.body))
			want(t, signature, hex.EncodeToString(mac.Sum(nil)))
		}},
		{"the page says cuesheets, the endpoint is cuesheet", func(t *testing.T) {
			path, _ := sentForm(t, func(c *editkit.Client) error {
				_, err := c.Tools.CueSheet(ctx, editkit.CueSheetParams{File: file})
				return err
			})
			want(t, path, "/v2/cuesheet")
		}},
		{"what is required has a default: it is left out, or sent", func(t *testing.T) {
			_, fields := sentForm(t, func(c *editkit.Client) error {
				_, err := c.Tools.RemoveBorders(ctx, editkit.RemoveBordersParams{File: file})
				return err
			})
			want(t, fields, url.Values{})
			_, fields = sentForm(t, func(c *editkit.Client) error {
				_, err := c.Tools.RemoveBorders(ctx, editkit.RemoveBordersParams{File: file, Range: editkit.Ptr(5), RemoveLetterbox: editkit.Ptr(true)})
				return err
			})
			want(t, fields, url.Values{"range": {"5"}, "removeLetterbox": {"true"}})
		}},
		{"booleans are 0 and 1 for subclips, true and false elsewhere", func(t *testing.T) {
			_, fields := sentForm(t, func(c *editkit.Client) error {
				_, err := c.Tools.CutDetection(ctx, editkit.CutDetectionParams{File: file, Subclips: true, Notification: true})
				return err
			})
			want(t, fields, url.Values{"subclips": {"1"}, "notification": {"true"}})
			_, fields = sentForm(t, func(c *editkit.Client) error {
				_, err := c.Tools.EDL(ctx, editkit.EDLParams{File: file, Format: editkit.FormatCSV, UseLongReelNames: editkit.Ptr(false)})
				return err
			})
			want(t, fields, url.Values{"format": {"csv"}, "useLongReelNames": {"false"}})
		}},
		{"a frame rate is free text", func(t *testing.T) {
			for _, rate := range []string{"25", editkit.Framerate2997DF, "29.97", "47.952"} {
				_, fields := sentForm(t, func(c *editkit.Client) error {
					_, err := c.Tools.EDL(ctx, editkit.EDLParams{File: file, Format: "edl", Framerate: rate})
					return err
				})
				want(t, fields.Get("framerate"), rate)
			}
		}},
		{"which files a tool takes is for the service to say", func(t *testing.T) {
			for _, name := range []string{"a.edl", "a.csv", "a.fcpxml", "a"} {
				_, fields := sentForm(t, func(c *editkit.Client) error {
					_, err := c.Tools.EDL(ctx, editkit.EDLParams{File: editkit.BytesSource(name, []byte("x")), Format: "edl"})
					return err
				})
				want(t, fields.Get("format"), "edl")
			}
		}},
		{"the advised spacing breaks the limit of a minute, and the 429 is kept", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := editkittest.NewServer(t, editkittest.InMemory(), editkittest.WithLimits())
				c := srv.Client()
				for range 60 {
					if _, err := c.Files.List(t.Context()); err != nil {
						t.Fatal(err)
					}
					<-time.After(600 * time.Millisecond)
				}
				want(t, srv.Stats().RateLimited, 1) // refused once, waited, and went on
			})
		}},
		{"402 asks for a plan, and nothing says what too few credits are", func(t *testing.T) {
			for _, status := range []int{400, 402, 403} {
				_, err := toolsClient(t, say(status, `{"code":1,"status":"not enough AI credits"}`)).Tools.Run(ctx, "translate", editkit.ToolParams{File: file})
				want(t, fmt.Sprint(errors.Is(err, editkit.ErrUpgradeRequired), errors.Is(err, editkit.ErrUncertain)), fmt.Sprint(status == 402, " ", false))
			}
		}},
		{"422 is a process that failed, and final", func(t *testing.T) {
			calls := 0
			_, err := toolsClient(t, func(r *http.Request) (*http.Response, error) {
				calls++
				return reply(r, 422, `{"code":422,"status":"broken file"}`), nil
			}).Tools.Run(ctx, "edl", editkit.ToolParams{File: file})
			want(t, fmt.Sprint(errors.Is(err, editkit.ErrUnprocessable), calls), "true 1")
		}},
		{"what is too large is refused on the way, in HTML or by a reset", func(t *testing.T) {
			for _, how := range []editkittest.UploadRefusal{editkittest.RefuseHTML413, editkittest.RefuseReset} {
				srv := editkittest.NewServer(t, editkittest.InMemory(), editkittest.WithUploadLimit(1000, how))
				_, err := srv.Client(fastRetries).Tools.Run(ctx, "edl", editkit.ToolParams{File: editkit.BytesSource("a.edl", make([]byte, 1<<20))})
				want(t, err != nil && !errors.Is(err, editkit.ErrUncertain), true)
				want(t, errors.Is(err, editkit.ErrTooLarge), how == editkittest.RefuseHTML413) // a megabyte does not explain a reset
				want(t, srv.Stats().Starts, 0)
			}
		}},
		{"the translator knows other languages than the texts do", func(t *testing.T) {
			want(t, fmt.Sprint(editkit.Slovenian, editkit.Arabic, editkit.LangPortugueseBrazil, len(editkit.Languages())), "slarPT-BR30")
		}},
		{"one endpoint takes JSON, and has a field by two names", func(t *testing.T) {
			var sent map[string]any
			_, err := toolsClient(t, func(r *http.Request) (*http.Response, error) {
				want(t, r.Header.Get("Content-Type"), "application/json")
				return reply(r, 201, `{"code":201,"status":"OK","data":[]}`), json.NewDecoder(r.Body).Decode(&sent)
			}).Tools.LiveNotesProject(ctx, editkit.LiveNotesProjectParams{Name: "Day 1", Extra: map[string]any{"tone": editkit.LiveNotesMint}})
			want(t, fmt.Sprint(err, sent), "<nil> map[name:Day 1 tone:mint]")
		}},
		{"fields are spelled as in the tables", func(t *testing.T) {
			_, fields := sentForm(t, func(c *editkit.Client) error {
				_, err := c.Tools.ALE(ctx, editkit.ALEParams{
					File: file, Format: editkit.FormatXLSX, Base64: true, SwapNames: true, RenameSourceFilePath: true, RemoveASC: true, RemoveFrameRange: true, JoinTRKColumns: true, RemoveProblematicChars: true,
				})
				return err
			})
			for _, name := range []string{"base64", "swapNames", "renameSourceFilePath", "removeAsc", "removeFrameRange", "joinTrkColumns", "removeProblematicChars"} {
				want(t, fields.Get(name), "true")
			}
		}},
	}
	if len(tests) != 25 {
		t.Errorf("%d oddities", len(tests))
	}
	for i, tt := range tests {
		t.Run(fmt.Sprintf("%d %s", i+1, tt.oddity), func(t *testing.T) {
			t.Parallel()
			tt.test(t)
		})
	}
}

// hookCall is a webhook as it came.
type hookCall struct {
	header       http.Header
	body, secret string
}

// delivered lets the emulator deliver the webhook of a process.
func delivered(t *testing.T) hookCall {
	t.Helper()
	var (
		d    hookCall
		once sync.Once
		came = make(chan struct{})
	)
	srv := editkittest.NewServer(t, editkittest.InMemory(), editkittest.WithToolEngine(editkittest.PassThrough()),
		editkittest.WithWebhookHandler("yourapp.test", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			once.Do(func() {
				d.header, d.body = r.Header.Clone(), string(body)
				close(came)
			})
		})))
	secret, err := srv.RegisterWebhook("https://yourapp.test/hook")
	if err != nil {
		t.Fatal(err)
	}
	d.secret = secret
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	run, err := srv.Client().Tools.CutDetection(ctx, editkit.CutDetectionParams{File: editkit.BytesSource("a.mov", []byte("x"))})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := srv.Client().Processes.Wait(ctx, run.ProcessID, quickPolls); err != nil {
		t.Fatal(err)
	}
	select {
	case <-came:
	case <-ctx.Done():
		t.Fatal("no webhook came")
	}
	return d
}
