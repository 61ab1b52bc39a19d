package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// asCommand makes the test binary be nf.
const asCommand = "NF_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		limitFiles()
		main()
	}
	os.Exit(m.Run())
}

// result is how a run of nf ended.
type result struct {
	code        int
	out, errors string
}

// command prepares nf with arguments in a directory.
func command(t *testing.T, directory string, arguments ...string) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program, arguments...)
	c.Dir = directory
	c.Env = append(os.Environ(), asCommand+"=1", "NF_BLAS=builtin")
	return c
}

func finish(t *testing.T, c *exec.Cmd) result {
	t.Helper()
	var out, errors bytes.Buffer
	c.Stdout, c.Stderr = &out, &errors
	err := c.Run()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatal(err)
	}
	return result{c.ProcessState.ExitCode(), out.String(), errors.String()}
}

// nf runs a command line.
func nf(t *testing.T, directory string, arguments ...string) result {
	t.Helper()
	return finish(t, command(t, directory, arguments...))
}

// mustRun runs a command line that has to end well.
func mustRun(t *testing.T, directory string, arguments ...string) result {
	t.Helper()
	r := nf(t, directory, arguments...)
	if r.code != exitDone {
		t.Fatalf("nf %s: exit %d: %s", strings.Join(arguments, " "), r.code, r.errors)
	}
	return r
}

// mustFail runs a command line that has to fail with a code and one line on
// standard error that begins as errors do and holds each of the words. It must
// leave the directory's files as they were.
func mustFail(t *testing.T, directory string, code int, words []string, arguments ...string) {
	t.Helper()
	before := listing(t, directory)
	r := nf(t, directory, arguments...)
	expectFailure(t, r, code, words, arguments)
	if after := listing(t, directory); after != before {
		t.Errorf("nf %s changed the files from\n%s to\n%s", strings.Join(arguments, " "), before, after)
	}
}

func expectFailure(t *testing.T, r result, code int, words, arguments []string) {
	t.Helper()
	line := strings.Join(arguments, " ")
	if r.code != code {
		t.Errorf("nf %s: exit %d, want %d: %s", line, r.code, code, r.errors)
	}
	lines := strings.Split(strings.TrimSuffix(r.errors, "\n"), "\n")
	if code == exitUsage {
		if hint := lines[len(lines)-1]; !strings.HasPrefix(hint, "see nf") || !strings.HasSuffix(hint, " --help") {
			t.Errorf("nf %s: the last line is %q, want a hint", line, hint)
		}
		lines = lines[:len(lines)-1]
	}
	if len(lines) != 1 || !strings.HasPrefix(lines[0], "nf") || !strings.Contains(lines[0], ": ") {
		t.Errorf("nf %s: standard error is %q, want one line", line, r.errors)
	}
	for _, word := range words {
		if !strings.Contains(r.errors, word) {
			t.Errorf("nf %s: %q does not hold %q", line, r.errors, word)
		}
	}
}

// mustRefuse runs command lines that must fail, each with these words.
func mustRefuse(t *testing.T, directory string, lines map[string]string) {
	t.Helper()
	for line, want := range lines {
		if r := nf(t, directory, strings.Fields(line)...); r.code == 0 || !strings.Contains(r.errors, want) {
			t.Errorf("%s: exit code %d, %q, want %q", line, r.code, r.errors, want)
		}
	}
}

// listing names the files below a directory with their sizes.
func listing(t *testing.T, directory string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(directory, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && !entry.IsDir() {
			fmt.Fprintf(&b, "%s %d\n", path, info.Size())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func writeFile(t *testing.T, directory, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, directory, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(directory, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// rowsText is a CSV of rows with columns a, b, c, of which b follows a, and
// label, which is 1 in every tenth row, far from the others.
func rowsText(rows int) string {
	var b strings.Builder
	b.WriteString("a,b,c,label\n")
	points := drawMoons(rows, 5, 0)
	for i := range rows {
		x, y := points[2*i], points[2*i+1]
		label := 0
		if i%10 == 9 {
			x, label = x+3, 1
		}
		fmt.Fprintf(&b, "%v,%v,%v,%d\n", 1000+10*x, y, x-y+float64(i%7)/7, label)
	}
	return b.String()
}

// npyText is a .npy of the first columns of a CSV text with a header.
func npyText(csv string, columns int) string {
	lines := strings.Split(strings.TrimSpace(csv), "\n")[1:]
	header := fmt.Sprintf("{'descr': '<f8', 'fortran_order': False, 'shape': (%d, %d), }", len(lines), columns)
	header += strings.Repeat(" ", 128-11-len(header)) + "\n"
	b := []byte("\x93NUMPY\x01\x00")
	b = binary.LittleEndian.AppendUint16(b, uint16(len(header)))
	b = append(b, header...)
	for _, line := range lines {
		for _, cell := range strings.Split(line, ",")[:columns] {
			var v float64
			if _, err := fmt.Sscan(cell, &v); err != nil {
				panic(err)
			}
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
	}
	return string(b)
}

var trained struct {
	once  sync.Once
	model string
}

// smallTraining is the flags of a training that takes no time.
var smallTraining = []string{"--layers", "2", "--hidden", "8", "--epochs", "2", "--batch", "64", "--quiet"}

// workplace is a directory with data.csv, of 300 rows, and model.safetensors,
// trained on its columns a, b and c.
func workplace(t *testing.T) string {
	t.Helper()
	directory := t.TempDir()
	writeFile(t, directory, "data.csv", rowsText(300))
	trained.once.Do(func() {
		mustRun(t, directory, append([]string{"train", "--data", "data.csv", "--exclude", "label", "--out", "model.safetensors"}, smallTraining...)...)
		trained.model = readFile(t, directory, "model.safetensors")
		if err := os.Remove(filepath.Join(directory, "model.safetensors.log.json")); err != nil {
			t.Fatal(err)
		}
	})
	writeFile(t, directory, "model.safetensors", trained.model)
	return directory
}

func symlink(t *testing.T, directory, target, link string) {
	t.Helper()
	if err := os.Symlink(target, filepath.Join(directory, link)); err != nil {
		t.Fatal(err)
	}
}
