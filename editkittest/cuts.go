package editkittest

import (
	"archive/zip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

const (
	sceneThreshold = "0.3" // how different a picture is from the one before, from 0 to 1
	maxScenes      = 1000
)

// scene is a part of a video, in pictures from its start. The end is not in it.
type scene struct{ start, end int }

var cutTime = regexp.MustCompile(`pts_time:([0-9.]+)`)

// detectCuts makes the lists of the cutdetection tool, and the clips.
func (f ffmpegTools) detectCuts(ctx context.Context, task Task, m media) ([]string, error) {
	if !m.video || m.rate == 0 || m.duration == 0 {
		return nil, errNoVideo
	}
	if _, err := f.run(ctx, task.Dir, []string{"-loglevel", "error"}, m.path,
		"-map", "0:v:0", "-vf", "select='gt(scene,"+sceneThreshold+")',metadata=print:file=cuts.txt", "-f", "null", "-"); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(task.Dir, "cuts.txt"))
	if err != nil && !errors.Is(err, os.ErrNotExist) { // there is none without a cut
		return nil, err
	}
	scenes := scenesOf(string(text), m)
	list, edl := filepath.Join(task.Dir, "scenes.csv"), filepath.Join(task.Dir, "scenes.edl")
	if err := errors.Join(writeCSV(list, sceneRows(scenes, m.rate)), os.WriteFile(edl, []byte(sceneEDL(scenes, m)), 0o600)); err != nil {
		return nil, err
	}
	files := []string{list, edl}
	if task.Options["subclips"] != "1" {
		return files, nil
	}
	for i, s := range scenes {
		clip := filepath.Join(task.Dir, fmt.Sprintf("clip-%03d.mp4", i+1))
		if err := f.cutClip(ctx, m, s, clip); err != nil {
			return nil, err
		}
		files = append(files, clip)
	}
	return files, nil
}

// cutClip renders a scene.
func (f ffmpegTools) cutClip(ctx context.Context, m media, s scene, clip string) error {
	seconds := func(pictures int) string { return strconv.FormatFloat(float64(pictures)/m.rate, 'f', 6, 64) }
	_, err := f.run(ctx, filepath.Dir(clip), []string{"-loglevel", "error", "-ss", seconds(s.start)}, m.path,
		"-t", seconds(s.end-s.start), "-map", "0:v:0", "-map", "0:a:0?",
		"-vf", "scale=trunc(iw/2)*2:trunc(ih/2)*2", // libx264 wants even dimensions
		"-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-c:a", "aac",
		"-movflags", "+faststart", "-f", "mp4", "file:"+clip)
	return err
}

// scenesOf reads the cuts that FFmpeg found. What comes after too many of them is
// one scene.
func scenesOf(cuts string, m media) []scene {
	total := max(int(math.Round(m.duration*m.rate)), 1)
	scenes := []scene{{0, total}}
	for _, match := range cutTime.FindAllStringSubmatch(cuts, -1) {
		seconds, err := strconv.ParseFloat(match[1], 64)
		last := &scenes[len(scenes)-1]
		at := int(math.Round(seconds * m.rate))
		if err != nil || at <= last.start || at >= total || len(scenes) == maxScenes {
			continue
		}
		last.end = at
		scenes = append(scenes, scene{at, total})
	}
	return scenes
}

func sceneRows(scenes []scene, rate float64) [][]string {
	rows := [][]string{{"scene", "start", "end", "frames", "seconds"}}
	for i, s := range scenes {
		frames := s.end - s.start
		rows = append(rows, []string{
			strconv.Itoa(i + 1), timecode(s.start, rate), timecode(s.end, rate),
			strconv.Itoa(frames), strconv.FormatFloat(float64(frames)/rate, 'f', 3, 64),
		})
	}
	return rows
}

// sceneEDL writes the scenes as an edit decision list in the form of CMX3600.
func sceneEDL(scenes []scene, m media) string {
	name := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '_'
		}
		return r
	}, m.name)
	var edl strings.Builder
	fmt.Fprintf(&edl, "TITLE: %s\r\nFCM: NON-DROP FRAME\r\n\r\n", name)
	for i, s := range scenes {
		in, out := timecode(s.start, m.rate), timecode(s.end, m.rate)
		fmt.Fprintf(&edl, "%03d  AX       V     C        %s %s %s %s\r\n* FROM CLIP NAME: %s\r\n", i+1, in, out, in, out, name)
	}
	return edl.String()
}

// timecode writes a number of pictures as hours, minutes, seconds and pictures,
// without dropping any.
func timecode(pictures int, rate float64) string {
	base := max(int(math.Round(rate)), 1)
	seconds := pictures / base
	return fmt.Sprintf("%02d:%02d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60, pictures%base)
}

func writeCSV(path string, rows [][]string) error {
	var text strings.Builder
	if err := csv.NewWriter(&text).WriteAll(rows); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text.String()), 0o600)
}

// zipFiles puts files into a new archive, without their folders.
func zipFiles(archive string, files []string) (err error) {
	out, err := os.Create(archive)
	if err != nil {
		return err
	}
	w := zip.NewWriter(out)
	for _, file := range files {
		if err == nil {
			err = addToZip(w, file)
		}
	}
	return errors.Join(err, w.Close(), out.Close())
}

func addToZip(w *zip.Writer, file string) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	entry, err := w.Create(filepath.Base(file))
	if err != nil {
		return err
	}
	_, err = io.Copy(entry, in)
	return err
}
