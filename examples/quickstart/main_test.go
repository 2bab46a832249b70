package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestQuickstart runs the example as the README tells, with ffmpeg if there is one and
// without it. It can't run in parallel: it changes the environment.
func TestQuickstart(t *testing.T) {
	t.Setenv("EDITCLIPS_API_KEY", "")
	for name, tt := range map[string]struct {
		path   string
		engine string
		kind   string
	}{
		"as it is":       {os.Getenv("PATH"), "real work: FFmpeg", "MP4 video"},
		"without ffmpeg": {"", "no real work: ", "QuickTime movie"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("PATH", tt.path)
			if _, err := exec.LookPath("ffmpeg"); err != nil && tt.path != "" {
				t.Skip("there is no ffmpeg on the PATH: only the built-in engine is tested")
			}
			file := filepath.Join(t.TempDir(), "out.mp4")
			var out bytes.Buffer
			if err := run(t.Context(), []string{"-o", file}, &out); err != nil {
				t.Fatalf("%v\n%s", err, out.String())
			}
			head, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got := fileType(head); got != tt.kind {
				t.Errorf("the file is a %s, want %s", got, tt.kind)
			}
			if passed := bytes.Equal(head, sample); passed != (tt.path == "") {
				t.Errorf("the input's bytes were passed through: %v", passed)
			}
			for _, part := range []string{"queued", "processing", "completed  100%", "download   100%", file, tt.kind, tt.engine, "1 charged"} {
				if !strings.Contains(out.String(), part) {
					t.Errorf("%q is not in the output:\n%s", part, out.String())
				}
			}
		})
	}
}

// TestQuickstartLive: with a key, but no URL, nothing is created.
func TestQuickstartLive(t *testing.T) {
	t.Setenv("EDITCLIPS_API_KEY", "ec_live_test")
	var out bytes.Buffer
	if err := run(t.Context(), nil, &out); err == nil || !strings.Contains(err.Error(), "-input") {
		t.Errorf("error = %v", err)
	}
}
