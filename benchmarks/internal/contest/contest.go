// Package contest has the work that is measured, done by editkit and by its peers.
package contest

import (
	"context"
	"testing"
	"time"
)

// Contest is one piece of work that several contestants do. The first of them is
// the one written by hand, which the others are compared with.
type Contest struct {
	Name        string
	Contestants []Contestant
	Size        int64         // bytes that each run moves, 0 for a call
	Deadline    time.Duration // of the caller's context, 0 for none
}

// Contestant does the work in its own way.
type Contestant struct {
	Name string
	Does string // for people
	Run  func(context.Context) error
	// Judged contestants must keep to the limits.
	Judged bool
}

// Bench measures one contestant.
func (c Contest) Bench(b *testing.B, who Contestant) {
	b.Helper()
	b.ReportAllocs()
	b.SetBytes(c.Size)
	ctx, cancel := c.Context(b.Context())
	defer func() { cancel() }()
	for n := 1; b.Loop(); n++ {
		if err := who.Run(ctx); err != nil {
			b.Fatal(err)
		}
		if n%1000 == 0 { // seldom enough not to be noticed, often enough not to expire
			cancel()
			ctx, cancel = c.Context(b.Context())
		}
	}
}

// Context returns a context such as the contest's caller has.
func (c Contest) Context(parent context.Context) (context.Context, context.CancelFunc) {
	if c.Deadline == 0 {
		return parent, func() {}
	}
	return context.WithTimeout(parent, c.Deadline)
}
