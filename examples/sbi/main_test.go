package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestInfer runs the whole workflow in short form.
func TestInfer(t *testing.T) {
	o := defaults()
	o.simulations, o.draws, o.calibrations, o.ranks, o.classifier = 800, 600, 80, 15, 4
	o.posterior = sizes{layers: 3, hidden: []int{16}, epochs: 10}
	o.chain = o.posterior
	o.plot = filepath.Join(t.TempDir(), "ranks.png")
	var out strings.Builder
	r, err := infer(&out, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"npe maf", "npe nsf", "nle nsf"} {
		if r.leakage[name] != 0 {
			t.Errorf("%s: %v of the draws are outside the prior, want none", name, r.leakage[name])
		}
	}
	for name, v := range r.c2st {
		if !(v > 0.4 && v <= 1) {
			t.Errorf("%s: c2st %v", name, v)
		}
	}
	for _, p := range r.p {
		if !(p >= 0 && p <= 1) {
			t.Errorf("the ranks have p = %v", p)
		}
	}
	if picture, err := os.Stat(o.plot); err != nil || picture.Size() == 0 {
		t.Errorf("the picture of the ranks: %v", err)
	}
	if text := out.String(); strings.Count(text, "c2st") != 4 || strings.Count(text, "ranks of theta") != 2 {
		t.Errorf("the output is\n%s", text)
	}
}

// TestClassifier tells distant draws apart, and equal ones not.
func TestClassifier(t *testing.T) {
	a, b := reference(800, observation, 1), reference(800, observation, 2)
	if got, err := c2st(a, b, 5); err != nil || math.Abs(got-0.5) > 0.1 {
		t.Errorf("c2st of exact draws is %v (%v), want about 0.5", got, err)
	}
	for i := range b {
		b[i] += 1
	}
	if got, err := c2st(a, b, 20); err != nil || got < 0.9 {
		t.Errorf("c2st of draws apart is %v (%v), want 1", got, err)
	}
}

// TestReference simulates from exact draws: near the observation.
func TestReference(t *testing.T) {
	draws, left := reference(500, observation, 3), 0
	for i := 0; i < len(draws); i += 2 {
		sum := math.Abs(draws[i]+draws[i+1]) / math.Sqrt2
		p, q := observation[0]+sum-0.25, observation[1]-(draws[i+1]-draws[i])/math.Sqrt2
		if r := math.Hypot(p, q); math.Abs(r-0.1) > 0.06 || !inside(draws[i:i+2]) {
			t.Fatalf("draw %v does not give the observation: the half-moon would have the radius %v", draws[i:i+2], r)
		}
		if draws[i] < 0 {
			left++
		}
	}
	if left < 200 || left > 300 {
		t.Errorf("%d of 500 draws are in one of two equal moons", left)
	}
}

func TestUniformity(t *testing.T) {
	if counts, p := uniformity([]int{0, 1, 2, 3, 4, 5, 6, 7}, 7, 4); counts[3] != 2 || p != 1 {
		t.Errorf("even ranks: %v, p = %v", counts, p)
	}
	if _, p := uniformity(make([]int, 100), 7, 4); p > 1e-6 {
		t.Errorf("equal ranks have p = %v", p)
	}
}
