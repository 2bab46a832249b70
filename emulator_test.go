package editkit_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/editkit/editkit-go"
	"github.com/editkit/editkit-go/editkittest"
)

var quickPolls = editkit.PollInterval(time.Millisecond, 5*time.Millisecond)

// overAll runs a test against the emulator over HTTP/1.1, over HTTP/2 and without
// sockets, behind a path prefix.
func overAll(t *testing.T, test func(t *testing.T, opts ...editkittest.Option)) {
	t.Helper()
	for name, o := range map[string]editkittest.Option{
		"HTTP1": editkittest.WithPathPrefix("/gateway"), "HTTP2": editkittest.WithHTTP2(), "memory": editkittest.InMemory(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, o)
		})
	}
}

// checkClean: whatever a test did, it paid once and no key went astray.
func checkClean(t *testing.T, srv *editkittest.Server, creates int) {
	t.Helper()
	s := srv.Stats()
	if s.Creates != creates {
		t.Errorf("%d jobs were created, want %d", s.Creates, creates)
	}
	if len(s.KeyLeaks) != 0 {
		t.Errorf("keys were sent to %q", s.KeyLeaks)
	}
}

// TestTheMainJob from end to end, through every fault that the emulator knows and the
// client survives.
func TestTheMainJob(t *testing.T) {
	t.Parallel()
	content := bytes.Repeat([]byte("0123456789abcdef"), 50_000)
	overAll(t, func(t *testing.T, opts ...editkittest.Option) {
		srv := editkittest.NewServer(t, append(opts, editkittest.WithEngine(editkittest.FixedOutput("../../video.mp4", content)))...)
		srv.Inject(editkittest.CreateJob, 1, editkittest.Respond(429, http.Header{"Retry-After": {"0"}}, ""))
		for _, f := range []editkittest.Fault{
			editkittest.Respond(502, nil, gatewayPage), editkittest.ResetBefore(), editkittest.ResetAfter(), editkittest.Truncate(10), editkittest.Respond(200, nil, "<html>"),
		} {
			srv.Inject(editkittest.GetJob, 1, f)
		}
		for _, f := range []editkittest.Fault{
			editkittest.Truncate(100_001), editkittest.ExpireLink(), editkittest.Respond(503, nil, ""), editkittest.Truncate(200_000), editkittest.ResetBefore(), editkittest.IgnoreRange(),
		} {
			srv.Inject(editkittest.GetOutput, 1, f)
		}
		dir := t.TempDir()
		var progress []int64
		job, err := srv.Client(fastRetries).Jobs.Run(ctxFor(t), goodParams, dir, quickPolls, editkit.OnProgress(func(done, _ int64) { progress = append(progress, done) }))
		if err != nil {
			t.Fatal(err)
		}
		if job.Path != filepath.Join(dir, "video.mp4") || job.CreditsCharged != 1 {
			t.Errorf("job = %v, at %s", job, job.Path)
		}
		if got, err := os.ReadFile(job.Path); err != nil || !bytes.Equal(got, content) {
			t.Errorf("the file differs (%d of %d bytes, %v)", len(got), len(content), err)
		}
		if !slices.IsSorted(progress) || progress[len(progress)-1] != int64(len(content)) {
			t.Errorf("progress %v", progress)
		}
		checkClean(t, srv, 1)
		if b, err := srv.Client().Account.Balance(ctxFor(t)); err != nil || b.Credits != 299 {
			t.Errorf("balance %+v, %v", b, err)
		}
	})
}

// TestLostAnswerOfACreate: the job exists, the answer doesn't: told once, paid once.
func TestLostAnswerOfACreate(t *testing.T) {
	t.Parallel()
	overAll(t, func(t *testing.T, opts ...editkittest.Option) {
		for _, f := range []editkittest.Fault{
			editkittest.ResetAfter(), editkittest.Truncate(5), editkittest.Respond(504, nil, gatewayPage).AfterEffect(), editkittest.Respond(201, nil, "").AfterEffect(),
		} {
			srv := editkittest.NewServer(t, opts...)
			srv.Inject(editkittest.CreateJob, 1, f)
			c := srv.Client(fastRetries)
			job, err := c.Jobs.Run(ctxFor(t), goodParams, t.TempDir())
			if !errors.Is(err, editkit.ErrUncertain) || job != nil {
				t.Errorf("got %v, %v", job, err)
			}
			checkClean(t, srv, 1)
			if b, err := c.Account.Balance(ctxFor(t)); err != nil || b.Credits != 299 {
				t.Errorf("the balance tells: %+v, %v", b, err)
			}
		}
	})
}

// TestRefusals of the service reach the caller as what they are.
func TestRefusals(t *testing.T) {
	t.Parallel()
	overAll(t, func(t *testing.T, opts ...editkittest.Option) {
		srv := editkittest.NewServer(t, append(opts, editkittest.WithCredits(3))...)
		ctx := ctxFor(t)
		c := srv.Client()
		expensive := goodParams
		expensive.Duration = time.Hour
		if _, err := c.Jobs.Create(ctx, expensive); !errors.Is(err, editkit.ErrUpgradeRequired) {
			t.Errorf("too few credits: %v", err)
		}
		if _, err := c.Jobs.Get(ctx, "nobody"); !errors.Is(err, editkit.ErrNotFound) {
			t.Errorf("no such job: %v", err)
		}
		if _, err := srv.Client(editkit.WithEditClips("ec_live_wrong")).Account.Balance(ctx); !errors.Is(err, editkit.ErrUnauthorized) {
			t.Errorf("a wrong key: %v", err)
		}
		bad := goodParams
		bad.Tool, bad.Inputs, bad.Webhook = "", nil, "http://insecure.example"
		if err := c.Do(ctx, editkit.EditClips, http.MethodPost, "/jobs", map[string]any{"tool": "t", "inputs": []string{"https://a.example"}, "webhook": bad.Webhook}, nil); !errors.Is(err, editkit.ErrBadRequest) {
			t.Errorf("an http webhook: %v", err)
		}
		checkClean(t, srv, 0)
	})
}

// TestExpiry: a link lives an hour, a file seven days.
func TestExpiry(t *testing.T) {
	t.Parallel()
	for name, gone := range map[string]editkittest.GoneAnswer{
		"no link any more": editkittest.GoneNoLink, "no job any more": editkittest.GoneNotFound, "a dead link": editkittest.GoneDeadLink,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overAll(t, func(t *testing.T, opts ...editkittest.Option) {
				srv := editkittest.NewServer(t, append(opts, editkittest.WithGoneAnswer(gone))...)
				ctx := ctxFor(t)
				c := srv.Client(fastRetries)
				job, err := c.Jobs.Create(ctx, goodParams)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := c.Jobs.Wait(ctx, job.ID, quickPolls); err != nil {
					t.Fatal(err)
				}
				srv.Advance(2 * time.Hour)
				want := editkittest.SampleOutput(goodParams.Inputs[0], goodParams.Tool)
				var got bytes.Buffer
				if n, err := c.Jobs.Download(ctx, job.ID, &got); err != nil || n != int64(len(want)) || !bytes.Equal(got.Bytes(), want) {
					t.Errorf("after two hours: %d bytes, %v", n, err)
				}
				srv.Advance(7 * 24 * time.Hour)
				_, err = c.Jobs.Download(ctx, job.ID, &got)
				if gone == editkittest.GoneNotFound {
					if !errors.Is(err, editkit.ErrNotFound) { // nothing tells it from an id that never was
						t.Errorf("after seven days: %v", err)
					}
				} else if !errors.Is(err, editkit.ErrExpired) {
					t.Errorf("after seven days: %v", err)
				}
				checkClean(t, srv, 1)
			})
		})
	}
}

// TestExpiryInTheMiddle: the file goes while it is downloaded.
func TestExpiryInTheMiddle(t *testing.T) {
	t.Parallel()
	overAll(t, func(t *testing.T, opts ...editkittest.Option) {
		for _, gone := range []editkittest.GoneAnswer{editkittest.GoneNoLink, editkittest.GoneNotFound, editkittest.GoneDeadLink} {
			content := make([]byte, 300_000)
			srv := editkittest.NewServer(t, append(opts, editkittest.WithGoneAnswer(gone), editkittest.WithEngine(editkittest.FixedOutput("v.mp4", content)))...)
			srv.Inject(editkittest.GetOutput, 1, editkittest.Truncate(100_000))
			ctx := ctxFor(t)
			c := srv.Client(fastRetries)
			job, err := c.Jobs.Create(ctx, goodParams)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			moved := false
			_, err = c.Jobs.DownloadFile(ctx, job.ID, dir, editkit.OnProgress(func(int64, int64) {
				if !moved {
					moved = true
					srv.Advance(8 * 24 * time.Hour)
				}
			}))
			var de *editkit.DownloadError
			if !errors.Is(err, editkit.ErrExpired) || !errors.As(err, &de) || de.Written == 0 || de.Total != 300_000 {
				t.Errorf("error = %v", err)
			}
			if left, _ := os.ReadDir(dir); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		}
	})
}

// TestJobCourses: every course that a job can take, in simulated time.
func TestJobCourses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := editkittest.NewServer(t, editkittest.InMemory())
		c := srv.Client()
		srv.NextJobs(
			editkittest.Timed(20*time.Second, 10*time.Minute),
			editkittest.FailAtOnce("FFmpeg exited with code 1: Invalid input format"),
			editkittest.Course{{Status: "paused", After: time.Second}, {Status: "processing", Progress: 50, After: time.Minute}, {Status: "canceled", After: time.Minute}},
		)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		start := time.Now()
		job, err := c.Jobs.Run(ctx, goodParams, t.TempDir())
		if err != nil || time.Since(start) < 620*time.Second || time.Since(start) > 640*time.Second {
			t.Errorf("timed: %v, %v after %s", job, err, time.Since(start))
		}
		if polls := srv.Stats().Polls; polls > 70 {
			t.Errorf("%d polls for a job of ten minutes", polls)
		}
		if job, err := c.Jobs.Run(ctx, goodParams, t.TempDir()); !errors.Is(err, editkit.ErrJobFailed) || job.ErrorMessage == "" || !strings.Contains(err.Error(), "Invalid input format") {
			t.Errorf("failing: %v, %v", job, err)
		}
		var seen []editkit.JobStatus
		job, err = c.Jobs.Run(ctx, goodParams, t.TempDir(), editkit.OnUpdate(func(j *editkit.Job) { seen = append(seen, j.Status) }))
		if !errors.Is(err, editkit.ErrJobFailed) || job.Status != editkit.JobCancelled {
			t.Errorf("cancelled: %v, %v", job, err)
		}
		if !slices.Equal(seen, []editkit.JobStatus{"queued", "paused", "processing", "cancelled"}) {
			t.Errorf("saw %q", seen)
		}
		checkClean(t, srv, 3)
		if b, err := c.Account.Balance(ctx); err != nil || b.Credits != 299 { // the other two were paid back
			t.Errorf("balance %+v, %v", b, err)
		}
	})
}

// TestRunGoesOn: a Run that its context ended can be finished without paying again.
func TestRunGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := editkittest.NewServer(t, editkittest.InMemory(), editkittest.WithCourse(editkittest.Timed(time.Minute, 10*time.Minute)))
		c := srv.Client()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		job, err := c.Jobs.Run(ctx, goodParams, t.TempDir())
		var we *editkit.WaitError
		if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &we) || job == nil || we.ID != job.ID || we.Status != "processing" {
			t.Fatalf("got %v, %v", job, err)
		}
		if _, err := c.Jobs.Download(t.Context(), job.ID, &bytes.Buffer{}); !errors.Is(err, editkit.ErrNotReady) {
			t.Errorf("downloading too early: %v", err)
		}
		if _, err := c.Jobs.Wait(t.Context(), job.ID); err != nil {
			t.Fatal(err)
		}
		if path, err := c.Jobs.DownloadFile(t.Context(), job.ID, t.TempDir()); err != nil || path == "" {
			t.Errorf("%q, %v", path, err)
		}
		checkClean(t, srv, 1)
	})
}
