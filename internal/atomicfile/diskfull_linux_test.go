package atomicfile

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestSizeLimit writes against a limit on file sizes, which fails a write half way as a full disk does. The limit is for
// a whole process, so the writing is done by a child.
func TestSizeLimit(t *testing.T) {
	const variable = "ATOMICFILE_TEST_PATH"
	if path := os.Getenv(variable); path != "" {
		signal.Ignore(syscall.SIGXFSZ)
		limit := syscall.Rlimit{Cur: 1000, Max: 1000}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			t.Fatal(err)
		}
		err := Write(path, func(w io.Writer) error {
			_, err := w.Write(bytes.Repeat([]byte("x"), 3000))
			return err
		})
		fmt.Println("error:", err)
		return
	}
	directory := t.TempDir()
	path := filepath.Join(directory, "out")
	child := exec.Command(os.Args[0], "-test.run=^TestSizeLimit$")
	child.Env = append(os.Environ(), variable+"="+path)
	output, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	if !strings.Contains(string(output), "error: cannot write "+path+": file too large") {
		t.Errorf("the child says %s", output)
	}
	if names := filesIn(t, directory); len(names) != 0 {
		t.Errorf("the directory holds %q", names)
	}
}
