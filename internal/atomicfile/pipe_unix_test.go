//go:build unix

package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestAbortEndsAWaitingWrite writes more than a pipe holds, to a reader that does not read.
func TestAbortEndsAWaitingWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if !f.Direct() {
		t.Error("a pipe is not written directly")
	}
	ended := make(chan error)
	go func() {
		_, err := f.Write(make([]byte, 1<<22))
		ended <- err
	}()
	if _, err := reader.Read(make([]byte, 1)); err != nil && !errors.Is(err, syscall.EAGAIN) {
		t.Fatal(err)
	}
	f.Abort()
	if err := <-ended; err == nil {
		t.Error("a write of 4 MiB into a pipe ends well")
	}
	if err := f.Commit(); !errors.Is(err, ErrAborted) {
		t.Errorf("Commit after Abort: %v", err)
	}
}
