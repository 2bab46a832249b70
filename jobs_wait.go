package editkit

import (
	"context"
	"time"
)

// Wait polls GET /jobs/{id} until the job has ended, and returns it. A job that
// failed or was cancelled is a [*JobFailedError].
//
// Passing faults (no answer, 429, 5xx, answers that can't be read) don't end a wait,
// however long they last: ctx does, or an answer that no patience changes, such as
// 401, or 404 for a job. The error is then a [*WaitError], and the job as last seen
// comes with it. An unknown status is not the end. No goroutine is started.
func (s *JobsService) Wait(ctx context.Context, id string, opts ...WaitOption) (*Job, error) {
	ro, err := gatherRun(runOptions(opts))
	if err != nil {
		return nil, err
	}
	return s.wait(ctx, id, nil, &ro.wait)
}

// wait waits for a job, of which an earlier state may be known.
func (s *JobsService) wait(ctx context.Context, id string, job *Job, ws *waitSettings) (*Job, error) {
	if ctx == nil {
		return nil, errNilContext
	}
	if ws.onProcess != nil {
		return nil, &ArgError{"OnUpdate", "it is for processes, and this is a job"}
	}
	report := func(before, now *Job) {
		if ws.onJob != nil && (before == nil || before.Status != now.Status ||
			before.Progress != now.Progress || before.ProgressMessage != now.ProgressMessage) {
			ws.onJob(now)
		}
	}
	rhythm := pace{
		shortest: orDefault(ws.shortest, 500*time.Millisecond),
		longest:  orDefault(ws.longest, 15*time.Second),
	}
	var pause time.Duration
	if job != nil {
		report(nil, job)
		pause = rhythm.pause()
	}
	w := wait[Job]{
		service: EditClips,
		id:      id,
		last:    job,
		status:  func(j *Job) (string, bool) { return string(j.Status), j.Status.Terminal() },
		report:  report,
		next: func(ctx context.Context) (*Job, error) {
			if err := sleep(ctx, pause); err != nil {
				return nil, err
			}
			seen, err := s.Get(ctx, id, lookOnce)
			pause = max(rhythm.pause(), min(askedPause(err), maxPause))
			return seen, err
		},
	}
	job, err := w.end(ctx)
	if err == nil && job.Status != JobCompleted {
		return job, &JobFailedError{job}
	}
	return job, err
}
