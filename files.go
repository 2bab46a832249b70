package editkit

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/editkit/editkit-go/internal/lenient"
)

// FilesService lists and fetches the files that processes and tools of EditingTools.io
// have made. It is a field of [Client].
type FilesService struct {
	client *Client
}

// File is a file at EditingTools.io. It prints without its link.
// Source: editingtools.io/api/v2/files.
type File struct {
	ID        string
	Name      string // as the service suggests it: never use it as a path unchecked
	Extension string // without the dot; it may contradict Name
	Size      string // as the service gives it, "" if it doesn't: unit and form are not documented
	Created   time.Time
	// Expires is told by the service and not acted upon: lists show files past it.
	Expires time.Time
	URL     string

	// Raw is the file as it came.
	Raw json.RawMessage
}

// String describes the file without its link.
func (f File) String() string {
	return fmt.Sprintf("editkit.File{ID: %q, Name: %q, Extension: %q, Size: %q}", f.ID, publicText(f.Name), f.Extension, f.Size)
}

// GoString is String: %#v shows no link either.
func (f File) GoString() string { return f.String() }

// LogValue implements [slog.LogValuer].
func (f File) LogValue() slog.Value { return slog.StringValue(f.String()) }

// List returns the account's 100 most recent files: GET /files. No file is an empty list
// and no error.
func (s *FilesService) List(ctx context.Context, opts ...CallOption) ([]*File, error) {
	ep, err := s.endpoint()
	if err != nil {
		return nil, err
	}
	return fetchList(ctx, s.client, ep, "/files", opts, decodeFile)
}

// Download writes the file at link (File.URL, Process.FileURL) to w and returns the bytes
// written. No credentials are sent. A transfer that breaks goes on where it stood; a link
// that leads nowhere any more is [ErrExpired].
func (s *FilesService) Download(ctx context.Context, link string, w io.Writer, opts ...DownloadOption) (int64, error) {
	return s.result(link).download(ctx, w, opts)
}

// DownloadFile downloads the file at link as Download does, to a file, and returns its
// path. The rules for dirOrFile are those of [JobsService.DownloadFile]; in a folder, the
// file gets the last part of the link as its name.
func (s *FilesService) DownloadFile(ctx context.Context, link, dirOrFile string, opts ...DownloadOption) (string, error) {
	return s.result(link).downloadFile(ctx, dirOrFile, opts)
}

func (s *FilesService) endpoint() (*endpoint, error) {
	if s == nil {
		return nil, errNotNew
	}
	return s.client.endpoint(EditingTools)
}

// result describes the file at a link. To fetch it needs no key, but a client.
func (s *FilesService) result(link string) resultFunc {
	return func(context.Context) (result, error) {
		if s == nil || s.client == nil {
			return result{}, errNotNew
		}
		if reason := checkURL(link, "http", "https"); reason != "" {
			return result{}, &ArgError{"link", reason}
		}
		return result{client: s.client, service: EditingTools, link: link, name: linkName(link), size: -1}, nil
	}
}

func decodeFile(raw json.RawMessage) (*File, error) {
	var w struct {
		ID        lenient.String `json:"id"`
		Name      lenient.String `json:"name"`
		Extension lenient.String `json:"extension"`
		Size      lenient.String `json:"size"`
		Created   lenient.String `json:"created"`
		Expires   lenient.String `json:"expires"`
		URL       lenient.String `json:"url"`
	}
	if err := unmarshalLeniently(raw, &w); err != nil {
		return nil, err
	}
	if w.ID == "" && w.URL == "" {
		return nil, fmt.Errorf("%w: it is no file, for it has no id", errUnreadable)
	}
	return &File{
		ID: string(w.ID), Name: string(w.Name), Extension: string(w.Extension), Size: string(w.Size),
		Created: parseTime(w.Created), Expires: parseTime(w.Expires), URL: string(w.URL), Raw: raw,
	}, nil
}
