package main

import (
	"io"
	"math"
	"testing"

	"github.com/seed-192fdf7a/nf/flow/train"
)

// TestPosterior fits in short form, beside a run of Hamiltonian Monte Carlo.
func TestPosterior(t *testing.T) {
	table := generate(80)
	mean, std := table.hmc(8000)
	o := train.DensityDefaults()
	o.Epochs, o.Normal, o.Steps, o.Batch, o.Validation, o.Diagnostics = 3, 5, 60, 64, 1024, 5000
	r, err := table.fit(io.Discard, o)
	if err != nil {
		t.Fatal(err)
	}
	for k, m := range r.Moments {
		if math.Abs(m.Mean-mean[k]) > 0.15*std[k] || math.Abs(m.Std-std[k]) > 0.15*std[k] {
			t.Errorf("%s is %v ± %v, by Hamiltonian Monte Carlo %v ± %v", m.Name, m.Mean, m.Std, mean[k], std[k])
		}
	}
	if r.LogEvidence-r.ELBO > 0.1 {
		t.Errorf("the fit is\n%v", r)
	}
}

// TestGradient holds the posterior's gradient against differences.
func TestGradient(t *testing.T) {
	table := generate(30)
	x, up, down := []float64{0.3, 0.7, -0.2, 0.6}, make([]float64, 1), make([]float64, 1)
	grad := make([]float64, len(x))
	table.posterior(up, grad, x)
	for i, v := range x {
		const h = 1e-6
		x[i] = v + h
		table.posterior(up, nil, x)
		x[i] = v - h
		table.posterior(down, nil, x)
		x[i] = v
		if want := (up[0] - down[0]) / (2 * h); math.Abs(grad[i]-want) > 1e-6*(1+math.Abs(want)) {
			t.Errorf("the derivative by %s is %v, by differences %v", table.columns[i], grad[i], want)
		}
	}
}
