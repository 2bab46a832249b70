package lenient_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/editkit/editkit-go/internal/lenient"
)

// FuzzValues: any JSON value decodes into any of the types, without an error, a panic or
// a number that is not one.
func FuzzValues(f *testing.F) {
	for _, s := range []string{`1`, `"1"`, `1.5`, `"12%"`, `" 12 % "`, `null`, `true`, `{}`, `[1]`, `1e999`, `"NaN"`, `"\ud800"`, `-0`, `9223372036854775808`, `"0x1p-2"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		if !json.Valid(value) {
			return
		}
		var (
			n lenient.Int
			p lenient.Percent
			s lenient.String
		)
		for _, v := range []any{&n, &p, &s} {
			if err := json.Unmarshal(value, v); err != nil {
				t.Errorf("%T of %q: %v", v, value, err)
			}
		}
		if math.IsNaN(float64(p)) || math.IsInf(float64(p), 0) {
			t.Errorf("Percent of %q = %v", value, p)
		}
		var want int64
		if json.Unmarshal(value, &want) == nil && string(value) != "null" && int64(n) != want {
			t.Errorf("Int of %q = %d, want %d", value, n, want)
		}
	})
}
