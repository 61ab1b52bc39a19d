//go:build unix

package table

import (
	"path/filepath"
	"syscall"
	"testing"
)

// TestNumPyToAPipe: what cannot be written there is refused before anything is, and before a reader is waited for.
func TestNumPyToAPipe(t *testing.T) {
	for _, name := range []string{"x.npy", "x.npz"} {
		path := filepath.Join(t.TempDir(), name)
		if err := syscall.Mkfifo(path, 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := Create(path, WriteOptions{})
		wantError(t, err, path, "pipe", ".csv")
	}
}
