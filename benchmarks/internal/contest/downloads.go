package contest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"

	"github.com/editkit/editkit-go"
)

// Downloads returns downloads of so many bytes from the service, to a writer that
// discards them and to files in dir. Each file is removed again within the run.
func Downloads(s *Service, size int64, dir string) ([]Contest, error) {
	kit, err := newKit(s.URL, newTransport())
	if err != nil {
		return nil, err
	}
	d := downloads{
		kit:     kit,
		plain:   &http.Client{Transport: newTransport()},
		service: s,
		size:    size,
		dir:     dir,
	}
	mib := strconv.FormatInt(size>>20, 10) + "MiB"
	return []Contest{
		{
			Name: "Download/" + mib,
			Size: size,
			Contestants: []Contestant{
				{Name: "job+http.Get+io.Copy", Does: "a GET of the job for its link, a GET of the link, io.Copy", Run: d.copyJob},
				{Name: "http.Get+io.Copy", Does: "the same without the job: it knows the link already", Run: d.copyLink},
				{Name: "editkit", Does: "Jobs.Download: asks for the job, checks the size, goes on after a cut", Run: d.kitCopy, Judged: true},
			},
		},
		{
			Name: "DownloadFile/" + mib,
			Size: size,
			Contestants: []Contestant{
				{Name: "job+http.Get+file+Sync", Does: "a GET of the job for its link, a GET of the link, os.Create, io.Copy, Sync, Close", Run: d.saveSynced},
				{Name: "http.Get+file+Sync", Does: "the same without the job", Run: d.saveSyncedLink},
				{Name: "http.Get+file", Does: "the same without job and Sync: a crash can leave a file without its bytes", Run: d.saveLink},
				{Name: "editkit", Does: "Jobs.DownloadFile: asks for the job, .partial file, Sync, rename", Run: d.kitSave, Judged: true},
			},
		},
	}, nil
}

type downloads struct {
	kit     *editkit.Client
	plain   *http.Client
	service *Service
	size    int64
	dir     string
}

// sink discards. Unlike [io.Discard] it has no small buffers of its own, which
// would slow io.Copy down.
type sink struct{}

func (sink) Write(p []byte) (int, error) { return len(p), nil }

func (d downloads) id() string { return strconv.FormatInt(d.size, 10) }

func (d downloads) copyJob(ctx context.Context) error {
	link, err := d.askForLink(ctx)
	if err != nil {
		return err
	}
	return d.copyTo(ctx, link, sink{})
}

func (d downloads) copyLink(ctx context.Context) error {
	return d.copyTo(ctx, d.service.link(d.size), sink{})
}

func (d downloads) saveSynced(ctx context.Context) error {
	link, err := d.askForLink(ctx)
	if err != nil {
		return err
	}
	return d.save(ctx, link, true)
}

func (d downloads) saveSyncedLink(ctx context.Context) error {
	return d.save(ctx, d.service.link(d.size), true)
}

func (d downloads) saveLink(ctx context.Context) error {
	return d.save(ctx, d.service.link(d.size), false)
}

func (d downloads) askForLink(ctx context.Context) (string, error) {
	var j job
	err := handwritten{d.service.URL, d.plain}.call(ctx, http.MethodGet, "/jobs/"+d.id(), nil, &j)
	return j.OutputURL, err
}

func (d downloads) copyTo(ctx context.Context, link string, w io.Writer) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	if err != nil {
		return err
	}
	resp, err := d.plain.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the storage answered %s", resp.Status)
	}
	n, err := io.Copy(w, resp.Body)
	return want(err, n, d.size)
}

func (d downloads) save(ctx context.Context, link string, sync bool) error {
	f, err := os.Create(filepath.Join(d.dir, "plain.mp4"))
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	defer func() { _ = f.Close() }()
	if err := d.copyTo(ctx, link, f); err != nil {
		return err
	}
	if sync {
		if err := f.Sync(); err != nil {
			return err
		}
	}
	return f.Close()
}

func (d downloads) kitCopy(ctx context.Context) error {
	n, err := d.kit.Jobs.Download(ctx, d.id(), sink{})
	return want(err, n, d.size)
}

func (d downloads) kitSave(ctx context.Context) error {
	path, err := d.kit.Jobs.DownloadFile(ctx, d.id(), filepath.Join(d.dir, "editkit.mp4"))
	if err != nil {
		return err
	}
	return os.Remove(path)
}
