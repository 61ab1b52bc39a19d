package main

import (
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/kernels"
)

// TestSameBytes compares the files that runs write which may differ in time
// only.
func TestSameBytes(t *testing.T) {
	d := workplace(t)
	var environments []string
	for _, tier := range kernels.Tiers() {
		environments = append(environments, "NF_KERNELS="+tier.Name())
	}
	run := func(environment, out string, line ...string) string {
		c := command(t, d, append(line, "--out", out)...)
		if environment != "" {
			c.Env = append(c.Env, environment)
		}
		if r := finish(t, c); r.code != exitDone {
			t.Fatalf("%s nf %s: %s", environment, strings.Join(line, " "), r.errors)
		}
		return readFile(t, d, out)
	}
	for name, line := range map[string][]string{
		"model.safetensors": append([]string{"train", "--data", "data.csv", "--exclude", "label"}, smallTraining...),
		"scores.csv":        {"score", "--model", "model.safetensors", "--data", "data.csv"},
		"samples.npy":       {"sample", "--model", "model.safetensors", "-n", "700", "--seed", "9"},
		"latent.csv":        {"latent", "--model", "model.safetensors", "--data", "data.csv"},
	} {
		out := "out-" + name
		want := run("", out, line...)
		for _, environment := range environments {
			if run(environment, out, line...) != want {
				t.Errorf("%s differs with %q", name, environment)
			}
		}
		for _, workers := range []string{"1", "2", "5"} {
			if run("", out, append(line[:len(line):len(line)], "--workers", workers)...) != want {
				t.Errorf("%s differs with --workers %s", name, workers)
			}
		}
		if line[0] == "score" {
			for _, batch := range []string{"1", "7", "128", "4096"} {
				if run("", out, append(line[:len(line):len(line)], "--batch", batch)...) != want {
					t.Errorf("%s differs with --batch %s", name, batch)
				}
			}
		}
		if line[0] == "train" && want != trained.model {
			t.Errorf("%s differs from an earlier training", name)
		}
	}
}

// TestSamplePrefix: a sample depends on the seed and its number alone.
func TestSamplePrefix(t *testing.T) {
	d := workplace(t)
	mustRun(t, d, "sample", "--model", "model.safetensors", "-n", "5000", "--out", "many.csv")
	mustRun(t, d, "sample", "--model", "model.safetensors", "-n", "10", "--out", "few.csv")
	mustRun(t, d, "sample", "--model", "model.safetensors", "-n", "10", "--seed", "2", "--out", "other.csv")
	many, few, other := readFile(t, d, "many.csv"), readFile(t, d, "few.csv"), readFile(t, d, "other.csv")
	if !strings.HasPrefix(many, few) || strings.Count(many, "\n") != 5001 {
		t.Errorf("10 samples are %q, of 5000 the first are %q", few, many[:len(few)])
	}
	if few == other {
		t.Error("another seed draws the same samples")
	}
}
