package editkittest

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
)

const (
	maxFieldBytes = 1 << 20 // of one form field
	maxFields     = 1000
)

// toolForm is the form that a tool is started with.
type toolForm struct {
	dir         string // private
	path        string // of the file in dir; empty if there was none
	filename    string
	contentType string
	size        int64
	fields      url.Values
	language    string
}

// flag returns a field that is true or false.
func (f *toolForm) flag(name string) bool { return f.fields.Get(name) == "true" }

func (f *toolForm) request(t *tool) ToolRequest {
	return ToolRequest{
		Tool:        t.name,
		Filename:    f.filename,
		ContentType: f.contentType,
		Size:        f.size,
		Fields:      f.fields,
		Language:    f.language,
	}
}

// readForm reads a form, its file into dir. It reads the request to its end.
func readForm(r *http.Request, dir string) (*toolForm, *toolProblem) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "multipart/form-data" {
		return nil, refusal(http.StatusUnsupportedMediaType, msgMediaType, "multipart/form-data")
	}
	if err != nil || params["boundary"] == "" {
		return nil, refusal(http.StatusBadRequest, msgNotMultipart)
	}
	form := &toolForm{dir: dir, fields: make(url.Values), language: r.Header.Get("Accept-Language")}
	reader := multipart.NewReader(r.Body, params["boundary"])
	for parts := 0; ; parts++ {
		part, err := reader.NextPart()
		switch {
		case errors.Is(err, io.EOF) && err.Error() == io.EOF.Error(): // the final boundary; others only wrap it
			if drain(r) != nil {
				return nil, brokenForm(r, parts)
			}
			return form, nil
		case err != nil:
			return nil, brokenForm(r, parts)
		case parts == maxFields:
			return nil, refusal(http.StatusBadRequest, msgNotMultipart)
		}
		if p := form.readPart(part); p != nil {
			if p == errBrokenPart {
				p = brokenForm(r, parts+1)
			}
			return nil, p
		}
	}
}

// errBrokenPart says that the request ended in the middle of a part.
var errBrokenPart = refusal(http.StatusBadRequest, msgIncomplete)

// brokenForm tells why a form cannot be read to its end.
func brokenForm(r *http.Request, parts int) *toolProblem {
	body, ok := r.Body.(*uploadBody)
	switch {
	case !ok:
		return refusal(http.StatusBadRequest, msgNotMultipart)
	case body.tooLarge:
		return errUploadTooLarge
	case body.ended && parts == 0 && !body.broken:
		return refusal(http.StatusBadRequest, msgNotMultipart)
	case body.ended:
		body.noteIncomplete()
		return refusal(http.StatusBadRequest, msgIncomplete)
	}
	return refusal(http.StatusBadRequest, msgNotMultipart)
}

func (f *toolForm) readPart(part *multipart.Part) *toolProblem {
	name := part.FormName()
	isFile := part.FileName() != ""
	switch {
	case isFile && name == "file" && f.path != "":
		return refusal(http.StatusBadRequest, msgBadField, "file")
	case isFile && name == "file":
		return f.saveFile(part)
	case isFile: // nobody asked for it
		f.fields.Add(name, part.FileName())
		if _, err := io.Copy(io.Discard, part); err != nil {
			return errBrokenPart
		}
		return nil
	}
	value, err := io.ReadAll(io.LimitReader(part, maxFieldBytes+1))
	if err != nil {
		return errBrokenPart
	}
	if len(value) > maxFieldBytes {
		return refusal(http.StatusBadRequest, msgBadField, name)
	}
	f.fields.Add(name, string(value))
	return nil
}

// saveFile writes the part with the file to the disk as it arrives.
func (f *toolForm) saveFile(part *multipart.Part) *toolProblem {
	ext := path.Ext(part.FileName())
	if !plainExtension.MatchString(ext) {
		ext = ""
	}
	file, err := os.CreateTemp(f.dir, "upload-*"+ext)
	if err != nil {
		return refusal(http.StatusInternalServerError, msgInternal)
	}
	n, err := io.Copy(file, part)
	var ioErr *os.PathError
	switch err = errors.Join(err, file.Close()); {
	case errors.As(err, &ioErr):
		return refusal(http.StatusInternalServerError, msgInternal)
	case err != nil:
		return errBrokenPart
	}
	f.path, f.filename, f.size = file.Name(), part.FileName(), n
	f.contentType = part.Header.Get("Content-Type")
	return nil
}

// check finds the first parameter that is missing or wrong.
func (f *toolForm) check(t *tool) *toolProblem {
	if f.path == "" {
		return refusal(http.StatusBadRequest, msgMissing, "file")
	}
	ext := strings.ToLower(path.Ext(f.filename))
	if f.size == 0 || len(t.extensions) > 0 && !slices.Contains(t.extensions, ext) {
		return refusal(http.StatusBadRequest, msgBadField, "file")
	}
	for _, field := range t.fields {
		values := f.fields[field.name]
		switch {
		case len(values) == 0 && field.required:
			return refusal(http.StatusBadRequest, msgMissing, field.name)
		case slices.ContainsFunc(values, func(v string) bool { return !field.allows(v) }):
			return refusal(http.StatusBadRequest, msgBadField, field.name)
		}
	}
	return nil
}
