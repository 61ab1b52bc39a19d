//go:build unix

package main

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-192fdf7a/nf/flow"
)

// endless is a training that does not end by itself.
var endless = []string{"train", "--data", "data.csv", "--exclude", "label", "--out", "m.safetensors",
	"--layers", "2", "--hidden", "8", "--epochs", "10000000", "--patience", "0", "--lr", "1e-5"}

// interrupted starts a command line, reads its output until a line begins with
// after, sends it the signal and waits for its end.
func interrupted(t *testing.T, directory, after string, signal syscall.Signal, arguments ...string) result {
	t.Helper()
	c := command(t, directory, arguments...)
	var errors strings.Builder
	c.Stderr = &errors
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	deadline := time.AfterFunc(60*time.Second, func() { c.Process.Kill() })
	defer deadline.Stop()
	lines := bufio.NewScanner(out)
	found := false
	for !found && lines.Scan() {
		found = strings.HasPrefix(lines.Text(), after)
	}
	if !found {
		t.Fatalf("it ended before %q: %s", after, errors.String())
	}
	if err := c.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() { // it must not block on its output
	}
	c.Wait()
	return result{c.ProcessState.ExitCode(), "", errors.String()}
}

func TestInterruptedTrainingKeepsTheBestEpoch(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		d := workplace(t)
		r := interrupted(t, d, "epoch=3 ", signal, endless...)
		expectFailure(t, r, exitFailed, []string{"nf train: interrupted", "m.safetensors keeps the best finished epoch", "best epoch="}, endless)
		f, err := flow.Load(filepath.Join(d, "m.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(f.Provenance()), `"best_epoch":`) {
			t.Errorf("the provenance is %s", f.Provenance())
		}
		if log := readFile(t, d, "m.safetensors.log.json"); !strings.Contains(log, `"stopped": "interrupted"`) {
			t.Errorf("the log is %s", log)
		}
		if files := listing(t, d); strings.Contains(files, ".tmp") {
			t.Errorf("the directory holds %s", files)
		}
	}
}

func TestInterruptedBeforeTheFirstEpoch(t *testing.T) {
	d := workplace(t)
	writeFile(t, d, "data.csv", rowsText(50000))
	before := listing(t, d)
	// Batches of one row make an epoch long.
	slow := append(endless[:len(endless):len(endless)], "--batch", "1", "--layers", "16", "--hidden", "128,128")
	r := interrupted(t, d, "training on", syscall.SIGINT, slow...)
	expectFailure(t, r, exitFailed, []string{"interrupted before an epoch was finished", "nothing was written"}, slow)
	if after := listing(t, d); after != before {
		t.Errorf("files were left: %s", after)
	}
}

func TestInterruptedWaitingForInput(t *testing.T) {
	d := workplace(t)
	before := listing(t, d)
	for _, sent := range []string{"", "a,b,c\n1000,0,1\n"} {
		for _, line := range [][]string{
			{"score", "--model", "model.safetensors", "--data", "-", "--out", "s.csv"},
			{"latent", "--model", "model.safetensors", "--data", "-", "--out", "s.csv"},
			{"train", "--data", "-", "--out", "m.safetensors"},
		} {
			c := command(t, d, line...)
			var errors strings.Builder
			c.Stderr = &errors
			in, err := c.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(in, sent); err != nil {
				t.Fatal(err)
			}
			// Before the signal is caught it would end the program in its own way.
			time.Sleep(500 * time.Millisecond)
			if err := c.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			c.Wait()
			in.Close()
			expectFailure(t, result{c.ProcessState.ExitCode(), "", errors.String()}, exitFailed, []string{"interrupted; nothing was written"}, line)
			if after := listing(t, d); after != before {
				t.Errorf("files were left: %s", after)
			}
		}
	}
}
