package editkit

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/editkit/editkit-go/internal/filename"
)

// target is where a download goes: a folder, for a name that the service suggests,
// or a file.
type target struct {
	dir  string
	name string // "" if the service names it
}

// newTarget checks dirOrFile without touching anything that is there.
func newTarget(dirOrFile string) (target, error) {
	reject := func(reason string) (target, error) { return target{}, &ArgError{"dirOrFile", reason} }
	if dirOrFile == "" {
		return reject("empty: use \".\" for the current folder")
	}
	info, err := os.Stat(dirOrFile)
	switch {
	case err == nil && info.IsDir():
		return writable(target{dir: dirOrFile})
	case err == nil && !info.Mode().IsRegular():
		return reject("neither a folder nor a regular file") // a rename would replace a device
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return reject(err.Error())
	case err != nil && os.IsPathSeparator(dirOrFile[len(dirOrFile)-1]):
		return reject("there is no such folder")
	}
	t := target{filepath.Dir(dirOrFile), filepath.Base(dirOrFile)}
	if info, err := os.Stat(t.dir); err != nil || !info.IsDir() {
		return reject("there is no folder " + t.dir)
	}
	return writable(t)
}

// writable finds out now what would otherwise show when a job has been paid for: with
// a name as long as that of the partial file.
func writable(t target) (target, error) {
	probe, err := os.CreateTemp(t.dir, t.name+".*.partial")
	if err != nil {
		return target{}, &ArgError{"dirOrFile", "can't be written to: " + err.Error()}
	}
	_ = probe.Close()
	return t, os.Remove(probe.Name())
}

// open makes the file that holds the download until it is whole. Its name is that of
// the result with ".partial" behind.
func (t target) open(suggested, id string) (*partialFile, error) {
	if t.name == "" {
		t.name = filename.Safe(suggested, filename.Safe(id, "output"))
		return t.create(false)
	}
	return t.create(true)
}

func (t target) create(replace bool) (*partialFile, error) {
	path := filepath.Join(t.dir, t.name)
	for suffix := ".partial"; ; suffix = fmt.Sprintf(".%08x.partial", rand.Uint32()) {
		// Another download to the same name has a partial file of its own.
		f, err := os.OpenFile(path+suffix, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return &partialFile{File: f, final: path, replace: replace}, nil
	}
}

// partialFile is a download that is not yet whole.
type partialFile struct {
	*os.File
	final   string
	replace bool // whatever has the final name: the caller chose it
}

// restart empties the file.
func (p *partialFile) restart() error {
	if _, err := p.Seek(0, 0); err != nil {
		return err
	}
	return p.Truncate(0)
}

// discard removes the file.
func (p *partialFile) discard() {
	_ = p.Close()
	_ = os.Remove(p.Name())
}

// finish ends the file: whole under its final name, which it returns, or not at all if
// what wrote it failed.
func (p *partialFile) finish(written error) (path string, err error) {
	if err = written; err == nil {
		path, err = p.commit()
	}
	if err != nil {
		p.discard()
		return "", err
	}
	return path, nil
}

// commit gives the file its final name, in one step, and returns that name. A name
// that the service suggested never replaces a file: it gets a number.
func (p *partialFile) commit() (string, error) {
	// Without this a crash could leave the final name on a file without its bytes.
	if err := p.Sync(); err != nil {
		return "", err
	}
	if err := p.Close(); err != nil {
		return "", err
	}
	if p.replace {
		return p.final, os.Rename(p.Name(), p.final)
	}
	dir, name := filepath.Split(p.final)
	path := p.final
	for number := 2; ; number++ {
		err := renameNew(p.Name(), path)
		if !errors.Is(err, fs.ErrExist) {
			return path, err
		}
		path = filepath.Join(dir, filename.Numbered(name, number))
	}
}

// renameNew renames a file unless the new name is taken. A link does that in one
// step; on file systems without links the name is claimed first.
func renameNew(from, to string) error {
	err := os.Link(from, to)
	if err == nil {
		return os.Remove(from)
	}
	if errors.Is(err, fs.ErrExist) {
		return err
	}
	claim, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	if err := claim.Close(); err != nil {
		return err
	}
	return os.Rename(from, to)
}
