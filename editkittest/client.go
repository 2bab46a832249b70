package editkittest

import "github.com/editkit/editkit-go"

// Client returns a client that is wired to the emulator: addresses, keys and HTTP
// client. The options come after those, and may replace them. If they are wrong,
// the test fails at once.
func (s *Server) Client(opts ...editkit.Option) *editkit.Client {
	s.t.Helper()
	c, err := editkit.New(append(s.ClientOptions(), opts...)...)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// ClientOptions returns the options that wire a client to the emulator, for
// [editkit.New].
func (e *Emulator) ClientOptions() []editkit.Option {
	return []editkit.Option{
		editkit.WithEditClips(e.Key(editkit.EditClips)),
		editkit.WithEditingTools(e.Key(editkit.EditingTools)),
		editkit.WithBaseURL(editkit.EditClips, e.URL(editkit.EditClips)),
		editkit.WithBaseURL(editkit.EditingTools, e.URL(editkit.EditingTools)),
		editkit.WithHTTPClient(e.HTTPClient()),
	}
}
