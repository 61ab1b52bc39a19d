package train

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/base"
)

// noiseImages are n images of uniform noise of 8 bits.
func noiseImages(f *flow.Flow, n int, seed uint64) *Images {
	return &Images{Flow: f, Count: n, Seed: 4, Read: func(dst []float64, event int) error {
		rng := rand.New(rand.NewPCG(seed, uint64(event)))
		for i := range dst {
			dst[i] = float64(rng.IntN(256))
		}
		return nil
	}}
}

// bits returns the bits/dim of n images of noise, and their standard error.
func bits(t *testing.T, f *flow.Flow, n int) (mean, standardError float64) {
	t.Helper()
	x, logProb := make([]float64, n*f.Dim()), make([]float64, n)
	source := noiseImages(f, n, 2)
	for i := range n {
		if err := source.Read(x[i*f.Dim():(i+1)*f.Dim()], i); err != nil {
			t.Fatal(err)
		}
	}
	s, err := f.NewScorer(flow.ScorerOptions{BLAS: blas.Builtin()})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.LogProb(logProb, x, nil); err != nil {
		t.Fatal(err)
	}
	var sum, squares float64
	for _, l := range logProb {
		b := f.BitsPerDim(l)
		sum += b
		squares += b * b
	}
	mean = sum / float64(n)
	return mean, math.Sqrt(max(0, squares/float64(n)-mean*mean) / float64(n))
}

// TestUniformPixels: noise of 8 bits takes 8 bits, by a flow that is uniform, and
// never fewer, by a Glow that was trained on it.
func TestUniformPixels(t *testing.T) {
	exact, err := flow.New(flow.Config{
		Features: []string{"gray"}, Grid: []int{4, 4}, Pixels: &flow.Pixels{Levels: 256},
		Standardize: flow.Standardization{Mean: []float64{128}, Std: []float64{128}}, Base: &base.UniformSpec{Bound: 1},
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if mean, standardError := bits(t, exact, 50); math.Abs(mean-8) > 1e-6 || standardError > 1e-6 {
		t.Errorf("a uniform density gives noise %v ± %v bits/dim", mean, standardError)
	}
	c, err := flow.Glow(flow.ImageOptions{Height: 4, Width: 4, Channels: 1, Levels: 256, Scales: 1, Steps: 2, Columns: 4})
	if err != nil {
		t.Fatal(err)
	}
	f, err := flow.New(c, 2)
	if err != nil {
		t.Fatal(err)
	}
	o := Defaults()
	o.Epochs, o.Batch, o.BLAS, o.LearningRate = 4, 32, blas.Builtin(), 0.01
	if _, err := Minimize(context.Background(), f.Model(), MaximumLikelihood(f, noiseImages(f, 256, 1)), MaximumLikelihood(f, noiseImages(f, 32, 3)), o); err != nil {
		t.Fatal(err)
	}
	if mean, standardError := bits(t, f, 400); mean < 8-4*standardError || mean > 8.4 {
		t.Errorf("a Glow gives noise %v ± %v bits/dim", mean, standardError)
	} else {
		t.Logf("a Glow gives noise %v ± %v bits/dim", mean, standardError)
	}
}
