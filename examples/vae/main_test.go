package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// TestCompare trains in short form: every bound is above that of pixels that know
// nothing of each other, and many draws make it tighter.
func TestCompare(t *testing.T) {
	o := defaults()
	o.train, o.valid, o.test = o.train[:640*64], o.valid[:100*64], o.test[:128*64]
	o.sizes = sizes{latents: 3, hidden: []int{32}, posterior: 2, prior: 2, flowHidden: []int{8}, contextValues: 4}
	o.training.Epochs, o.training.Batch, o.training.LearningRate, o.draws = 16, 32, 1e-2, 3
	o.out = filepath.Join(t.TempDir(), "sheet.png")
	var out strings.Builder
	all, err := o.compare(&out)
	if err != nil {
		t.Fatal(err)
	}
	apart := independent(o.train, o.test, 64)
	for i, b := range all {
		if b.elbo < apart+1 || b.weighted < b.elbo {
			t.Errorf("autoencoder %d has the bounds %+v, want more than %v of independent pixels", i, b, apart)
		}
	}
	if sheet, err := os.Stat(o.out); err != nil || sheet.Size() == 0 || strings.Count(out.String(), "elbo") != 3 {
		t.Errorf("%v, output:\n%s", err, out.String())
	}
}

// independent is the mean log-probability of test images by each pixel's frequency.
func independent(train, test []float32, pixels int) (sum float64) {
	on := make([]float64, pixels)
	for i, v := range train {
		on[i%pixels] += float64(v) / float64(len(train)/pixels)
	}
	for i, v := range test {
		p := on[i%pixels]
		if v == 0 {
			p = 1 - p
		}
		sum += math.Log(p)
	}
	return sum / float64(len(test)/pixels)
}

// TestGradient holds the gradient of the loss, through encoder, flows and decoder,
// against differences in float64.
func TestGradient(t *testing.T) {
	a, err := newAutoencoder(16, sizes{latents: 3, hidden: []int{5}, posterior: 2, prior: 2, flowHidden: []int{6}, contextValues: 2})
	if err != nil {
		t.Fatal(err)
	}
	values := a.parameters.Values()
	for i := range values {
		values[i] += float32(0.2 * math.Sin(float64(3*i)))
	}
	m := images{a, generate(3, 4, 1)}
	loss := func() (*autograd.Graph, float64) {
		g := autograd.Bind64(a.parameters).NewGraph()
		g.Reset(autograd.Differentiate)
		s := m.Loss(g.Pass(3), []int{0, 1, 2})
		s.Seed(1)
		return g, s.Values[0] + s.Values[1] + s.Values[2]
	}
	g, _ := loss()
	g.Backward()
	gradients := append([]float64(nil), g.Gradients64()...)
	for i := 0; i < len(values); i += 7 {
		was := values[i]
		values[i] = was + 1.0/1024
		_, up := loss()
		high := values[i]
		values[i] = was - 1.0/1024
		_, down := loss()
		slope := (up - down) / (float64(high) - float64(values[i]))
		values[i] = was
		if math.Abs(slope-gradients[i]) > 1e-4*(1+math.Abs(slope)) {
			t.Errorf("the derivative by parameter %d is %v, by differences %v", i, gradients[i], slope)
		}
	}
}
