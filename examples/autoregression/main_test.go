package main

import (
	"math"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/flow/train"
)

// TestPosterior fits in short form: what is known by quadrature must come out.
func TestPosterior(t *testing.T) {
	m := newModel(simulate(200), 2)
	logEvidence, mean, std := m.quadrature()
	o := train.DensityDefaults()
	o.Epochs, o.Normal, o.Steps, o.Batch, o.Validation, o.Diagnostics = 3, 8, 60, 64, 1024, 5000
	var out strings.Builder
	r, err := m.fit(&out, o)
	if err != nil {
		t.Fatal(err)
	}
	if r.ELBO > logEvidence+3*r.ELBOError || r.ELBO < logEvidence-0.03 {
		t.Errorf("the ELBO is %v ± %v, want at most 0.03 below %v", r.ELBO, r.ELBOError, logEvidence)
	}
	if math.Abs(r.LogEvidence-logEvidence) > 0.01 {
		t.Errorf("the importance-weighted evidence is %v, want %v", r.LogEvidence, logEvidence)
	}
	for i, p := range r.Moments {
		if math.Abs(p.Mean-mean[i]) > 0.1*std[i] || math.Abs(p.Std-std[i]) > 0.1*std[i] {
			t.Errorf("%s is %v ± %v, want %v ± %v", p.Name, p.Mean, p.Std, mean[i], std[i])
		}
	}
	if !strings.Contains(out.String(), "by quadrature: log_evidence") {
		t.Errorf("the output is\n%s", out.String())
	}
}

// TestGradient holds the posterior's gradient against differences.
func TestGradient(t *testing.T) {
	m := newModel(simulate(50), 2)
	x, up, down := []float64{0.3, 0.7, -0.2, 0.6}, make([]float64, 1), make([]float64, 1)
	grad := make([]float64, len(x))
	m.posterior(up, grad, x)
	for i, v := range x {
		const h = 1e-6
		x[i] = v + h
		m.posterior(up, nil, x)
		x[i] = v - h
		m.posterior(down, nil, x)
		x[i] = v
		if want := (up[0] - down[0]) / (2 * h); math.Abs(grad[i]-want) > 1e-6*(1+math.Abs(want)) {
			t.Errorf("the derivative by %s is %v, by differences %v", m.columns[i], grad[i], want)
		}
	}
}
