package editkittest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// FFmpeg returns an engine that really transcodes, with the ffmpeg program at
// path; an empty path looks for it in PATH. It is an error if there is none. If
// ffprobe lies next to it, inputs are measured for the price of the job.
//
// The tools anything-to-mp4 and compress-video become H.264 and AAC in MP4;
// compress-video takes the option "crf", a number from 0 to 51 (default 28; this
// option is unverified). All other tools are left to [PassThrough], and
// Output.Note says so. The input's host must be allowed by [AllowInputHosts].
//
// The program runs beside the job from its creation on, and the job doesn't
// complete before it ends. It is killed when the job fails or is cancelled by
// hand, and when the emulator is closed. It reads files only, never the network.
func FFmpeg(path string) (Engine, error) {
	engine, err := findFFmpeg(path)
	if err != nil {
		return nil, err
	}
	return engine, nil
}

func findFFmpeg(path string) (ffmpeg, error) {
	if path == "" {
		path = "ffmpeg"
	}
	program, err := exec.LookPath(path)
	if err != nil {
		return ffmpeg{}, fmt.Errorf("editkittest: no ffmpeg: %w", err)
	}
	if program, err = filepath.Abs(program); err != nil {
		return ffmpeg{}, fmt.Errorf("editkittest: no ffmpeg: %w", err)
	}
	engine := ffmpeg{program: program}
	if probe, err := exec.LookPath(filepath.Join(filepath.Dir(program), "ffprobe")); err == nil {
		engine.probe = probe
	}
	return engine, nil
}

type ffmpeg struct {
	program string
	probe   string // empty if there is none
}

func (ffmpeg) runsInBackground() {}

const (
	defaultCRF     = 28
	maxStderrBytes = 64 << 10
	maxErrorRunes  = 300
	killDelay      = 2 * time.Second // until pipes of a killed program are given up
)

func (f ffmpeg) Process(ctx context.Context, task Task) (Output, error) {
	var encoding []string
	switch task.Tool {
	case toolToMP4:
	case toolCompress:
		crf, err := crfOption(task.Options)
		if err != nil {
			return Output{}, err
		}
		encoding = []string{"-crf", strconv.FormatFloat(crf, 'f', -1, 64)}
	default:
		output, err := passThrough{}.Process(ctx, task)
		output.Note = "FFmpeg doesn't do " + strconv.Quote(task.Tool) + " here: " + output.Note
		return output, err
	}
	if len(task.Inputs) == 0 {
		return Output{}, errors.New("the job has no input")
	}
	input, err := task.Fetch(ctx, task.Inputs[0])
	if err != nil {
		return Output{}, err
	}
	output := Output{
		Filename: outputName(task.Inputs[0], task.Tool),
		Path:     filepath.Join(task.Dir, "output.mp4"),
		RealWork: true,
		Note:     "FFmpeg, H.264 and AAC in MP4",
	}
	if err := f.transcode(ctx, input, output.Path, encoding); err != nil {
		return Output{}, err
	}
	output.Duration, output.Width, output.Height = f.measure(ctx, input)
	return output, nil
}

func crfOption(options map[string]any) (float64, error) {
	value, given := options["crf"]
	if !given {
		return defaultCRF, nil
	}
	crf, ok := value.(float64)
	if !ok || crf < 0 || crf > 51 {
		return 0, errors.New("option crf is not a number from 0 to 51")
	}
	return crf, nil
}

// transcode makes an MP4 from a file.
func (f ffmpeg) transcode(ctx context.Context, input, output string, encoding []string) error {
	args := []string{
		"-map", "0:v:0?", "-map", "0:a:0?",
		"-vf", "scale=trunc(iw/2)*2:trunc(ih/2)*2", // libx264 wants even dimensions
		"-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p",
	}
	args = append(args, encoding...)
	args = append(args, "-c:a", "aac", "-movflags", "+faststart", "-f", "mp4", "file:"+output)
	_, err := f.run(ctx, filepath.Dir(output), []string{"-loglevel", "error"}, input, args...)
	return err
}

// run runs the program on a file, with options before and after it. It runs in
// dir, and returns the end of what was said on the standard error.
func (f ffmpeg) run(ctx context.Context, dir string, before []string, input string, after ...string) (string, error) {
	args := append([]string{"-nostdin", "-y", "-hide_banner", "-nostats"}, before...)
	args = append(args, "-protocol_whitelist", "file", "-i", "file:"+input)
	args = append(args, after...)

	var stderr tail
	cmd := exec.CommandContext(ctx, f.program, args...)
	cmd.Dir = dir
	cmd.Stderr = &stderr
	cmd.WaitDelay = killDelay
	err := cmd.Run()
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "", fmt.Errorf("FFmpeg exited with code %d: %s", exit.ExitCode(), stderr.lastLine(dir))
	}
	return string(stderr.text), err
}

// measure returns the duration and size of a file, or zeros.
func (f ffmpeg) measure(ctx context.Context, input string) (d time.Duration, width, height int) {
	if f.probe == "" {
		return 0, 0, 0
	}
	cmd := exec.CommandContext(ctx, f.probe, "-v", "error", "-protocol_whitelist", "file", "-select_streams", "v:0",
		"-show_entries", "stream=width,height:format=duration", "-print_format", "json", "file:"+input)
	cmd.WaitDelay = killDelay
	text, err := cmd.Output()
	if err != nil {
		return 0, 0, 0
	}
	var answer struct {
		Streams []struct{ Width, Height int }
		Format  struct{ Duration string }
	}
	if json.Unmarshal(text, &answer) != nil {
		return 0, 0, 0
	}
	if seconds, err := strconv.ParseFloat(answer.Format.Duration, 64); err == nil && seconds > 0 {
		d = millis(seconds * 1000)
	}
	if len(answer.Streams) > 0 {
		width, height = answer.Streams[0].Width, answer.Streams[0].Height
	}
	return d, width, height
}

// tail keeps the end of what is written to it.
type tail struct{ text []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	if extra := len(t.text) - maxStderrBytes; extra > 0 {
		t.text = append(t.text[:0], t.text[extra:]...)
	}
	return len(p), nil
}

// lastLine returns the last line with text in it, without the paths of files in
// dir, and shortened.
func (t *tail) lastLine(dir string) string {
	last := ""
	for line := range strings.Lines(string(t.text)) {
		if line = strings.TrimSpace(line); line != "" {
			last = line
		}
	}
	last = strings.ReplaceAll(last, "file:", "")
	last = strings.ReplaceAll(last, dir+string(filepath.Separator), "")
	last = strings.ToValidUTF8(last, "?")
	if runes := []rune(last); len(runes) > maxErrorRunes {
		last = string(runes[:maxErrorRunes])
	}
	return last
}
