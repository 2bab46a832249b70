package editkittest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/editkit/editkit-go/editkittest"
)

const (
	wildSRT = "\ufeff1\r\n00:00:01,000 --> 00:00:02,500\r\n<i>Hello</i> & goodbye\r\nsecond line\r\n\r\n" +
		"7\r\n0:00:03.000-->01:02:03.004  X1:40 X2:600 Y1:20 Y2:50\r\n{\\an8}7\r\n\r\n\r\n" +
		"00:00:04,000 --> 00:00:05,000\r\n\r\n" + // without an index and a text
		"4\r\n00:00:05,000 --> 00:00:06,000\r\n<b> </b>\r\n\r\n" +
		"5\r\n100:00:00,000 --> 100:00:01,000\r\na --> b\r"
	cleanVTT = "WEBVTT\n\n" +
		"00:00:01.000 --> 00:00:02.500\n<i>Hello</i> &amp; goodbye\nsecond line\n\n" +
		"00:00:03.000 --> 01:02:03.004\n{\\an8}7\n\n" +
		"00:00:04.000 --> 00:00:05.000\n\n" +
		"00:00:05.000 --> 00:00:06.000\n<b> </b>\n\n" +
		"100:00:00.000 --> 100:00:01.000\na --&gt; b\n\n"
	wildVTT = "WEBVTT - a title\nKind: captions\n\n" +
		"NOTE\ntwo lines\nof a note\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:one\n\n" +
		"intro\n00:01.000 --> 00:02.500 align:start position:0%\n<v Ann>1 &lt; 2 &amp;lt;&nbsp;3\n\n" +
		"NOTE one line\n\n" +
		"00:00:03.000\t-->\t100:00:04.000\n<00:00:03.500><c.loud>NOTE</c>\nSTYLE"
	cleanSRT = "1\n00:00:01,000 --> 00:00:02,500\n<v Ann>1 < 2 &lt;\u00a03\n\n" +
		"2\n00:00:03,000 --> 100:00:04,000\n<00:00:03.500><c.loud>NOTE</c>\nSTYLE\n\n"
)

func TestConvertSubtitles(t *testing.T) {
	t.Parallel()
	a := newTools(t, editkittest.InMemory())
	withoutEmpty := strings.Replace(cleanVTT, "00:00:04.000 --> 00:00:05.000\n\n00:00:05.000 --> 00:00:06.000\n<b> </b>\n\n", "", 1)
	ownVTT := strings.Replace(wildVTT, " - a title\nKind: captions", "", 1)
	ownVTT = strings.NewReplacer("00:01.000 --> 00:02.500", "00:00:01.000 --> 00:00:02.500", "\t-->\t", " --> ").Replace(ownVTT) + "\n\n"
	for _, c := range []struct {
		name, source, format, text string
		removeEmpty                string
		wantName, want             string
	}{
		{"a.b.srt", "srt", "vtt", wildSRT, "false", "a.b.vtt", cleanVTT},
		{"a.srt", "SRT", "WebVTT", wildSRT, "true", "a.vtt", withoutEmpty},
		{"a.vtt", "vtt", "srt", wildVTT, "false", "a.srt", cleanSRT},
		{"a.vtt", "webvtt", "vtt", wildVTT, "true", "a.vtt", ownVTT},
		{"a.srt", "srt", "srt", cleanSRT, "true", "a.srt", cleanSRT},
		{"noext", "vtt", "srt", "WEBVTT", "true", "noext.srt", ""},
	} {
		ans := a.start("subtitles", c.name, c.text, "source", c.source, "format", c.format, "removeEmpty", c.removeEmpty)
		equal(t, c.name, ans.StatusCode, 200)
		d := data(t, ans)
		equal(t, "name", d["fileName"], any(c.wantName))
		equal(t, c.source+" to "+c.format, string(a.do(a.download(d["fileUrl"].(string))).body), c.want)
		output, _ := a.Output(a.ProcessIDs()[len(a.ProcessIDs())-1])
		equal(t, "real work", output.RealWork, true)
	}
}

func TestBadSubtitles(t *testing.T) {
	t.Parallel()
	a := newTools(t, editkittest.InMemory())
	good := "1\n00:00:01,000 --> 00:00:02,000\ntext\n\n"
	for _, c := range []struct {
		format, text string
		line         int
	}{
		{"srt", "hello", 1},
		{"srt", good + "2\nno time\n", 6},
		{"srt", good + "2\n", 5},
		{"srt", good + "2\n\n00:00:01,000 --> 00:00:02,000\n", 6},
		{"srt", good + "00:00:61,000 --> 00:01:02,000\n", 5},
		{"srt", good + "00:60:01,000 --> 01:01:02,000\n", 5},
		{"srt", good + "00:00:02,000 --> 00:00:01,999\n", 5},
		{"srt", good + "00:00:02,00 --> 00:00:03,000\n", 5},
		{"srt", good + "00:02,000 --> 00:03,000\n", 5},
		{"srt", good + "\xff\xfe", 5},
		{"srt", "a\x00b", 1},
		{"vtt", "text", 1},
		{"vtt", "WEBVTTX\n\n", 1},
		{"vtt", "WEBVTT\n\nid\n", 3},
		{"vtt", "WEBVTT\n\nid\ntext\n", 4},
		{"vtt", "WEBVTT\n\n00:01,000 --> 00:02,000\n", 3},
		{"vtt", "WEBVTT\n\n00:01.000-->00:02.000\n", 3},
		{"vtt", "WEBVTT\n\n00:01.000 --> 00:02.000x\n", 3},
	} {
		ans := a.start("subtitles", "a."+c.format, c.text, "source", c.format, "format", "srt")
		refused(t, fmt.Sprintf("%q", c.text), ans, 422, fmt.Sprintf("The file could not be processed. Line %d is not valid here.", c.line))
	}
	req := a.startRequest("subtitles", "a.srt", "x", "source", "srt", "format", "vtt")
	req.Header.Set("Accept-Language", "es")
	refused(t, "in Spanish", a.do(req), 422, "No se pudo procesar el archivo. La línea 1 no es válida aquí.")
	refused(t, "no subtitles", a.start("subtitles", "a.srt", "\n \n", "source", "srt", "format", "vtt"), 422,
		"The file could not be processed. The file has no subtitles.")
	many := strings.Repeat("x\n", 8<<20) + "xx"
	refused(t, "too large", a.start("subtitles", "a.srt", many, "source", "srt", "format", "vtt"), 422,
		"The file could not be processed. Line 8388609 is not valid here.")
}

func TestLines(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "a": "a", "a\n": "a", "a\n\n": "a|", "a\r\nb\rc\nd\r\n": "a|b|c|d", "\ufeffa\n\ufeffb": "a|\ufeffb",
	} {
		equal(t, text, editkittest.SplitText(text), want)
	}
}

// Whatever can be read in one format can be written in the other and read again,
// and that changes nothing any more.
func FuzzSubtitles(f *testing.F) {
	for _, seed := range []string{wildSRT, cleanSRT, wildVTT, cleanVTT, "", "WEBVTT\n\n00:01.000 --> 00:02.000\n-->"} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, text string, removeEmpty bool) {
		for _, formats := range [][2]string{{"srt", "vtt"}, {"vtt", "srt"}} {
			once, err := editkittest.ConvertText(text, formats[0], formats[1], removeEmpty)
			if err != nil || once == "" {
				continue
			}
			back, err := editkittest.ConvertText(once, formats[1], formats[0], false)
			if err != nil {
				t.Fatalf("%q became %q, which cannot be read: %v", text, once, err)
			}
			if back == "" || back == "WEBVTT\n\n" {
				continue
			}
			again, err := editkittest.ConvertText(back, formats[0], formats[1], false)
			if err != nil || again != once {
				t.Fatalf("%q became %q and then %q: %v", text, once, again, err)
			}
		}
	})
}
