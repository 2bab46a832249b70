package engine_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/editkit/editkit-go/internal/engine"
)

// FuzzRetryAfter: whatever the headers say, the pause is neither negative nor so long
// that it could overflow, and nothing is read of what can't be.
func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"7", "0", "-5", "1.5", " 5", "9223372037", "99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "soon", "", ".", "1.", "1e3", "0x10", "+5"} {
		f.Add(s, "Sun, 22 Nov 2026 10:00:00 GMT")
		f.Add(s, "")
	}
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, value, date string) {
		h := http.Header{"Retry-After": {value}, "Date": {date}}
		d, ok := engine.RetryAfter(h, now)
		if d < 0 || d > 365*24*time.Hour || !ok && d != 0 {
			t.Errorf("RetryAfter(%q) = %s, %v", value, d, ok)
		}
	})
}

// TestRetryAfterLongest: of several headers, none is broken.
func TestRetryAfterLongest(t *testing.T) {
	t.Parallel()
	h := http.Header{"Retry-After": {"3", "soon", "7", "5"}}
	if d, ok := engine.RetryAfter(h, time.Now()); !ok || d != 7*time.Second {
		t.Errorf("RetryAfter = %s, %v", d, ok)
	}
}
