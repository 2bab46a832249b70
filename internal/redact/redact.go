// Package redact makes text that came from outside fit for errors and logs.
package redact

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mask stands where something secret stood.
const mask = "[redacted]"

var (
	// A slash may be escaped, as PHP's json_encode does.
	urlQuery = regexp.MustCompile(`(?i)(https?:(?:\\?/){2}[^\s"'<>?]*)\?[^\s"'<>]*`)
	// A path with a query, without its host.
	bareQuery   = regexp.MustCompile(`\?[^\s"'<>=?]+=[^\s"'<>]*`)
	urlUserinfo = regexp.MustCompile(`(?i)(https?:(?:\\?/){2})[^\s"'<>/\\@]*@`)
)

// Text returns s without the secrets, without queries and without the user of
// any URL in it, on one line, and of at most limit bytes.
func Text(s string, secrets []string, limit int) string {
	for _, secret := range secrets {
		if secret != "" {
			s = strings.ReplaceAll(s, secret, mask)
		}
	}
	s = urlQuery.ReplaceAllString(s, "$1?"+mask)
	s = bareQuery.ReplaceAllString(s, "?"+mask)
	s = urlUserinfo.ReplaceAllString(s, "$1")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
	return Cut(strings.TrimSpace(s), limit)
}

// Body is Text for the start of a body, which keeps its line breaks.
func Body(b []byte, secrets []string, limit int) []byte {
	lines := strings.Split(strings.ToValidUTF8(string(b), "�"), "\n")
	for i, line := range lines {
		lines[i] = Text(line, secrets, len(line)+len(mask)*4)
	}
	return []byte(Cut(strings.Join(lines, "\n"), limit))
}

// Cut returns the start of s, at most limit bytes and no half character.
func Cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	s = s[:limit]
	for len(s) > 0 {
		if r, size := utf8.DecodeLastRuneInString(s); r != utf8.RuneError || size != 1 {
			break
		}
		s = s[:len(s)-1]
	}
	return s
}

// URL returns the address without its user, query and fragment.
func URL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return mask
	}
	if u.RawQuery != "" {
		u.RawQuery = mask
	}
	u.User, u.Fragment = nil, ""
	return u.String()
}
