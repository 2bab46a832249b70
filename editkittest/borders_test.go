package editkittest_test

import (
	"bytes"
	"image"
	"image/color"
	"image/color/palette"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/editkit/editkit-go/editkittest"
)

// framed draws a colorful picture of 80 by 60 with borders around it.
func framed(top, bottom, left, right int, border color.Color) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, left+80+right, top+60+bottom))
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			img.Set(x, y, border)
		}
	}
	for y := range 60 {
		for x := range 80 {
			img.Set(left+x, top+y, color.NRGBA{R: uint8(60 + 2*x), G: uint8(60 + 3*y), B: uint8(120 + 40*((x/8+y/8)%2)), A: 255})
		}
	}
	return img
}

func asPNG(t *testing.T, img image.Image) string {
	t.Helper()
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

func asJPEG(t *testing.T, img image.Image) string {
	t.Helper()
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, img, &jpeg.Options{Quality: 92}); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

// cropped runs remove-borders and returns the resulting picture.
func (a *toolsAPI) cropped(name, content string, fields ...string) (img image.Image, format string, file []byte) {
	a.t.Helper()
	ans := a.start("remove-borders", name, content, fields...)
	if ans.StatusCode != 200 {
		a.t.Fatalf("%s: %s", ans.Status, ans.body)
	}
	file = a.do(a.download(data(a.t, ans)["fileUrl"].(string))).body
	img, format, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		a.t.Fatal(err)
	}
	return img, format, file
}

func TestRemoveBordersOfPNG(t *testing.T) {
	t.Parallel()
	a := newTools(t, editkittest.InMemory())
	picture := framed(0, 0, 0, 0, color.Black)
	source := asPNG(t, framed(10, 13, 7, 1, color.Black))
	for _, c := range []struct {
		fields        []string
		width, height int
	}{
		{nil, 80, 60},
		{[]string{"range", "0"}, 80, 60},
		{[]string{"removeLetterbox", "false"}, 80, 83},
		{[]string{"removePillarbox", "false", "removeLetterbox", "true"}, 88, 60},
		{[]string{"removePillarbox", "false", "removeLetterbox", "false"}, 88, 83},
	} {
		img, format, _ := a.cropped("a.PNG", source, c.fields...)
		equal(t, "format", format, "png")
		equal(t, "size", img.Bounds().Size(), image.Pt(c.width, c.height))
		if c.width == 80 && c.height == 60 {
			for y := range 60 {
				for x := range 80 {
					if got, want := color.NRGBAModel.Convert(img.At(x, y)), picture.At(x, y); got != want {
						t.Fatalf("pixel %d,%d: %v, want %v", x, y, got, want)
					}
				}
			}
		}
	}
	output, _ := a.Output(a.ProcessIDs()[0])
	equal(t, "real work", output.RealWork, true)
	equal(t, "width", output.Width, 88)
}

func TestRemoveBordersOfJPEG(t *testing.T) {
	t.Parallel()
	a := newTools(t, editkittest.InMemory())
	source := asJPEG(t, framed(16, 24, 8, 0, color.Gray{Y: 30}))
	img, format, _ := a.cropped("a.jpg", source, "range", "5")
	equal(t, "format", format, "jpeg")
	size := img.Bounds().Size()
	if size.X < 80 || size.X > 88 || size.Y < 60 || size.Y > 64 { // what compression smears stays
		t.Errorf("size %v", size)
	}
	again, _, _ := a.cropped("a.jpeg", source, "range", "10", "removeLetterbox", "false")
	equal(t, "height", again.Bounds().Dy(), 100)
	grey := image.NewGray(image.Rect(0, 0, 64, 64))
	for i := range grey.Pix[64*32:] {
		grey.Pix[64*32+i] = uint8(i % 64 * 4)
	}
	img, _, _ = a.cropped("grey.jpg", asJPEG(t, grey))
	equal(t, "grey", img.Bounds().Dy(), 32)
}

func TestBorderRange(t *testing.T) {
	t.Parallel()
	a := newTools(t, editkittest.InMemory())
	noisy := framed(4, 4, 4, 4, color.Black)
	noisy.Set(3, 1, color.NRGBA{R: 6, A: 255})
	source := asPNG(t, noisy)
	for fields, want := range map[string]image.Point{"6": image.Pt(80, 60), "5": image.Pt(81, 63)} {
		img, _, _ := a.cropped("a.png", source, "range", fields)
		equal(t, "range "+fields, img.Bounds().Size(), want)
	}
	for _, value := range []string{"-1", "11", "1.5", "", "five"} {
		refused(t, value, a.start("remove-borders", "a.png", source, "range", value), 400, `The value of the parameter "range" is not allowed.`)
	}
	refused(t, "flag", a.start("remove-borders", "a.png", source, "removeLetterbox", "0"), 400, `The value of the parameter "removeLetterbox" is not allowed.`)
}

func TestPicturesWithoutBorders(t *testing.T) {
	t.Parallel()
	a := newTools(t, editkittest.InMemory())
	paletted := image.NewPaletted(image.Rect(0, 0, 30, 20), palette.Plan9)
	for i := range paletted.Pix {
		paletted.Pix[i] = uint8(i)
	}
	striped := image.NewGray(image.Rect(0, 0, 9, 9)) // every row is uniform, and so is every border
	for i := range striped.Pix {
		striped.Pix[i] = uint8(i / 9 * 20)
	}
	for name, img := range map[string]image.Image{
		"picture": framed(0, 0, 0, 0, color.Black), "uniform": image.NewGray16(image.Rect(0, 0, 50, 40)),
		"transparent": image.NewNRGBA(image.Rect(0, 0, 5, 5)), "one pixel": image.NewRGBA(image.Rect(0, 0, 1, 1)), "paletted": paletted,
	} {
		source := asPNG(t, img)
		_, _, file := a.cropped("a.png", source)
		equal(t, name, string(file), source)
	}
	img, _, _ := a.cropped("a.png", asPNG(t, striped))
	equal(t, "striped", img.Bounds().Size(), image.Pt(9, 7)) // the middle differs from both borders
}

func TestPicturesThatAreNone(t *testing.T) {
	t.Parallel()
	a := newTools(t, editkittest.InMemory())
	source := asPNG(t, framed(5, 5, 5, 5, color.Black))
	huge := []byte(source)
	copy(huge[16:24], []byte{0, 1, 0, 0, 0, 1, 0, 0}) // 65536 by 65536, without the pixels
	for name, content := range map[string]string{"text": "no picture", "truncated": source[:len(source)/2], "huge": string(huge)} {
		ans := a.start("remove-borders", "a.png", content)
		refused(t, name, ans, 422, "The file could not be processed. The image cannot be read.")
	}
	req := a.startRequest("remove-borders", "a.png", "x")
	req.Header.Set("Accept-Language", "ja")
	refused(t, "in Japanese", a.do(req), 422, "ファイルを処理できませんでした。画像を読み込めません。")
	processes := list(t, a.get("/processes", "Accept-Language", "de"))
	equal(t, "processes", len(processes), 4)
	equal(t, "label", processes[0]["label"], any("Fehlgeschlagen: Das Bild kann nicht gelesen werden."))
}
