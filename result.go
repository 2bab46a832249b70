package editkit

import (
	"context"
	"errors"
	"io"
	"net/url"
	"path"
)

// result is a file that a service has made.
type result struct {
	client     *Client
	service    Service
	id         string // of the job or process, "" for a bare link
	link, name string
	size       int64 // -1 if the service did not say
	// refresh asks for the result anew when its link has expired; nil if nobody knows more
	// than the link. A result that is gone for good is [ErrExpired].
	refresh resultFunc
}

// resultFunc asks a service for a result.
type resultFunc func(context.Context) (result, error)

// download is what the Download methods have in common.
func (find resultFunc) download(ctx context.Context, w io.Writer, opts []DownloadOption) (int64, error) {
	ro, err := gatherRun(runOptions(opts))
	if err != nil {
		return 0, err
	}
	if w == nil {
		return 0, &ArgError{"w", "nil"}
	}
	r, err := find(ctx)
	if err != nil {
		return 0, err
	}
	return r.transfer(ctx, w, nil, &ro.download)
}

// downloadFile is what the DownloadFile methods have in common. The target is checked
// before anything is asked.
func (find resultFunc) downloadFile(ctx context.Context, dirOrFile string, opts []DownloadOption) (string, error) {
	ro, err := gatherRun(runOptions(opts))
	if err != nil {
		return "", err
	}
	to, err := newTarget(dirOrFile)
	if err != nil {
		return "", err
	}
	r, err := find(ctx)
	if err != nil {
		return "", err
	}
	return r.save(ctx, to, &ro.download)
}

// save downloads the result to a file, and returns its path.
func (r *result) save(ctx context.Context, to target, ds *downloadSettings) (string, error) {
	file, err := to.open(r.name, r.id)
	if err != nil {
		return "", r.failed(0, r.size, err)
	}
	n, broken := r.transfer(ctx, file, file.restart, ds)
	saved, err := file.finish(broken)
	if err != nil && broken == nil {
		err = r.failed(n, n, err)
	}
	return saved, err
}

// transfer copies the result to w, which restart, if any, makes empty.
func (r *result) transfer(ctx context.Context, w io.Writer, restart func() error, ds *downloadSettings) (int64, error) {
	if ctx == nil {
		return 0, errNilContext
	}
	settings := r.client.settings
	t := &transfer{
		client:    r.client.files,
		policy:    settings.retry.resolve(),
		userAgent: userAgent(settings.userAgent),
		link:      r.link,
		w:         w,
		restart:   restart,
		progress:  ds.progress,
		promised:  r.size,
		refresh:   r.newLink,
	}
	if err := t.run(ctx); err != nil {
		return t.written, r.failed(t.written, t.total, err)
	}
	return t.written, nil
}

// newLink asks for a new link, and for the size of what it leads to.
func (r *result) newLink(ctx context.Context) (link string, size int64, err error) {
	if r.refresh == nil {
		return "", 0, ErrExpired
	}
	fresh, err := r.refresh(ctx)
	if errors.Is(err, ErrNotFound) {
		err = errors.Join(ErrExpired, err)
	}
	return fresh.link, fresh.size, err
}

// failed is the error of a download that did not end well.
func (r *result) failed(written, total int64, err error) error {
	return &DownloadError{Service: r.service, ID: r.id, Written: written, Total: total, Err: err}
}

// or returns the result, or why there is none: an error of the job or process itself as
// it is, any other as the download's.
func (r result) or(why error) (result, error) {
	if why == nil || errors.Is(why, ErrJobFailed) || errors.Is(why, ErrProcessFailed) {
		return r, why
	}
	return r, r.failed(0, -1, why)
}

// linkName returns the last part of a link, for want of a suggested name.
func linkName(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	return path.Base(u.Path)
}
