package editkit

import (
	"context"
	"fmt"
	"io"
)

// Download writes the result of a finished process to w and returns the bytes written.
// The link is fetched without credentials; a transfer that breaks goes on where it stood,
// and a link that leads nowhere is asked for anew once. The dates that the service gives
// refuse nothing. Errors are those of [JobsService.Download], with a
// [*ProcessFailedError] for a process without a result.
func (s *ProcessesService) Download(ctx context.Context, id string, w io.Writer, opts ...DownloadOption) (int64, error) {
	return s.result(id).download(ctx, w, opts)
}

// DownloadFile downloads the result of a finished process, as Download does, to a file,
// and returns its path. The rules for dirOrFile are those of [JobsService.DownloadFile].
func (s *ProcessesService) DownloadFile(ctx context.Context, id, dirOrFile string, opts ...DownloadOption) (string, error) {
	return s.result(id).downloadFile(ctx, dirOrFile, opts)
}

// result asks for the result of a process.
func (s *ProcessesService) result(id string) resultFunc {
	return func(ctx context.Context) (result, error) {
		p, err := s.Get(ctx, id)
		if err != nil {
			return result{}, err
		}
		return s.describe(p).or(whyNoFile(p))
	}
}

func (s *ProcessesService) describe(p *Process) result {
	return result{
		client: s.client, service: EditingTools, id: p.ID, link: p.FileURL, name: p.FileName, size: -1,
		refresh: func(ctx context.Context) (result, error) {
			fresh, err := s.Get(ctx, p.ID)
			if err != nil {
				return result{}, err
			}
			return s.describe(fresh), whyNoFile(fresh)
		},
	}
}

func whyNoFile(p *Process) error {
	switch {
	case p.FileURL != "":
		return nil
	case p.Status == ProcessFailed:
		return &ProcessFailedError{p}
	case p.Status == ProcessFinished:
		return fmt.Errorf("%w: the process is finished and has no file, or none any more", ErrExpired)
	}
	return fmt.Errorf("%w: the process is %s", ErrNotReady, orDefault(p.Status, "in an unknown state"))
}
