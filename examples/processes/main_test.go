package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestProcesses runs the example as the README tells. It can't run in parallel: it changes
// the environment.
func TestProcesses(t *testing.T) {
	t.Setenv("EDITINGTOOLS_API_KEY", "")
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-lang", "fr"}, &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, part := range []string{"in French", "in_progress", "%", "All processes of the account", "monday.mov", "tuesday.mov", "wednesday.mov"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("%q is not in the output:\n%s", part, out.String())
		}
	}
	if n := strings.Count(out.String(), "finished"); n != 6 { // each followed to its end, and listed
		t.Errorf("finished %d times:\n%s", n, out.String())
	}
}

// TestProcessesLive: with a key, but no files, nothing is started.
func TestProcessesLive(t *testing.T) {
	t.Setenv("EDITINGTOOLS_API_KEY", "key")
	if err := run(t.Context(), nil, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "files") {
		t.Errorf("error = %v", err)
	}
}
