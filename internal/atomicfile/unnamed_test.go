package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestNamedAndUnnamed writes over nothing and over a file, with and without the system's files that have no name.
func TestNamedAndUnnamed(t *testing.T) {
	none := func(string) (*os.File, error) { return nil, errors.ErrUnsupported }
	for name, unnamed := range map[string]func(string) (*os.File, error){"unnamed": openUnnamed, "named": none} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			path := filepath.Join(directory, "out")
			for _, content := range []string{"one", "two", "three"} {
				f, err := create(path, unnamed)
				if err != nil {
					t.Fatal(err)
				}
				defer f.Abort()
				fmt.Fprint(f, content)
				if err := f.Sync(); err != nil {
					t.Fatal(err)
				}
				if err := f.Commit(); err != nil {
					t.Fatal(err)
				}
				wantFile(t, path, content)
				if names := filesIn(t, directory); len(names) != 1 {
					t.Errorf("the directory holds %q", names)
				}
			}
			f, err := create(path, unnamed)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprint(f, "lost")
			f.Abort()
			wantFile(t, path, "three")
			if names := filesIn(t, directory); len(names) != 1 {
				t.Errorf("after Abort the directory holds %q", names)
			}
		})
	}
}

// TestCrashLeavesNothing ends a child by a signal that cannot be caught, between Create and Commit.
func TestCrashLeavesNothing(t *testing.T) {
	const variable = "ATOMICFILE_TEST_CRASH"
	if path := os.Getenv(variable); path != "" {
		f, err := Create(path)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(f, "half")
		self, err := os.FindProcess(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		self.Kill()
		select {}
	}
	directory := t.TempDir()
	probe, err := openUnnamed(directory)
	if err != nil {
		t.Skipf("the file system of %s has no files without a name: %v", directory, err)
	}
	probe.Close()
	path := filepath.Join(directory, "out")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestCrashLeavesNothing$")
	child.Env = append(os.Environ(), variable+"="+path)
	if output, err := child.CombinedOutput(); err == nil || child.ProcessState.ExitCode() != -1 {
		t.Fatalf("the child was to be killed: %v: %s", err, output)
	}
	wantFile(t, path, "old")
	if names := filesIn(t, directory); len(names) != 1 {
		t.Errorf("the directory holds %q", names)
	}
}

func TestProbeLeavesNothing(t *testing.T) {
	directory := t.TempDir()
	for _, path := range []string{filepath.Join(directory, "out"), filepath.Join(directory, strings.Repeat("n", 250))} {
		f, err := Probe(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte("x")); err != nil {
			t.Error(err)
		}
		if names := filesIn(t, directory); len(names) != 0 && runtime.GOOS != "windows" {
			t.Errorf("while it is open the directory holds %q", names)
		}
		f.Abort()
		if names := filesIn(t, directory); len(names) != 0 {
			t.Errorf("the directory holds %q", names)
		}
	}
	for _, path := range []string{filepath.Join(directory, strings.Repeat("n", 256)), filepath.Join(directory, "no", "out"), directory} {
		if _, err := Probe(path); err == nil || !strings.HasPrefix(err.Error(), "cannot write "+path) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestLinksWithoutAFile(t *testing.T) {
	directory := t.TempDir()
	link := func(to, name string) string {
		path := filepath.Join(directory, name)
		if err := os.Symlink(to, path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	dangling := link("behind", "second")
	first := link("second", "first")
	f, err := Create(first)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(f, "x")
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	wantFile(t, filepath.Join(directory, "behind"), "x")
	for _, path := range []string{first, dangling} {
		if info, err := os.Lstat(path); err != nil || info.Mode()&fs.ModeSymlink == 0 {
			t.Errorf("the link %s is gone", path)
		}
	}
	link("b", "a")
	if _, err := Create(link("a", "b")); err == nil || !strings.Contains(err.Error(), "symbolic links") {
		t.Errorf("a loop of links: %v", err)
	}
}

func TestModeOfNobody(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0 {
		t.Errorf("the mode is %v, want none", info.Mode())
	}
}
