//go:build unix

package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/seed-192fdf7a/nf/flow"
)

// TestInterruptedDistillationGoesOn interrupts a distillation, whose best epoch is
// kept, and goes on behind it.
func TestInterruptedDistillationGoesOn(t *testing.T) {
	d := workplace(t)
	mustRun(t, d, strings.Fields("train --data data.csv --exclude label --flow maf --layers 1 --hidden 8 --epochs 2 --out teacher.safetensors")...)
	line := strings.Fields("distill --teacher teacher.safetensors --out s.safetensors --layers 1 --hidden 8 --likelihood-epochs 3 --epochs 3000 --steps 4 --batch 32 --measure 100")
	left := func(after string, line ...string) (distillProvenance, trainLog) {
		t.Helper()
		r := interrupted(t, d, after, syscall.SIGINT, line...)
		expectFailure(t, r, exitFailed, []string{"interrupted; s.safetensors keeps the best epoch so far", "--resume"}, line)
		f, err := flow.Load(filepath.Join(d, "s.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		var p distillProvenance
		if err := json.Unmarshal(f.Provenance(), &p); err != nil {
			t.Fatal(err)
		}
		text := readFile(t, d, "s.safetensors.log.json")
		var log trainLog
		if err := json.Unmarshal([]byte(text), &log); err != nil || !strings.Contains(text, `"teacher": "teacher.safetensors"`) {
			t.Fatalf("the log is %s (%v)", text, err)
		}
		return p, log
	}
	p, log := left("by=divergence epoch=2 ", line...)
	if len(log.History) < 5 || log.History[0].By != "likelihood" || log.History[3].By != "divergence" || log.History[3].Epoch != 1 {
		t.Errorf("the log is %+v", log)
	}
	wanted := logEpoch{By: "divergence", Epoch: p.BestEpoch + 1}
	if p.BestEpoch == 0 && p.LikelihoodEpoch < 3 {
		wanted = logEpoch{By: "likelihood", Epoch: p.LikelihoodEpoch + 1}
	}
	resume := append(line[:len(line):len(line)], "--resume")
	if _, log = left("by=divergence ", resume...); log.History[0].By != wanted.By || log.History[0].Epoch != wanted.Epoch {
		t.Errorf("it goes on by %+v, want %+v", log.History[0], wanted)
	}
	for _, other := range [][]string{{"--seed", "2"}, {"--hidden", "7"}, {"--epochs", "9"}} {
		mustFail(t, d, exitFailed, []string{"--resume", "give the same"}, append(resume[:len(resume):len(resume)], other...)...)
	}
	mustFail(t, d, exitFailed, []string{"no student that nf distill made"}, append(resume[:len(resume):len(resume)], "--out", "model.safetensors")...)
}
