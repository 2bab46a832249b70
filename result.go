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
	service    Service
	id         string // of the job or process, "" for a bare link
	link, name string
	size       int64 // -1 if the service did not say
	// refresh asks for the result anew when its link has expired; nil if nobody knows more
	// than the link. A result that is gone for good is [ErrExpired].
	refresh func(context.Context) (result, error)
}

// failed is the error of a download that did not end well.
func (r *result) failed(written, total int64, err error) error {
	return &DownloadError{Service: r.service, ID: r.id, Written: written, Total: total, Err: err}
}

// copyResult writes a result to w and returns the bytes written.
func (c *Client) copyResult(ctx context.Context, r result, w io.Writer, ds *downloadSettings) (int64, error) {
	return c.transfer(ctx, r, w, nil, ds)
}

// saveResult downloads a result to a file, and returns its path.
func (c *Client) saveResult(ctx context.Context, r result, dirOrFile string, ds *downloadSettings) (string, error) {
	to, err := newTarget(dirOrFile)
	if err != nil {
		return "", err
	}
	file, err := to.open(r.name, r.id)
	if err != nil {
		return "", r.failed(0, r.size, err)
	}
	n, err := c.transfer(ctx, r, file, file.restart, ds)
	if err != nil {
		file.discard()
		return "", err
	}
	saved, err := file.commit()
	if err != nil {
		file.discard()
		return "", r.failed(n, n, err)
	}
	return saved, nil
}

// transfer copies a result to w, which restart, if any, makes empty.
func (c *Client) transfer(ctx context.Context, r result, w io.Writer, restart func() error, ds *downloadSettings) (int64, error) {
	if ctx == nil {
		return 0, errNilContext
	}
	t := &transfer{
		client:    c.files,
		policy:    c.settings.retry.resolve(),
		userAgent: userAgent(c.settings.userAgent),
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

// linkName returns the last part of a link, for want of a suggested name.
func linkName(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	return path.Base(u.Path)
}
