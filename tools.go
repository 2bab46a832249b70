package editkit

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/google/go-querystring/query"

	"github.com/editkit/editkit-go/internal/engine"
)

// ToolsService starts the tools of EditingTools.io with an uploaded file. It is a field
// of [Client].
//
// A start is a write, with the same safety as [JobsService.Create]: it is sent again only
// after a 429 or when it never left, and a doubtful failure is [ErrUncertain]. What is
// larger than the service takes is refused before anything is sent ([*TooLargeError]). A
// source that fails, or is not as long as it said, is [ErrSource], and the service sees no
// complete request.
type ToolsService struct {
	client *Client
}

// ToolParams are the parameters of [ToolsService.Run].
type ToolParams struct {
	File   Source
	Fields url.Values // the form fields beside the file
}

// Run starts any tool: POST /{tool} with a multipart form. The tool is the last part of
// its address, such as "cutdetection". Any 2xx is a success.
func (s *ToolsService) Run(ctx context.Context, tool string, p ToolParams, opts ...CallOption) (*ToolRun, error) {
	return s.start(ctx, tool, p.File, p.Fields, nil, opts)
}

// uploadAnswerTime is the default time limit of an upload, from one piece to the next and
// from the last one to the answer: some tools convert before they answer.
const uploadAnswerTime = 2 * time.Minute

// start uploads the file with the fields of params, which go-querystring reads, and the
// extra ones.
func (s *ToolsService) start(ctx context.Context, tool string, file Source, extra url.Values, params any, opts []CallOption) (*ToolRun, error) {
	ep, err := s.endpoint()
	if err != nil {
		return nil, err
	}
	path := "/" + strings.TrimPrefix(tool, "/")
	if checkPath(path) != nil || strings.ContainsAny(path, "?%") || strings.HasSuffix(path, "/") || strings.Contains(path, "//") {
		return nil, &ArgError{"tool", "not the name of a tool"}
	}
	fields, err := formFields(params, extra)
	if err != nil {
		return nil, err
	}
	form, err := newForm(fields, file, s.client.uploadLimit())
	if err != nil {
		return nil, err
	}
	run, err := fetch(ctx, s.client, ep, &operation{
		name:   "POST " + path,
		method: http.MethodPost,
		path:   path,
		form:   form,
	}, opts, decodeToolRun)
	return run, form.explain(err)
}

func (s *ToolsService) endpoint() (*endpoint, error) {
	if s == nil {
		return nil, errNotNew
	}
	return s.client.endpoint(EditingTools)
}

func (c *Client) uploadLimit() int64 { return orDefault(c.settings.uploadLimit, MaxRequestBytes) }

// formFields joins the fields of a tool with the extra ones, which may not repeat them.
func formFields(params any, extra url.Values) (url.Values, error) {
	fields, argument := url.Values{}, "Fields"
	if params != nil {
		var err error
		argument = "Extra"
		if fields, err = query.Values(params); err != nil {
			return nil, &ArgError{"params", err.Error()}
		}
	}
	for name, values := range extra {
		switch {
		case name == "file":
			return nil, &ArgError{argument, "file is the file itself"}
		case name == "" || strings.ContainsAny(name, "\r\n\x00"):
			return nil, &ArgError{argument, "not the name of a field"}
		case fields.Has(name):
			return nil, &ArgError{argument, name + " has a field of its own"}
		}
		fields[name] = values
	}
	return fields, nil
}

// explain names the size as the reason where a proxy in front of the service broke off an
// upload that is larger than the smaller reading of the limit.
func (f *form) explain(err error) error {
	var te *TransportError
	if f.length() <= smallerReading || !errors.As(err, &te) || !te.Sent || slices.ContainsFunc(noRefusal, func(other error) bool { return errors.Is(err, other) }) {
		return err
	}
	too := &TooLargeError{Size: f.length(), Limit: smallerReading, Overhead: f.length() - f.size, Err: te}
	if errors.Is(err, ErrUncertain) {
		return &UncertainError{too}
	}
	return too
}

// noRefusal are other ends of an upload: the source's, the caller's, and a silence.
var noRefusal = []error{ErrSource, context.Canceled, context.DeadlineExceeded, os.ErrDeadlineExceeded}

// setForm makes the request carry the form.
func (f *form) setForm(req *engine.Request, progress func(done, total int64)) {
	req.Header["Content-Type"] = []string{f.contentType}
	if f.length() >= expectContinueFrom {
		req.Header["Expect"] = expectContinue
	}
	req.Body, req.Length = f.body, f.length()
	req.Stream, req.Progress = true, progress
	if f.source.once {
		req.Policy.MaxAttempts = 1
	}
}

// expectContinueFrom is the size from which a refusal is asked for before the body: it
// costs one more turn, and saves the upload.
const expectContinueFrom = 1 << 20

var expectContinue = []string{"100-continue"}
