package main

import (
	"math"
	"strings"
	"testing"
)

// TestCompare fits in short form: no mean is above that of the exact density.
func TestCompare(t *testing.T) {
	var out strings.Builder
	all, err := compare(&out, options{rows: 1000, epochs: 8, layers: 4, hidden: []int{16}, draws: 8})
	if err != nil {
		t.Fatal(err)
	}
	truth := exact(generate(2000, 3))
	for i, r := range all {
		if !(r.logProb < truth+0.1 && r.logProb > truth-4 && r.between >= 0 && r.between < 1) {
			t.Errorf("%s: %+v, exact %v", models[i].name, r, truth)
		}
	}
	if text := out.String(); strings.Count(text, "between the rings") != 3 || !strings.HasPrefix(text, "exact: log_prob ") {
		t.Errorf("the output is\n%s", text)
	}
}

// TestExact integrates the density over a square.
func TestExact(t *testing.T) {
	const step = 0.01
	var sum float64
	for x := -2.0; x < 2; x += step {
		for y := -2.0; y < 2; y += step {
			sum += math.Exp(exact([]float64{x + step/2, y + step/2})) * step * step
		}
	}
	if math.Abs(sum-1) > 0.01 {
		t.Errorf("the integral is %v", sum)
	}
}
