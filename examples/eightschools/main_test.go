package main

import (
	"math"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/flow/train"
)

// TestPosterior fits in short form: what is known by quadrature must come out.
func TestPosterior(t *testing.T) {
	logEvidence, mean, std := quadrature()
	if math.Abs(logEvidence+32.00449) > 1e-4 {
		t.Errorf("the log evidence by quadrature is %v, want -32.00449", logEvidence)
	}
	o := train.DensityDefaults()
	o.Epochs, o.Normal, o.Steps, o.Batch, o.Validation, o.Diagnostics = 5, 5, 60, 128, 1024, 5000
	var out strings.Builder
	r, err := fit(&out, o)
	if err != nil {
		t.Fatal(err)
	}
	if r.ELBO > logEvidence+3*r.ELBOError || r.ELBO < logEvidence-0.1 {
		t.Errorf("the ELBO is %v ± %v, want at most 0.1 below %v", r.ELBO, r.ELBOError, logEvidence)
	}
	if math.Abs(r.LogEvidence-logEvidence) > 0.02 {
		t.Errorf("the importance-weighted evidence is %v, want %v", r.LogEvidence, logEvidence)
	}
	for i := range mean {
		if m := r.Moments[i]; math.Abs(m.WeightedMean-mean[i]) > 0.1*std[i] {
			t.Errorf("%s is %v, want %v ± %v", m.Name, m.WeightedMean, mean[i], std[i])
		}
	}
	for _, name := range []string{"log_evidence", "by quadrature"} {
		if !strings.Contains(out.String(), name) {
			t.Errorf("the output has no %s:\n%s", name, out.String())
		}
	}
}

// TestGradient holds the posterior's gradient against differences.
func TestGradient(t *testing.T) {
	x := []float64{1, 2, 0.3, -1, 0.5, 2, -0.4, 0.1, 0.7, -0.2}
	grad, up, down := make([]float64, len(x)), make([]float64, 1), make([]float64, 1)
	posterior(up, grad, x)
	for i, v := range x {
		const h = 1e-6
		x[i] = v + h
		posterior(up, nil, x)
		x[i] = v - h
		posterior(down, nil, x)
		x[i] = v
		if want := (up[0] - down[0]) / (2 * h); math.Abs(grad[i]-want) > 1e-6*(1+math.Abs(want)) {
			t.Errorf("the derivative by %s is %v, by differences %v", columns[i], grad[i], want)
		}
	}
}
