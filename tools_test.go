package editkit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/editkit/editkit-go"
)

// form is what a tool was sent.
type form struct {
	Path   string
	Fields url.Values
	File   string
}

// formsTo returns a client that keeps the last form it sends.
func formsTo(t *testing.T, last *form) *editkit.Client {
	t.Helper()
	return toolsClient(t, func(r *http.Request) (*http.Response, error) {
		_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err != nil || r.Method != http.MethodPost {
			t.Errorf("%s, Content-Type %q: %v", r.Method, r.Header.Get("Content-Type"), err)
		}
		read, err := multipart.NewReader(r.Body, params["boundary"]).ReadForm(1 << 20)
		if err != nil {
			t.Error(err)
			return nil, err
		}
		*last = form{Path: r.URL.Path, Fields: read.Value}
		for _, header := range read.File["file"] {
			f, err := header.Open()
			if err != nil {
				t.Error(err)
				continue
			}
			b, _ := io.ReadAll(f)
			last.File += header.Filename + ": " + string(b)
		}
		return reply(r, 202, accepted), nil
	})
}

// TestToolFields: each tool sends exactly the documented fields in the documented
// spelling, and what was not set is not sent.
func TestToolFields(t *testing.T) {
	t.Parallel()
	file := editkit.BytesSource("a.bin", []byte("content"))
	extra := url.Values{"new": {"1", "2"}}
	var (
		last form
		c    = formsTo(t, &last)
		ctx  = t.Context()
	)
	for name, tt := range map[string]struct {
		run  func() (*editkit.ToolRun, error)
		path string
		want url.Values
	}{
		"Translate, least": {func() (*editkit.ToolRun, error) {
			return c.Tools.Translate(ctx, editkit.TranslateParams{File: file, SourceLang: editkit.LangAuto, TargetLang: "DE"})
		}, "translate", url.Values{"sourceLang": {"AUTO"}, "targetLang": {"DE"}, "translationMode": {"1"}}},
		"Translate, all": {func() (*editkit.ToolRun, error) {
			return c.Tools.Translate(ctx, editkit.TranslateParams{
				File: file, SourceLang: "PT", TargetLang: "PT-BR", Mode: editkit.EachSubtitle, Formality: editkit.FormalityInformal,
				CheckPrice: true, Notification: true, Extra: extra,
			})
		}, "translate", url.Values{
			"sourceLang": {"PT"}, "targetLang": {"PT-BR"}, "translationMode": {"0"}, "formality": {"informal"},
			"checkPrice": {"true"}, "notification": {"true"}, "new": {"1", "2"},
		}},
		"Translate, formal": {func() (*editkit.ToolRun, error) {
			return c.Tools.Translate(ctx, editkit.TranslateParams{File: file, SourceLang: "EN", TargetLang: "DE", Mode: editkit.AcrossSubtitles, Formality: editkit.FormalityFormal})
		}, "translate", url.Values{"sourceLang": {"EN"}, "targetLang": {"DE"}, "translationMode": {"1"}, "formality": {"formal"}}},
		"CutDetection, least": {func() (*editkit.ToolRun, error) {
			return c.Tools.CutDetection(ctx, editkit.CutDetectionParams{File: file})
		}, "cutdetection", url.Values{}},
		"CutDetection, all": {func() (*editkit.ToolRun, error) {
			return c.Tools.CutDetection(ctx, editkit.CutDetectionParams{File: file, Algorithm: "content", Subclips: true, Notification: true, Extra: extra})
		}, "cutdetection", url.Values{"algorithm": {"content"}, "subclips": {"1"}, "notification": {"true"}, "new": {"1", "2"}}},
		"Subtitles, least": {func() (*editkit.ToolRun, error) {
			return c.Tools.Subtitles(ctx, editkit.SubtitlesParams{File: file, From: "srt", To: "vtt"})
		}, "subtitles", url.Values{"source": {"srt"}, "format": {"vtt"}}},
		"Subtitles, all": {func() (*editkit.ToolRun, error) {
			return c.Tools.Subtitles(ctx, editkit.SubtitlesParams{File: file, From: "srt", To: "vtt", Framerate: "23.976", Base64: true, RemoveEmpty: editkit.Ptr(false), Extra: extra})
		}, "subtitles", url.Values{"source": {"srt"}, "format": {"vtt"}, "framerate": {"23.976"}, "base64": {"true"}, "removeEmpty": {"false"}, "new": {"1", "2"}}},
		"ALE, least": {func() (*editkit.ToolRun, error) {
			return c.Tools.ALE(ctx, editkit.ALEParams{File: file, Format: editkit.FormatCSVSemicolon})
		}, "ale", url.Values{"format": {"csv2"}}},
		"ALE, all": {func() (*editkit.ToolRun, error) {
			return c.Tools.ALE(ctx, editkit.ALEParams{
				File: file, Format: editkit.FormatHTML, Base64: true, SwapNames: true, RenameSourceFilePath: true, RemoveASC: true,
				RemoveFrameRange: true, JoinTRKColumns: true, RemoveProblematicChars: true, Extra: extra,
			})
		}, "ale", url.Values{
			"format": {"html"}, "base64": {"true"}, "swapNames": {"true"}, "renameSourceFilePath": {"true"}, "removeAsc": {"true"},
			"removeFrameRange": {"true"}, "joinTrkColumns": {"true"}, "removeProblematicChars": {"true"}, "new": {"1", "2"},
		}},
		"EDL, least": {func() (*editkit.ToolRun, error) {
			return c.Tools.EDL(ctx, editkit.EDLParams{File: file, Format: editkit.FormatPDF})
		}, "edl", url.Values{"format": {"pdf"}}},
		"EDL, all": {func() (*editkit.ToolRun, error) {
			return c.Tools.EDL(ctx, editkit.EDLParams{
				File: file, Format: editkit.FormatXLSX, Framerate: "59.94DF", Base64: true, UseLongReelNames: editkit.Ptr(true), IgnoreAudio: true,
				OrderClipsByName: true, Reverse: true, MergeSameSource: true, UseLocatorName: true, Extra: extra,
			})
		}, "edl", url.Values{
			"format": {"xlsx"}, "framerate": {"59.94DF"}, "base64": {"true"}, "useLongReelNames": {"true"}, "ignoreAudio": {"true"},
			"orderClipsByName": {"true"}, "reverse": {"true"}, "mergeSameSource": {"true"}, "useLocatorName": {"true"}, "new": {"1", "2"},
		}},
		"RemoveBorders, least": {func() (*editkit.ToolRun, error) {
			return c.Tools.RemoveBorders(ctx, editkit.RemoveBordersParams{File: file})
		}, "remove-borders", url.Values{}},
		"RemoveBorders, all": {func() (*editkit.ToolRun, error) {
			return c.Tools.RemoveBorders(ctx, editkit.RemoveBordersParams{
				File: file, Range: editkit.Ptr(0), RemoveLetterbox: editkit.Ptr(false), RemovePillarbox: editkit.Ptr(true), Base64: true, Extra: extra,
			})
		}, "remove-borders", url.Values{"range": {"0"}, "removeLetterbox": {"false"}, "removePillarbox": {"true"}, "base64": {"true"}, "new": {"1", "2"}}},
		"RemoveBorders, most": {func() (*editkit.ToolRun, error) {
			return c.Tools.RemoveBorders(ctx, editkit.RemoveBordersParams{File: file, Range: editkit.Ptr(10), RemovePillarbox: editkit.Ptr(false)})
		}, "remove-borders", url.Values{"range": {"10"}, "removePillarbox": {"false"}}},
		"CueSheet, least": {func() (*editkit.ToolRun, error) {
			return c.Tools.CueSheet(ctx, editkit.CueSheetParams{File: file})
		}, "cuesheet", url.Values{}},
		"CueSheet, all": {func() (*editkit.ToolRun, error) {
			return c.Tools.CueSheet(ctx, editkit.CueSheetParams{File: file, Framerate: "29.97DF", Extra: extra})
		}, "cuesheet", url.Values{"framerate": {"29.97DF"}, "new": {"1", "2"}}},
		"Run": {func() (*editkit.ToolRun, error) {
			return c.Tools.Run(ctx, "some-tool", editkit.ToolParams{File: file, Fields: url.Values{"a": {"ü", ""}, "b": nil}})
		}, "some-tool", url.Values{"a": {"ü", ""}}},
	} {
		last = form{}
		run, err := tt.run()
		if err != nil || run.ProcessID != "ABC123" {
			t.Errorf("%s: %v, %v", name, run, err)
			continue
		}
		if diff := cmp.Diff(form{"/v2/" + tt.path, tt.want, "a.bin: content"}, last, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
	if len(extra) != 1 || len(extra["new"]) != 2 {
		t.Errorf("the caller's fields were changed: %v", extra)
	}
}

// TestToolArguments: a mistake is an *ArgError that names the field, before the file is
// read or anything sent.
func TestToolArguments(t *testing.T) {
	t.Parallel()
	c := toolsClient(t, func(*http.Request) (*http.Response, error) {
		t.Error("something was sent")
		return nil, io.EOF
	})
	var e endless
	file, ctx := e.source(10), t.Context()
	translate := editkit.TranslateParams{File: file, SourceLang: "AUTO", TargetLang: "DE"}
	withExtra := func(name string) error {
		p := translate
		p.Extra = url.Values{name: {"x"}}
		return second(c.Tools.Translate(ctx, p))
	}
	for name, tt := range map[string]struct {
		err   error
		field string
	}{
		"Translate without source":   {second(c.Tools.Translate(ctx, editkit.TranslateParams{File: file, TargetLang: "DE"})), "SourceLang"},
		"Translate without target":   {second(c.Tools.Translate(ctx, editkit.TranslateParams{File: file, SourceLang: "DE"})), "TargetLang"},
		"Translate without file":     {second(c.Tools.Translate(ctx, editkit.TranslateParams{SourceLang: "AUTO", TargetLang: "DE"})), "File"},
		"CutDetection without file":  {second(c.Tools.CutDetection(ctx, editkit.CutDetectionParams{})), "File"},
		"Subtitles without from":     {second(c.Tools.Subtitles(ctx, editkit.SubtitlesParams{File: file, To: "srt"})), "From"},
		"Subtitles without to":       {second(c.Tools.Subtitles(ctx, editkit.SubtitlesParams{File: file, From: "srt"})), "To"},
		"Subtitles without file":     {second(c.Tools.Subtitles(ctx, editkit.SubtitlesParams{From: "srt", To: "vtt"})), "File"},
		"ALE without format":         {second(c.Tools.ALE(ctx, editkit.ALEParams{File: file})), "Format"},
		"ALE without file":           {second(c.Tools.ALE(ctx, editkit.ALEParams{Format: "csv"})), "File"},
		"EDL without format":         {second(c.Tools.EDL(ctx, editkit.EDLParams{File: file})), "Format"},
		"EDL without file":           {second(c.Tools.EDL(ctx, editkit.EDLParams{Format: "csv"})), "File"},
		"RemoveBorders, range below": {second(c.Tools.RemoveBorders(ctx, editkit.RemoveBordersParams{File: file, Range: editkit.Ptr(-1)})), "Range"},
		"RemoveBorders, range above": {second(c.Tools.RemoveBorders(ctx, editkit.RemoveBordersParams{File: file, Range: editkit.Ptr(11)})), "Range"},
		"RemoveBorders without file": {second(c.Tools.RemoveBorders(ctx, editkit.RemoveBordersParams{})), "File"},
		"CueSheet without file":      {second(c.Tools.CueSheet(ctx, editkit.CueSheetParams{})), "File"},
		"Run without file":           {second(c.Tools.Run(ctx, "x", editkit.ToolParams{})), "File"},
		"Extra repeats a field":      {withExtra("sourceLang"), "Extra"},
		"Extra repeats a default":    {withExtra("translationMode"), "Extra"},
		"Extra is the file":          {withExtra("file"), "Extra"},
		"Extra without a name":       {withExtra(""), "Extra"},
		"Extra with a line break":    {withExtra("a\r\nX: y"), "Extra"},
		"Extra with a zero byte":     {withExtra("a\x00"), "Extra"},
		"Fields has the file":        {second(c.Tools.Run(ctx, "x", editkit.ToolParams{File: file, Fields: url.Values{"file": {"x"}}})), "Fields"},
		"LiveNotes, no name":         {second(c.Tools.LiveNotesProject(ctx, editkit.LiveNotesProjectParams{})), "Name"},
		"LiveNotes, short name":      {second(c.Tools.LiveNotesProject(ctx, editkit.LiveNotesProjectParams{Name: "öö"})), "Name"},
		"LiveNotes, long name":       {second(c.Tools.LiveNotesProject(ctx, editkit.LiveNotesProjectParams{Name: strings.Repeat("x", 51)})), "Name"},
		"LiveNotes, repeated field":  {second(c.Tools.LiveNotesProject(ctx, editkit.LiveNotesProjectParams{Name: "abc", Extra: map[string]any{"name": "x"}})), "Extra"},
		"LiveNotes, not JSON":        {second(c.Tools.LiveNotesProject(ctx, editkit.LiveNotesProjectParams{Name: "abc", Extra: map[string]any{"x": func() {}}})), "Extra"},
		"nil context":                {second(c.Tools.Run(nil, "x", editkit.ToolParams{File: file})), "ctx"}, //nolint:staticcheck // the point of it
		"nil option":                 {second(c.Tools.Run(ctx, "x", editkit.ToolParams{File: file}, nil)), "opts[0]"},
		"nil progress":               {second(c.Tools.Run(ctx, "x", editkit.ToolParams{File: file}, editkit.OnProgress(nil))), "OnProgress"},
	} {
		var ae *editkit.ArgError
		if !errors.As(tt.err, &ae) || ae.Field != tt.field || !errors.Is(tt.err, editkit.ErrInvalidArgument) {
			t.Errorf("%s: %v, want an *ArgError of %s", name, tt.err, tt.field)
		}
	}
	if e.taken.Load() != 0 {
		t.Errorf("%d bytes of the file were read", e.taken.Load())
	}
	clips := newClient(t, editkit.WithEditClips(testKey))
	var none *editkit.ToolsService
	for name, err := range map[string]error{
		"another key": second(clips.Tools.Run(ctx, "x", editkit.ToolParams{File: file})),
		"nil":         second(none.Run(ctx, "x", editkit.ToolParams{File: file})),
		"zero":        second((&editkit.ToolsService{}).LiveNotesProject(ctx, editkit.LiveNotesProjectParams{Name: "abc"})),
	} {
		if !errors.Is(err, editkit.ErrNoCredentials) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestToolPath: the name of a tool is the end of its address, and leads nowhere else.
func TestToolPath(t *testing.T) {
	t.Parallel()
	var (
		last form
		c    = formsTo(t, &last)
	)
	run := func(tool string) error {
		last = form{}
		return second(c.Tools.Run(t.Context(), tool, editkit.ToolParams{File: smallSource()}))
	}
	for tool, want := range map[string]string{
		"cutdetection": "/v2/cutdetection", "/remove-borders": "/v2/remove-borders", "a/b_c.d~1": "/v2/a/b_c.d~1", "a..b": "/v2/a..b",
	} {
		if err := run(tool); err != nil || last.Path != want {
			t.Errorf("%q went to %q: %v", tool, last.Path, err)
		}
	}
	for _, tool := range []string{
		"", "/", "//", "..", ".", "a/../b", "../files", "a/..", "a/.", "a?b", "?", "a#b", "#", "//x", "///x", "x/", "a//b", `a\b`, "a b", " a", "a\r\nb", "a\x00", "ü",
		"%2e%2e", "%2E%2e/x", "a%2fb", "a%2f..%2fb", "a%", "https://evil.example/x",
	} {
		var ae *editkit.ArgError
		if err := run(tool); !errors.As(err, &ae) || ae.Field != "tool" || last.Path != "" {
			t.Errorf("%q went to %q: %v", tool, last.Path, err)
		}
	}
}

// TestLiveNotesProject: the one tool that takes JSON is sent just what was set.
func TestLiveNotesProject(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		params editkit.LiveNotesProjectParams
		want   string
	}{
		"least":       {editkit.LiveNotesProjectParams{Name: "Day"}, `{"name":"Day"}`},
		"longest":     {editkit.LiveNotesProjectParams{Name: strings.Repeat("ü", 50)}, `{"name":"` + strings.Repeat("ü", 50) + `"}`},
		"not a blank": {editkit.LiveNotesProjectParams{Name: "Day", IsArchived: editkit.Ptr(false)}, `{"name":"Day","isArchived":false}`},
		"all": {
			editkit.LiveNotesProjectParams{
				Name: "Day 1", Color: "sky", Framerate: "30", Type: editkit.LiveNotesCustom, Location: "Köln", ShootingDay: "1", LoggerName: "A", IsArchived: editkit.Ptr(true),
			},
			`{"name":"Day 1","color":"sky","framerate":"30","type":"custom","location":"Köln","shootingDay":"1","loggerName":"A","isArchived":true}`,
		},
		"extra": {
			editkit.LiveNotesProjectParams{Name: "Day", Type: editkit.LiveNotesLive, Extra: map[string]any{"tone": "red", "n": 1, "list": []int{}, "none": nil}},
			`{"list":[],"n":1,"name":"Day","none":null,"tone":"red","type":"live"}`,
		},
	} {
		srv := newScript(t, 1, answer(201, `{"code":201,"status":"OK","data":{"id":"7"}}`))
		run, err := srv.tools().Tools.LiveNotesProject(ctxFor(t), tt.params)
		if err != nil || string(run.Data) != `{"id":"7"}` || run.ProcessID != "" {
			t.Errorf("%s: %v, %v", name, run, err)
			continue
		}
		r := srv.requests()[0]
		if r.Body != tt.want || r.Path != "/gateway/v2/livenotes/project" || r.Method != "POST" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %s %s, %s\n got %s\nwant %s", name, r.Method, r.Path, r.Header.Get("Content-Type"), r.Body, tt.want)
		}
	}
	srv := newScript(t, 1, answer(500, ``))
	if _, err := srv.tools().Tools.LiveNotesProject(ctxFor(t), editkit.LiveNotesProjectParams{Name: "Day"}); !errors.Is(err, editkit.ErrUncertain) {
		t.Errorf("a doubtful one: %v", err)
	}
}

// TestToolSuccess: any 2xx with JSON is a success, and nothing else is.
func TestToolSuccess(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]error{
		200: nil, 201: nil, 202: nil, 206: nil,
		400: editkit.ErrBadRequest, 401: editkit.ErrUnauthorized, 402: editkit.ErrUpgradeRequired, 403: editkit.ErrForbidden, 404: editkit.ErrNotFound,
		413: editkit.ErrTooLarge, 422: editkit.ErrUnprocessable, 500: editkit.ErrUncertain,
	} {
		var resp editkit.Response
		c := toolsClient(t, say(status, accepted))
		run, err := c.Tools.CueSheet(t.Context(), editkit.CueSheetParams{File: smallSource()}, editkit.WithResponse(&resp))
		if !errors.Is(err, want) || (run == nil) != (want != nil) || resp.StatusCode != status || resp.Attempts != 1 {
			t.Errorf("%d: %v, %v, %v", status, run, err, resp)
		}
		if status < 500 && errors.Is(err, editkit.ErrUncertain) {
			t.Errorf("%d is certain: %v", status, err)
		}
	}
}

// TestToolRun: the parts of an answer are found wherever they may be, and all of it is
// kept.
func TestToolRun(t *testing.T) {
	t.Parallel()
	file := editkit.File{ID: "f1", Name: "a.zip", URL: "https://h/a"}
	const fileJSON = `{"fileId":"f1","fileName":"a.zip","fileUrl":"https://h/a"}`
	for name, tt := range map[string]struct {
		data string // of an envelope; or the whole body if it begins with !
		want editkit.ToolRun
	}{
		"an object":               {`{"processId":"ABC123"}`, editkit.ToolRun{ProcessID: "ABC123"}},
		"an array of one":         {`[{"processId":"ABC123"}]`, editkit.ToolRun{ProcessID: "ABC123"}},
		"an id with #":            {`{"processId":"#ABC123"}`, editkit.ToolRun{ProcessID: "ABC123"}},
		"an id of digits":         {`{"processId":17}`, editkit.ToolRun{ProcessID: "17"}},
		"an id null":              {`{"processId":null}`, editkit.ToolRun{}},
		"an id of no use":         {`{"processId":{}}`, editkit.ToolRun{}},
		"the first of two":        {`[{"processId":"A"},{"processId":"B"}]`, editkit.ToolRun{ProcessID: "A"}},
		"the first with an id":    {`[7,{"x":1},{"processId":"B"}]`, editkit.ToolRun{ProcessID: "B"}},
		"a process within":        {`{"process":{"processId":"#A"}}`, editkit.ToolRun{ProcessID: "A"}},
		"a process in a list":     {`[{"process":[{"processId":"A"}]}]`, editkit.ToolRun{ProcessID: "A"}},
		"a file of a process":     {fileJSON, editkit.ToolRun{Files: []*editkit.File{&file}}},
		"a file of a list":        {`{"id":"f1","name":"a.zip","url":"https://h/a"}`, editkit.ToolRun{Files: []*editkit.File{&file}}},
		"a file within":           {`{"file":` + fileJSON + `}`, editkit.ToolRun{Files: []*editkit.File{&file}}},
		"files within":            {`{"files":[` + fileJSON + `,` + fileJSON + `]}`, editkit.ToolRun{Files: []*editkit.File{&file, &file}}},
		"files of a process":      {`{"process":{"processId":"A","files":[` + fileJSON + `]}}`, editkit.ToolRun{ProcessID: "A", Files: []*editkit.File{&file}}},
		"a name for file":         {`{"file":"a.zip","processId":"A"}`, editkit.ToolRun{ProcessID: "A"}},
		"expires":                 {`{"fileUrl":"u","fileExpires":"2025-05-21T12:00:00+02:00"}`, editkit.ToolRun{Files: []*editkit.File{{URL: "u", Expires: date(2025, 5, 21, 10, 0)}}}},
		"too deep":                {strings.Repeat(`{"process":`, 50) + `{"processId":"A"}` + strings.Repeat(`}`, 50), editkit.ToolRun{}},
		"data null":               {`null`, editkit.ToolRun{}},
		"data []":                 {`[]`, editkit.ToolRun{}},
		"data {}":                 {`{}`, editkit.ToolRun{}},
		"data is text":            {`"ABC123"`, editkit.ToolRun{}},
		"data is a number":        {`12`, editkit.ToolRun{}},
		"data missing":            {`!{"code":200,"status":"OK"}`, editkit.ToolRun{}},
		"code is a string":        {`!{"code":"202","status":"OK","data":{"processId":"A"}}`, editkit.ToolRun{ProcessID: "A"}},
		"code is missing":         {`!{"data":{"processId":"A"}}`, editkit.ToolRun{ProcessID: "A"}},
		"no envelope":             {`!{"processId":"A"}`, editkit.ToolRun{ProcessID: "A"}},
		"a bare process":          {`!{"processId":"A","status":"in_progress","label":"..."}`, editkit.ToolRun{ProcessID: "A"}},
		"a bare array":            {`![{"processId":"A"}]`, editkit.ToolRun{ProcessID: "A"}},
		"bare null":               {`!null`, editkit.ToolRun{}},
		"spaces":                  {"! \n{\"data\": [ {\"processId\" : \"A\"} ] }\n", editkit.ToolRun{ProcessID: "A"}},
		"base64":                  {`{"base64":"aGVsbG8="}`, editkit.ToolRun{Content: []byte("hello")}},
		"base64 without padding":  {`{"base64":"aGVsbG8"}`, editkit.ToolRun{Content: []byte("hello")}},
		"base64 in lines":         {`{"base64":"aGVs\r\nbG8=\n"}`, editkit.ToolRun{Content: []byte("hello")}},
		"base64 of URLs":          {`{"base64":"-_-_"}`, editkit.ToolRun{Content: []byte{0xfb, 0xff, 0xbf}}},
		"base64, standard":        {`{"base64":"+/+/"}`, editkit.ToolRun{Content: []byte{0xfb, 0xff, 0xbf}}},
		"base64, slash escaped":   {`{"base64":"+\/+\/"}`, editkit.ToolRun{Content: []byte{0xfb, 0xff, 0xbf}}},
		"base64 as a data URL":    {`{"base64":"data:text/plain;base64,aGVsbG8="}`, editkit.ToolRun{Content: []byte("hello")}},
		"base64 in a file":        {`{"file":{"base64":"aGVsbG8="}}`, editkit.ToolRun{Content: []byte("hello")}},
		"base64 broken":           {`{"base64":"!!!","processId":"A"}`, editkit.ToolRun{ProcessID: "A"}},
		"base64 cut":              {`{"base64":"aGVsb"}`, editkit.ToolRun{}},
		"base64 empty":            {`{"base64":""}`, editkit.ToolRun{}},
		"base64 true, as asked":   {`{"base64":true,"processId":"A"}`, editkit.ToolRun{ProcessID: "A"}},
		"base64 \"true\" as well": {`{"base64":"true","processId":"A"}`, editkit.ToolRun{ProcessID: "A"}},
		"base64 an object":        {`{"base64":{},"processId":"A"}`, editkit.ToolRun{ProcessID: "A"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, bare := strings.CutPrefix(tt.data, "!")
			if !bare {
				body = envelope(202, tt.data)
			}
			c := toolsClient(t, say(202, body))
			run, err := c.Tools.Run(t.Context(), "x", editkit.ToolParams{File: smallSource()})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, *run, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(editkit.ToolRun{}, "Data", "Raw"), cmpopts.IgnoreFields(editkit.File{}, "Raw")); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if string(run.Raw) != body || !bare && string(run.Data) != tt.data {
				t.Errorf("Raw %s, Data %s", run.Raw, run.Data)
			}
			for _, f := range run.Files {
				if !json.Valid(f.Raw) {
					t.Errorf("Raw of a file: %s", f.Raw)
				}
			}
		})
	}
}

// TestToolRunPrints: no link and no content is shown, however a run is printed.
func TestToolRunPrints(t *testing.T) {
	t.Parallel()
	c := toolsClient(t, say(200, envelope(200, `{"processId":"A1","base64":"dG9wc2VjcmV0","fileUrl":"https://h/x?X-Amz-Signature=topsecret","fileName":"a"}`)))
	run, err := c.Tools.Run(t.Context(), "x", editkit.ToolParams{File: smallSource()})
	if err != nil || string(run.Content) != "topsecret" || len(run.Files) != 1 {
		t.Fatal(run, err)
	}
	var logged lockedBuffer
	slog.New(slog.NewTextHandler(&logged, nil)).LogAttrs(context.Background(), slog.LevelInfo, "run", slog.Any("p", run), slog.Any("v", *run))
	texts := map[string]string{"the log": logged.String()}
	for _, v := range []any{run, *run, []*editkit.ToolRun{run}, []editkit.ToolRun{*run}, run.Files[0], *run.Files[0]} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			texts[fmt.Sprintf("%s of %T", verb, v)] = fmt.Sprintf(verb, v)
		}
	}
	for _, where := range slices.Sorted(maps.Keys(texts)) {
		search(t, texts[where], where)
		if strings.Contains(texts[where], "dG9wc2VjcmV0") || strings.Contains(texts[where], "https://") {
			t.Errorf("%s: %s", where, texts[where])
		}
	}
	if text := run.String(); text != `editkit.ToolRun{ProcessID: "A1", 1 files, 9 bytes of content}` {
		t.Error(text)
	}
}
