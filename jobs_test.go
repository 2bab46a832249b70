package editkit_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/editkit/editkit-go"
)

// golden returns a documented example.
func golden(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "editclips", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const docID = "d290f1ee-6c54-4b01-90e6-d701748f0851"

// TestDocumentedJobs: every documented answer about a job, field by field.
func TestDocumentedJobs(t *testing.T) {
	t.Parallel()
	tests := map[string]editkit.Job{
		"job_created.json": {
			ID: docID, Status: editkit.JobQueued, Tool: "anything-to-mp4", CreditsReserved: 1, Poll: "/api/v1/jobs/" + docID,
		},
		"job_processing.json": {
			ID: docID, Status: editkit.JobProcessing, Tool: "anything-to-mp4", Progress: 45, ProgressMessage: "Encoding...",
		},
		"job_completed.json": {
			ID: docID, Status: editkit.JobCompleted, Tool: "anything-to-mp4", Progress: 100, OutputURL: "https://r2.editclips.online/...",
			OutputFilename: "video.mp4", OutputSize: 10485760, CreditsReserved: 1, CreditsCharged: 1,
		},
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := golden(t, name)
			c := newClient(t, editkit.WithEditClips(testKey), stub(say(200, body)))
			job, err := c.Jobs.Get(t.Context(), docID)
			if err != nil {
				t.Fatal(err)
			}
			if diff := diffJobs(want, *job); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if string(job.Raw) != body {
				t.Errorf("Raw = %s", job.Raw)
			}
		})
	}
}

func diffJobs(want, got editkit.Job) string {
	type plain editkit.Job // without the String method, which leaves fields out
	return cmp.Diff(plain(want), plain(got), cmpopts.IgnoreFields(plain{}, "Raw"))
}

// TestDocumentedBalance: the documented balance.
func TestDocumentedBalance(t *testing.T) {
	t.Parallel()
	c := newClient(t, editkit.WithEditClips(testKey), stub(say(200, golden(t, "balance.json"))))
	b, err := c.Account.Balance(t.Context())
	if err != nil || b.Credits != 300 || b.TotalPurchased != 0 || string(b.Raw) != golden(t, "balance.json") {
		t.Errorf("%+v, %v", b, err)
	}
}

// TestBalanceIsNeverMadeUp: an answer without credits is an error, not a zero.
func TestBalanceIsNeverMadeUp(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `{"credits":null}`, `{"totalPurchased":5}`, `[]`} {
		c := newClient(t, editkit.WithEditClips(testKey), stub(say(200, body)))
		if b, err := c.Account.Balance(t.Context()); err == nil {
			t.Errorf("%s: %+v", body, b)
		}
	}
	for body, want := range map[string]int64{`{"credits":"12"}`: 12, `{"credits":12.0}`: 12, `{"credits":0}`: 0, `{"credits":1e3}`: 1000, `{"credits":-3}`: -3} {
		c := newClient(t, editkit.WithEditClips(testKey), stub(say(200, body)))
		if b, err := c.Account.Balance(t.Context()); err != nil || b.Credits != want {
			t.Errorf("%s: %+v, %v", body, b, err)
		}
	}
}

// TestTypeDrift: numbers as strings, strings as numbers, null, missing and unknown
// fields don't lose a job.
func TestTypeDrift(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		want editkit.Job
	}{
		"numbers as strings": {
			`{"id":"j","status":"completed","progress":"45","outputSize":"10485760","creditsCharged":"4"}`,
			editkit.Job{ID: "j", Status: "completed", Progress: 45, OutputSize: 10485760, CreditsCharged: 4},
		},
		"percent sign":        {`{"id":"j","progress":"12%"}`, editkit.Job{ID: "j", Progress: 12}},
		"fractions":           {`{"id":"j","progress":12.5,"creditsCharged":3.2}`, editkit.Job{ID: "j", Progress: 12.5, CreditsCharged: 4}},
		"exponents":           {`{"id":"j","outputSize":1e6}`, editkit.Job{ID: "j", OutputSize: 1000000}},
		"beyond 2^53":         {`{"id":"j","outputSize":9007199254740993}`, editkit.Job{ID: "j", OutputSize: 9007199254740993}},
		"beyond an int64":     {`{"id":"j","outputSize":1e300,"creditsCharged":-1e300}`, editkit.Job{ID: "j", OutputSize: 1<<63 - 1, CreditsCharged: -1 << 63}},
		"an id of digits":     {`{"id":123,"tool":7}`, editkit.Job{ID: "123", Tool: "7"}},
		"nulls":               {`{"id":"j","status":null,"tool":null,"progress":null,"outputUrl":null,"outputSize":null,"metrics":null,"errorMessage":null}`, editkit.Job{ID: "j"}},
		"missing":             {`{"id":"j"}`, editkit.Job{ID: "j"}},
		"unknown fields":      {`{"id":"j","new":{"a":[1]},"status":"queued"}`, editkit.Job{ID: "j", Status: "queued"}},
		"objects for values":  {`{"id":"j","tool":{},"progress":[],"outputSize":{},"outputUrl":[1]}`, editkit.Job{ID: "j"}},
		"not a number":        {`{"id":"j","progress":"NaN","outputSize":"many","creditsCharged":"Inf"}`, editkit.Job{ID: "j"}},
		"metrics of no shape": {`{"id":"j","metrics":"fast","status":"completed"}`, editkit.Job{ID: "j", Status: "completed"}},
		"metrics": {
			`{"id":"j","metrics":{"wallTimeMs":83000,"cpuTimeMs":"72000","peakMemoryBytes":536870912,"estimatedCostMicroUsd":null}}`,
			editkit.Job{ID: "j", Metrics: &editkit.JobMetrics{WallTime: 83 * time.Second, CPUTime: 72 * time.Second, PeakMemoryBytes: 512 << 20}},
		},
		"metrics beyond a Duration": {
			`{"id":"j","metrics":{"wallTimeMs":1e300}}`,
			editkit.Job{ID: "j", Metrics: &editkit.JobMetrics{WallTime: (1<<63 - 1) / 1_000_000 * 1_000_000}},
		},
		"one l":           {`{"id":"j","status":"canceled"}`, editkit.Job{ID: "j", Status: editkit.JobCancelled}},
		"escapes":         {`{"id":"j","outputFilename":"a\u00e9\"b.mp4"}`, editkit.Job{ID: "j", OutputFilename: `aé"b.mp4`}},
		"unknown status":  {`{"id":"j","status":"paused"}`, editkit.Job{ID: "j", Status: "paused"}},
		"failed, in text": {`{"id":"j","status":"failed","errorMessage":"FFmpeg exited with code 1"}`, editkit.Job{ID: "j", Status: "failed", ErrorMessage: "FFmpeg exited with code 1"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, editkit.WithEditClips(testKey), stub(say(200, tt.body)))
			job, err := c.Jobs.Get(t.Context(), "j")
			if err != nil {
				t.Fatal(err)
			}
			if diff := diffJobs(tt.want, *job); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestStatuses: which ones are the end.
func TestStatuses(t *testing.T) {
	t.Parallel()
	for status, want := range map[editkit.JobStatus]bool{
		editkit.JobQueued: false, editkit.JobProcessing: false, editkit.JobCompleted: true, editkit.JobFailed: true, editkit.JobCancelled: true,
		"paused": false, "": false, "Completed": false,
	} {
		if status.Terminal() != want {
			t.Errorf("%q.Terminal() = %v", status, !want)
		}
	}
}

// TestCreateRequest: every field as the service documents it, and nothing that was not
// asked for.
func TestCreateRequest(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		params editkit.JobParams
		want   string
	}{
		"required only": {goodParams, `{"tool":"anything-to-mp4","inputs":["https://example.com/video.mov"]}`},
		"all": {editkit.JobParams{
			Tool: "compress-video", Inputs: []string{"https://a.example/1", "http://b.example/2?x=y"}, Options: map[string]any{"crf": 28},
			Webhook: "https://yourapp.com/webhooks/editclips", Duration: 90*time.Second + time.Microsecond, Width: 1280, Height: 720,
			Extra: map[string]any{"priority": "low"},
		}, `{"tool":"compress-video","inputs":["https://a.example/1","http://b.example/2?x=y"],"options":{"crf":28},"webhook":"https://yourapp.com/webhooks/editclips",` +
			`"durationMs":90001,"width":1280,"height":720,"priority":"low"}`},
		"empty options": {editkit.JobParams{Tool: "t", Inputs: goodParams.Inputs, Options: map[string]any{}}, `{"tool":"t","inputs":["https://example.com/video.mov"],"options":{}}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overBoth(t, func(t *testing.T, proto int) {
				srv := newScript(t, proto, answer(201, golden(t, "job_created.json")))
				if _, err := srv.client().Jobs.Create(ctxFor(t), tt.params, editkit.WithHeader("X-Trace", "t1")); err != nil {
					t.Fatal(err)
				}
				r := srv.requests()[0]
				var got, want any
				if err := json.Unmarshal([]byte(r.Body), &got); err != nil {
					t.Fatal(err)
				}
				_ = json.Unmarshal([]byte(tt.want), &want)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("body (-want +got)\n%s", diff)
				}
				if r.Method != http.MethodPost || r.Path != apiPrefix+"/jobs" || r.RawQuery != "" || r.Header.Get("Content-Type") != "application/json" ||
					r.Header.Get("Accept") != "application/json" || r.Header.Get("Authorization") != "Bearer "+testKey || r.Header.Get("X-Trace") != "t1" {
					t.Errorf("sent %+v", r)
				}
			})
		})
	}
}

// TestBadParams: found here, with the field's name, before anything is sent, and
// without repeating a URL that may hold a token.
func TestBadParams(t *testing.T) {
	t.Parallel()
	with := func(change func(*editkit.JobParams)) editkit.JobParams {
		p := goodParams
		change(&p)
		return p
	}
	tests := map[string]struct {
		params editkit.JobParams
		field  string
	}{
		"zero":               {editkit.JobParams{}, "Tool"},
		"blank tool":         {with(func(p *editkit.JobParams) { p.Tool = " " }), "Tool"},
		"no inputs":          {with(func(p *editkit.JobParams) { p.Inputs = nil }), "Inputs"},
		"empty input":        {with(func(p *editkit.JobParams) { p.Inputs = []string{"https://a.example/", ""} }), "Inputs[1]"},
		"relative input":     {with(func(p *editkit.JobParams) { p.Inputs = []string{"/video.mov?token=secret"} }), "Inputs[0]"},
		"input without host": {with(func(p *editkit.JobParams) { p.Inputs = []string{"https:///video.mov?token=secret"} }), "Inputs[0]"},
		"file input":         {with(func(p *editkit.JobParams) { p.Inputs = []string{"file:///etc/passwd"} }), "Inputs[0]"},
		"unparsable input":   {with(func(p *editkit.JobParams) { p.Inputs = []string{"https://h\x7f/?token=secret"} }), "Inputs[0]"},
		"http webhook":       {with(func(p *editkit.JobParams) { p.Webhook = "http://yourapp.com/?token=secret" }), "Webhook"},
		"unparsable webhook": {with(func(p *editkit.JobParams) { p.Webhook = "https://%zz?token=secret" }), "Webhook"},
		"relative webhook":   {with(func(p *editkit.JobParams) { p.Webhook = "webhooks/editclips" }), "Webhook"},
		"duration":           {with(func(p *editkit.JobParams) { p.Duration = -1 }), "Duration"},
		"width":              {with(func(p *editkit.JobParams) { p.Width = -1 }), "Width"},
		"height":             {with(func(p *editkit.JobParams) { p.Height = -1 }), "Height"},
		"options":            {with(func(p *editkit.JobParams) { p.Options = map[string]any{"f": func() {}} }), "Options"},
		"extra":              {with(func(p *editkit.JobParams) { p.Extra = map[string]any{"c": make(chan int)} }), "Extra"},
		"extra over a field": {with(func(p *editkit.JobParams) { p.Extra = map[string]any{"webhook": "http://x"} }), "Extra"},
	}
	c := newClient(t, editkit.WithEditClips(testKey), stub(func(*http.Request) (*http.Response, error) {
		t.Error("a request was sent")
		return nil, errors.New("no")
	}))
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, createErr := c.Jobs.Create(t.Context(), tt.params)
			_, runErr := c.Jobs.Run(t.Context(), tt.params, t.TempDir())
			for _, err := range []error{createErr, runErr} {
				var arg *editkit.ArgError
				if !errors.As(err, &arg) || !errors.Is(err, editkit.ErrInvalidArgument) || arg.Field != tt.field {
					t.Fatalf("error = %v", err)
				}
				if strings.Contains(err.Error(), "secret") {
					t.Errorf("the URL is in the message: %v", err)
				}
			}
		})
	}
}

// TestParamsAreNotChanged: what the caller passes is neither changed nor kept.
func TestParamsAreNotChanged(t *testing.T) {
	t.Parallel()
	c := newClient(t, editkit.WithEditClips(testKey), stub(say(201, queued)))
	p := editkit.JobParams{Tool: "t", Inputs: []string{"https://a.example/"}, Options: map[string]any{"a": 1}, Extra: map[string]any{"b": 2}}
	if _, err := c.Jobs.Create(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if len(p.Options) != 1 || len(p.Extra) != 1 || len(p.Inputs) != 1 {
		t.Errorf("changed: %v", p)
	}
}

// TestIDs: an id never changes which endpoint is asked.
func TestIDs(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"d290f1ee": "/jobs/d290f1ee", "#ABC123": "/jobs/ABC123", "a?b=c": "/jobs/a%3Fb=c", "a#b": "/jobs/a%23b", "a%2fb": "/jobs/a%252fb", "é": "/jobs/%C3%A9", "##a": "/jobs/%23a",
	} {
		overBoth(t, func(t *testing.T, proto int) {
			srv := newScript(t, proto, answer(200, working))
			if _, err := srv.client().Jobs.Get(ctxFor(t), id); err != nil {
				t.Fatal(err)
			}
			if r := srv.requests()[0]; r.Path != apiPrefix+want || r.RawQuery != "" {
				t.Errorf("id %q asked %s?%s, want %s", id, r.Path, r.RawQuery, want)
			}
		})
	}
	c := newClient(t, editkit.WithEditClips(testKey), stub(func(r *http.Request) (*http.Response, error) {
		t.Errorf("%s was asked", r.URL)
		return nil, errors.New("no")
	}))
	for _, id := range []string{"", "#", "a/b", "/", "..", ".", "../balance", `a\b`, "a..b", "a b", "a\nb", "a\x00", "\x7f"} {
		for name, call := range map[string]func() error{
			"Get":          func() error { _, err := c.Jobs.Get(t.Context(), id); return err },
			"Wait":         func() error { _, err := c.Jobs.Wait(t.Context(), id); return err },
			"Download":     func() error { _, err := c.Jobs.Download(t.Context(), id, &strings.Builder{}); return err },
			"DownloadFile": func() error { _, err := c.Jobs.DownloadFile(t.Context(), id, "."); return err },
		} {
			var arg *editkit.ArgError
			if err := call(); !errors.As(err, &arg) || arg.Field != "id" {
				t.Errorf("%s(%q): %v", name, id, err)
			}
		}
	}
}

// TestEstimateCredits: the worked values of the billing page, and the edges of its tiers.
func TestEstimateCredits(t *testing.T) {
	t.Parallel()
	p := func(d time.Duration, w, h int) editkit.JobParams {
		return editkit.JobParams{Tool: "compress-video", Duration: d, Width: w, Height: h}
	}
	for name, tt := range map[string]struct {
		params editkit.JobParams
		want   int64
	}{
		"640x480 30 s":       {p(30*time.Second, 640, 480), 1},
		"640x480 2:15":       {p(135*time.Second, 640, 480), 3},
		"1080x720 5 min":     {p(5*time.Minute, 1080, 720), 10},
		"1920x1080 1 min":    {p(time.Minute, 1920, 1080), 4},
		"3840x2160 3 min":    {p(3*time.Minute, 3840, 2160), 12},
		"nothing known":      {p(0, 0, 0), 1},
		"no duration":        {p(0, 3840, 2160), 1},
		"no size":            {p(2*time.Minute, 0, 0), 2},
		"720 is the first":   {p(time.Minute, 720, 720), 1},
		"721 is the second":  {p(time.Minute, 721, 0), 2},
		"1081 is the third":  {p(time.Minute, 0, 1081), 4},
		"a minute and a bit": {p(time.Minute+1, 640, 480), 2},
		"subtitles":          {editkit.JobParams{Tool: "auto-subtitles", Duration: 3 * time.Minute, Width: 3840, Height: 2160}, 3},
		"the longest":        {p(1<<63-1, 640, 480), 153722868},
	} {
		if got := editkit.EstimateCredits(tt.params); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}

// TestResponse: the answer as it came, also when the call fails.
func TestResponse(t *testing.T) {
	t.Parallel()
	c := newClient(t, editkit.WithEditClips(testKey), stub(replies(say(200, working, "X-Request-Id", "r1"), say(403, `{"message":"no"}`, "X-Request-Id", "r2"))))
	var resp editkit.Response
	if _, err := c.Jobs.Get(t.Context(), "j1", editkit.WithResponse(&resp)); err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != 200 || string(resp.Body) != working || resp.Header.Get("X-Request-Id") != "r1" || resp.Attempts != 1 {
		t.Errorf("%d, %s, %v", resp.StatusCode, resp.Body, resp.Header)
	}
	if _, err := c.Jobs.Get(t.Context(), "j1", editkit.WithResponse(&resp)); !errors.Is(err, editkit.ErrForbidden) {
		t.Fatal(err)
	}
	if resp.StatusCode != 403 || string(resp.Body) != `{"message":"no"}` || resp.Header.Get("X-Request-Id") != "r2" {
		t.Errorf("%d, %s, %v", resp.StatusCode, resp.Body, resp.Header)
	}
}
