package redact_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/editkit/editkit-go/internal/redact"
)

// TestText: what is taken out, and that the rest stays.
func TestText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain":                            "plain",
		"the key k3y is bad":               "the key [redacted] is bad",
		"at https://h/p?a=b&c=d.":          "at https://h/p?[redacted]",
		`"https:\/\/h\/p?a=b"`:             `"https:\/\/h\/p?[redacted]"`,
		"HTTPS://u:p@h/p":                  "HTTPS://h/p",
		"http://h/p and http://h/q?x, too": "http://h/p and http://h/q?[redacted] too",
		"GET /o?sig=abc&x=y failed":        "GET /o?[redacted] failed",
		"is it? yes":                       "is it? yes",
		"  spaces\tand\nlines ":            "spaces and lines",
		"a\xffb":                           "a�b",
		strings.Repeat("é", 60):            strings.Repeat("é", 50),
	} {
		if got := redact.Text(in, []string{"", "k3y"}, 100); got != want {
			t.Errorf("Text(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestURL: only the part that gives no access is left.
func TestURL(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"https://u:p@h/p?a=b#f": "https://h/p?[redacted]", "https://h/p": "https://h/p", "": "", "https://h\x7f/": "[redacted]",
	} {
		if got := redact.URL(in); got != want {
			t.Errorf("URL(%q) = %q, want %q", in, got, want)
		}
	}
}

// FuzzText: no secret and no control character gets through, and the length is kept.
func FuzzText(f *testing.F) {
	f.Add("a k3y-0123456789 b", 20)
	f.Add("https://h/?k3y-0123456789", 100)
	f.Add("k3y-01k3y-012345678923456789", 100)
	f.Fuzz(func(t *testing.T, in string, limit int) {
		if limit < 0 || limit > 1000 {
			return
		}
		const secret = "k3y-0123456789"
		got := redact.Text(in, []string{secret}, limit)
		if strings.Contains(got, secret) || len(got) > limit || !utf8.ValidString(got) || strings.ContainsFunc(got, unicode.IsControl) {
			t.Errorf("Text(%q) = %q", in, got)
		}
	})
}
