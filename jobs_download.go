package editkit

import (
	"context"
	"fmt"
	"io"
)

// Download writes the result of a completed job to w and returns the bytes written.
//
// It asks GET /jobs/{id} for a link, and fetches that without credentials. A transfer
// that breaks goes on where it stood; a link that expires (after one hour) is renewed
// by one more GET. The bytes are checked against the size that the service gave. The
// error is a [*DownloadError] for [ErrExpired] (results are kept for 7 days),
// [ErrIncomplete], [ErrNotReady], faults that lasted, and errors of w; a
// [*JobFailedError] for a job without a result.
func (s *JobsService) Download(ctx context.Context, id string, w io.Writer, opts ...DownloadOption) (int64, error) {
	return s.result(id).download(ctx, w, opts)
}

// DownloadFile downloads the result of a completed job, as Download does, to a file,
// and returns its path. If dirOrFile is a folder, the file gets the name that the
// service suggests, made safe so that it can't leave the folder, and numbered if there
// is such a file already. Otherwise dirOrFile is the file, which is replaced if it
// exists.
//
// The bytes go to a file with ".partial" behind its name, which is renamed when it is
// whole and removed when it can't be: the final name never stands on a part.
func (s *JobsService) DownloadFile(ctx context.Context, id, dirOrFile string, opts ...DownloadOption) (string, error) {
	return s.result(id).downloadFile(ctx, dirOrFile, opts)
}

// result asks for the result of a job.
func (s *JobsService) result(id string) resultFunc {
	return func(ctx context.Context) (result, error) {
		job, err := s.Get(ctx, id)
		if err != nil {
			return result{}, err
		}
		return s.describe(job).or(whyNoResult(job))
	}
}

func (s *JobsService) describe(job *Job) result {
	r := result{client: s.client, service: EditClips, id: job.ID, link: job.OutputURL, name: job.OutputFilename, size: -1}
	if job.OutputSize > 0 {
		r.size = job.OutputSize
	}
	r.refresh = func(ctx context.Context) (result, error) {
		fresh, err := s.Get(ctx, job.ID)
		if err != nil {
			return result{}, err
		}
		return s.describe(fresh), whyNoResult(fresh)
	}
	return r
}

func whyNoResult(job *Job) error {
	switch {
	case job.Status == JobCompleted && job.OutputURL != "":
		return nil
	case job.Status == JobCompleted:
		return fmt.Errorf("%w: the job is completed but has no link any more", ErrExpired)
	case job.Status.Terminal():
		return &JobFailedError{job}
	}
	return fmt.Errorf("%w: the job is %s", ErrNotReady, orDefault(job.Status, "in an unknown state"))
}
