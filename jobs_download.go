package editkit

import (
	"context"
	"errors"
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
	ro, err := gatherRun(runOptions(opts))
	if err != nil {
		return 0, err
	}
	if w == nil {
		return 0, &ArgError{"w", "nil"}
	}
	job, err := s.Get(ctx, id)
	if err != nil {
		return 0, err
	}
	return s.transfer(ctx, id, job, w, nil, &ro.download)
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
	ro, err := gatherRun(runOptions(opts))
	if err != nil {
		return "", err
	}
	return s.downloadFile(ctx, id, nil, dirOrFile, &ro.download)
}

// downloadFile saves the result of a job, of which a state with a link may be known.
func (s *JobsService) downloadFile(ctx context.Context, id string, job *Job, dirOrFile string, ds *downloadSettings) (path string, err error) {
	to, err := newTarget(dirOrFile)
	if err != nil {
		return "", err
	}
	if job == nil {
		if job, err = s.Get(ctx, id); err != nil {
			return "", err
		}
	}
	if err := resultOf(job); err != nil {
		return "", err
	}
	file, err := to.open(job.OutputFilename, job.ID)
	if err != nil {
		return "", &DownloadError{Service: EditClips, ID: id, Total: -1, Err: err}
	}
	n, err := s.transfer(ctx, id, job, file, file.restart, ds)
	if err != nil {
		file.discard()
		return "", err
	}
	path, err = file.commit()
	if err != nil {
		file.discard()
		return "", &DownloadError{Service: EditClips, ID: id, Written: n, Total: n, Err: err}
	}
	return path, nil
}

// transfer copies the result of the job to w, which restart, if any, makes empty.
func (s *JobsService) transfer(ctx context.Context, id string, job *Job, w io.Writer, restart func() error, ds *downloadSettings) (int64, error) {
	if err := resultOf(job); err != nil {
		return 0, err
	}
	t := &transfer{
		client:    s.client.files,
		policy:    s.client.settings.retry.resolve(),
		userAgent: userAgent(s.client.settings.userAgent),
		link:      job.OutputURL,
		refresh:   func(ctx context.Context) (string, error) { return s.freshLink(ctx, id, job.OutputSize) },
		w:         w,
		restart:   restart,
		progress:  ds.progress,
		promised:  -1,
	}
	if job.OutputSize > 0 {
		t.promised = job.OutputSize
	}
	t.total = t.promised
	if err := t.run(ctx); err != nil {
		return t.written, &DownloadError{Service: EditClips, ID: id, Written: t.written, Total: t.total, Err: err}
	}
	return t.written, nil
}

// freshLink asks for a new link to a result of the given size.
func (s *JobsService) freshLink(ctx context.Context, id string, size int64) (string, error) {
	job, err := s.Get(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return "", fmt.Errorf("%w: %w", ErrExpired, err)
	}
	if err != nil {
		return "", err
	}
	if err := resultOf(job); err != nil {
		return "", err
	}
	if size > 0 && job.OutputSize > 0 && job.OutputSize != size {
		return "", errChanged
	}
	return job.OutputURL, nil
}

// resultOf returns why a job has no result to fetch, nil if it has one.
func resultOf(job *Job) error {
	var err error
	switch {
	case job.Status == JobCompleted && job.OutputURL != "":
		return nil
	case job.Status == JobCompleted:
		err = fmt.Errorf("%w: the job is completed but has no link any more", ErrExpired)
	case job.Status.Terminal():
		return &JobFailedError{job}
	default:
		err = fmt.Errorf("%w: the job is %s", ErrNotReady, orDefault(job.Status, "in an unknown state"))
	}
	return &DownloadError{Service: EditClips, ID: job.ID, Total: -1, Err: err}
}
