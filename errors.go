package editkit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// Errors by status, for use with errors.Is on any error of this package. The
// details are in the [*APIError], which errors.As finds.
var (
	// ErrBadRequest is a 400: the request is malformed or a value is refused.
	ErrBadRequest = errors.New("editkit: bad request")
	// ErrUnauthorized is a 401: the key is not valid.
	ErrUnauthorized = errors.New("editkit: unauthorized")
	// ErrUpgradeRequired is a 402: the feature needs a paid plan
	// (EditingTools), or there are too few credits (EditClips, unverified).
	ErrUpgradeRequired = errors.New("editkit: upgrade required")
	// ErrForbidden is a 403: understood, but the key may not do this.
	ErrForbidden = errors.New("editkit: forbidden")
	// ErrNotFound is a 404: there is no such resource, or not for this key.
	ErrNotFound = errors.New("editkit: not found")
	// ErrTooLarge is a 413, or a request refused locally for its size.
	ErrTooLarge = errors.New("editkit: too large")
	// ErrUnprocessable is a 422: the input was understood but a process failed.
	ErrUnprocessable = errors.New("editkit: unprocessable")
	// ErrRateLimited is a 429, or a call held back locally because a 429
	// paused the service for longer than the call could wait.
	ErrRateLimited = errors.New("editkit: rate limited")
	// ErrServer is any 5xx.
	ErrServer = errors.New("editkit: server error")
)

// Errors by what happened.
var (
	// ErrUncertain marks a write whose outcome nobody can know: the service
	// may have carried it out, and charged for it, although no usable answer
	// came back. The call was not repeated. See [*UncertainError].
	ErrUncertain = errors.New("editkit: outcome unknown")
	// ErrNoCredentials means that the client has no key for the service. It
	// is returned before any input or output.
	ErrNoCredentials = errors.New("editkit: no credentials")
	// ErrInvalidArgument is a mistake in what the caller passed, found before
	// anything was sent. See [*ArgError].
	ErrInvalidArgument = errors.New("editkit: invalid argument")
	// ErrJobFailed means that a job ended without a result. See [*JobFailedError].
	ErrJobFailed = errors.New("editkit: job failed")
	// ErrProcessFailed means that a process ended without a result. See
	// [*ProcessFailedError].
	ErrProcessFailed = errors.New("editkit: process failed")
	// ErrNotReady means that a result was asked for before the job ended.
	ErrNotReady = errors.New("editkit: not ready")
	// ErrExpired means that a result existed but is no longer kept by the
	// service: a fresh link was asked for and led nowhere.
	ErrExpired = errors.New("editkit: expired")
	// ErrIncomplete means that a download did not yield the promised bytes:
	// cut short for good, longer than announced, or changed half-way.
	ErrIncomplete = errors.New("editkit: incomplete download")
)

// errRedirect is the cause of an APIError for a redirect that was not followed.
var errRedirect = errors.New("redirect refused: a key never follows one")

// APIError is an answer of a service that is not a success, or a success whose
// body can't be used. The status always survives, whatever the body is.
//
// Match it by class with errors.Is ([ErrNotFound], [ErrRateLimited], ...). No
// field holds a key or a query string.
type APIError struct {
	Service    Service
	StatusCode int    // HTTP status
	Code       string // the service's own code, "" if there is none
	Message    string // the service's own text, "" if there is none; may be localised
	Method     string
	Path       string // below the base URL, without the query
	// RetryAfter is how long the service asked to wait, 0 if it did not say.
	RetryAfter time.Duration
	Attempts   int    // how many times the request was sent
	Body       []byte // the start of the body, at most 2 KiB

	cause error // why the body of a 2xx can't be used, or why a 3xx was not followed
}

func (e *APIError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "editkit: %s %s %s: %d", e.Service, e.Method, e.Path, e.StatusCode)
	if text := http.StatusText(e.StatusCode); text != "" {
		b.WriteString(" " + text)
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.Code != "" {
		b.WriteString(" (" + e.Code + ")")
	}
	if e.cause != nil {
		fmt.Fprintf(&b, ": %v", e.cause)
	}
	if e.RetryAfter > 0 {
		fmt.Fprintf(&b, ", retry after %s", e.RetryAfter)
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&b, ", %d attempts", e.Attempts)
	}
	return b.String()
}

// Is reports whether target is the sentinel for the error's status.
func (e *APIError) Is(target error) bool {
	return target != nil && target == sentinelOf(e.StatusCode)
}

// Unwrap returns why the body of a successful answer could not be used, if so.
func (e *APIError) Unwrap() error { return e.cause }

// LogValue implements [slog.LogValuer] with the fields that are safe to log:
// the message and the body, which may repeat what was sent, are left out.
func (e *APIError) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("service", string(e.Service)),
		slog.Int("status", e.StatusCode),
		slog.String("code", e.Code),
		slog.String("method", e.Method),
		slog.String("path", e.Path),
		slog.Duration("retry_after", e.RetryAfter),
		slog.Int("attempts", e.Attempts),
	)
}

func sentinelOf(status int) error {
	switch status {
	case http.StatusBadRequest:
		return ErrBadRequest
	case http.StatusUnauthorized:
		return ErrUnauthorized
	case http.StatusPaymentRequired:
		return ErrUpgradeRequired
	case http.StatusForbidden:
		return ErrForbidden
	case http.StatusNotFound:
		return ErrNotFound
	case http.StatusRequestEntityTooLarge:
		return ErrTooLarge
	case http.StatusUnprocessableEntity:
		return ErrUnprocessable
	case http.StatusTooManyRequests:
		return ErrRateLimited
	}
	if status >= 500 {
		return ErrServer
	}
	return nil
}

// TransportError is a call that got no answer: the connection could not be
// made, broke, or the time ran out. It unwraps to the cause, so errors.Is
// finds context.DeadlineExceeded, syscall.ECONNRESET and the like.
type TransportError struct {
	Service  Service
	Method   string
	Path     string // below the base URL, without the query
	Attempts int    // how many times sending was begun
	// Sent is false when nothing can have reached the service.
	Sent bool
	Err  error
}

func (e *TransportError) Error() string {
	what := "no answer"
	if !e.Sent {
		what = "not sent"
	}
	msg := fmt.Sprintf("editkit: %s %s %s: %s: %v", e.Service, e.Method, e.Path, what, e.Err)
	if e.Attempts > 1 {
		msg += fmt.Sprintf(", %d attempts", e.Attempts)
	}
	return msg
}

// Unwrap returns the cause.
func (e *TransportError) Unwrap() error { return e.Err }

// UncertainError is a write that may or may not have been carried out. It
// matches [ErrUncertain], and unwraps to the [*APIError] or [*TransportError]
// that left the doubt. The request reached the service at most once.
//
// Don't simply repeat the call: that may charge twice. Look first whether it
// took effect, by the balance or by the webhook of the job.
type UncertainError struct {
	Err error
}

func (e *UncertainError) Error() string {
	return e.Err.Error() + "; the service may have carried this out and charged for it: " +
		"it was not repeated, check the balance or wait for the webhook before you send it again"
}

// Is reports whether target is [ErrUncertain].
func (e *UncertainError) Is(target error) bool { return target == ErrUncertain }

// Unwrap returns what left the doubt.
func (e *UncertainError) Unwrap() error { return e.Err }

// ArgError is a mistake in an argument or option. Nothing was sent. It matches
// [ErrInvalidArgument].
type ArgError struct {
	Field  string // the argument, field or option, such as "Inputs[0]"
	Reason string
}

func (e *ArgError) Error() string {
	return "editkit: invalid " + e.Field + ": " + e.Reason
}

// Is reports whether target is [ErrInvalidArgument].
func (e *ArgError) Is(target error) bool { return target == ErrInvalidArgument }

// ThrottledError is an attempt that was not sent because it would have had to
// wait too long for its turn. It matches [ErrRateLimited], and also
// context.DeadlineExceeded when the deadline of the call was what it could not meet.
type ThrottledError struct {
	Service Service
	// Wait is how long the attempt would have had to wait.
	Wait time.Duration
	// Deadline is true when the context's deadline comes before that, false
	// when the wait is longer than the retry policy allows.
	Deadline bool
}

func (e *ThrottledError) Error() string {
	than := "the retry policy allows"
	if e.Deadline {
		than = "the deadline allows"
	}
	return fmt.Sprintf("editkit: %s is paused for another %s, longer than %s: not sent",
		e.Service, e.Wait.Round(time.Millisecond), than)
}

// Is reports whether target is [ErrRateLimited] or, for a deadline that could
// not be met, context.DeadlineExceeded.
func (e *ThrottledError) Is(target error) bool {
	return target == ErrRateLimited || e.Deadline && target == context.DeadlineExceeded
}

// JobFailedError is a job that ended without a result: failed or cancelled.
// The credits reserved for it come back (docs/guides/webhooks). It matches
// [ErrJobFailed].
type JobFailedError struct {
	Job *Job // as last seen; ErrorMessage says why
}

func (e *JobFailedError) Error() string {
	msg := fmt.Sprintf("editkit: job %s %s", e.Job.ID, e.Job.Status)
	if e.Job.ErrorMessage != "" {
		msg += ": " + publicText(e.Job.ErrorMessage)
	}
	return msg
}

// Is reports whether target is [ErrJobFailed].
func (e *JobFailedError) Is(target error) bool { return target == ErrJobFailed }

// ProcessFailedError is a process that ended without a result. It matches
// [ErrProcessFailed].
type ProcessFailedError struct {
	Process *Process // as last seen; Label says why, in the language asked for
}

func (e *ProcessFailedError) Error() string {
	msg := fmt.Sprintf("editkit: process %s %s", e.Process.ID, e.Process.Status)
	if e.Process.Label != "" {
		msg += ": " + publicText(e.Process.Label)
	}
	return msg
}

// Is reports whether target is [ErrProcessFailed].
func (e *ProcessFailedError) Is(target error) bool { return target == ErrProcessFailed }

// WaitError is a wait that ended before its job did. The job goes on at the
// service: wait for the same ID again, don't create it anew.
type WaitError struct {
	Service Service
	ID      string
	// Status is the last one seen, "" if none was.
	Status string
	// Err is what ended the wait: the context's error, or a permanent one.
	Err error
	// LastFault is the last passing fault that the wait survived since the
	// last good answer, nil if there was none.
	LastFault error
}

func (e *WaitError) Error() string {
	msg := fmt.Sprintf("editkit: waiting for %s %s", e.Service, e.ID)
	if e.Status != "" {
		msg += " (last seen " + e.Status + ")"
	}
	msg += ": " + e.Err.Error()
	if e.LastFault != nil {
		msg += "; before that: " + e.LastFault.Error()
	}
	return msg
}

// Unwrap returns what ended the wait.
func (e *WaitError) Unwrap() error { return e.Err }

// DownloadError is a download that did not end well. It unwraps to the cause:
// [ErrExpired], [ErrIncomplete], [ErrNotReady], an error of the writer, the
// context's error, or the last fault of the storage.
type DownloadError struct {
	Service Service
	ID      string // the job or process
	Written int64  // bytes handed to the writer
	Total   int64  // bytes expected, -1 if unknown
	Err     error
}

func (e *DownloadError) Error() string {
	total := "unknown"
	if e.Total >= 0 {
		total = fmt.Sprint(e.Total)
	}
	return fmt.Sprintf("editkit: downloading the result of %s %s: %d of %s bytes: %v",
		e.Service, e.ID, e.Written, total, e.Err)
}

// Unwrap returns the cause.
func (e *DownloadError) Unwrap() error { return e.Err }
