package editkit_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

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
