package editkittest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// FFmpegTools returns an engine for the tools of EditingTools that really does the
// work of three more of them, with the ffmpeg program at path; an empty path looks
// for it in PATH. The ffprobe program must lie next to it. It is an error if one
// of them is missing. It is for [WithToolEngine].
//
//   - cutdetection finds the scenes of a video: a zip with a CSV list and a CMX3600
//     EDL, and with an MP4 file (H.264) for each scene if subclips is 1. The
//     algorithm is the one of FFmpeg, whatever the field says.
//   - stills takes up to ten pictures from a video, evenly spread: a zip with PNGs.
//   - loudness measures by EBU R 128: a zip with a JSON and a CSV file of the
//     integrated loudness, the loudness range and the true peak.
//
// What is inside the files of the live service is unknown. All other tools are
// left to [BuiltinTools].
//
// As with [FFmpeg], the program runs beside the process from the start on, is
// killed with it, and reads files only. An input that it cannot read makes the
// process failed.
func FFmpegTools(path string) (Engine, error) {
	program, err := findFFmpeg(path)
	if err != nil {
		return nil, err
	}
	if program.probe == "" {
		return nil, errors.New("editkittest: there is no ffprobe next to ffmpeg")
	}
	return ffmpegTools{program}, nil
}

// ffmpegTools runs in the background, as ffmpeg does.
type ffmpegTools struct{ ffmpeg }

// maxStills is how many pictures the stills of a video are.
const maxStills = 10

func (f ffmpegTools) Process(ctx context.Context, task Task) (Output, error) {
	var work func(context.Context, Task, media) ([]string, error)
	var suffix, note string
	switch task.Tool {
	case "cutdetection":
		work, suffix, note = f.detectCuts, "-scenes", "FFmpeg, scene detection"
	case "stills":
		work, suffix, note = f.takeStills, "-stills", "FFmpeg, pictures as PNG"
	case "loudness":
		work, suffix, note = f.measureLoudness, "-loudness", "FFmpeg, loudness by EBU R 128"
	default:
		return builtinTools{}.Process(ctx, task)
	}
	input, err := task.Fetch(ctx, task.Inputs[0])
	if err != nil {
		return Output{}, err
	}
	m, err := f.examine(ctx, input)
	if err != nil {
		return Output{}, err
	}
	base := path.Base(strings.ReplaceAll(task.Inputs[0], `\`, "/"))
	m.name = strings.TrimSuffix(base, path.Ext(base))
	files, err := work(ctx, task, m)
	if err != nil {
		return Output{}, err
	}
	archive := filepath.Join(task.Dir, "result.zip")
	if err := zipFiles(archive, files); err != nil {
		return Output{}, err
	}
	return Output{Filename: m.name + suffix + ".zip", Path: archive, RealWork: true, Note: note}, nil
}

// media is what there is to know about an input.
type media struct {
	path     string
	name     string // of the upload, without a path and an extension
	video    bool
	audio    bool
	rate     float64 // pictures a second
	duration float64 // in seconds; 0: unknown
}

// examine asks ffprobe about a file.
func (f ffmpegTools) examine(ctx context.Context, input string) (media, error) {
	var stderr tail
	cmd := exec.CommandContext(ctx, f.probe, "-v", "error", "-protocol_whitelist", "file",
		"-show_entries", "stream=codec_type,r_frame_rate:format=duration", "-print_format", "json", "file:"+input)
	cmd.Stderr = &stderr
	cmd.WaitDelay = killDelay
	text, err := cmd.Output()
	if ctx.Err() != nil {
		return media{}, ctx.Err()
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return media{}, fmt.Errorf("FFprobe exited with code %d: %s", exit.ExitCode(), stderr.lastLine(filepath.Dir(input)))
	}
	if err != nil {
		return media{}, err
	}
	var answer struct {
		Streams []struct {
			Type string `json:"codec_type"`
			Rate string `json:"r_frame_rate"`
		}
		Format struct{ Duration string }
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return media{}, errors.New("FFprobe gave no answer")
	}
	m := media{path: input}
	for _, stream := range answer.Streams {
		switch {
		case stream.Type == "audio":
			m.audio = true
		case stream.Type == "video" && !m.video:
			m.video = true
			m.rate = fraction(stream.Rate)
		}
	}
	if d, err := strconv.ParseFloat(answer.Format.Duration, 64); err == nil && d > 0 && !math.IsInf(d, 0) {
		m.duration = d
	}
	return m, nil
}

// fraction reads a number such as "30000/1001"; 0 if it is none.
func fraction(text string) float64 {
	over, under, _ := strings.Cut(text, "/")
	a, err := strconv.ParseFloat(over, 64)
	b, err2 := strconv.ParseFloat(under, 64)
	if err != nil || err2 != nil || a <= 0 || b <= 0 {
		return 0
	}
	return a / b
}

var errNoVideo = errors.New("the file has no video")

// takeStills makes the pictures of the stills tool.
func (f ffmpegTools) takeStills(ctx context.Context, task Task, m media) ([]string, error) {
	if !m.video {
		return nil, errNoVideo
	}
	filter := "null" // the first ones, since nobody knows how many there are
	if m.duration > 0 && m.rate > 0 {
		filter = "fps=" + strconv.FormatFloat(min(maxStills/m.duration, m.rate), 'f', 6, 64)
	}
	if _, err := f.run(ctx, task.Dir, []string{"-loglevel", "error"}, m.path,
		"-map", "0:v:0", "-vf", filter, "-frames:v", strconv.Itoa(maxStills), "-f", "image2", "still-%02d.png"); err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(task.Dir, "still-*.png"))
	if err == nil && len(files) == 0 {
		err = errNoVideo
	}
	return files, err
}

// loudness is the result of the loudness tool. A value is nil if there is only
// silence.
type loudness struct {
	Integrated *float64 `json:"integratedLufs"`
	Range      *float64 `json:"loudnessRangeLu"`
	TruePeak   *float64 `json:"truePeakDbtp"`
}

// measureLoudness makes the lists of the loudness tool.
func (f ffmpegTools) measureLoudness(ctx context.Context, task Task, m media) ([]string, error) {
	if !m.audio {
		return nil, errors.New("the file has no audio")
	}
	text, err := f.run(ctx, task.Dir, []string{"-loglevel", "info"}, m.path,
		"-map", "0:a:0", "-af", "loudnorm=print_format=json", "-f", "null", "-")
	if err != nil {
		return nil, err
	}
	var said struct {
		Integrated string `json:"input_i"`
		TruePeak   string `json:"input_tp"`
		Range      string `json:"input_lra"`
	}
	begin, end := strings.LastIndexByte(text, '{'), strings.LastIndexByte(text, '}')
	if begin < 0 || end < begin || json.Unmarshal([]byte(text[begin:end+1]), &said) != nil {
		return nil, errors.New("FFmpeg measured no loudness")
	}
	measured, err := json.MarshalIndent(loudness{finite(said.Integrated), finite(said.Range), finite(said.TruePeak)}, "", "  ")
	if err != nil {
		return nil, err
	}
	rows := [][]string{{"integratedLufs", "loudnessRangeLu", "truePeakDbtp"}, {said.Integrated, said.Range, said.TruePeak}}
	asJSON, asCSV := filepath.Join(task.Dir, "loudness.json"), filepath.Join(task.Dir, "loudness.csv")
	return []string{asJSON, asCSV}, errors.Join(os.WriteFile(asJSON, append(measured, '\n'), 0o600), writeCSV(asCSV, rows))
}

// finite reads a number; nil if it is none.
func finite(text string) *float64 {
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(value, 0) || math.IsNaN(value) {
		return nil
	}
	return &value
}
