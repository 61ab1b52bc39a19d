package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// filesIn names the files of a directory, hidden ones too.
func filesIn(t *testing.T, directory string) []string {
	t.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func wantFile(t *testing.T, path, content string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != content {
		t.Errorf("%s holds %q, want %q", path, got, content)
	}
}

func TestFileAppearsOnlyOnCommit(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "out")
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(f, "hello ")
	fmt.Fprint(f, "world")
	if _, err := f.WriteAt([]byte("J"), 0); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(f, "!")
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file is there before Commit: %v", err)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := f.Commit(); err != nil {
		t.Errorf("second Commit: %v", err)
	}
	f.Abort()
	wantFile(t, path, "Jello world!")
	if names := filesIn(t, directory); len(names) != 1 {
		t.Errorf("the directory holds %q", names)
	}
	if _, err := f.Write([]byte("x")); err == nil {
		t.Error("Write after Commit succeeds")
	}
}

func TestAbortLeavesTheOldFile(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "out")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(f, "new")
	f.Abort()
	f.Abort()
	wantFile(t, path, "old")
	if names := filesIn(t, directory); len(names) != 1 {
		t.Errorf("the directory holds %q", names)
	}
	for what, err := range map[string]error{
		"Write":   func() error { _, err := f.Write([]byte("x")); return err }(),
		"WriteAt": func() error { _, err := f.WriteAt([]byte("x"), 0); return err }(),
		"Commit":  f.Commit(),
	} {
		if !errors.Is(err, ErrAborted) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s after Abort: %v", what, err)
		}
	}
}

func TestCreateErrors(t *testing.T) {
	directory := t.TempDir()
	missing := filepath.Join(directory, "missing")
	_, err := Create(filepath.Join(missing, "out"))
	if err == nil || !strings.Contains(err.Error(), "output directory "+missing+" does not exist") {
		t.Errorf("missing directory: %v", err)
	}
	if _, err := Create(directory); err == nil || !strings.Contains(err.Error(), "it is a directory") {
		t.Errorf("directory: %v", err)
	}
	if err := os.WriteFile(filepath.Join(directory, "plain"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(filepath.Join(directory, "plain", "out")); err == nil || !strings.Contains(err.Error(), "plain/out: not a directory") {
		t.Errorf("directory that is a file: %v", err)
	}
}

func TestPermissions(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "kept")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	write := func(w io.Writer) error { _, err := io.WriteString(w, "x"); return err }
	if err := Write(path, write); err != nil {
		t.Fatal(err)
	}
	plain, fresh := filepath.Join(directory, "plain"), filepath.Join(directory, "fresh")
	if err := os.WriteFile(plain, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := Write(fresh, write); err != nil {
		t.Fatal(err)
	}
	mode := func(path string) fs.FileMode {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode()
	}
	if got := mode(path); got != 0o600 {
		t.Errorf("a replaced file has mode %v, want 0600", got)
	}
	if got, want := mode(fresh), mode(plain); got != want {
		t.Errorf("a new file has mode %v, want %v", got, want)
	}
}

func TestSymbolicLinkIsKept(t *testing.T) {
	directory := t.TempDir()
	target, link := filepath.Join(directory, "target"), filepath.Join(directory, "link")
	if err := os.WriteFile(target, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	if err := Write(link, func(w io.Writer) error { _, err := io.WriteString(w, "new"); return err }); err != nil {
		t.Fatal(err)
	}
	wantFile(t, target, "new")
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v %v", info.Mode(), err)
	}
}

func TestLongName(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("n", 250))
	if err := Write(path, func(w io.Writer) error { _, err := io.WriteString(w, "x"); return err }); err != nil {
		t.Fatal(err)
	}
	wantFile(t, path, "x")
}

func TestWriteThatFails(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "out")
	broken := errors.New("broken")
	err := Write(path, func(w io.Writer) error {
		io.WriteString(w, "half")
		return broken
	})
	if err != broken {
		t.Errorf("error %v, want %v", err, broken)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is swallowed")
			}
		}()
		Write(path, func(io.Writer) error { panic("broken") })
	}()
	if names := filesIn(t, directory); len(names) != 0 {
		t.Errorf("the directory holds %q", names)
	}
}

func TestCommitThatFails(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "out")
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	// A directory that took the name meanwhile cannot be replaced by a file.
	if err := os.MkdirAll(filepath.Join(path, "inner"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := f.Commit(); err == nil || !strings.Contains(err.Error(), "cannot write "+path) || strings.Contains(err.Error(), ".tmp") {
		t.Errorf("error %v", err)
	}
	if names := filesIn(t, directory); len(names) != 1 {
		t.Errorf("the directory holds %q", names)
	}
}

func TestDeviceIsWrittenDirectly(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("no /dev/full on", runtime.GOOS)
	}
	err := Write("/dev/full", func(w io.Writer) error { _, err := io.WriteString(w, "x"); return err })
	if err == nil || err.Error() != "cannot write /dev/full: no space left on device" {
		t.Errorf("error %v", err)
	}
	if err := Write("/dev/null", func(w io.Writer) error { _, err := io.WriteString(w, "x"); return err }); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat("/dev/null"); err != nil || info.Mode()&fs.ModeDevice == 0 {
		t.Errorf("/dev/null is now %v, %v", info.Mode(), err)
	}
}

func TestAbortFromAnotherGoroutine(t *testing.T) {
	directory := t.TempDir()
	for range 50 {
		path := filepath.Join(directory, "out")
		f, err := Create(path)
		if err != nil {
			t.Fatal(err)
		}
		var wait sync.WaitGroup
		wait.Go(f.Abort)
		var failure error
		for i := 0; i < 100 && failure == nil; i++ {
			_, failure = f.Write([]byte("x"))
		}
		if failure == nil {
			failure = f.Commit()
		}
		wait.Wait()
		names := filesIn(t, directory)
		if failure == nil && (len(names) != 1 || names[0] != "out") || failure != nil && len(names) != 0 {
			t.Fatalf("after %v the directory holds %q", failure, names)
		}
		os.Remove(path)
	}
}
