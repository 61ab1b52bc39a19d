package main

import (
	"strings"
	"testing"
)

// TestNoiseColumns trains a flow beside columns of noise, which scores and draws,
// and has no latents.
func TestNoiseColumns(t *testing.T) {
	d := workplace(t)
	train := "train --data data.csv --exclude label --out m.safetensors --hidden 6 --layers 2 --epochs 2 --batch 50 "
	mustRun(t, d, strings.Fields(train+"--noise-columns 2 --noise-draws 3")...)
	if r := mustRun(t, d, "score", "--model", "m.safetensors", "--data", "data.csv", "--out", "s.csv"); !strings.Contains(r.out, " noise_draws=3") {
		t.Errorf("score prints %q", r.out)
	}
	if r := mustRun(t, d, "inspect", "m.safetensors"); !strings.Contains(r.out, "augment columns=2 draws=3") {
		t.Errorf("inspect prints %q", r.out)
	}
	mustRun(t, d, "sample", "--model", "m.safetensors", "-n", "9", "--out", "x.csv", "--log-prob")
	mustFail(t, d, exitFailed, []string{"m.safetensors", "no noise belongs to a row"}, "latent", "--model", "m.safetensors", "--data", "data.csv", "--out", "z.csv")
	for flags, want := range map[string]string{
		"--noise-columns 0":                      "at least 1",
		"--noise-draws 3":                        "--noise-columns, which are not given",
		"--noise-columns 1 --noise-draws 0":      "at least 1",
		"--noise-columns 1000000":                "in all at most",
		"--noise-columns 1 --flow flow-matching": "maximum likelihood",
		"--noise-columns 1 --flow nsf --permutation random --base uniform": "another base",
	} {
		mustFail(t, d, exitUsage, strings.Fields(want), strings.Fields(train+flags)...)
	}
}
