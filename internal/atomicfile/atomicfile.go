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

// A File is a file in the making: a temporary file in the directory of its final path. It ends with Commit or Abort.
// Errors name the final path. Abort may be called by any goroutine at any time; the other methods by one at a time.
//
// A path that names something other than a regular file (a device, a named pipe) cannot be replaced and is written
// directly. A symbolic link keeps pointing where it does: the file behind it is replaced.
type File struct {
	path string // as the caller gave it, for errors

	mu     sync.Mutex
	file   *os.File
	target string // where Commit renames to; "" when writing directly
	state  error  // nil while writing, then errCommitted, ErrAborted or the error of a failed Commit
}

var errCommitted = errors.New("the file is already committed")

// Create begins the file at path. The directory must exist and be writable, which is checked now, before any work is
// done. An existing file keeps its permissions; a new one gets 0666 less the umask.
func Create(path string) (*File, error) {
	f := &File{path: path, target: path}
	mode := os.FileMode(0)
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		f.target = resolved
	}
	switch info, err := os.Stat(f.target); {
	case err != nil: // absent, or out of reach, which creating the temporary file will tell
	case info.IsDir():
		return nil, fmt.Errorf("cannot write %s: it is a directory", path)
	case info.Mode().IsRegular():
		mode = info.Mode().Perm()
	default:
		if err := f.openDirectly(); err != nil {
			return nil, err
		}
		return f, nil
	}
	if err := f.openTemporary(); err != nil {
		return nil, err
	}
	if mode != 0 {
		if err := f.file.Chmod(mode); err != nil {
			f.Abort()
			return nil, f.failed(err)
		}
	}
	return f, nil
}

func (f *File) openDirectly() error {
	file, err := os.OpenFile(f.target, os.O_WRONLY, 0)
	if err != nil {
		return f.failed(err)
	}
	f.file, f.target = file, ""
	return nil
}

func (f *File) openTemporary() error {
	directory, name := filepath.Split(f.target)
	const longest = 200 // file systems take 255 bytes, and the temporary name adds some
	if len(name) > longest {
		name = name[:longest]
	}
	for attempt := 0; ; attempt++ {
		temporary := filepath.Join(directory, fmt.Sprintf(".%s.%016x.tmp", name, rand.Uint64()))
		file, err := os.OpenFile(temporary, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		switch {
		case err == nil:
			f.file = file
			return nil
		case errors.Is(err, os.ErrExist) && attempt < 100:
			continue
		}
		if directory == "" {
			directory = "."
		}
		if _, missing := os.Stat(directory); errors.Is(missing, os.ErrNotExist) {
			return fmt.Errorf("cannot write %s: output directory %s does not exist", f.path, filepath.Clean(directory))
		}
		return f.failed(err)
	}
}

// Write appends to the file.
func (f *File) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.state != nil {
		return 0, f.failed(f.state)
	}
	n, err := f.file.Write(p)
	if err != nil {
		return n, f.failed(err)
	}
	return n, nil
}

// WriteAt overwrites bytes that were written before. It does not move the place where Write appends.
func (f *File) WriteAt(p []byte, offset int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.state != nil {
		return 0, f.failed(f.state)
	}
	n, err := f.file.WriteAt(p, offset)
	if err != nil {
		return n, f.failed(err)
	}
	return n, nil
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
	temporary := f.file.Name()
	err := f.file.Sync()
	if closeErr := f.file.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temporary, f.target)
	}
	if err != nil {
		os.Remove(temporary)
		f.state = err
		return f.failed(err)
	}
	f.state = errCommitted
	if err := syncDirectory(filepath.Dir(f.target)); err != nil {
		return fmt.Errorf("%s is written, but its directory could not be brought to the disk: %w", f.path, cause(err))
	}
	return nil
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
	if f.target != "" {
		os.Remove(f.file.Name())
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
