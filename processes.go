package editkit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/editkit/editkit-go/internal/lenient"
)

// ProcessesService follows the processes of EditingTools.io and fetches their results.
// It is a field of [Client].
type ProcessesService struct {
	client *Client
	// withoutDetails is set when the details endpoint turned out not to be there.
	withoutDetails atomic.Bool
	board          board
}

// ProcessStatus is where a process stands. New ones may appear: an unknown status is not
// terminal. It is never translated; Process.Label is.
type ProcessStatus string

// The statuses of a process. Source: editingtools.io/api/v2/processes.
const (
	ProcessInProgress ProcessStatus = "in_progress"
	ProcessFinished   ProcessStatus = "finished"
	ProcessFailed     ProcessStatus = "failed"
)

// Terminal reports whether a process with this status has ended.
func (s ProcessStatus) Terminal() bool { return s == ProcessFinished || s == ProcessFailed }

// Process is a process at EditingTools.io. It prints without its link.
// Source: editingtools.io/api/v2/processes.
type Process struct {
	ID         string // without the # that webhooks put in front
	Status     ProcessStatus
	Label      string // the status for people, in the language asked for
	Progress   float64
	Created    time.Time // UTC; zero if not given
	LastUpdate time.Time

	// The result, if there is one. FileExpires is told by the service and not acted
	// upon: its own example has files past it.
	FileID      string
	FileName    string // as the service suggests it: never use it as a path unchecked
	FileURL     string
	FileExpires time.Time

	// Raw is the process as it came.
	Raw json.RawMessage
}

// String describes the process without its link.
func (p Process) String() string {
	return fmt.Sprintf("editkit.Process{ID: %q, Status: %q, Label: %q, Progress: %v, FileName: %q}",
		p.ID, p.Status, publicText(p.Label), p.Progress, publicText(p.FileName))
}

// GoString is String: %#v shows no link either.
func (p Process) GoString() string { return p.String() }

// LogValue implements [slog.LogValuer].
func (p Process) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("id", p.ID),
		slog.String("status", string(p.Status)),
		slog.Float64("progress", p.Progress),
	)
}

// List returns the processes of the account, as the service orders them (newest first,
// inferred): GET /processes. No process is an empty list and no error.
func (s *ProcessesService) List(ctx context.Context, opts ...CallOption) ([]*Process, error) {
	ep, err := s.endpoint()
	if err != nil {
		return nil, err
	}
	return fetchList(ctx, s.client, ep, "/processes", opts, decodeProcess)
}

// All iterates over the processes of the account. An error ends it. The service has no
// pages, so this is one call.
func (s *ProcessesService) All(ctx context.Context, opts ...CallOption) iter.Seq2[*Process, error] {
	return func(yield func(*Process, error) bool) {
		list, err := s.List(ctx, opts...)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, p := range list {
			if !yield(p, nil) {
				return
			}
		}
	}
}

// Get returns a process as it stands. "ABC123" and "#ABC123" are the same id.
//
// It asks GET /processes/{id}, a path that is inferred: the documentation names "Get
// Process Details" without showing it. If that is not found, the documented list is
// searched, and a client that has learnt in this way that there are no details asks the
// list at once. A process in neither is [ErrNotFound].
func (s *ProcessesService) Get(ctx context.Context, id string, opts ...CallOption) (*Process, error) {
	p, notFound := s.details(ctx, id, opts...)
	if !errors.Is(notFound, ErrNotFound) {
		return p, notFound
	}
	list, err := s.List(ctx, opts...)
	if err != nil {
		return nil, err
	}
	if p := find(list, id); p != nil {
		s.withoutDetails.Store(true) // it is there, so it was the path that was not
		return p, nil
	}
	return nil, notFound
}

func (s *ProcessesService) endpoint() (*endpoint, error) {
	if s == nil {
		return nil, errNotNew
	}
	return s.client.endpoint(EditingTools)
}

func find(list []*Process, id string) *Process {
	for _, p := range list {
		if p.ID == plainID(id) {
			return p
		}
	}
	return nil
}

// plainID takes off the # that webhooks put in front of an id, and lists don't.
func plainID(id string) string { return strings.TrimPrefix(id, "#") }

// fetchList makes a call for a list, of which an empty one comes as a 404.
func fetchList[T any](ctx context.Context, c *Client, ep *endpoint, path string, opts []CallOption, decode func(json.RawMessage) (*T, error)) ([]*T, error) {
	var list []*T
	err := c.call(ctx, ep, &operation{
		name:   "GET " + path,
		method: http.MethodGet,
		path:   path,
		decode: func(body []byte) (err error) {
			list, err = decodeList(body, decode)
			return err
		},
		isSuccess: isEmptyList,
	}, opts)
	if err != nil {
		return nil, err
	}
	return list, nil
}

// processJSON is a process on the wire, of which every field may be missing, null or of
// another type.
type processJSON struct {
	ProcessID   lenient.String  `json:"processId"`
	Status      lenient.String  `json:"status"`
	Label       lenient.String  `json:"label"`
	Progress    lenient.Percent `json:"progress"`
	Created     lenient.String  `json:"created"`
	LastUpdate  lenient.String  `json:"lastUpdate"`
	FileID      lenient.String  `json:"fileId"`
	FileName    lenient.String  `json:"fileName"`
	FileURL     lenient.String  `json:"fileUrl"`
	FileExpires lenient.String  `json:"fileExpires"`
}

func decodeProcess(raw json.RawMessage) (*Process, error) {
	var w processJSON
	if err := unmarshalLeniently(raw, &w); err != nil {
		return nil, err
	}
	if plainID(string(w.ProcessID)) == "" {
		return nil, fmt.Errorf("%w: it is no process, for it has no id", errUnreadable)
	}
	return &Process{
		ID:          plainID(string(w.ProcessID)),
		Status:      ProcessStatus(w.Status),
		Label:       string(w.Label),
		Progress:    float64(w.Progress),
		Created:     parseTime(w.Created),
		LastUpdate:  parseTime(w.LastUpdate),
		FileID:      string(w.FileID),
		FileName:    string(w.FileName),
		FileURL:     string(w.FileURL),
		FileExpires: parseTime(w.FileExpires),
		Raw:         raw,
	}, nil
}

// decodeOneProcess reads details: an object, or an array of one.
func decodeOneProcess(body []byte) (*Process, error) {
	list, err := decodeList(body, decodeProcess)
	if err != nil {
		return nil, err
	}
	if len(list) != 1 {
		return nil, fmt.Errorf("%w: it has %d processes instead of one", errUnreadable, len(list))
	}
	return list[0], nil
}
