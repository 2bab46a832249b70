package editkittest_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/editkit/editkit-go/editkittest"
)

func TestTimedCourse(t *testing.T) {
	t.Parallel()
	a := newAPI(t, editkittest.InMemory(), editkittest.WithCourse(editkittest.Timed(10*time.Second, 40*time.Second)),
		editkittest.WithClock(func() time.Time { return time.Unix(1e9, 0) }))
	id := a.create(simpleJob)
	type seen struct {
		status   string
		progress float64
	}
	for _, c := range []struct {
		advance time.Duration
		want    seen
	}{
		{0, seen{"queued", 0}},
		{10*time.Second - 1, seen{"queued", 0}},
		{1, seen{"processing", 0}},
		{10 * time.Second, seen{"processing", 25}},
		{10 * time.Second, seen{"processing", 50}},
		{19 * time.Second, seen{"processing", 75}},
		{time.Second, seen{"completed", 100}},
		{-time.Hour, seen{"completed", 100}}, // what has happened stays
	} {
		a.Advance(c.advance)
		job := a.job(id)
		equal(t, c.advance.String(), seen{job["status"].(string), job["progress"].(float64)}, c.want)
	}
}

func TestSetTime(t *testing.T) {
	t.Parallel()
	a := newAPI(t, editkittest.InMemory(), editkittest.WithClock(func() time.Time { return time.Unix(1e9, 0) }))
	want := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	a.SetTime(want)
	equal(t, "time", a.Now().Equal(want), true)
	a.Advance(time.Second)
	equal(t, "date", a.call("GET", "/balance", "").Header.Get("Date"), "Wed, 02 Jan 2030 03:04:06 GMT")
}

// The base clock of a bubble moves the jobs, and the webhook comes by itself.
func TestCourseInBubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inbox := newInbox()
		a := newAPI(t, editkittest.InMemory(), editkittest.WithWebhookHandler("app.test", inbox),
			editkittest.WithCourse(editkittest.Timed(time.Minute, time.Hour)))
		id := a.create(hookJob)
		pass(time.Hour + time.Minute - 1)
		synctest.Wait()
		equal(t, "early", inbox.len(), 0)
		equal(t, "status", a.status(id), "processing")
		pass(1)
		synctest.Wait()
		equal(t, "in time", inbox.len(), 1)
		equal(t, "status", a.status(id), "completed")
	})
}

func TestNextJobs(t *testing.T) {
	t.Parallel()
	a := newAPI(t, editkittest.InMemory())
	a.NextJobs(editkittest.FailAtOnce("no"), nil)
	a.NextJobs(editkittest.ByHand())
	var ids, states []string
	for range 4 {
		id := a.create(simpleJob)
		ids = append(ids, id)
		states = append(states, a.status(id))
	}
	sameValue(t, "values", []string{"failed", "completed", "queued", "completed"}, states)
	sameValue(t, "values", ids, a.JobIDs())
}

func TestSetJob(t *testing.T) {
	t.Parallel()
	a := newAPI(t, editkittest.InMemory(), editkittest.WithCourse(editkittest.ByHand()))
	if err := a.SetJob("none", editkittest.Step{Status: "completed"}); err == nil {
		t.Error("no error for an unknown job")
	}
	id := a.create(simpleJob)
	steps := []editkittest.Step{
		{Status: "processing", Progress: 80, Message: "Encoding..."},
		{Status: "queued", Progress: 0},
		{Status: "paused", Progress: 30.5, Message: "Out of disk"},
		{Progress: 20}, // still paused
		{Status: "canceled"},
		{Status: "completed"},
		{Status: "failed", Error: "changed my mind"},
	}
	var got []string
	var credits []float64
	for _, s := range steps {
		a.set(id, s)
		got = append(got, a.status(id))
		credits = append(credits, a.credits())
	}
	sameValue(t, "values", []string{"processing", "queued", "paused", "paused", "canceled", "completed", "failed"}, got)
	sameValue(t, "values", []float64{299, 299, 299, 299, 300, 299, 300}, credits)
	a.set(id, editkittest.Step{After: time.Hour, Status: "completed"})
	equal(t, "before", a.status(id), "failed")
	a.Advance(time.Hour)
	equal(t, "after", a.status(id), "completed")
}

// AtOnce jobs can still be moved elsewhere before anybody has asked for them.
func TestSetJobBeforeFirstLook(t *testing.T) {
	t.Parallel()
	a := newAPI(t, editkittest.InMemory())
	id := a.create(simpleJob)
	a.set(id, editkittest.Step{Status: "processing", Progress: 1})
	equal(t, "status", a.status(id), "processing")
}

// countingEngine counts its runs, and lets all of them wait for open.
type countingEngine struct {
	open chan struct{}
	mu   sync.Mutex
	runs int
	out  editkittest.Output
	err  error
}

func (c *countingEngine) Process(ctx context.Context, task editkittest.Task) (editkittest.Output, error) {
	c.mu.Lock()
	c.runs++
	c.mu.Unlock()
	select {
	case <-c.open:
	case <-ctx.Done():
		return editkittest.Output{}, ctx.Err()
	}
	return c.out, c.err
}

func TestEngineRunsOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		engine := &countingEngine{open: make(chan struct{}), out: editkittest.Output{Filename: "x", Data: []byte("y")}}
		a := newAPI(t, editkittest.InMemory(), editkittest.WithEngine(engine))
		id := a.create(simpleJob)
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() { equal(t, "status", a.status(id), "completed") })
		}
		synctest.Wait()
		close(engine.open)
		wg.Wait()
		equal(t, "runs", engine.runs, 1)
	})
}

func TestEngineError(t *testing.T) {
	t.Parallel()
	engine := &countingEngine{open: make(chan struct{}), err: errors.New("out of ideas")}
	close(engine.open)
	a := newAPI(t, editkittest.InMemory(), editkittest.WithEngine(engine))
	id := a.create(simpleJob)
	job := a.job(id)
	equal(t, "status", job["status"], any("failed"))
	equal(t, "message", job["errorMessage"], any("out of ideas"))
	equal(t, "credits", a.credits(), 300)
	if _, ok := a.Output(id); ok {
		t.Error("a failed job has an output")
	}
}

func TestSettledByMeasuredInput(t *testing.T) {
	t.Parallel()
	engine := &countingEngine{open: make(chan struct{}), out: editkittest.Output{Duration: 61 * time.Second, Width: 1920, Height: 1080}}
	close(engine.open)
	a := newAPI(t, editkittest.InMemory(), editkittest.WithCredits(5), editkittest.WithEngine(engine))
	id := a.create(simpleJob)
	job := a.job(id)
	equal(t, "reserved", job["creditsReserved"], any(1.0))
	equal(t, "charged", job["creditsCharged"], any(8.0))
	equal(t, "balance", a.credits(), -3)
}
