package editkittest

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// readSRT reads the subtitles of an SRT file.
func readSRT(lines []string) ([]cue, error) {
	var cues []cue
	for i := 0; i < len(lines); {
		if isBlank(lines[i]) {
			i++
			continue
		}
		if isNumber(lines[i]) { // the index, which some files don't have
			if i++; i == len(lines) {
				return nil, badLine(i - 1)
			}
		}
		c, err := readTiming(lines, i, srtTiming)
		if err != nil {
			return nil, err
		}
		c.settings = "" // the coordinates of SRT
		c.text, i = readBlock(lines, i+1)
		cues = append(cues, c)
	}
	if cues == nil {
		return nil, sayable{message: msgNoSubtitles}
	}
	return cues, nil
}

// readVTT reads the subtitles of a WebVTT file, and the blocks between them.
func readVTT(lines []string) ([]cue, error) {
	rest, found := strings.CutPrefix(lines[0], "WEBVTT")
	if !found || rest != "" && rest[0] != ' ' && rest[0] != '\t' {
		return nil, badLine(0)
	}
	var cues []cue
	_, i := readBlock(lines, 1) // the rest of the header
	for i < len(lines) {
		switch line := lines[i]; {
		case isBlank(line):
			i++
			continue
		case isVTTBlock(line):
			var c cue
			c.block, i = readBlock(lines, i)
			cues = append(cues, c)
			continue
		}
		id := ""
		if !strings.Contains(lines[i], "-->") {
			id = strings.TrimSpace(lines[i])
			if i++; i == len(lines) {
				return nil, badLine(i - 1)
			}
		}
		c, err := readTiming(lines, i, vttTiming)
		if err != nil {
			return nil, err
		}
		c.id = id
		c.text, i = readBlock(lines, i+1)
		cues = append(cues, c)
	}
	return cues, nil
}

func isBlank(line string) bool { return strings.TrimSpace(line) == "" }

func isNumber(line string) bool {
	line = strings.TrimSpace(line)
	return line != "" && strings.Trim(line, "0123456789") == ""
}

// isVTTBlock reports whether a line begins a block that is no subtitle.
func isVTTBlock(line string) bool {
	word, _, _ := strings.Cut(strings.ReplaceAll(line, "\t", " "), " ")
	return !strings.Contains(line, "-->") && (word == "NOTE" || word == "STYLE" || word == "REGION")
}

// readBlock returns the lines from i to the next blank one, and where that is.
func readBlock(lines []string, i int) (block []string, next int) {
	for i < len(lines) && !isBlank(lines[i]) {
		block = append(block, lines[i])
		i++
	}
	return block, i
}

// The timing lines. WebVTT may leave the hours out; SRT files are often written
// with a point as well.
var (
	srtTiming = regexp.MustCompile(`^\s*(\d{1,4}):(\d\d):(\d\d)[,.](\d{3})\s*-->\s*(\d{1,4}):(\d\d):(\d\d)[,.](\d{3})(?:\s+(.*?))?\s*$`)
	vttTiming = regexp.MustCompile(`^\s*(?:(\d{2,4}):)?(\d\d):(\d\d)\.(\d{3})\s+-->\s+(?:(\d{2,4}):)?(\d\d):(\d\d)\.(\d{3})(?:\s+(.*?))?\s*$`)
)

// readTiming reads the line with the times of a subtitle.
func readTiming(lines []string, i int, form *regexp.Regexp) (cue, error) {
	m := form.FindStringSubmatch(lines[i])
	if m == nil {
		return cue{}, badLine(i)
	}
	start, ok := readTime(m[1:5])
	end, ok2 := readTime(m[5:9])
	if !ok || !ok2 || end < start {
		return cue{}, badLine(i)
	}
	return cue{start: start, end: end, settings: m[9]}, nil
}

// readTime adds hours (which may be missing), minutes, seconds and milliseconds.
func readTime(parts []string) (d time.Duration, ok bool) {
	var n [4]int
	for i, part := range parts {
		if part == "" {
			continue
		}
		var err error
		if n[i], err = strconv.Atoi(part); err != nil {
			return 0, false
		}
	}
	d = time.Duration(n[0])*time.Hour + time.Duration(n[1])*time.Minute +
		time.Duration(n[2])*time.Second + time.Duration(n[3])*time.Millisecond
	return d, n[1] < 60 && n[2] < 60
}
