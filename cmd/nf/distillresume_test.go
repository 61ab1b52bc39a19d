package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// interrupter is an output that ends a context at the first line that begins so.
type interrupter struct {
	bytes.Buffer
	at     string
	cancel context.CancelFunc
}

func (w *interrupter) Write(p []byte) (int, error) {
	n, err := w.Buffer.Write(p)
	if w.at != "" && strings.Contains("\n"+w.String(), "\n"+w.at) {
		w.cancel()
	}
	return n, err
}

// TestResumedDistillationHasTheBits interrupts distillations in either part, where the
// last epoch is and is not the best, and goes on: they end with the bytes of one that
// was never interrupted, with the whole history, and leave no state.
func TestResumedDistillationHasTheBits(t *testing.T) {
	t.Setenv("NF_BLAS", "builtin")
	d := workplace(t)
	in := func(name string) string { return filepath.Join(d, name) }
	mustRun(t, d, strings.Fields("train --data data.csv --exclude label --flow maf --layers 1 --hidden 8 --epochs 15 --lr 2e-2 --out teacher.safetensors")...)
	distill := func(at, out string, more ...string) (code int, text, errors string) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		w := &interrupter{at: at, cancel: cancel}
		var e bytes.Buffer
		line := strings.Fields("distill --layers 1 --hidden 8 --likelihood-epochs 3 --epochs 6 --steps 4 --batch 32 --measure 100 --teacher")
		code = run(ctx, append(append(line, in("teacher.safetensors"), "--out", in(out)), more...), nil, w, &e)
		return code, w.String(), e.String()
	}
	history := func(name string) []logEpoch {
		var log trainLog
		if err := json.Unmarshal([]byte(readFile(t, d, name+".log.json")), &log); err != nil {
			t.Fatal(err)
		}
		for i := range log.History {
			log.History[i].Seconds, log.History[i].RowsPerSecond = 0, 0
		}
		return log.History
	}
	for _, c := range []struct {
		name string
		more []string
	}{
		{"plain", nil},
		{"average", []string{"--average", "0.9", "--warmup", "5"}},
		{"worse", []string{"--lr", "0.2", "--schedule", "constant", "--coverage", "0"}},
	} {
		if code, _, e := distill("", "whole.safetensors", c.more...); code != exitDone {
			t.Fatalf("%s: %s", c.name, e)
		}
		os.Remove(in("parts.safetensors"))
		for i, at := range []string{"by=likelihood epoch=2 ", "by=likelihood epoch=3 ", "by=divergence epoch=1 ", "by=divergence epoch=4 ", ""} {
			more := c.more[:len(c.more):len(c.more)]
			if i > 0 {
				more = append(more, "--resume")
			}
			code, _, e := distill(at, "parts.safetensors", more...)
			if at == "" {
				if code != exitDone {
					t.Fatalf("%s: the last part: %s", c.name, e)
				}
				break
			}
			if code != exitFailed || !strings.Contains(e, "interrupted; ") || !strings.Contains(e, "--resume goes on behind") {
				t.Fatalf("%s, at %s: exit code %d, %s", c.name, at, code, e)
			}
			if _, err := os.Stat(in("parts.safetensors.state")); err != nil {
				t.Fatalf("%s, at %s: %v", c.name, at, err)
			}
		}
		if readFile(t, d, "parts.safetensors") != readFile(t, d, "whole.safetensors") {
			t.Errorf("%s: a resumed distillation ends with other bytes", c.name)
		}
		whole, parts := history("whole.safetensors"), history("parts.safetensors")
		if c.name == "worse" && !strings.Contains(readFile(t, d, "whole.safetensors.log.json"), `"best_epoch": 5`) {
			t.Errorf("the best epoch is another: %s", readFile(t, d, "whole.safetensors.log.json"))
		}
		if len(whole) < 6 || len(whole) != len(parts) {
			t.Fatalf("%s: histories of %d and %d epochs", c.name, len(whole), len(parts))
		}
		for i, e := range whole {
			if parts[i] != e {
				t.Errorf("%s: epoch %d is %+v, and of parts %+v", c.name, i, e, parts[i])
			}
		}
		if files := listing(t, d); strings.Contains(files, ".state") {
			t.Errorf("%s: the directory holds %s", c.name, files)
		}
	}
}

// TestResumeOfWhatIsNot names what is wrong with a state.
func TestResumeOfWhatIsNot(t *testing.T) {
	d := workplace(t)
	mustRun(t, d, strings.Fields("train --data data.csv --exclude label --flow maf --layers 1 --hidden 8 --epochs 2 --out teacher.safetensors")...)
	mustRun(t, d, strings.Fields("train --data data.csv --exclude label --flow maf --layers 1 --hidden 8 --epochs 1 --out other.safetensors")...)
	line := []string{"distill", "--layers", "1", "--hidden", "8", "--likelihood-epochs", "2", "--epochs", "4", "--steps", "4", "--batch", "32", "--measure", "100", "--teacher", filepath.Join(d, "teacher.safetensors"), "--out", filepath.Join(d, "s.safetensors")}
	resume := append(line[:len(line):len(line)], "--resume")
	mustFail(t, d, exitFailed, []string{"--resume", "s.safetensors.state", "leave out"}, resume...)
	t.Setenv("NF_BLAS", "builtin")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if code := run(ctx, line, nil, &interrupter{at: "by=likelihood epoch=1 ", cancel: cancel}, &bytes.Buffer{}); code != exitFailed {
		t.Fatalf("exit code %d", code)
	}
	state := readFile(t, d, "s.safetensors.state")
	for _, other := range [][]string{{"--seed", "2"}, {"--hidden", "7"}, {"--epochs", "9"}} {
		mustFail(t, d, exitFailed, []string{"--resume", "give the same"}, append(resume[:len(resume):len(resume)], other...)...)
	}
	mustFail(t, d, exitFailed, []string{"--resume", "another teacher"}, append(resume[:len(resume):len(resume)], "--teacher", filepath.Join(d, "other.safetensors"))...)
	for _, c := range []struct{ text, word string }{
		{"", "too few"},
		{state[:len(state)-4], "s.safetensors.state"},
		{readFile(t, d, "teacher.safetensors"), "nf.state"},
		{strings.Replace(state, `\"version\":1`, `\"version\":2`, 1), "version 2"},
		{strings.Replace(state, `\"epoch\":1`, `\"epoch\":9`, 1), "epoch 9"},
		{strings.Replace(state, `\"steps\":4,\"best`, `\"steps\":5,\"best`, 1), "5 steps"},
		{strings.Replace(state, `\"kept_`, `\"kapt_`, 1) + "x", "s.safetensors.state"},
		{strings.Replace(state, `"first"`, `"fifth"`, 1), "fifth"},
	} {
		writeFile(t, d, "s.safetensors.state", c.text)
		mustFail(t, d, exitFailed, []string{c.word}, resume...)
	}
	if strings.Contains(listing(t, d), ".tmp") {
		t.Error("a temporary file is left")
	}
}
