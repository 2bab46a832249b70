package engine

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter is what an absurd Retry-After saturates at: far beyond every
// ceiling, and far from overflowing a time.Duration or a time.Time.
const maxRetryAfter = 365 * 24 * time.Hour

// RetryAfter reads the Retry-After header (RFC 9110, 10.2.3): seconds or any of
// the three date forms, never negative, saturating. A date counts from the Date
// of the same answer, so that a wrong clock here shortens no pause; now stands in
// where there is none. ok is false when there is no header that can be read.
func RetryAfter(h http.Header, now time.Time) (wait time.Duration, ok bool) {
	for _, value := range h.Values("Retry-After") {
		if d, valid := parseRetryAfter(strings.TrimSpace(value), h.Get("Date"), now); valid {
			wait, ok = max(wait, d), true
		}
	}
	return wait, ok
}

func parseRetryAfter(value, date string, now time.Time) (time.Duration, bool) {
	if at, err := http.ParseTime(value); err == nil {
		if sent, err := http.ParseTime(date); err == nil {
			now = sent
		}
		return min(max(at.Sub(now), 0), maxRetryAfter), true
	}
	whole, fraction, _ := strings.Cut(value, ".")
	if !isDigits(whole) || fraction != "" && !isDigits(fraction) {
		return 0, false
	}
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || seconds >= int64(maxRetryAfter/time.Second) {
		return maxRetryAfter, true // too many digits for an int64 is just as absurd
	}
	if strings.Trim(fraction, "0") != "" {
		seconds++ // a fraction is not legal; rounding up never comes back early
	}
	return time.Duration(seconds) * time.Second, true
}

func isDigits(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}
