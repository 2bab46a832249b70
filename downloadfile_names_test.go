package editkit_test

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/editkit/editkit-go"
)

// manyJobs is a service with a storage: job "j7" has a result of its own, all under one
// name.
func manyJobs(t *testing.T) *editkit.Client {
	t.Helper()
	return newClient(t, editkit.WithEditClips(testKey), stub(func(r *http.Request) (*http.Response, error) {
		id := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
		if r.URL.Host == "editclips.online" {
			return reply(r, 200, fmt.Sprintf(`{"id":%q,"status":"completed","outputUrl":"https://storage.example/%s","outputFilename":"video.mp4"}`, id, id)), nil
		}
		resp := reply(r, 200, resultFor(id))
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(resultFor(id)[:1000]), strings.NewReader(resultFor(id)[1000:])))
		return resp, nil
	}))
}

func resultFor(id string) string { return id + content(id[1], 20_000) + id }

// TestManyFilesOfOneName: downloads at the same time to one folder all survive whole,
// each under a name of its own.
func TestManyFilesOfOneName(t *testing.T) {
	t.Parallel()
	const n = 20
	dir, c := t.TempDir(), manyJobs(t)
	var (
		mu    sync.Mutex
		wg    sync.WaitGroup
		paths = map[string]string{}
	)
	for i := range n {
		wg.Go(func() {
			id := fmt.Sprintf("j%d", i)
			path, err := c.Jobs.DownloadFile(ctxFor(t), id, dir)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if paths[path] != "" {
				t.Errorf("%s and %s are both %s", paths[path], id, path)
			}
			paths[path] = id
		})
	}
	wg.Wait()
	want := []string{"video.mp4"}
	for i := 2; i <= n; i++ {
		want = append(want, fmt.Sprintf("video (%d).mp4", i))
	}
	slices.Sort(want)
	if left := listDir(t, dir); !slices.Equal(left, want) {
		t.Errorf("there is %q", left)
	}
	for path, id := range paths {
		checkFile(t, path, resultFor(id))
	}
}

// TestManyFilesToOneTarget: downloads at the same time to one file leave one of them,
// whole.
func TestManyFilesToOneTarget(t *testing.T) {
	t.Parallel()
	dir, c := t.TempDir(), manyJobs(t)
	target := filepath.Join(dir, "mine.mov")
	whole := map[string]bool{"old": true}
	putOld(t, target)
	var wg sync.WaitGroup
	for i := range 20 {
		id := fmt.Sprintf("j%d", i)
		whole[resultFor(id)] = true
		wg.Go(func() {
			path, err := c.Jobs.DownloadFile(ctxFor(t), id, target)
			if err != nil || path != target {
				t.Errorf("%q, %v", path, err)
			}
		})
	}
	wg.Go(func() { // whoever looks, sees a whole file
		for range 200 {
			got, err := os.ReadFile(target)
			if err != nil || !whole[string(got)] {
				t.Errorf("%d bytes, %v", len(got), err)
				return
			}
		}
	})
	wg.Wait()
	delete(whole, "old")
	got, err := os.ReadFile(target)
	if err != nil || !whole[string(got)] {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if left := listDir(t, dir); !slices.Equal(left, []string{"mine.mov"}) {
		t.Errorf("there is %q", left)
	}
}

// TestHostileNames: whatever name the service suggests, the file is in the folder, under
// a name that every system takes.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	names := map[string]string{ // as in JSON: as on the disk
		`../../etc/passwd`:                   "passwd",
		`..\\..\\x`:                          "x",
		`/abs/x`:                             "x",
		`C:\\x`:                              "x",
		`C:x`:                                "x",
		`C:`:                                 "j1",
		`\\\\server\\share\\x`:               "x",
		`\\\\?\\C:\\x`:                       "x",
		`file:///etc/passwd`:                 "passwd",
		``:                                   "j1",
		`.`:                                  "j1",
		`..`:                                 "j1",
		`...`:                                "j1",
		`. . .`:                              "j1",
		`a/../../b`:                          "b",
		`a/..`:                               "j1",
		`a/.`:                                "j1",
		`a/`:                                 "j1",
		`nul`:                                "_nul",
		`CON.mp4`:                            "_CON.mp4",
		`aux.txt.mp4`:                        "_aux.txt.mp4",
		`com1`:                               "_com1",
		`COM1 .mp4`:                          "_COM1 .mp4",
		`.nul`:                               "_nul",
		`nul:`:                               "nul_",
		`LPT\u00b9.x`:                        "_LPT¹.x",
		`console.mp4`:                        "console.mp4",
		`name\u0000.mp4`:                     "name.mp4",
		`../\u0000`:                          "j1",
		`.\u0000./x`:                         "x",
		`.\u0000.`:                           "j1",
		`a\nb\r\n.mp4`:                       "ab.mp4",
		`a\tb\u001b[31m.mp4`:                 "ab[31m.mp4",
		`\u202egpj.exe`:                      "gpj.exe",
		`a\u2066b\u200b\ufeff.mp4`:           "ab.mp4",
		`\u200e.bashrc`:                      "bashrc",
		`.bashrc`:                            "bashrc",
		`-rf`:                                "rf",
		`--output=x`:                         "output=x",
		` -rf`:                               "rf",
		`name. . .`:                          "name",
		`name.mp4...   `:                     "name.mp4",
		`  name.mp4`:                         "name.mp4",
		`a\u00a0b\u2028c\u3000.mp4`:          "a b c .mp4",
		`<>:\"|?*`:                           "_______",
		`a<b>c:d\"e|f?g*.mp4`:                "a_b_c_d_e_f_g_.mp4",
		"a\xff\xfeb.mp4":                     "a\ufffdb.mp4", // as encoding/json reads it
		`a\ud800b.mp4`:                       "a\ufffdb.mp4",
		`///`:                                "j1",
		`\\\\\\`:                             "j1",
		`/\\/\\`:                             "j1",
		`%2e%2e%2fx`:                         "%2e%2e%2fx",
		`~`:                                  "~",
		`$HOME`:                              "$HOME",
		`видео 動画 🎬.mp4`:                     "видео 動画 🎬.mp4",
		`video.mp4.partial`:                  "video.mp4.partial",
		strings.Repeat("n", 300) + `.mp4`:    strings.Repeat("n", 216) + ".mp4",
		strings.Repeat("動", 100) + `.mp4`:    strings.Repeat("動", 72) + ".mp4",
		strings.Repeat("n", 300):             strings.Repeat("n", 220),
		`n.` + strings.Repeat("e", 300):      "n." + strings.Repeat("e", 218),
		strings.Repeat("n.", 150) + `mp4`:    strings.Repeat("n.", 107) + "n.mp4",
		strings.Repeat("../", 100) + `x`:     "x",
		strings.Repeat("🎬", 75) + `.webm`:    strings.Repeat("🎬", 53) + ".webm",
		strings.Repeat(" ", 300) + `x`:       "x",
		strings.Repeat("x", 210) + ` . .  m`: strings.Repeat("x", 210) + " . .  m",
	}
	for _, suggested := range slices.Sorted(maps.Keys(names)) {
		want := names[suggested]
		t.Run(fmt.Sprintf("%.40q", suggested), func(t *testing.T) {
			t.Parallel()
			parent := t.TempDir()
			dir := filepath.Join(parent, "a", "b", "folder")
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			c := newClient(t, editkit.WithEditClips(testKey), stub(func(r *http.Request) (*http.Response, error) {
				if r.URL.Host == "editclips.online" {
					return reply(r, 200, `{"id":"j1","status":"completed","outputUrl":"https://storage.example/o","outputFilename":"`+suggested+`"}`), nil
				}
				return reply(r, 200, "result"), nil
			}))
			path, err := c.Jobs.DownloadFile(ctxFor(t), "j1", dir)
			if err != nil {
				t.Fatal(err)
			}
			name := filepath.Base(path)
			if filepath.Dir(path) != dir || name != want {
				t.Errorf("path = %q, want the name %q", path, want)
			}
			if len(name) > 255 || !utf8.ValidString(name) {
				t.Errorf("a name of %d bytes: %q", len(name), name)
			}
			var files []string
			err = filepath.WalkDir(parent, func(p string, d fs.DirEntry, err error) error {
				if err == nil && !d.IsDir() {
					files = append(files, p)
				}
				return err
			})
			if err != nil || !slices.Equal(files, []string{path}) {
				t.Errorf("there is %q, %v", files, err)
			}
			checkFile(t, path, "result")
		})
	}
}

// TestHostileID: an id stands in for the name, so it is made safe as well.
func TestHostileID(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for id, want := range map[string]string{"../../x": "x", "..": "output", ".hidden": "hidden", "nul": "_nul"} {
		c := newClient(t, editkit.WithEditClips(testKey), stub(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == "editclips.online" {
				return reply(r, 200, `{"id":"`+id+`","status":"completed","outputUrl":"https://storage.example/o"}`), nil
			}
			return reply(r, 200, "result"), nil
		}))
		if path, err := c.Jobs.DownloadFile(ctxFor(t), "j1", dir); err != nil || path != filepath.Join(dir, want) {
			t.Errorf("id %q: path = %q, error %v", id, path, err)
		}
	}
}
