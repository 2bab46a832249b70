package editkit

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"

	"github.com/editkit/editkit-go/internal/lenient"
)

// ToolRun is what the start of a tool answered. No answer of a start is documented:
// ProcessID, Files and Content are filled as far as something like them is found
// (unverified), and Data and Raw have all of it. It prints without links and content.
type ToolRun struct {
	// ProcessID is the process to wait for, with [ProcessesService.Wait]; "" if the tool
	// answered with its result at once.
	ProcessID string
	Files     []*File
	Content   []byte // the result itself, if it was asked for as base64

	Data json.RawMessage // the data of the envelope; the whole answer if it has none
	Raw  json.RawMessage // the whole answer
}

// String describes the run without links and content.
func (r ToolRun) String() string {
	return fmt.Sprintf("editkit.ToolRun{ProcessID: %q, %d files, %d bytes of content}", r.ProcessID, len(r.Files), len(r.Content))
}

// GoString is String: %#v shows no link either.
func (r ToolRun) GoString() string { return r.String() }

// LogValue implements [slog.LogValuer].
func (r ToolRun) LogValue() slog.Value { return slog.StringValue(r.String()) }

// startJSON has the names under which the parts of a start's answer may come: those of
// the lists of processes and files, and those of the request ("base64").
type startJSON struct {
	ProcessID lenient.String  `json:"processId"`
	FileID    lenient.String  `json:"fileId"`
	FileName  lenient.String  `json:"fileName"`
	FileURL   lenient.String  `json:"fileUrl"`
	Expires   lenient.String  `json:"fileExpires"`
	Name      lenient.String  `json:"name"`
	URL       lenient.String  `json:"url"`
	ID        lenient.String  `json:"id"`
	Base64    string          `json:"base64"` // a bare true is the request's, repeated
	Process   json.RawMessage `json:"process"`
	File      json.RawMessage `json:"file"`
	Files     json.RawMessage `json:"files"`
}

// decodeToolRun reads an answer that must be JSON, and of which nothing else is sure.
func decodeToolRun(body []byte) (*ToolRun, error) {
	var any json.RawMessage
	if err := unmarshalLeniently(body, &any); err != nil {
		return nil, err
	}
	run := &ToolRun{Raw: body, Data: body}
	if data, err := openEnvelope(body); err == nil && data != nil { // a bare process has a status too
		run.Data = data
	}
	run.collect(run.Data, 0)
	return run, nil
}

// maxNesting is far deeper than any answer, and not deep enough to hurt.
const maxNesting = 4

// collect finds what is known in data, and in what data holds.
func (r *ToolRun) collect(data json.RawMessage, depth int) {
	list, err := elements(data)
	if err != nil || depth > maxNesting {
		return
	}
	for _, raw := range list {
		var w startJSON
		if unmarshalLeniently(raw, &w) != nil {
			continue
		}
		if id := plainID(string(w.ProcessID)); r.ProcessID == "" {
			r.ProcessID = id
		}
		if f := w.file(raw); f != nil {
			r.Files = append(r.Files, f)
		}
		if r.Content == nil && w.Base64 != "" && w.Base64 != "true" {
			r.Content = decodeBase64(w.Base64)
		}
		for _, inner := range []json.RawMessage{w.Process, w.File, w.Files} {
			r.collect(inner, depth+1)
		}
	}
}

// file returns the file that an element describes, nil if it has no link.
func (w *startJSON) file(raw json.RawMessage) *File {
	link := firstOf(string(w.FileURL), string(w.URL))
	if link == "" {
		return nil
	}
	return &File{
		ID:      firstOf(string(w.FileID), string(w.ID)),
		Name:    firstOf(string(w.FileName), string(w.Name)),
		Expires: parseTime(w.Expires),
		URL:     link,
		Raw:     raw,
	}
}

// decodeBase64 reads base64 in its usual spellings, also as a data URL; nil if it is none.
func decodeBase64(text string) []byte {
	if _, after, ok := strings.Cut(text, ";base64,"); ok && strings.HasPrefix(text, "data:") {
		text = after
	}
	text = strings.TrimRight(strings.Join(strings.Fields(text), ""), "=")
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if b, err := encoding.DecodeString(text); err == nil {
			return b
		}
	}
	return nil
}

// SaveResult brings the result of a run to a file, in whichever way the tool gives it:
// the content that it answered with, the first file that it named, or the file of its
// process, for which it waits. It returns the path. The rules for dirOrFile are those of
// [JobsService.DownloadFile]; an answer with none of these is [ErrNotReady].
func (s *ToolsService) SaveResult(ctx context.Context, run *ToolRun, dirOrFile string, opts ...RunOption) (string, error) {
	ro, err := gatherRun(opts)
	if err != nil {
		return "", err
	}
	if _, err := s.endpoint(); err != nil {
		return "", err
	}
	if run == nil {
		return "", &ArgError{"run", "nil"}
	}
	if run.Content == nil && len(run.Files) == 0 && run.ProcessID == "" {
		return "", fmt.Errorf("%w: the answer of the tool names neither a process nor a file", ErrNotReady)
	}
	to, err := newTarget(dirOrFile)
	if err != nil {
		return "", err
	}
	switch {
	case run.Content != nil:
		return run.saveContent(to)
	case len(run.Files) > 0:
		f := run.Files[0]
		r := result{client: s.client, service: EditingTools, id: f.ID, link: f.URL, name: firstOf(f.Name, linkName(f.URL)), size: -1}
		return r.save(ctx, to, &ro.download)
	}
	p, err := s.client.Processes.wait(ctx, run.ProcessID, &ro.wait)
	if err != nil {
		return "", err
	}
	r, err := s.client.Processes.describe(p).or(whyNoFile(p))
	if err != nil {
		return "", err
	}
	return r.save(ctx, to, &ro.download)
}

// saveContent writes a result that is here already.
func (r *ToolRun) saveContent(to target) (string, error) {
	name := ""
	if len(r.Files) > 0 {
		name = r.Files[0].Name
	}
	file, err := to.open(name, r.ProcessID)
	if err != nil {
		return "", err
	}
	_, err = file.Write(r.Content)
	return file.finish(err)
}
