// Package lenient decodes JSON values whose type the services document one way
// and show another: numbers as strings, strings as numbers, null for absent.
// A value that fits nothing is left at zero rather than losing the whole answer;
// callers keep the raw JSON beside it.
package lenient

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// Int is a whole number. It accepts 12, "12", 12.0, 1e3 and null; a fraction is
// rounded up, so that a charge is never shown smaller than it is.
type Int int64

// UnmarshalJSON implements [json.Unmarshaler]; it never fails.
func (n *Int) UnmarshalJSON(b []byte) error {
	// The usual case first: no allocation, and exact beyond 2^53.
	if v, err := strconv.ParseInt(string(b), 10, 64); err == nil {
		*n = Int(v)
		return nil
	}
	text := unquote(b)
	if v, err := strconv.ParseInt(text, 10, 64); err == nil {
		*n = Int(v)
		return nil
	}
	f, ok := number(text)
	switch {
	case !ok:
		*n = 0
	case f >= math.MaxInt64:
		*n = math.MaxInt64
	case f <= math.MinInt64:
		*n = math.MinInt64
	default:
		*n = Int(math.Ceil(f))
	}
	return nil
}

// Percent is a share of a hundred. It accepts 12, 12.5, "12", "12%" and null.
type Percent float64

// UnmarshalJSON implements [json.Unmarshaler]; it never fails.
func (p *Percent) UnmarshalJSON(b []byte) error {
	f, _ := number(strings.TrimSuffix(strings.TrimSpace(unquote(b)), "%"))
	*p = Percent(f)
	return nil
}

// String is text. It accepts "a", 12, true and null.
type String string

// UnmarshalJSON implements [json.Unmarshaler]; it never fails.
func (s *String) UnmarshalJSON(b []byte) error {
	if b[0] == '{' || b[0] == '[' {
		*s = ""
		return nil
	}
	*s = String(unquote(b))
	return nil
}

// unquote returns the text of a string or of a bare value, "" for null.
func unquote(b []byte) string {
	if len(b) > 1 && b[0] == '"' {
		if inner := b[1 : len(b)-1]; bytes.IndexByte(inner, '\\') < 0 {
			return strings.ToValidUTF8(string(inner), "�")
		}
		var s string
		if json.Unmarshal(b, &s) != nil {
			return ""
		}
		return s
	}
	if string(b) == "null" {
		return ""
	}
	return string(b)
}

// number parses a finite number.
func number(text string) (float64, bool) {
	f, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}
