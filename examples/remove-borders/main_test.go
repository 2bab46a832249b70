package main

import (
	"bytes"
	"image"
	"os"
	"path/filepath"
	"testing"
)

// TestRemoveBorders runs the example as the README tells: the picture that comes out is
// the middle of the one that went in. It can't run in parallel: it changes the environment.
func TestRemoveBorders(t *testing.T) {
	t.Setenv("EDITINGTOOLS_API_KEY", "")
	before, _, err := image.Decode(bytes.NewReader(sample))
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		args []string
		crop image.Rectangle
	}{
		"all sides":           {nil, image.Rect(20, 40, 300, 200)},
		"top and bottom only": {[]string{"-sides=false"}, image.Rect(0, 40, 320, 200)},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "out.png")
			var out bytes.Buffer
			if err := run(t.Context(), append(tt.args, "-o", file), &out); err != nil {
				t.Fatalf("%v\n%s", err, out.String())
			}
			f, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = f.Close() }()
			after, kind, err := image.Decode(f)
			if err != nil || kind != "png" || after.Bounds().Size() != tt.crop.Size() {
				t.Fatalf("%s of %v, %v", kind, after.Bounds().Size(), err)
			}
			for y := range tt.crop.Dy() {
				for x := range tt.crop.Dx() {
					got := after.At(after.Bounds().Min.X+x, after.Bounds().Min.Y+y)
					want := before.At(tt.crop.Min.X+x, tt.crop.Min.Y+y)
					gr, gg, gb, _ := got.RGBA()
					wr, wg, wb, _ := want.RGBA()
					if gr != wr || gg != wg || gb != wb {
						t.Fatalf("pixel %d,%d is %v, want %v", x, y, got, want)
					}
				}
			}
		})
	}
}
