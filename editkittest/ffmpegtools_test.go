package editkittest_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/editkit/editkit-go/editkittest"
)

func toolEngine(t *testing.T) editkittest.Option {
	t.Helper()
	engine, err := editkittest.FFmpegTools("")
	if err != nil {
		t.Skip("no FFmpeg on this machine: ", err)
	}
	return editkittest.WithToolEngine(engine)
}

// makeMedia makes a file with FFmpeg.
func makeMedia(t *testing.T, name string, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	cmd := exec.CommandContext(t.Context(), "ffmpeg", append(append([]string{"-nostdin", "-loglevel", "error"}, args...), path)...)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("FFmpeg cannot make a file here: %v: %s", err, text)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// waitProcess polls until a process has ended.
func (a *toolsAPI) waitProcess(id string) map[string]any {
	a.t.Helper()
	for {
		p := a.details(id)
		if p["status"] != "in_progress" {
			return p
		}
		// FFmpeg needs real time, and the polls must leave it some.
		select {
		case <-time.After(5 * time.Millisecond):
		case <-a.t.Context().Done():
			a.t.Fatal("the test has ended")
		}
	}
}

// archive starts a tool and returns the files in its result.
func (a *toolsAPI) archive(tool, name, content string, fields ...string) map[string][]byte {
	a.t.Helper()
	p := a.waitProcess(data(a.t, a.start(tool, name, content, fields...))["processId"].(string))
	if p["status"] != "finished" {
		a.t.Fatalf("%s: %v", tool, p["label"])
	}
	body := a.do(a.download(p["fileUrl"].(string))).body
	r, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		a.t.Fatal(err)
	}
	files := map[string][]byte{"": []byte(p["fileName"].(string))}
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			a.t.Fatal(err)
		}
		files[f.Name], err = io.ReadAll(in)
		if err != nil {
			a.t.Fatal(err)
		}
		in.Close()
	}
	return files
}

func TestCutDetection(t *testing.T) {
	t.Parallel()
	a := newTools(t, toolEngine(t))
	film := makeMedia(t, "film.mkv", "-f", "lavfi", "-i", "color=red:size=64x49:rate=10:duration=1",
		"-f", "lavfi", "-i", "testsrc=size=64x49:rate=10:duration=2", "-f", "lavfi", "-i", "color=blue:size=64x49:rate=10:duration=1",
		"-filter_complex", "[0][1][2]concat=n=3", "-c:v", "ffv1")
	files := a.archive("cutdetection", "my film.mkv", film)
	equal(t, "name", string(files[""]), "my film-scenes.zip")
	equal(t, "files", len(files), 3)
	equal(t, "CSV", string(files["scenes.csv"]), "scene,start,end,frames,seconds\n"+
		"1,00:00:00:00,00:00:01:00,10,1.000\n2,00:00:01:00,00:00:03:00,20,2.000\n3,00:00:03:00,00:00:04:00,10,1.000\n")
	equal(t, "EDL", string(files["scenes.edl"]), "TITLE: my film\r\nFCM: NON-DROP FRAME\r\n\r\n"+
		"001  AX       V     C        00:00:00:00 00:00:01:00 00:00:00:00 00:00:01:00\r\n* FROM CLIP NAME: my film\r\n"+
		"002  AX       V     C        00:00:01:00 00:00:03:00 00:00:01:00 00:00:03:00\r\n* FROM CLIP NAME: my film\r\n"+
		"003  AX       V     C        00:00:03:00 00:00:04:00 00:00:03:00 00:00:04:00\r\n* FROM CLIP NAME: my film\r\n")
	output, _ := a.Output(a.ProcessIDs()[0])
	equal(t, "real work", output.RealWork, true)

	files = a.archive("cutdetection", "film.mkv", film, "subclips", "1")
	equal(t, "files", len(files), 6)
	clip := filepath.Join(t.TempDir(), "clip.mp4")
	if err := os.WriteFile(clip, files["clip-002.mp4"], 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := exec.CommandContext(t.Context(), "ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=codec_name,nb_read_frames", "-of", "csv=p=0", clip).Output()
	equal(t, "clip", strings.TrimSpace(string(text)), "h264,20")
	if err != nil {
		t.Error(err)
	}

	still := makeMedia(t, "still.mkv", "-f", "lavfi", "-i", "color=red:size=64x48:rate=10:duration=1", "-c:v", "ffv1")
	equal(t, "one scene", strings.Count(string(a.archive("cutdetection", "a.mkv", still)["scenes.csv"]), "\n"), 2)
}

func TestStills(t *testing.T) {
	t.Parallel()
	a := newTools(t, toolEngine(t))
	film := makeMedia(t, "film.mkv", "-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=5", "-c:v", "ffv1")
	files := a.archive("stills", "film.mkv", film)
	equal(t, "name", string(files[""]), "film-stills.zip")
	equal(t, "files", len(files), 11)
	seen := map[string]bool{}
	for name, content := range files {
		if name == "" {
			continue
		}
		img, err := png.Decode(bytes.NewReader(content))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		equal(t, "width", img.Bounds().Dx(), 64)
		seen[string(content)] = true
	}
	equal(t, "different ones", len(seen), 10)
	picture := makeMedia(t, "a.png", "-f", "lavfi", "-i", "testsrc=size=64x48", "-frames:v", "1")
	equal(t, "of a picture", len(a.archive("stills", "a.png", picture)), 2)
}

func TestLoudness(t *testing.T) {
	t.Parallel()
	a := newTools(t, toolEngine(t))
	tone := makeMedia(t, "a.wav", "-f", "lavfi", "-i", "sine=frequency=1000:duration=5", "-af", "volume=-20dB")
	files := a.archive("loudness", "a.wav", tone)
	equal(t, "name", string(files[""]), "a-loudness.zip")
	var got struct{ IntegratedLufs, LoudnessRangeLu, TruePeakDbtp *float64 }
	if err := json.Unmarshal(files["loudness.json"], &got); err != nil || got.IntegratedLufs == nil || got.TruePeakDbtp == nil {
		t.Fatalf("%s: %v", files["loudness.json"], err)
	}
	// A sine at -38 dBFS (FFmpeg's is at -18) measures 3 LU less by R 128.
	if i, p := *got.IntegratedLufs, *got.TruePeakDbtp; i < -42 || i > -40 || p < -39 || p > -37 {
		t.Errorf("loudness %v, peak %v", i, p)
	}
	if !strings.HasPrefix(string(files["loudness.csv"]), "integratedLufs,loudnessRangeLu,truePeakDbtp\n-4") {
		t.Errorf("CSV %s", files["loudness.csv"])
	}
	silence := makeMedia(t, "a.wav", "-f", "lavfi", "-i", "anullsrc=duration=2", "-t", "2")
	if text := string(a.archive("loudness", "a.wav", silence)["loudness.json"]); !strings.Contains(text, `"integratedLufs": null`) {
		t.Errorf("silence: %s", text)
	}
}

func TestFFmpegToolsFail(t *testing.T) {
	t.Parallel()
	box := newEventBox()
	a := newTools(t, toolEngine(t), editkittest.WithWebhookHandler("app.test", box))
	a.register(box, hookURL)
	tone := makeMedia(t, "a.wav", "-f", "lavfi", "-i", "sine=duration=1")
	film := makeMedia(t, "film.mkv", "-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=1", "-c:v", "ffv1")
	for _, c := range [][3]string{
		{"cutdetection", "this is no film", "Failed: FFprobe exited with code 1: "},
		{"stills", "this is no film", "Failed: FFprobe exited with code 1: "},
		{"loudness", "this is no film", "Failed: FFprobe exited with code 1: "},
		{"cutdetection", tone, "Failed: the file has no video"},
		{"stills", tone, "Failed: the file has no video"},
		{"loudness", film, "Failed: the file has no audio"},
	} {
		p := a.waitProcess(data(t, a.start(c[0], "a.mov", c[1]))["processId"].(string))
		label, _ := p["label"].(string)
		if p["status"] != "failed" || !strings.HasPrefix(label, c[2]) || strings.Contains(label, os.TempDir()) {
			t.Errorf("%s: %s, %q, want %q", c[0], p["status"], label, c[2])
		}
		<-box.came
	}
	equal(t, "failed", strings.HasPrefix(box.seen()[5], "failed #"), true)
	ans := a.start("ale", "a.ale", "x", "format", "ale")
	equal(t, "other tools", ans.StatusCode, 200)
	equal(t, "passed through", a.waitProcess(data(t, a.start("translate", "a.srt", "x", required["translate"]...))["processId"].(string))["status"], any("finished"))
}

func TestFFmpegToolsAreKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, program := range []string{"ffmpeg", "ffprobe"} {
		write := exec.CommandContext(t.Context(), "sh", "-c", `cat >"$0" && chmod 700 "$0"`, filepath.Join(dir, program))
		write.Stdin = strings.NewReader("#!/bin/sh\ntouch " + dir + "/started\nexec sleep 1000\n")
		if text, err := write.CombinedOutput(); err != nil {
			t.Skipf("no program can be made here: %v: %s", err, text)
		}
	}
	engine, err := editkittest.FFmpegTools(filepath.Join(dir, "ffmpeg"))
	if err != nil {
		t.Skip("no programs can be run from the temporary folder: ", err)
	}
	a := newTools(t, editkittest.WithToolEngine(engine))
	waitStarted := func() {
		for {
			if os.Remove(dir+"/started") == nil {
				return
			}
			<-time.After(time.Millisecond)
		}
	}
	id := a.process()
	waitStarted()
	equal(t, "status", a.details(id)["status"], any("in_progress"))
	a.setProcess(id, editkittest.Step{Status: "cancelled"})
	equal(t, "status", a.details(id)["status"], any("cancelled"))
	a.process()
	waitStarted()
	a.Close() // would wait for ever if it didn't kill the program
}

func TestNoFFmpegTools(t *testing.T) {
	t.Parallel()
	if _, err := editkittest.FFmpegTools(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("no error")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ffmpeg"), []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := editkittest.FFmpegTools(filepath.Join(dir, "ffmpeg")); err == nil {
		t.Error("no error without ffprobe")
	}
}
