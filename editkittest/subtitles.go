package editkittest

import (
	"fmt"
	"io"
	"os"
	"path"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// maxSubtitleBytes is the largest subtitle file that is converted.
const maxSubtitleBytes = 16 << 20

// subtitleFormat is a format that subtitles can be converted from and to.
type subtitleFormat struct {
	extension string
	read      func(lines []string) ([]cue, error)
	write     func(cues []cue) string
	decode    *strings.Replacer // of the text of a cue
	encode    *strings.Replacer
}

var (
	formatSRT = &subtitleFormat{
		extension: ".srt",
		read:      readSRT,
		write:     writeSRT,
		decode:    strings.NewReplacer(),
		encode:    strings.NewReplacer(),
	}
	// Tags stay as they are, since SRT knows the common ones, too.
	formatVTT = &subtitleFormat{
		extension: ".vtt",
		read:      readVTT,
		write:     writeVTT,
		decode: strings.NewReplacer("&lt;", "<", "&gt;", ">", "&nbsp;", "\u00a0", "&lrm;", "\u200e", "&rlm;", "\u200f",
			"&amp;", "&"),
		encode: strings.NewReplacer("&", "&amp;", "-->", "--&gt;"),
	}
)

// subtitleFormats are the formats by the names that they have in a request.
var subtitleFormats = map[string]*subtitleFormat{"srt": formatSRT, "vtt": formatVTT, "webvtt": formatVTT}

// cue is one subtitle, or a block of another kind.
type cue struct {
	start, end time.Duration
	id         string   // WebVTT only
	settings   string   // WebVTT only
	text       []string // lines

	block []string // of WebVTT that is no subtitle, such as a note or a style
}

var markup = regexp.MustCompile(`<[^>]*>|\{\\[^}]*\}|&nbsp;`)

// isEmpty reports whether a subtitle shows nothing.
func (c cue) isEmpty() bool {
	return c.block == nil && strings.TrimSpace(markup.ReplaceAllString(strings.Join(c.text, ""), "")) == ""
}

// badLine says which line of a file is wrong; the first is number 1.
func badLine(index int) error { return sayable{msgBadLine, []any{index + 1}} }

// convertSubtitles converts a file from one format into another.
func convertSubtitles(file, name string, from, to *subtitleFormat, removeEmpty bool) (Output, error) {
	lines, err := readLines(file)
	if err != nil {
		return Output{}, err
	}
	cues, err := from.read(lines)
	if err != nil {
		return Output{}, err
	}
	kept := convertCues(cues, from, to, removeEmpty)
	return Output{
		Filename: strings.TrimSuffix(name, path.Ext(name)) + to.extension,
		Data:     []byte(to.write(kept)),
		RealWork: true,
		Note:     fmt.Sprintf("%d subtitles, from %s to %s", len(kept), from.extension, to.extension),
	}, nil
}

// convertCues returns what the other format can have of subtitles.
func convertCues(cues []cue, from, to *subtitleFormat, removeEmpty bool) []cue {
	var kept []cue
	for _, c := range cues {
		switch {
		case removeEmpty && c.isEmpty(), c.block != nil && from != to:
			continue
		case from != to:
			for i := range c.text {
				c.text[i] = to.encode.Replace(from.decode.Replace(c.text[i]))
			}
		}
		kept = append(kept, c)
	}
	return kept
}

// readLines returns the lines of a text file, whatever they end with.
func readLines(file string) ([]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSubtitleBytes+1))
	if err != nil {
		return nil, err
	}
	lines := splitLines(string(data))
	if len(data) > maxSubtitleBytes {
		return nil, badLine(len(lines) - 1)
	}
	for i, line := range lines {
		if !utf8.ValidString(line) || strings.ContainsRune(line, 0) {
			return nil, badLine(i)
		}
	}
	return lines, nil
}

// splitLines returns the lines of a text: at least one, which may be empty.
func splitLines(text string) []string {
	text = strings.TrimPrefix(text, "\ufeff")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

func writeSRT(cues []cue) string {
	var text strings.Builder
	for i, c := range cues {
		fmt.Fprintf(&text, "%d\n%s --> %s\n%s\n", i+1, clockTime(c.start, ","), clockTime(c.end, ","), joinLines(c.text))
	}
	return text.String()
}

func writeVTT(cues []cue) string {
	var text strings.Builder
	text.WriteString("WEBVTT\n\n")
	for _, c := range cues {
		if c.block != nil {
			text.WriteString(joinLines(c.block) + "\n")
			continue
		}
		timing := clockTime(c.start, ".") + " --> " + clockTime(c.end, ".")
		if c.settings != "" {
			timing += " " + c.settings
		}
		if c.id != "" {
			timing = c.id + "\n" + timing
		}
		text.WriteString(timing + "\n" + joinLines(c.text) + "\n")
	}
	return text.String()
}

// joinLines returns lines that each end with a line feed.
func joinLines(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

// clockTime writes a time as 00:00:00,000.
func clockTime(d time.Duration, separator string) string {
	ms := d.Milliseconds()
	return fmt.Sprintf("%02d:%02d:%02d%s%03d", ms/3_600_000, ms/60_000%60, ms/1000%60, separator, ms%1000)
}
