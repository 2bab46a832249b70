package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSubtitles runs the example as the README tells. It can't run in parallel: it changes
// the environment.
func TestSubtitles(t *testing.T) {
	t.Setenv("EDITINGTOOLS_API_KEY", "")
	file := filepath.Join(t.TempDir(), "out.vtt")
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-o", file, "-lang", "de-AT,de;q=0.9"}, &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const want = "WEBVTT\n\n00:00:01.000 --> 00:00:03.500\nWe took the early train to the coast.\n\n" +
		"00:00:04.200 --> 00:00:07.000\n<i>It was still dark</i>, and nobody spoke.\n\n" +
		"00:00:08.040 --> 00:00:11.960\n- Do you see the lighthouse?\n- Not yet.\n"
	if strings.TrimRight(string(got), "\n") != strings.TrimRight(want, "\n") {
		t.Errorf("the file is\n%s", got)
	}
	if !strings.Contains(out.String(), "in German") || !strings.Contains(out.String(), "Uploaded:") {
		t.Errorf("output:\n%s", out.String())
	}
}

// TestNoSubtitles: a file that is none is refused in the language asked for.
func TestNoSubtitles(t *testing.T) {
	t.Setenv("EDITINGTOOLS_API_KEY", "")
	dir := t.TempDir()
	input := filepath.Join(dir, "in.srt")
	if err := os.WriteFile(input, []byte("no subtitles at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := run(t.Context(), []string{"-input", input, "-o", filepath.Join(dir, "out.vtt")}, &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), "422") {
		t.Errorf("error = %v", err)
	}
}
