package editkit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/editkit/editkit-go/internal/engine"
)

// DownloadOption changes how a result is downloaded.
type DownloadOption interface {
	RunOption
	applyDownload(*downloadSettings) error
}

// TransferOption is good for uploads and for downloads.
type TransferOption interface {
	DownloadOption
	CallOption
}

type downloadSettings struct {
	progress func(done, total int64)
}

type progressOption func(done, total int64)

func (o progressOption) check() error {
	if o == nil {
		return &ArgError{"OnProgress", "nil"}
	}
	return nil
}

func (o progressOption) applyDownload(s *downloadSettings) error { s.progress = o; return o.check() }
func (o progressOption) applyRun(s *runSettings) error           { return o.applyDownload(&s.download) }
func (o progressOption) applyCall(s *callSettings) error         { s.progress = o; return o.check() }

// OnProgress calls fn after each piece of an upload or download with the bytes so far and
// the bytes in all.
//
// In a download they are those of the file, -1 in all if that is unknown; the count falls
// only if a file has to be begun again because it changed at the service. In an upload
// they are those of the whole request; the count begins again with each attempt, never
// falls within one, and fn is called in another goroutine than the caller's.
func OnProgress(fn func(done, total int64)) TransferOption { return progressOption(fn) }

// copyBuffer is the memory a download takes, however large the file. More was not faster.
const copyBuffer = 32 << 10

var (
	errStalled      = fmt.Errorf("%w: no byte came for the time that the retry policy allows", os.ErrDeadlineExceeded)
	errInvalidWrite = errors.New("the writer returned an impossible count")
	// errWhole means that there is nothing left to ask for.
	errWhole = errors.New("the file is whole")
)

// transfer brings one file from a link to a writer, over as many requests as it takes.
type transfer struct {
	client    *http.Client // without credentials
	policy    engine.Policy
	userAgent []string
	link      string
	// refresh returns a new link, and the size of what it leads to, -1 if unknown.
	refresh func(context.Context) (string, int64, error)
	w       io.Writer
	// restart makes w empty again; nil if that can't be done.
	restart  func() error
	progress func(done, total int64)

	promised int64 // the size according to the service, -1 if it gave none
	total    int64 // as far as known, -1 while unknown
	written  int64
	version  validators
}

// validators tell whether two answers are of the same file.
type validators struct{ etag, modified string }

// run downloads until the file is whole or nothing helps any more.
func (t *transfer) run(ctx context.Context) error {
	failures, changes, refreshed := 0, 0, false
	for {
		before := t.written
		err := t.attempt(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if t.written > before { // a fault every gigabyte is no reason to give up
			failures, refreshed = 0, false
		}
		var status *storageError
		if errors.As(err, &status) && status.isGone() {
			if refreshed {
				return fmt.Errorf("%w: %w, also by a fresh link", ErrExpired, err)
			}
			refreshed = true
			if err = t.renew(ctx); err == nil {
				continue
			}
		}
		var final *finalError
		if errors.As(err, &final) {
			return final.err
		}
		var changed *changedError
		if errors.As(err, &changed) {
			changes++
			if t.restart == nil || changes >= t.policy.MaxAttempts {
				return err
			}
			if err := t.beginAgain(ctx, changed.size); err != nil {
				return err
			}
			continue
		}
		failures++
		pause, worth := t.pauseAfter(ctx, failures, status)
		if !worth {
			return err
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// renew asks for a fresh link to what was begun.
func (t *transfer) renew(ctx context.Context) error {
	link, size, err := t.refresh(ctx)
	if err != nil {
		return &finalError{err}
	}
	t.link, t.promised = link, size
	if t.written > 0 && size >= 0 && t.total >= 0 && size != t.total {
		return &changedError{size}
	}
	return nil
}

// beginAgain empties the file, to take all of what the service has now, whose size
// may be known.
func (t *transfer) beginAgain(ctx context.Context, size int64) error {
	if err := t.restart(); err != nil {
		return err
	}
	t.written = 0
	if size >= 0 && t.promised >= 0 && size != t.promised { // that was the old file's
		if err := t.renew(ctx); err != nil {
			return err
		}
	}
	t.total = t.promised
	t.report()
	return nil
}

// pauseAfter returns how long to wait before going on, and whether that is worth it.
func (t *transfer) pauseAfter(ctx context.Context, failures int, status *storageError) (time.Duration, bool) {
	if failures >= t.policy.MaxAttempts {
		return 0, false
	}
	pause := t.policy.Backoff(failures)
	if status != nil {
		if !status.isPassing() || status.retryAfter > t.policy.MaxRetryAfter {
			return 0, false
		}
		pause += status.retryAfter
	}
	deadline, ok := ctx.Deadline()
	return pause, !ok || time.Until(deadline) > pause
}

// attempt makes one request and copies what it brings.
func (t *transfer) attempt(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watch := newWatchdog(t.policy.AttemptTimeout, func() { cancel(errStalled) })
	defer watch.stop()

	if t.written == 0 || t.total < 0 { // what an earlier answer said does not bind
		t.total = t.promised
	}
	req, err := t.request(ctx)
	if err != nil {
		return &finalError{err}
	}
	watch.start()
	resp, err := t.client.Do(req)
	if err != nil {
		return stallOr(ctx, withoutLink(err))
	}
	defer func() { _ = resp.Body.Close() }()
	skip, err := t.accept(resp)
	if errors.Is(err, errWhole) {
		return nil
	}
	if err != nil {
		return err
	}
	return t.copy(ctx, resp.Body, skip, watch)
}

func stallOr(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errStalled) {
		return errStalled
	}
	return err
}

func (t *transfer) request(ctx context.Context) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.link, nil)
	if err != nil || req.URL.Host == "" {
		return nil, fmt.Errorf("%w: the service gave no usable link", ErrIncomplete)
	}
	req.Header["User-Agent"] = t.userAgent
	// A transport that unpacks on the way would hide the real size.
	req.Header.Set("Accept-Encoding", "identity")
	if t.written > 0 {
		req.Header.Set("Range", "bytes="+strconv.FormatInt(t.written, 10)+"-")
		if v := t.version.ifRange(); v != "" {
			req.Header.Set("If-Range", v)
		}
	}
	return req, nil
}

// accept checks the head of an answer against what is known of the file. It returns
// how many bytes of the body are here already.
func (t *transfer) accept(resp *http.Response) (skip int64, err error) {
	version := validators{resp.Header.Get("ETag"), resp.Header.Get("Last-Modified")}
	total := resp.ContentLength
	switch resp.StatusCode {
	case http.StatusOK:
		skip = t.written
	case http.StatusPartialContent:
		first, all, ok := contentRange(resp.Header.Get("Content-Range"))
		if !ok || first != t.written {
			return 0, &finalError{fmt.Errorf("%w: the storage sent another range than asked for", ErrIncomplete)}
		}
		total = all
	case http.StatusRequestedRangeNotSatisfiable:
		all, ok := unsatisfiedRange(resp.Header.Get("Content-Range"))
		if ok && all == t.written && t.total < 0 {
			return 0, errWhole
		}
		if ok && all < t.written {
			return 0, &changedError{all}
		}
		return 0, &finalError{fmt.Errorf("%w: %w", ErrIncomplete, &storageError{status: resp.StatusCode})}
	default:
		retryAfter, _ := engine.RetryAfter(resp.Header, time.Now())
		return 0, &storageError{resp.StatusCode, retryAfter}
	}
	if t.written > 0 && (version.contradict(t.version) || total >= 0 && t.total >= 0 && total != t.total) {
		return 0, &changedError{total}
	}
	if total >= 0 {
		if t.total >= 0 && total != t.total {
			return 0, &finalError{fmt.Errorf("%w: the storage has %d bytes, the service promised %d", ErrIncomplete, total, t.total)}
		}
		t.total = total
	}
	if t.written == 0 || t.version == (validators{}) { // a 206 need not repeat them
		t.version = version
	}
	return skip, nil
}

// copy writes what comes, beyond the first skip bytes. The memory is constant.
func (t *transfer) copy(ctx context.Context, body io.Reader, skip int64, watch *watchdog) error {
	buf := make([]byte, copyBuffer)
	for {
		watch.start()
		n, err := body.Read(buf)
		watch.stop() // a slow writer is no stall
		piece := buf[:n]
		if drop := min(skip, int64(n)); drop > 0 {
			piece, skip = piece[drop:], skip-drop
		}
		if len(piece) > 0 {
			if err := t.write(piece); err != nil {
				return &finalError{err}
			}
		}
		if err == nil {
			continue
		}
		if t.written == t.total { // a fault behind the last byte takes nothing away
			return nil
		}
		if err == io.EOF {
			if t.total < 0 && skip == 0 {
				return nil
			}
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("%w: %w", ErrIncomplete, stallOr(ctx, withoutLink(err)))
	}
}

func (t *transfer) write(piece []byte) error {
	if t.total >= 0 && t.written+int64(len(piece)) > t.total {
		return fmt.Errorf("%w: more than the promised %d bytes", ErrIncomplete, t.total)
	}
	n, err := t.w.Write(piece)
	if n < 0 || n > len(piece) {
		n, err = 0, cmp.Or(err, errInvalidWrite)
	}
	t.written += int64(n)
	if err == nil && n < len(piece) {
		err = io.ErrShortWrite
	}
	t.report()
	return err
}

func (t *transfer) report() {
	if t.progress != nil {
		t.progress(t.written, t.total)
	}
}

// ifRange returns the validator that lets a storage refuse to go on with another file.
func (v validators) ifRange() string {
	if v.etag != "" && !strings.HasPrefix(v.etag, "W/") {
		return v.etag
	}
	return v.modified
}

// contradict reports whether the two can't be of the same file.
func (v validators) contradict(w validators) bool {
	if v.etag != "" && w.etag != "" {
		return v.etag != w.etag
	}
	return v.modified != "" && w.modified != "" && v.modified != w.modified
}

// contentRange reads "bytes first-last/total"; all is -1 for an unknown total.
func contentRange(h string) (first, all int64, ok bool) {
	span, size, ok := strings.Cut(strings.TrimPrefix(h, "bytes "), "/")
	from, _, dash := strings.Cut(span, "-")
	if !ok || !dash || !strings.HasPrefix(h, "bytes ") {
		return 0, 0, false
	}
	first, err := strconv.ParseInt(from, 10, 64)
	if err != nil {
		return 0, 0, false
	}
	if size == "*" {
		return first, -1, true
	}
	all, err = strconv.ParseInt(size, 10, 64)
	return first, all, err == nil && all > first && first >= 0
}

// unsatisfiedRange reads "bytes */total", which comes with a 416.
func unsatisfiedRange(h string) (all int64, ok bool) {
	size, ok := strings.CutPrefix(h, "bytes */")
	all, err := strconv.ParseInt(size, 10, 64)
	return all, ok && err == nil && all >= 0
}

// redirectDownload follows a storage's redirects, but not from https to http, and
// without telling the next host the link it came from.
func redirectDownload(next *http.Request, via []*http.Request) error {
	if len(via) > 10 || via[len(via)-1].URL.Scheme == "https" && next.URL.Scheme != "https" {
		return http.ErrUseLastResponse
	}
	next.Header.Del("Referer")
	return nil
}

// finalError is a fault that another request would not mend.
type finalError struct{ err error }

func (e *finalError) Error() string { return e.err.Error() }

func (e *finalError) Unwrap() error { return e.err }

// changedError means that what the service has now is not what was begun.
type changedError struct{ size int64 } // of what it has now, -1 if unknown

func (e *changedError) Error() string {
	return ErrIncomplete.Error() + ": the file changed at the service half-way"
}

func (e *changedError) Unwrap() error { return ErrIncomplete }

// linkError is a fault whose own text repeats a link.
type linkError struct{ err error }

// Error ends before the query, which is the signature.
func (e *linkError) Error() string {
	text, _, _ := strings.Cut(e.err.Error(), "?")
	return text
}

func (e *linkError) Unwrap() error { return e.err }

// withoutLink keeps the links out of an error's text: that of the request, and one in
// a redirect that can't be followed.
func withoutLink(err error) error {
	var wrapped *url.Error
	for errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if strings.Contains(err.Error(), "?") {
		return &linkError{err}
	}
	return err
}

// storageError is an answer of the storage that is no file. Its body is not kept:
// storages repeat signatures in it.
type storageError struct {
	status     int
	retryAfter time.Duration
}

func (e *storageError) Error() string {
	return fmt.Sprintf("the storage answered %d %s", e.status, http.StatusText(e.status))
}

// Is reports whether target is the sentinel for the status of a fault that may pass. A
// 404 of a storage is not [ErrNotFound], which is about the job.
func (e *storageError) Is(target error) bool { return e.isPassing() && target == sentinelOf(e.status) }

// isGone reports whether the link, or the file behind it, has expired.
func (e *storageError) isGone() bool {
	return e.status == http.StatusForbidden || e.status == http.StatusNotFound || e.status == http.StatusGone
}

func (e *storageError) isPassing() bool {
	return e.status >= 500 || e.status == http.StatusTooManyRequests || e.status == http.StatusRequestTimeout
}

// watchdog calls bark when the time between start and stop is longer than allowed.
type watchdog struct {
	limit time.Duration // 0: never
	timer *time.Timer
	bark  func()
}

func newWatchdog(limit time.Duration, bark func()) *watchdog {
	return &watchdog{limit: limit, bark: bark}
}

func (d *watchdog) start() {
	switch {
	case d.limit <= 0:
	case d.timer == nil:
		d.timer = time.AfterFunc(d.limit, d.bark)
	default:
		d.timer.Reset(d.limit)
	}
}

func (d *watchdog) stop() {
	if d.timer != nil {
		d.timer.Stop()
	}
}
