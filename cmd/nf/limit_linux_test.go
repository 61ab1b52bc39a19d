package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// fileLimit holds the largest size of a file that the command may write, so
// that writing fails half way as it does on a full disk.
const fileLimit = "NF_TEST_FILE_LIMIT"

func limitFiles() {
	limit, err := strconv.ParseUint(os.Getenv(fileLimit), 10, 64)
	if err != nil {
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
		fmt.Fprintln(os.Stderr, "no limit:", err)
	}
}

// linesThatWrite are command lines that write more than a little to out.
func linesThatWrite(out string) [][]string {
	path := func(name string) string { return filepath.Join(out, name) }
	return [][]string{
		append([]string{"train", "--data", "data.csv", "--out", path("m.safetensors")}, "--layers", "4", "--epochs", "1"),
		{"score", "--model", "model.safetensors", "--data", "data.csv", "--out", path("s.csv")},
		{"sample", "--model", "model.safetensors", "-n", "20000", "--out", path("s.npy")},
		{"latent", "--model", "model.safetensors", "--data", "data.csv", "--out", path("z.npz")},
	}
}

func TestFileSizeLimit(t *testing.T) {
	d := workplace(t)
	writeFile(t, d, "data.csv", rowsText(3000))
	for _, line := range linesThatWrite("") {
		before := listing(t, d)
		c := command(t, d, line...)
		c.Env = append(c.Env, fileLimit+"=20000")
		expectFailure(t, finish(t, c), exitFailed, []string{"cannot write", "file too large"}, line)
		if after := listing(t, d); after != before {
			t.Errorf("%s left files: %s", strings.Join(line, " "), after)
		}
	}
}

func TestDiskFull(t *testing.T) {
	d := workplace(t)
	writeFile(t, d, "data.csv", rowsText(3000))
	disk := filepath.Join(d, "disk")
	if err := os.Mkdir(disk, 0o777); err != nil {
		t.Fatal(err)
	}
	err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=16k")
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		t.Skip("mounting a small tmpfs needs root; TestFileSizeLimit stands in for it")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Unmount(disk, 0)
	for _, line := range linesThatWrite("disk") {
		mustFail(t, d, exitFailed, []string{"cannot write", "no space left on device"}, line...)
	}
}
