package main

import (
	"math"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/flow/train"
)

// TestModes fits in short form: without annealing a mode is lost, and log ½ with
// it; with annealing both are kept.
func TestModes(t *testing.T) {
	o := defaults()
	o.Epochs, o.Steps, o.Validation, o.Diagnostics = 16, 40, 1024, 5000
	for _, anneal := range []int{0, 10} {
		o.Anneal = anneal
		right, r, err := fit(o)
		if err != nil {
			t.Fatal(err)
		}
		if anneal == 0 && (right > 0 || math.Abs(r.LogEvidence-(logEvidence-math.Ln2)) > 0.1) {
			t.Errorf("without annealing %v of the draws are on the right, and the log evidence is %v, want none and %v", right, r.LogEvidence, logEvidence-math.Ln2)
		}
		if anneal > 0 && (math.Abs(right-0.5) > 0.2 || r.ELBO < logEvidence-0.4) {
			t.Errorf("with annealing %v of the draws are on the right, and the ELBO is %v, want about 0.5 and %v", right, r.ELBO, float64(logEvidence))
		}
	}
}

// TestCompare looks at what is printed.
func TestCompare(t *testing.T) {
	var out strings.Builder
	o := train.DensityDefaults()
	o.Epochs, o.Steps, o.Batch, o.Validation, o.Diagnostics = 2, 1, 16, 64, 100
	if err := compare(&out, o); err != nil || strings.Count(out.String(), "right mode") != 2 {
		t.Errorf("%v:\n%s", err, out.String())
	}
}

// TestGradient holds the target's gradient against differences.
func TestGradient(t *testing.T) {
	x, grad, up, down := []float64{0.1, -0.7}, make([]float64, 2), make([]float64, 1), make([]float64, 1)
	target(up, grad, x)
	for i, v := range x {
		const h = 1e-6
		x[i] = v + h
		target(up, nil, x)
		x[i] = v - h
		target(down, nil, x)
		x[i] = v
		if want := (up[0] - down[0]) / (2 * h); math.Abs(grad[i]-want) > 1e-6*(1+math.Abs(want)) {
			t.Errorf("the derivative by column %d is %v, by differences %v", i, grad[i], want)
		}
	}
}
