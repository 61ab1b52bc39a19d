package main

import (
	"fmt"
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
		"--flow flow-matching --layers 2":                          "one velocity",
		"--flow flow-matching --pairing greedy":                    "transport",
		"--flow flow-matching --context a --pairing transport":     "biased",
		"--flow flow-matching --kinetic 1":                         "for --flow ffjord",
		"--flow flow-matching --row-weights a --pairing transport": "biased",
		"--flow realnvp --pairing independent":                     "for --flow flow-matching",
		"--flow ffjord --tolerance 0":                              "above 0",
		"--flow ffjord --solver rk4":                               "give it steps",
	} {
		mustFail(t, d, exitUsage, strings.Fields(want), strings.Fields(train+flags)...)
	}
}

// TestSeriesOfResidualFlow trains on more columns than have determinants, and finds
// what is told of the errors.
func TestSeriesOfResidualFlow(t *testing.T) {
	d := t.TempDir()
	var b strings.Builder
	for i := range 120 {
		for c := range 130 {
			fmt.Fprintf(&b, "%d,", 10*(i%2)+(i*(c+3))%5)
		}
		fmt.Fprintf(&b, "%d\n", i%7)
	}
	writeFile(t, d, "wide.csv", b.String())
	r := mustRun(t, d, strings.Fields("train --data wide.csv --out m.safetensors --flow residual-flow --layers 1 --hidden 4 --probes 1 --epochs 6 --lr 0.003")...)
	for _, out := range []string{r.out, mustRun(t, d, strings.Fields("score --model m.safetensors --data wide.csv --out s.csv")...).out} {
		for _, want := range []string{" series_error=", "largest_series_error=", "probe_standard_error="} {
			if !strings.Contains(out, want) || strings.Contains(out, "evaluations=") {
				t.Errorf("it says %q, without %q", out, want)
			}
		}
	}
}

// TestFlowMatchingOfImages trains on images with classes, scores by the exact trace
// of another training, and draws in few steps.
func TestFlowMatchingOfImages(t *testing.T) {
	d := t.TempDir()
	writeImages(t, d, "a", 24)
	train := trainImages + " --flow flow-matching-image --scales 1 --solver-steps 2 --classes a-labels-ubyte --out m.safetensors"
	r := mustRun(t, d, strings.Fields(train)...)
	for _, want := range []string{"train_loss=", "valid_nll=", "bits_per_dim=", "solver: evaluations=8.0", "validation images"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("training says %q, without %q", r.out, want)
		}
	}
	r = mustRun(t, d, strings.Fields("score --model m.safetensors --data a-images-ubyte --classes a-labels-ubyte --out s.csv")...)
	if !strings.Contains(r.out, "bits_per_dim=") {
		t.Errorf("score says %q", r.out)
	}
	r = mustRun(t, d, strings.Fields("sample --model m.safetensors -n 4 --out x.npy --solver-steps 1 --solver euler")...)
	if !strings.Contains(r.errors, "standard deviations from those of the model's own solver") {
		t.Errorf("sample says %q", r.errors)
	}
	for _, network := range []string{"residual", "transformer"} {
		r := mustRun(t, d, strings.Fields(train+" --network "+network)...)
		if !strings.Contains(r.out, "bits_per_dim=") {
			t.Errorf("training of a %s says %q", network, r.out)
		}
	}
	for _, c := range []struct {
		code        int
		flags, want string
	}{
		{exitUsage, train + " --probes -1", "exact trace"},
		{exitUsage, train + " --network recurrent", "transformer"},
		{exitUsage, trainImages + " --flow glow --out m.safetensors --network residual", "flow-matching-image"},
		{exitUsage, trainImages + " --flow glow --out m.safetensors --solver rk4", "flow-matching-image"},
		{exitFailed, train + " --dequantization variational", "likelihood"},
		{exitFailed, train + " --pairing transport", "biased"},
	} {
		mustFail(t, d, c.code, strings.Fields(c.want), strings.Fields(c.flags)...)
	}
}
