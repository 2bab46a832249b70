package editkit

import (
	"context"
	"net/http"
	"time"
)

// Wait waits until the process has ended, and returns it. A process that failed is a
// [*ProcessFailedError]. "ABC123" and "#ABC123" are the same id.
//
// All that wait on a client share one GET /processes a tick, so that a thousand cost no
// more calls than one; no goroutine is started. What the list does not show is asked for
// by its details before it is given up. Faults end a wait as in [JobsService.Wait].
func (s *ProcessesService) Wait(ctx context.Context, id string, opts ...WaitOption) (*Process, error) {
	ro, err := gatherRun(runOptions(opts))
	if err != nil {
		return nil, err
	}
	return s.wait(ctx, id, &ro.wait)
}

func (s *ProcessesService) wait(ctx context.Context, id string, ws *waitSettings) (*Process, error) {
	if ws.onJob != nil {
		return nil, &ArgError{"OnUpdate", "it is for jobs, and this is a process"}
	}
	if _, err := s.endpoint(); err != nil {
		return nil, err
	}
	if ctx == nil {
		return nil, errNilContext
	}
	if _, err := pathID(id); err != nil {
		return nil, err
	}
	seat := &processWaiter{
		id:   plainID(id),
		news: make(chan processNews, 1),
		lead: make(chan struct{}, 1),
		pace: pace{shortest: orDefault(ws.shortest, 2*time.Second), longest: orDefault(ws.longest, 10*time.Second)},
	}
	s.board.join(seat)
	defer s.board.leave(seat)
	w := wait[Process]{
		service: EditingTools,
		id:      seat.id,
		status:  func(p *Process) (string, bool) { return string(p.Status), p.Status.Terminal() },
		next:    func(ctx context.Context) (*Process, error) { return s.nextState(ctx, seat) },
		report: func(before, now *Process) {
			if ws.onProcess != nil && (before == nil || before.Status != now.Status ||
				before.Progress != now.Progress || before.Label != now.Label) {
				ws.onProcess(now)
			}
		},
	}
	p, err := w.end(ctx)
	if err == nil && p.Status == ProcessFailed {
		return p, &ProcessFailedError{p}
	}
	return p, err
}

// nextState returns the state that the next look brings, whoever does the looking.
func (s *ProcessesService) nextState(ctx context.Context, seat *processWaiter) (*Process, error) {
	var news processNews
	if !seat.leading {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-seat.lead:
			seat.leading = true
		case news = <-seat.news:
		}
	}
	if seat.leading {
		if err := s.look(ctx); err != nil {
			return nil, err
		}
		news = <-seat.news // the look has put it there
	}
	if news.err == nil && news.process == nil {
		return s.details(ctx, seat.id, lookOnce)
	}
	return news.process, news.err
}

// details asks for one process by its own, inferred path.
func (s *ProcessesService) details(ctx context.Context, id string, opts ...CallOption) (*Process, error) {
	ep, err := s.endpoint()
	if err != nil {
		return nil, err
	}
	segment, err := pathID(id)
	if err != nil {
		return nil, err
	}
	if s.withoutDetails.Load() {
		return nil, &APIError{
			Service: EditingTools, StatusCode: http.StatusNotFound, Method: http.MethodGet, Path: "/processes",
			Message: "the list does not show " + plainID(id), Attempts: 1,
		}
	}
	return fetch(ctx, s.client, ep, &operation{
		name:   "GET /processes/{id}",
		method: http.MethodGet,
		path:   "/processes/" + segment,
	}, opts, decodeOneProcess)
}
