package editkittest

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"os"
	"strconv"
)

const (
	defaultBorderRange = 5
	maxPixels          = 100_000_000
	jpegQuality        = 95
)

var errBadImage = sayable{message: msgBadImage}

// removeBorders crops the borders of one color from a PNG or JPEG file.
func removeBorders(path, name string, options map[string]any) (Output, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Output{}, err
	}
	config, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || config.Width*config.Height > maxPixels {
		return Output{}, errBadImage
	}
	decoded, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return Output{}, errBadImage
	}
	picture, ok := decoded.(croppable)
	if !ok { // all types of both decoders are
		return Output{}, errBadImage
	}
	tolerance := defaultBorderRange
	if text, given := options["range"].(string); given {
		if tolerance, err = strconv.Atoi(text); err != nil {
			return Output{}, err
		}
	}
	whole := picture.Bounds()
	inside := whole
	if options["removeLetterbox"] != "false" {
		inside = cropRows(picture, inside, tolerance)
	}
	if options["removePillarbox"] != "false" {
		inside = cropColumns(picture, inside, tolerance)
	}
	output := Output{Filename: name, Data: data, Width: whole.Dx(), Height: whole.Dy(), RealWork: true, Note: "no borders found"}
	if inside == whole {
		return output, nil
	}
	output.Note = "borders cropped"
	output.Data, err = encodeImage(picture.SubImage(inside), format)
	return output, err
}

// croppable is an image of one of the types that the decoders return.
type croppable interface {
	image.RGBA64Image
	SubImage(image.Rectangle) image.Image
}

func encodeImage(picture image.Image, format string) ([]byte, error) {
	var buf bytes.Buffer
	var err error
	if format == "png" {
		err = png.Encode(&buf, picture)
	} else {
		err = jpeg.Encode(&buf, picture, &jpeg.Options{Quality: jpegQuality})
	}
	return buf.Bytes(), err
}

// cropRows takes the uniform rows at the top and the bottom away. A picture that
// has nothing else keeps all of them.
func cropRows(picture image.RGBA64Image, in image.Rectangle, tolerance int) image.Rectangle {
	row := func(y int) image.Rectangle { return image.Rect(in.Min.X, y, in.Max.X, y+1) }
	out := in
	corner := image.Pt(in.Min.X, in.Min.Y)
	for out.Min.Y < in.Max.Y && isUniform(picture, row(out.Min.Y), corner, tolerance) {
		out.Min.Y++
	}
	corner = image.Pt(in.Min.X, in.Max.Y-1)
	for out.Max.Y > out.Min.Y && isUniform(picture, row(out.Max.Y-1), corner, tolerance) {
		out.Max.Y--
	}
	if out.Empty() {
		return in
	}
	return out
}

// cropColumns does the same on the left and the right.
func cropColumns(picture image.RGBA64Image, in image.Rectangle, tolerance int) image.Rectangle {
	column := func(x int) image.Rectangle { return image.Rect(x, in.Min.Y, x+1, in.Max.Y) }
	out := in
	corner := image.Pt(in.Min.X, in.Min.Y)
	for out.Min.X < in.Max.X && isUniform(picture, column(out.Min.X), corner, tolerance) {
		out.Min.X++
	}
	corner = image.Pt(in.Max.X-1, in.Min.Y)
	for out.Max.X > out.Min.X && isUniform(picture, column(out.Max.X-1), corner, tolerance) {
		out.Max.X--
	}
	if out.Empty() {
		return in
	}
	return out
}

// isUniform reports whether no channel of a pixel in the rectangle differs by more
// than the tolerance (of 255) from the one in the corner.
func isUniform(picture image.RGBA64Image, in image.Rectangle, corner image.Point, tolerance int) bool {
	want := picture.RGBA64At(corner.X, corner.Y)
	near := func(a, b uint16) bool {
		difference := int(a>>8) - int(b>>8)
		return difference <= tolerance && -difference <= tolerance
	}
	for y := in.Min.Y; y < in.Max.Y; y++ {
		for x := in.Min.X; x < in.Max.X; x++ {
			got := picture.RGBA64At(x, y)
			if !near(got.R, want.R) || !near(got.G, want.G) || !near(got.B, want.B) || !near(got.A, want.A) {
				return false
			}
		}
	}
	return true
}
