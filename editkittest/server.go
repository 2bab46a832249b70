package editkittest

import "testing"

// Server is an emulator that belongs to a test.
type Server struct {
	*Emulator
	t testing.TB
}

// NewServer starts an emulator that is closed when the test ends. It listens on
// loopback, or on nothing with [InMemory]. If it cannot be started, the test
// fails at once.
func NewServer(t testing.TB, opts ...Option) *Server {
	t.Helper()
	e, err := Start(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return &Server{Emulator: e, t: t}
}
