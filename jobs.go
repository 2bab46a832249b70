package editkit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/editkit/editkit-go/internal/lenient"
	"github.com/editkit/editkit-go/internal/redact"
)

// JobsService creates jobs at EditClips, waits for them and fetches their results.
// It is a field of [Client].
type JobsService struct {
	client *Client
}

// JobStatus is where a job stands. New ones may appear: an unknown status is not
// terminal.
type JobStatus string

// The statuses of a job. Source: editclips.online/docs/quickstart and
// /docs/guides/webhooks; JobCancelled is unverified, and "canceled" is taken for it.
const (
	JobQueued     JobStatus = "queued"
	JobProcessing JobStatus = "processing"
	JobCompleted  JobStatus = "completed"
	JobFailed     JobStatus = "failed"
	JobCancelled  JobStatus = "cancelled"
)

// Terminal reports whether a job with this status has ended.
func (s JobStatus) Terminal() bool {
	return s == JobCompleted || s == JobFailed || s == JobCancelled
}

// Job is a job at EditClips. Which fields are set depends on where it stands; a
// service that leaves one out leaves it zero here. It prints without its links.
// Source: editclips.online/docs/quickstart and /docs/guides/webhooks.
type Job struct {
	ID     string
	Status JobStatus
	Tool   string
	// Progress is 0 to 100. It may fall, since the service repeats a failed job by
	// itself (inferred).
	Progress        float64
	ProgressMessage string // what is being done, such as "Encoding..."

	// OutputURL is a link to the result, good for one hour for whoever has it. Use
	// [JobsService.Download], which renews it.
	OutputURL      string
	OutputFilename string // as the service suggests it: never use it as a path unchecked
	OutputSize     int64  // bytes

	CreditsReserved int64
	CreditsCharged  int64
	ErrorMessage    string      // why it failed; meant for people
	Metrics         *JobMetrics // nil if not given

	// Poll is the path that the service names for asking again, from its origin.
	Poll string

	// Path is where [JobsService.Run] put the result; no field of the service.
	Path string

	// Raw is the answer as it came, with the fields unknown here.
	Raw json.RawMessage
}

// JobMetrics is what a job took. Source: editclips.online/docs/guides/webhooks.
type JobMetrics struct {
	WallTime              time.Duration
	CPUTime               time.Duration
	PeakMemoryBytes       int64
	EstimatedCostMicroUSD int64 // the service's own cost, in millionths of a dollar (unit inferred)
}

// String describes the job without its links.
func (j Job) String() string {
	return fmt.Sprintf("editkit.Job{ID: %q, Status: %q, Tool: %q, Progress: %v, OutputFilename: %q, OutputSize: %d}",
		j.ID, j.Status, j.Tool, j.Progress, publicText(j.OutputFilename), j.OutputSize)
}

// GoString is String: %#v shows no link either.
func (j Job) GoString() string { return j.String() }

// LogValue implements [slog.LogValuer].
func (j Job) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("id", j.ID),
		slog.String("status", string(j.Status)),
		slog.String("tool", j.Tool),
		slog.Float64("progress", j.Progress),
	)
}

// JobParams says what a job shall do. Tool and Inputs are required.
// Source: editclips.online/docs/quickstart, /docs/guides/mcp.
type JobParams struct {
	// Tool is the slug of a tool, such as "anything-to-mp4", "compress-video" or
	// "auto-subtitles".
	Tool string
	// Inputs are public http or https URLs of the input files.
	Inputs []string
	// Options are the tool's own options. None is documented, so they are sent as
	// they are (unverified for REST).
	Options map[string]any
	// Webhook is an https URL that the service calls once when the job completes or
	// fails. The call is not signed.
	Webhook string
	// Duration, Width (px) and Height (px) describe the input. The service reserves
	// credits by them; they don't change the output. See [EstimateCredits].
	Duration      time.Duration
	Width, Height int
	// Extra are further fields of the request, beside those above.
	Extra map[string]any
}

// String describes the parameters without the queries of their URLs, which may
// give access to files.
func (p JobParams) String() string {
	inputs := make([]string, len(p.Inputs))
	for i, in := range p.Inputs {
		inputs[i] = redact.URL(in)
	}
	return fmt.Sprintf("editkit.JobParams{Tool: %q, Inputs: %q, Webhook: %q, Duration: %s, Width: %d, Height: %d}",
		p.Tool, inputs, redact.URL(p.Webhook), p.Duration, p.Width, p.Height)
}

// GoString is String: %#v shows no query either.
func (p JobParams) GoString() string { return p.String() }

// Create starts a job: POST /jobs. The service reserves credits for it at once.
//
// The request is sent again only after a 429 or when it never left; so it creates
// at most one job. When nobody can know whether it created one, the error is
// [ErrUncertain]: see [*UncertainError] before calling Create again. Other errors:
// [*ArgError] before anything is sent, [*APIError], [*TransportError].
func (s *JobsService) Create(ctx context.Context, p JobParams, opts ...CallOption) (*Job, error) {
	ep, err := s.endpoint()
	if err != nil {
		return nil, err
	}
	body, err := p.body()
	if err != nil {
		return nil, err
	}
	return fetch(ctx, s.client, ep, &operation{
		name:   "POST /jobs",
		method: http.MethodPost,
		path:   "/jobs",
		body:   body,
	}, opts, decodeJob)
}

// Get returns a job as it stands: GET /jobs/{id}. For a completed job every call
// brings a fresh OutputURL. An unknown id is [ErrNotFound] (inferred).
func (s *JobsService) Get(ctx context.Context, id string, opts ...CallOption) (*Job, error) {
	ep, err := s.endpoint()
	if err != nil {
		return nil, err
	}
	segment, err := pathID(id)
	if err != nil {
		return nil, err
	}
	return fetch(ctx, s.client, ep, &operation{
		name:   "GET /jobs/{id}",
		method: http.MethodGet,
		path:   "/jobs/" + segment,
	}, opts, decodeJob)
}

// Run creates a job, waits for it and downloads the result as DownloadFile does:
// the whole way in one call. Whether the target can be written is checked first,
// before anything is paid. The options are those of Wait and Download.
//
// The job is returned as far as it got, also with an error: once it has an ID, go
// on with Wait and DownloadFile instead of running it again, which would be charged
// again. Job.Path is where the result was put.
func (s *JobsService) Run(ctx context.Context, p JobParams, dirOrFile string, opts ...RunOption) (*Job, error) {
	ro, err := gatherRun(opts)
	if err != nil {
		return nil, err
	}
	if _, err := s.endpoint(); err != nil {
		return nil, err
	}
	to, err := newTarget(dirOrFile)
	if err != nil {
		return nil, err
	}
	job, err := s.Create(ctx, p)
	if err != nil {
		return nil, err
	}
	job, err = s.wait(ctx, job.ID, job, &ro.wait)
	if err != nil {
		return job, err
	}
	r, err := s.describe(job).or(whyNoResult(job))
	if err != nil {
		return job, err
	}
	job.Path, err = r.save(ctx, to, &ro.download)
	return job, err
}

func (s *JobsService) endpoint() (*endpoint, error) {
	if s == nil {
		return nil, errNotNew
	}
	return s.client.endpoint(EditClips)
}

// jobRequest is the body of a create.
type jobRequest struct {
	Tool       string         `json:"tool"`
	Inputs     []string       `json:"inputs"`
	Options    map[string]any `json:"options,omitzero"`
	Webhook    string         `json:"webhook,omitzero"`
	DurationMS int64          `json:"durationMs,omitzero"`
	Width      int            `json:"width,omitzero"`
	Height     int            `json:"height,omitzero"`
}

// body checks the parameters and returns the request body.
func (p *JobParams) body() ([]byte, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	body, err := encodeJSON("Options", &jobRequest{
		p.Tool, p.Inputs, p.Options, p.Webhook, ceilMilliseconds(p.Duration), p.Width, p.Height,
	})
	if err != nil || len(p.Extra) == 0 {
		return body, err
	}
	for _, name := range []string{"tool", "inputs", "options", "webhook", "durationMs", "width", "height"} {
		if _, taken := p.Extra[name]; taken {
			return nil, &ArgError{"Extra", name + " has a field of its own"}
		}
	}
	return addFields(body, p.Extra)
}

// check finds the mistakes that the service would answer with a 400, or with a charge.
func (p *JobParams) check() error {
	if strings.TrimSpace(p.Tool) == "" {
		return &ArgError{"Tool", "empty"}
	}
	if len(p.Inputs) == 0 {
		return &ArgError{"Inputs", "none given"}
	}
	for i, in := range p.Inputs {
		if reason := checkURL(in, "http", "https"); reason != "" {
			return &ArgError{fmt.Sprintf("Inputs[%d]", i), reason}
		}
	}
	if p.Webhook != "" {
		if reason := checkURL(p.Webhook, "https"); reason != "" {
			return &ArgError{"Webhook", reason}
		}
	}
	switch {
	case p.Duration < 0:
		return &ArgError{"Duration", "negative"}
	case p.Width < 0:
		return &ArgError{"Width", "negative"}
	case p.Height < 0:
		return &ArgError{"Height", "negative"}
	}
	return nil
}

// addFields adds the caller's own fields to a JSON object.
func addFields(object []byte, extra map[string]any) ([]byte, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(object, &fields); err != nil {
		return nil, err
	}
	for name, value := range extra {
		if _, taken := fields[name]; taken {
			return nil, &ArgError{"Extra", name + " has a field of its own"}
		}
		raw, err := encodeJSON("Extra", value)
		if err != nil {
			return nil, err
		}
		fields[name] = raw
	}
	return json.Marshal(fields)
}

// checkURL says what is wrong with an absolute URL, "" if nothing is. It never
// repeats the URL, which may carry a token.
func checkURL(raw string, schemes ...string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "not a URL"
	}
	for _, scheme := range schemes {
		if u.Scheme == scheme {
			if u.Hostname() == "" {
				return "it has no host"
			}
			return ""
		}
	}
	return "it must be an " + strings.Join(schemes, " or ") + " URL"
}

// pathID returns an id as a path segment. One leading # is taken off, as webhooks
// of EditingTools.io show ids with it and lists without.
func pathID(id string) (string, error) {
	plain := strings.TrimPrefix(id, "#")
	switch {
	case plain == "":
		return "", &ArgError{"id", "empty"}
	case strings.ContainsAny(plain, `/\`) || plain == "." || strings.Contains(plain, ".."):
		return "", &ArgError{"id", "it must not contain a slash or dot segment"}
	case strings.ContainsFunc(plain, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return "", &ArgError{"id", "it must not contain spaces or control characters"}
	}
	return url.PathEscape(plain), nil
}

func ceilMilliseconds(d time.Duration) int64 {
	return int64(math.Ceil(float64(d) / float64(time.Millisecond)))
}

// jobJSON is a job on the wire, of which every field may be missing, null or of
// another type.
type jobJSON struct {
	ID              lenient.String  `json:"id"`
	Status          lenient.String  `json:"status"`
	Tool            lenient.String  `json:"tool"`
	Progress        lenient.Percent `json:"progress"`
	ProgressMessage lenient.String  `json:"progressMessage"`
	OutputURL       lenient.String  `json:"outputUrl"`
	OutputFilename  lenient.String  `json:"outputFilename"`
	OutputSize      lenient.Int     `json:"outputSize"`
	CreditsReserved lenient.Int     `json:"creditsReserved"`
	CreditsCharged  lenient.Int     `json:"creditsCharged"`
	ErrorMessage    lenient.String  `json:"errorMessage"`
	Poll            lenient.String  `json:"poll"`
	Metrics         metricsJSON     `json:"metrics"`
}

type metricsJSON struct {
	WallTimeMS      lenient.Int `json:"wallTimeMs"`
	CPUTimeMS       lenient.Int `json:"cpuTimeMs"`
	PeakMemoryBytes lenient.Int `json:"peakMemoryBytes"`
	CostMicroUSD    lenient.Int `json:"estimatedCostMicroUsd"`
}

// decodeJob reads a job. All it insists on is an id.
func decodeJob(b []byte) (*Job, error) {
	var w jobJSON
	if err := unmarshalLeniently(b, &w); err != nil {
		return nil, err
	}
	if w.ID == "" {
		return nil, fmt.Errorf("%w: it is no job, for it has no id", errUnreadable)
	}
	job := &Job{
		ID:              string(w.ID),
		Status:          JobStatus(w.Status),
		Tool:            string(w.Tool),
		Progress:        float64(w.Progress),
		ProgressMessage: string(w.ProgressMessage),
		OutputURL:       string(w.OutputURL),
		OutputFilename:  string(w.OutputFilename),
		OutputSize:      int64(w.OutputSize),
		CreditsReserved: int64(w.CreditsReserved),
		CreditsCharged:  int64(w.CreditsCharged),
		ErrorMessage:    string(w.ErrorMessage),
		Poll:            string(w.Poll),
		Raw:             b,
	}
	if job.Status == "canceled" {
		job.Status = JobCancelled
	}
	if m := w.Metrics; m != (metricsJSON{}) {
		job.Metrics = &JobMetrics{
			WallTime:              milliseconds(m.WallTimeMS),
			CPUTime:               milliseconds(m.CPUTimeMS),
			PeakMemoryBytes:       int64(m.PeakMemoryBytes),
			EstimatedCostMicroUSD: int64(m.CostMicroUSD),
		}
	}
	return job, nil
}

func milliseconds(n lenient.Int) time.Duration {
	const most = math.MaxInt64 / int64(time.Millisecond)
	return time.Duration(min(max(int64(n), -most), most)) * time.Millisecond
}

// unmarshalLeniently decodes an object whose fields may be of other types than
// documented: those stay zero.
func unmarshalLeniently(b []byte, v any) error {
	err := json.Unmarshal(b, v)
	if err == nil {
		return nil
	}
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) && mismatch.Field != "" {
		return nil
	}
	return fmt.Errorf("%w: %w", errUnreadable, err)
}
