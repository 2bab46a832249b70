// Package filename makes file names of names that come from outside.
package filename

import (
	"fmt"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxLength is the length in bytes that Safe keeps to: short of the 255 that file
// systems allow, so that a suffix can be added.
const MaxLength = 220

// reserved are the device names of Windows, which hold with any extension.
var reserved = map[string]bool{
	"con": true, "prn": true, "aux": true, "nul": true, "conin$": true, "conout$": true,
	"com0": true, "com1": true, "com2": true, "com3": true, "com4": true, "com5": true, "com6": true, "com7": true, "com8": true, "com9": true,
	"lpt0": true, "lpt1": true, "lpt2": true, "lpt3": true, "lpt4": true, "lpt5": true, "lpt6": true, "lpt7": true, "lpt8": true, "lpt9": true,
	"com¹": true, "com²": true, "com³": true, "lpt¹": true, "lpt²": true, "lpt³": true,
}

// Safe returns the last element of name as a file name that is good on every system:
// no path, no drive, no control character, not hidden, no option ("-x"), no device,
// at most MaxLength bytes with its extension kept. What is left of nothing is fallback,
// which must be safe itself.
func Safe(name, fallback string) string {
	name = strings.ToValidUTF8(name, "_")
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	if len(name) >= 2 && name[1] == ':' { // a drive: "C:x"
		name = name[2:]
	}
	name = strings.Map(replaceUnsafe, name)
	name = strings.TrimLeft(name, ".- ")
	name = strings.TrimRight(name, ". ")
	name = shorten(name) // which may leave the name of a device
	stem, _, _ := strings.Cut(name, ".")
	if reserved[strings.ToLower(strings.TrimRight(stem, " "))] {
		name = shorten("_" + name)
	}
	if name == "" || !filepath.IsLocal(name) {
		return fallback
	}
	return name
}

// replaceUnsafe drops what can't be seen and replaces what some system forbids.
func replaceUnsafe(r rune) rune {
	switch {
	case unicode.IsControl(r), unicode.Is(unicode.Cf, r): // Cf: directional marks and the like
		return -1
	case strings.ContainsRune(`<>:"|?*`, r):
		return '_'
	case unicode.IsSpace(r):
		return ' '
	}
	return r
}

// shorten cuts the stem, and keeps an extension of reasonable length.
func shorten(name string) string {
	if len(name) <= MaxLength {
		return name
	}
	ext := filepath.Ext(name)
	if len(ext) > 20 {
		ext = ""
	}
	stem := name[:MaxLength-len(ext)]
	for !utf8.ValidString(stem) {
		stem = stem[:len(stem)-1]
	}
	return strings.TrimRight(stem, ". ") + ext
}

// Numbered returns name with a number before its extension: "a (2).mp4".
func Numbered(name string, number int) string {
	ext := filepath.Ext(name)
	return fmt.Sprintf("%s (%d)%s", strings.TrimSuffix(name, ext), number, ext)
}
