package filename_test

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/editkit/editkit-go/internal/filename"
)

const fallback = "output"

// TestSafe: what is left of a name, and what stands for nothing.
func TestSafe(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"video.mp4":                              "video.mp4",
		"my video (1).tar.gz":                    "my video (1).tar.gz",
		"видео 動画 🎬.mp4":                         "видео 動画 🎬.mp4",
		"a-b_c~d.mp4":                            "a-b_c~d.mp4",
		"../../etc/passwd":                       "passwd",
		`..\..\x`:                                "x",
		`a/b\c`:                                  "c",
		`C:\x`:                                   "x",
		"C:x":                                    "x",
		"C:":                                     fallback,
		"C\u200e:x":                              "C_x",
		"a: b.mp4":                               "b.mp4",
		"ab:c":                                   "ab_c",
		"é:x":                                    "é_x",
		"":                                       fallback,
		".":                                      fallback,
		"..":                                     fallback,
		"-":                                      fallback,
		" ":                                      fallback,
		"/":                                      fallback,
		"\x00":                                   fallback,
		"\u202e":                                 fallback,
		".-. -.":                                 fallback,
		"a/":                                     fallback,
		"nul":                                    "_nul",
		"NUL.tar.gz":                             "_NUL.tar.gz",
		"nul .txt":                               "_nul .txt",
		"n\u200bul":                              "_nul",
		"com¹":                                   "_com¹",
		"COM0":                                   "_COM0",
		"conin$":                                 "_conin$",
		"nul1":                                   "nul1",
		"xnul":                                   "xnul",
		"\xffx":                                  "_x",
		"x\xff\xfe":                              "x_",
		"\xff/x":                                 "x",
		strings.Repeat("a", 220):                 strings.Repeat("a", 220),
		strings.Repeat("a", 221):                 strings.Repeat("a", 220),
		"nul" + strings.Repeat(" ", 250) + "*.x": "_nul.x", // a device only when it is shortened
		"nul." + strings.Repeat("a", 216):        "_nul." + strings.Repeat("a", 215),
		"nul" + strings.Repeat(" ", 300) + ".x":  "_nul.x",
		"a" + strings.Repeat(".", 300) + "mp4":   "a.mp4",
		"é" + strings.Repeat("動", 100) + ".mp4":                   "é" + strings.Repeat("動", 71) + ".mp4",
		strings.Repeat("a", 300) + ".extension-that-is-too-long":  strings.Repeat("a", 220),
		strings.Repeat("a", 219) + "." + strings.Repeat("b", 30):  strings.Repeat("a", 219),
		strings.Repeat("a", 218) + ". " + strings.Repeat("b", 30): strings.Repeat("a", 218),
	} {
		got := filename.Safe(name, fallback)
		if got != want {
			t.Errorf("Safe(%q) = %q, want %q", name, got, want)
		}
		check(t, name, got)
	}
}

// TestNumbered: the number stands before the extension, and fits.
func TestNumbered(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"video.mp4": "video (2).mp4",
		"video":     "video (2)",
		"a.tar.gz":  "a.tar (2).gz",
		"a (2).mp4": "a (2) (2).mp4",
	} {
		if got := filename.Numbered(name, 2); got != want {
			t.Errorf("Numbered(%q, 2) = %q, want %q", name, got, want)
		}
	}
	longest := filename.Numbered(filename.Safe(strings.Repeat("a", 300)+".mp4", fallback), 1<<31-1)
	if len(longest) > 255 || !strings.HasSuffix(longest, ".mp4") {
		t.Errorf("%d bytes: %s", len(longest), longest)
	}
}

// FuzzSafe: no name from outside leaves its folder or is refused by a system.
func FuzzSafe(f *testing.F) {
	for _, name := range []string{
		"video.mp4", "../../etc/passwd", `..\..\x`, `C:\x`, "C:x", `\\server\share\x`, "", ".", "..", "nul", "CON.mp4",
		"com¹ .x", "name\x00.mp4", "a\nb", "\u202egpj.exe", ".bashrc", "-rf", "a. . .", `<>:"|?*`, "\xff\xfe", "///",
		strings.Repeat("動", 100) + ".mp4", strings.Repeat("a. ", 100) + ".x", "nul" + strings.Repeat(" ", 300) + ".x",
	} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		check(t, name, filename.Safe(name, fallback))
	})
}

// check checks what holds for every safe name.
func check(t *testing.T, name, got string) {
	t.Helper()
	fault := func(what string) { t.Errorf("Safe(%q) = %q: %s", name, got, what) }
	if !filepath.IsLocal(got) || filepath.Base(got) != got || got == "." || got == ".." {
		fault("not one local element")
	}
	if strings.ContainsAny(got, `/\<>:"|?*`) {
		fault("a character that some system forbids")
	}
	if len(got) == 0 || len(got) > filename.MaxLength {
		fault("empty or too long")
	}
	if !utf8.ValidString(got) {
		fault("not valid UTF-8")
	}
	if strings.HasPrefix(got, ".") || strings.HasPrefix(got, "-") || strings.TrimRight(strings.TrimSpace(got), ".") != got {
		fault("hidden, an option, or with dots or spaces around")
	}
	if strings.ContainsFunc(got, func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.IsSpace(r) && r != ' '
	}) {
		fault("something that can't be seen")
	}
	stem, _, _ := strings.Cut(got, ".")
	switch device := strings.ToLower(strings.TrimRight(stem, " ")); device {
	case "con", "prn", "aux", "nul", "conin$", "conout$":
		fault("a device")
	default:
		number, ok := strings.CutPrefix(device, "com")
		if !ok {
			number, ok = strings.CutPrefix(device, "lpt")
		}
		if ok && utf8.RuneCountInString(number) == 1 && strings.Contains("0123456789¹²³", number) {
			fault("a device")
		}
	}
	if again := filename.Safe(got, fallback); again != got {
		fault("not safe a second time: " + again)
	}
}
