package editkittest

import (
	"maps"
	"slices"
	"sync"
)

// Stats is what an emulator has seen so far.
type Stats struct {
	Calls            map[Operation]int // requests that arrived (for SendWebhook: deliveries that were due), with a fault or not
	Creates          int               // jobs that really came into being
	Starts           int               // processes that really came into being
	Polls            int               // GET /jobs/{id} calls that were really processed
	UploadBytes      int64             // bytes of request bodies that arrived at the EditingTools API
	Incomplete       int               // of these requests, the ones whose body ended before its Content-Length or the final boundary
	Refused          int               // of these requests, the ones over the upload limit
	RateLimited      int               // of these requests, the ones answered with 429 because of WithLimits
	Downloads        int               // GETs of an output or a file that were answered with its bytes, or some of them
	BytesServed      int64             // bytes of outputs and files that were sent
	WebhooksSent     int               // requests made to webhooks, duplicates included
	WebhooksAccepted int               // of these, the ones that were answered with 2xx
	KeyLeaks         []string          // host and path of each request that carried a credential to a host or a service that it does not belong to
}

// Stats returns a copy of the statistics. A webhook counts as accepted when the
// emulator has read the answer, shortly after the handler has returned.
func (e *Emulator) Stats() Stats {
	return e.stats.snapshot()
}

// statistics collects Stats.
type statistics struct {
	mu    sync.Mutex
	stats Stats
}

func (s *statistics) snapshot() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.stats
	c.Calls = maps.Clone(s.stats.Calls)
	if c.Calls == nil {
		c.Calls = map[Operation]int{}
	}
	c.KeyLeaks = slices.Clone(s.stats.KeyLeaks)
	return c
}

// update changes the statistics under their lock.
func (s *statistics) update(change func(*Stats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.stats)
}

func (s *statistics) countCall(op Operation) {
	s.update(func(st *Stats) {
		if st.Calls == nil {
			st.Calls = make(map[Operation]int)
		}
		st.Calls[op]++
	})
}
