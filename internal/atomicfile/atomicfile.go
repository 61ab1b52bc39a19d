// Package atomicfile writes files that appear under their name only when they are complete.
package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
)

// ErrAborted is what writing to a File, or committing it, returns after Abort.
var ErrAborted = errors.New("writing was aborted")

// A File is a file in the making, in the directory of its final path. It ends with Commit or Abort. Errors name the
// final path. Abort may be called by any goroutine at any time; the other methods by one at a time.
//
// Where the system can (Linux, most file systems), the file has no name until it is complete, so that not even a crash
// leaves anything of it; elsewhere it is a hidden temporary file, .NAME.….tmp.
//
// A path that names something other than a regular file (a device, a named pipe) cannot be replaced and is written
// directly. A symbolic link keeps pointing where it does: the file behind it is replaced, or made. What is replaced is
// the name: other hard links keep the old content, a file that is itself read-only is replaced if its directory may be
// written, and the new one belongs to who writes it.
type File struct {
	path string // as the caller gave it, for errors

	mu        sync.Mutex
	file      *os.File
	temporary string // the file's name while it is in the making; "" for none
	target    string // the name that Commit gives it; "" when writing directly
	state     error  // nil while writing, then errCommitted, ErrAborted or the error of a failed Commit
}

var errCommitted = errors.New("the file is already committed")

// Create begins the file at path. The directory must exist and be writable, which is checked now, before any work is
// done. An existing file keeps its permissions; a new one gets 0666 less the umask. Opening a named pipe waits for its
// reader.
func Create(path string) (*File, error) { return create(path, openUnnamed) }

// create is Create with a function that opens a file without a name, or fails.
func create(path string, unnamed func(directory string) (*os.File, error)) (*File, error) {
	f := &File{path: path}
	var err error
	if f.target, err = behindLinks(path); err != nil {
		return nil, f.failed(err)
	}
	exists, mode := false, os.FileMode(0)
	switch info, err := os.Stat(f.target); {
	case errors.Is(err, syscall.ENAMETOOLONG):
		return nil, f.failed(err)
	case err != nil: // absent, or out of reach, which creating the temporary file will tell
	case info.IsDir():
		return nil, fmt.Errorf("cannot write %s: it is a directory", path)
	case info.Mode().IsRegular():
		exists, mode = true, info.Mode().Perm()
	default:
		if err := f.openDirectly(); err != nil {
			return nil, err
		}
		return f, nil
	}
	if f.file, err = unnamed(filepath.Dir(f.target)); err != nil {
		if err := f.openTemporary(); err != nil {
			return nil, err
		}
	}
	if exists {
		if err := f.file.Chmod(mode); err != nil {
			f.Abort()
			return nil, f.failed(err)
		}
	}
	return f, nil
}

// Probe is Create for a file that will never be committed, to learn whether it could be written. It is nil for what
// would be written directly, where opening could wait or do something.
func Probe(path string) (*File, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil, nil
	}
	f, err := Create(path)
	if err == nil && f.temporary != "" && os.Remove(f.temporary) == nil {
		f.temporary = "" // from here on a crash leaves nothing
	}
	return f, err
}

// behindLinks follows symbolic links, whether there is anything behind the last one or not.
func behindLinks(path string) (string, error) {
	const most = 40 // as Linux has it
	for range most {
		link, err := os.Readlink(path)
		if err != nil {
			// No link. The directory's own links need no following, and what is wrong with it is told by who writes there.
			return path, nil
		}
		if !filepath.IsAbs(link) {
			link = filepath.Join(filepath.Dir(path), link)
		}
		path = link
	}
	return "", syscall.ELOOP
}

func (f *File) openDirectly() error {
	file, err := os.OpenFile(f.target, os.O_WRONLY, 0)
	if err != nil {
		return f.failed(err)
	}
	f.file, f.target = file, ""
	return nil
}

// temporaryName returns a hidden name beside the target that nobody has.
func (f *File) temporaryName() string {
	directory, name := filepath.Split(f.target)
	const longest = 200 // file systems take 255 bytes, and the temporary name adds some
	if len(name) > longest {
		name = name[:longest]
	}
	return filepath.Join(directory, fmt.Sprintf(".%s.%016x.tmp", name, rand.Uint64()))
}

// attempts bounds how often another name is tried where one is taken.
const attempts = 100

func (f *File) openTemporary() error {
	for attempt := 0; ; attempt++ {
		temporary := f.temporaryName()
		file, err := os.OpenFile(temporary, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		switch {
		case err == nil:
			f.file, f.temporary = file, temporary
			return nil
		case errors.Is(err, os.ErrExist) && attempt < attempts:
			continue
		}
		directory := filepath.Dir(f.target)
		if _, missing := os.Stat(directory); errors.Is(missing, os.ErrNotExist) {
			return fmt.Errorf("cannot write %s: output directory %s does not exist", f.path, directory)
		}
		return f.failed(err)
	}
}

// writing returns the file while it is in the making. A file that is written directly is used without the lock: a pipe
// may make a write wait, and Abort ends that by closing it.
func (f *File) writing() (file *os.File, unlock func(), err error) {
	f.mu.Lock()
	if f.state != nil {
		f.mu.Unlock()
		return nil, nil, f.failed(f.state)
	}
	if f.target == "" {
		f.mu.Unlock()
		return f.file, func() {}, nil
	}
	return f.file, f.mu.Unlock, nil
}

// Write appends to the file.
func (f *File) Write(p []byte) (int, error) {
	file, unlock, err := f.writing()
	if err != nil {
		return 0, err
	}
	defer unlock()
	n, err := file.Write(p)
	if err != nil {
		return n, f.failed(err)
	}
	return n, nil
}

// WriteAt overwrites bytes that were written before. It does not move the place where Write appends.
func (f *File) WriteAt(p []byte, offset int64) (int, error) {
	file, unlock, err := f.writing()
	if err != nil {
		return 0, err
	}
	defer unlock()
	n, err := file.WriteAt(p, offset)
	if err != nil {
		return n, f.failed(err)
	}
	return n, nil
}

// Direct tells that the path is written directly, in order: a device or a pipe.
func (f *File) Direct() bool { return f.target == "" }

// Sync brings what was written to the disk, so that Commit has nothing left to do but to give it its name.
func (f *File) Sync() error {
	file, unlock, err := f.writing()
	if err != nil || f.Direct() {
		return err
	}
	defer unlock()
	if err := file.Sync(); err != nil {
		return f.failed(err)
	}
	return nil
}

// Commit brings the file to the disk and under its name. On an error the temporary file is removed and whatever stood
// under the name before is untouched. A second Commit does nothing.
func (f *File) Commit() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.state == errCommitted {
		return nil
	}
	if f.state != nil {
		return f.failed(f.state)
	}
	if f.target == "" {
		f.state = errCommitted
		if err := f.file.Close(); err != nil {
			f.state = err
			return f.failed(err)
		}
		return nil
	}
	err := f.file.Sync()
	named := false
	if err == nil && f.temporary == "" {
		named, err = f.nameUnnamed()
	}
	if closeErr := f.file.Close(); err == nil {
		err = closeErr
	}
	if err == nil && !named {
		err = os.Rename(f.temporary, f.target)
	}
	if err != nil {
		if f.temporary != "" {
			os.Remove(f.temporary)
		}
		f.state = err
		return f.failed(err)
	}
	f.state = errCommitted
	if err := syncDirectory(filepath.Dir(f.target)); err != nil {
		return fmt.Errorf("%s is written, but its directory could not be brought to the disk: %w", f.path, cause(err))
	}
	return nil
}

// nameUnnamed gives a file without a name its final one, or where something has that name already, which no system
// call replaces by an unnamed file, a temporary one.
func (f *File) nameUnnamed() (final bool, err error) {
	err = linkUnnamed(f.file, f.target)
	if !errors.Is(err, os.ErrExist) {
		return err == nil, err
	}
	for range attempts {
		f.temporary = f.temporaryName()
		if err = linkUnnamed(f.file, f.temporary); !errors.Is(err, os.ErrExist) {
			break
		}
	}
	if err != nil {
		f.temporary = ""
	}
	return false, err
}

// Abort removes the temporary file. After Commit or Abort it does nothing.
func (f *File) Abort() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.state != nil {
		return
	}
	f.state = ErrAborted
	f.file.Close()
	if f.temporary != "" {
		os.Remove(f.temporary)
	}
}

// Write writes the file at path with what write puts out, and commits it if write returns nil. If write fails or
// panics, nothing is left behind and its error is returned as it is.
func Write(path string, write func(io.Writer) error) error {
	f, err := Create(path)
	if err != nil {
		return err
	}
	defer f.Abort()
	if err := write(f); err != nil {
		return err
	}
	return f.Commit()
}

func (f *File) failed(err error) error {
	return fmt.Errorf("cannot write %s: %w", f.path, cause(err))
}

// syncDirectory makes a rename durable. Systems and file systems that cannot sync a directory keep it in their own way.
func syncDirectory(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	directory, err := os.Open(path)
	if err != nil {
		return err
	}
	defer directory.Close()
	err = directory.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		return nil
	}
	return err
}

// cause strips the operation and the temporary path that the os package puts around an error.
func cause(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return link.Err
	}
	return err
}
