package main

import (
	"strings"
	"testing"
)

// TestContinuousFlows trains both kinds and finds what is told of their solvers.
func TestContinuousFlows(t *testing.T) {
	d := workplace(t)
	train := "train --data data.csv --exclude label --out m.safetensors --hidden 6 --epochs 6 --batch 50 --lr 0.01 "
	for _, c := range []struct{ flags, want string }{
		{"--flow flow-matching --pairing independent", "train_loss="},
		{"--flow ffjord --tolerance 0.01 --probes 8 --kinetic 0.001 --jacobian 0.001", "train_nll="},
	} {
		r := mustRun(t, d, strings.Fields(train+c.flags)...)
		for _, want := range []string{c.want, "valid_nll=", "solver: evaluations="} {
			if !strings.Contains(r.out, want) {
				t.Errorf("%s prints %q, without %q", c.flags, r.out, want)
			}
		}
		r = mustRun(t, d, "score", "--model", "m.safetensors", "--data", "data.csv", "--out", "s.csv")
		if probes := strings.Contains(c.flags, "probes"); !strings.Contains(r.out, "largest_solver_error=") || strings.Contains(r.out, "probe_standard_error=") != probes {
			t.Errorf("score prints %q", r.out)
		}
		r = mustRun(t, d, "sample", "--model", "m.safetensors", "-n", "9", "--out", "x.csv", "--solver-steps", "2")
		if !strings.Contains(r.errors, "standard deviations from those of the model's own solver") {
			t.Errorf("sample prints %q", r.errors)
		}
	}
	for flags, want := range map[string]string{
		"--flow flow-matching --layers 2":                      "one velocity",
		"--flow flow-matching --pairing greedy":                "transport",
		"--flow flow-matching --context a --pairing transport": "biased",
		"--flow flow-matching --kinetic 1":                     "for --flow ffjord",
		"--flow realnvp --pairing independent":                 "for --flow flow-matching",
		"--flow ffjord --tolerance 0":                          "above 0",
		"--flow ffjord --solver rk4":                           "give it steps",
	} {
		mustFail(t, d, exitUsage, strings.Fields(want), strings.Fields(train+flags)...)
	}
}
