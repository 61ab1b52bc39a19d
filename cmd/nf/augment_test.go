package main

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// TestAugment makes rows near rows: how far is what --noise says, mixtures stay in
// their class, and the rarer class is filled up.
func TestAugment(t *testing.T) {
	d := workplace(t)
	augment := func(more ...string) {
		t.Helper()
		mustRun(t, d, append([]string{"augment", "--model", "model.safetensors", "--data", "data.csv", "--out", "more.csv"}, more...)...)
		mustRun(t, d, "latent", "--model", "model.safetensors", "--data", "more.csv", "--out", "z.csv")
	}
	mustRun(t, d, "latent", "--model", "model.safetensors", "--data", "data.csv", "--out", "old.csv")
	old := columnOf(t, d, "old.csv", "z1")

	augment("--noise", "0.25", "--number", "2")
	z := columnOf(t, d, "z.csv", "z1")
	var squares float64
	for i, v := range z {
		e := (v - math.Sqrt(1-0.0625)*old[i/2]) / 0.25
		squares += e * e / float64(len(z))
	}
	if len(z) != 600 || math.Abs(squares-1) > 0.2 {
		t.Errorf("%d rows whose noise has the variance %v, want 600 and 1", len(z), squares)
	}

	// Without noise a mixture lies between two rows of the class.
	augment("--noise", "0", "--mix", "--classes", "label")
	z, labels, of := columnOf(t, d, "z.csv", "z1"), columnOf(t, d, "more.csv", "label"), columnOf(t, d, "data.csv", "label")
	if !slices.Equal(labels, of) {
		t.Error("the classes of new rows are not those of the rows")
	}
	for i, v := range z {
		between := false
		for j, y := range old {
			if j == i || of[j] != of[i] {
				continue
			}
			// (w·x + (1-w)·y)/|(w, 1-w)| goes from x to y, and as far as |(x, y)|.
			far := math.Hypot(old[i], y)
			low, high := min(old[i], y, -far), max(old[i], y, far)
			between = between || v >= low-1e-3 && v <= high+1e-3
		}
		if !between {
			t.Errorf("row %d has the noise %v, no mixture of rows of its class", i, v)
		}
	}

	augment("--classes", "label", "--balance", "--with-data")
	counts := map[float64]int{}
	for _, label := range columnOf(t, d, "more.csv", "label") {
		counts[label]++
	}
	if a := columnOf(t, d, "more.csv", "a"); counts[0] != 270 || counts[1] != 270 || !slices.Equal(a[:300], columnOf(t, d, "data.csv", "a")) {
		t.Errorf("rows by class: %v, want 270 of each, the old ones first", counts)
	}
}

// TestAugmentOfContext carries a class that the model is conditioned on, once.
func TestAugmentOfContext(t *testing.T) {
	d := workplace(t)
	text := strings.ReplaceAll(strings.ReplaceAll(readFile(t, d, "data.csv"), ",0\n", ",no\n"), ",1\n", ",yes\n")
	writeFile(t, d, "texts.csv", text)
	for _, data := range []string{"data.csv", "texts.csv"} {
		mustRun(t, d, append([]string{"train", "--data", data, "--context", "label", "--out", "given.safetensors"}, smallTraining...)...)
		line := []string{"augment", "--model", "given.safetensors", "--data", data, "--classes", "label", "--balance"}
		mustRun(t, d, append(line, "--out", "x.csv")...)
		mustRun(t, d, append(line, "--out", "y.csv", "--workers", "1")...)
		x := readFile(t, d, "x.csv")
		if lines := strings.Split(strings.TrimSpace(x), "\n"); len(lines) != 241 || lines[0] != "a,b,c,label" || x != readFile(t, d, "y.csv") {
			t.Errorf("%s: %d lines with the header %s, or others with one worker", data, len(lines), lines[0])
		}
	}
}

func TestAugmentErrors(t *testing.T) {
	d := workplace(t)
	mustRun(t, d, append([]string{"train", "--data", "data.csv", "--columns", "a,b", "--base", "uniform", "--flow", "nsf", "--permutation", "none", "--bound", "9", "--out", "uniform.safetensors"}, smallTraining...)...)
	for _, c := range []struct {
		code  int
		words []string
		line  []string
	}{
		{exitUsage, []string{"--noise is 2"}, []string{"--noise", "2"}},
		{exitUsage, []string{"--noise is 0"}, []string{"--noise", "0"}},
		{exitUsage, []string{"--number is 0"}, []string{"--number", "0"}},
		{exitUsage, []string{"--balance", "--classes"}, []string{"--balance"}},
		{exitUsage, []string{"leave out --number"}, []string{"--balance", "--classes", "label", "--number", "2"}},
		{exitUsage, []string{"numbers alone"}, []string{"--classes", "label", "--out", "x.npy"}},
		{exitFailed, []string{"no column", "kind"}, []string{"--classes", "kind"}},
		{exitFailed, []string{"--classes a", "--exclude a"}, []string{"--classes", "a"}},
		{exitFailed, []string{"uniform"}, []string{"--model", "uniform.safetensors"}},
	} {
		mustFail(t, d, c.code, c.words, append([]string{"augment", "--model", "model.safetensors", "--data", "data.csv", "--out", "x.csv"}, c.line...)...)
	}
}
