package editkit_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/editkit/editkit-go"
)

// listDir returns the names in a folder.
func listDir(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func checkFile(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	} else if string(got) != want {
		t.Errorf("%s has %d bytes that are not those of the file", path, len(got))
	}
}

// putOld puts a file with the text "old" there.
func putOld(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestDownloadFile: a folder takes the suggested name, anything else is the file, and
// the final name never stands on a part.
func TestDownloadFile(t *testing.T) {
	t.Parallel()
	file := object{body: content(1, 400_000), etag: `"v1"`}
	unnamed := strings.Replace(sized(400_000), "video.mp4", "", 1)
	for name, tt := range map[string]struct {
		job, target string // below the folder
		before      []string
		want        string
		partial     string
		replaced    bool
	}{
		"folder":                     {sized(400_000), "", nil, "video.mp4", "video.mp4.partial", false},
		"folder with a slash":        {sized(400_000), "./", nil, "video.mp4", "video.mp4.partial", false},
		"folder, no name suggested":  {unnamed, "", nil, "j1", "j1.partial", false},
		"folder, name taken":         {sized(400_000), "", []string{"video.mp4"}, "video (2).mp4", "video.mp4.partial", false},
		"folder, names taken":        {sized(400_000), "", []string{"video.mp4", "video (2).mp4"}, "video (3).mp4", "video.mp4.partial", false},
		"folder, name of a folder":   {sized(400_000), "", []string{"video.mp4/"}, "video (2).mp4", "video.mp4.partial", false},
		"folder, part of a crash":    {sized(400_000), "", []string{"video.mp4.partial"}, "video.mp4", "", false},
		"file":                       {sized(400_000), "mine.mov", nil, "mine.mov", "mine.mov.partial", false},
		"file without extension":     {sized(400_000), "mine", nil, "mine", "mine.partial", false},
		"hidden file":                {sized(400_000), ".mine", nil, ".mine", ".mine.partial", false},
		"file that is there":         {sized(400_000), "mine.mov", []string{"mine.mov"}, "mine.mov", "mine.mov.partial", true},
		"file, part of a crash":      {sized(400_000), "mine.mov", []string{"mine.mov.partial"}, "mine.mov", "", false},
		"file with a name as a part": {sized(400_000), "mine.partial", []string{"other"}, "mine.partial", "mine.partial.partial", false},
		"file named like a pattern":  {sized(400_000), "a*b[c].mov", nil, "a*b[c].mov", "a*b[c].mov.partial", false},
	} {
		if runtime.GOOS == "windows" && strings.Contains(tt.want, "*") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overBoth(t, func(t *testing.T, proto int) {
				dir := t.TempDir()
				for _, old := range tt.before {
					if folder, ok := strings.CutSuffix(old, "/"); ok {
						if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
							t.Fatal(err)
						}
						continue
					}
					putOld(t, filepath.Join(dir, old))
				}
				before := listDir(t, dir)
				b := newBed(t, proto, []string{tt.job}, cutAfter(150_000, file.serve), file.serve)
				target, final := dir+"/"+tt.target, filepath.Join(dir, tt.want)
				if tt.target == "" {
					target = dir
				}
				path, err := b.client.Jobs.DownloadFile(ctxFor(t), "j1", target, editkit.OnProgress(func(done, _ int64) {
					now := slices.DeleteFunc(listDir(t, dir), func(name string) bool { return slices.Contains(before, name) })
					if len(now) != 1 || tt.partial != "" && now[0] != tt.partial || !strings.HasSuffix(now[0], ".partial") {
						t.Errorf("after %d bytes there is %q, want %q", done, now, tt.partial)
					}
					if tt.replaced {
						checkFile(t, final, "old")
					} else if _, err := os.Lstat(final); !errors.Is(err, fs.ErrNotExist) {
						t.Errorf("after %d bytes the final name is there", done)
					}
				}))
				if err != nil {
					t.Fatal(err)
				}
				if filepath.Clean(path) != final {
					t.Errorf("path = %q, want %q", path, final)
				}
				checkFile(t, path, file.body)
				for _, old := range before {
					if info, err := os.Stat(filepath.Join(dir, old)); err == nil && info.Mode().IsRegular() && old != tt.want {
						checkFile(t, filepath.Join(dir, old), "old")
					}
				}
				want := slices.Compact(slices.Sorted(slices.Values(append(before, tt.want))))
				if left := listDir(t, dir); !slices.Equal(left, want) {
					t.Errorf("there is %q, want %q", left, want)
				}
			})
		})
	}
}

// TestDownloadFileHere: a name without a folder is in the current one.
func TestDownloadFileHere(t *testing.T) {
	t.Chdir(t.TempDir())
	c := atStorage(t, say(200, content(1, 1000)))
	for target, want := range map[string]string{".": "video.mp4", "mine.mov": "mine.mov"} {
		path, err := c.Jobs.DownloadFile(ctxFor(t), "j1", target)
		if err != nil || path != want {
			t.Errorf("path = %q, error %v", path, err)
		}
		checkFile(t, want, content(1, 1000))
	}
}

// TestFailedDownloadLeavesNothing: no part, and an old file as it was.
func TestFailedDownloadLeavesNothing(t *testing.T) {
	t.Parallel()
	file := object{body: content(1, 1000), etag: `"v1"`}
	for name, steps := range map[string][]http.HandlerFunc{
		"at once":    {storageSays(400)},
		"half-way":   {cutAfter(400, file.serve), storageSays(400)},
		"at the end": {without(file.serve, "Content-Length"), file.serve}, // one byte less than promised
	} {
		for _, target := range []string{"", "mine.mov"} {
			t.Run(name+" "+target, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				putOld(t, filepath.Join(dir, "mine.mov"))
				job := sized(1000)
				if name == "at the end" {
					job = sized(1001)
				}
				b := newBed(t, 1, []string{job}, steps...)
				path, err := b.client.Jobs.DownloadFile(ctxFor(t), "j1", filepath.Join(dir, target))
				var de *editkit.DownloadError
				if !errors.As(err, &de) || path != "" {
					t.Errorf("path = %q, error %v", path, err)
				}
				if left := listDir(t, dir); !slices.Equal(left, []string{"mine.mov"}) {
					t.Errorf("there is %q", left)
				}
				checkFile(t, filepath.Join(dir, "mine.mov"), "old")
			})
		}
	}
}

// TestFolderVanishes: a result that can't be put where it belongs is an error with its
// cause, and no path.
func TestFolderVanishes(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("an open file keeps its folder there")
	}
	for _, target := range []string{"", "mine.mov"} {
		dir := filepath.Join(t.TempDir(), "folder")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		c := atStorage(t, say(200, content(1, 1000)))
		path, err := c.Jobs.DownloadFile(ctxFor(t), "j1", filepath.Join(dir, target), editkit.OnProgress(func(int64, int64) {
			if err := os.RemoveAll(dir); err != nil {
				t.Error(err)
			}
		}))
		var de *editkit.DownloadError
		if !errors.As(err, &de) || de.Written != 1000 || de.Total != 1000 || !errors.Is(err, fs.ErrNotExist) || path != "" {
			t.Errorf("path = %q, error %v", path, err)
		}
	}
}

// badTargets are targets that can't take a file, by what is wrong with them.
func badTargets(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	regular := filepath.Join(dir, "regular")
	putOld(t, regular)
	bad := map[string]string{
		"empty":                       "",
		"unknown folder":              filepath.Join(dir, "missing", "mine.mov"),
		"unknown folder with a slash": filepath.Join(dir, "missing") + string(filepath.Separator),
		"below a file":                filepath.Join(regular, "mine.mov"),
		"file with a slash":           regular + string(filepath.Separator),
		"name of 256 bytes":           filepath.Join(dir, strings.Repeat("n", 256)),
		"no room for .partial":        filepath.Join(dir, strings.Repeat("n", 250)),
		"NUL":                         filepath.Join(dir, "mine\x00.mov"),
		"unknown folder, dot":         filepath.Join(dir, "missing") + "/.",
		"unknown folder, dots":        filepath.Join(dir, "missing") + "/..",
	}
	if runtime.GOOS != "windows" {
		bad["device"] = os.DevNull
		bad["below a device"] = os.DevNull + "/mine.mov"
	}
	if os.Geteuid() != 0 && runtime.GOOS != "windows" {
		locked := filepath.Join(dir, "locked")
		if err := os.Mkdir(locked, 0o500); err != nil {
			t.Fatal(err)
		}
		bad["locked folder"], bad["in a locked folder"] = locked, filepath.Join(locked, "mine.mov")
	}
	t.Cleanup(func() {
		checkFile(t, regular, "old")
		if left := listDir(t, dir); !slices.Contains(left, "regular") || len(left) > 2 {
			t.Errorf("there is %q", left)
		}
	})
	return bad
}

// TestBadTargets: a target that can't take a file is refused before anything is sent,
// above all before a job is created and charged.
func TestBadTargets(t *testing.T) {
	t.Parallel()
	for name, target := range badTargets(t) {
		api := newScript(t, 1) // any request is one too many
		c := api.client()
		check := func(what string, err error) {
			t.Helper()
			var arg *editkit.ArgError
			if !errors.As(err, &arg) || arg.Field != "dirOrFile" || arg.Reason == "" {
				t.Errorf("%s to %s: error = %v", what, name, err)
			}
		}
		_, err := c.Jobs.DownloadFile(ctxFor(t), "j1", target)
		check("DownloadFile", err)
		job, err := c.Jobs.Run(ctxFor(t), goodParams, target)
		check("Run", err)
		if job != nil {
			t.Errorf("%s: a job of %v", name, job)
		}
	}
	if info, err := os.Stat(os.DevNull); err != nil || runtime.GOOS != "windows" && info.Mode().IsRegular() {
		t.Errorf("the null device is %v, %v", info, err)
	}
}

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

// TestRun: the whole way in one call, with the result where it was wanted.
func TestRun(t *testing.T) {
	t.Parallel()
	file := object{body: content(1, 1000), etag: `"v1"`}
	overBoth(t, func(t *testing.T, proto int) {
		storage := newStorage(t, proto, cutAfter(400, file.serve), storageSays(403), file.serve)
		done := answer(200, strings.Replace(sized(1000), "LINK", storage.URL+"/o?"+linkQuery, 1))
		api := newScript(t, proto, answer(201, queued), answer(503, ``), answer(200, working), done, done)
		dir := t.TempDir()
		var (
			states []editkit.JobStatus
			bytes  int64
		)
		job, err := api.client().Jobs.Run(ctxFor(t), goodParams, dir, editkit.PollInterval(1, 1),
			editkit.OnUpdate(func(j *editkit.Job) { states = append(states, j.Status) }),
			editkit.OnProgress(func(done, _ int64) { bytes = done }))
		if err != nil {
			t.Fatal(err)
		}
		if job.Path != filepath.Join(dir, "video.mp4") || job.ID != "j1" || job.Status != editkit.JobCompleted {
			t.Errorf("job = %v at %q", job, job.Path)
		}
		checkFile(t, job.Path, file.body)
		want := []editkit.JobStatus{editkit.JobQueued, editkit.JobProcessing, editkit.JobCompleted}
		if !slices.Equal(states, want) || bytes != 1000 {
			t.Errorf("states %v, %d bytes", states, bytes)
		}
		if n := strings.Count(fmt.Sprint(api.requests()), http.MethodPost); n != 1 {
			t.Errorf("%d creates", n)
		}
	})
}

// TestRunReturnsTheJob: a job that was created is returned whatever happens later, so
// that it need not be paid again.
func TestRunReturnsTheJob(t *testing.T) {
	t.Parallel()
	broken := newStorage(t, 1, storageSays(400))
	link := func(job string) http.HandlerFunc {
		return answer(200, strings.Replace(job, "LINK", broken.URL+"/o?"+linkQuery, 1))
	}
	for name, tt := range map[string]struct {
		steps  []http.HandlerFunc
		want   error
		status editkit.JobStatus
	}{
		"download fails":   {[]http.HandlerFunc{answer(201, queued), link(sized(1000))}, nil, editkit.JobCompleted},
		"result is gone":   {[]http.HandlerFunc{answer(201, queued), answer(200, `{"id":"j1","status":"completed"}`)}, editkit.ErrExpired, editkit.JobCompleted},
		"job fails":        {[]http.HandlerFunc{answer(201, queued), answer(200, `{"id":"j1","status":"failed"}`)}, editkit.ErrJobFailed, editkit.JobFailed},
		"key is refused":   {[]http.HandlerFunc{answer(201, queued), answer(401, `{}`)}, editkit.ErrUnauthorized, editkit.JobQueued},
		"done and no link": {[]http.HandlerFunc{answer(201, `{"id":"j1","status":"completed"}`)}, editkit.ErrExpired, editkit.JobCompleted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			api := newScript(t, 1, tt.steps...)
			job, err := api.client().Jobs.Run(ctxFor(t), goodParams, dir, editkit.PollInterval(1, 1))
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("error = %v, want %v", err, tt.want)
			}
			if job == nil || job.ID != "j1" || job.Status != tt.status || job.Path != "" {
				t.Errorf("job = %v", job)
			}
			if left := listDir(t, dir); len(left) != 0 {
				t.Errorf("there is %q", left)
			}
			checkTold(t, err)
		})
	}
}
