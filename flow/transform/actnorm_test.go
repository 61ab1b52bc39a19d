package transform_test

import (
	"math"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// TestActNormConstantColumns starts from a minibatch in which no column
// changes. What rounding leaves of their variances must not become a scale.
func TestActNormConstantColumns(t *testing.T) {
	const rows = 500
	constants := []float32{0, 1, 0.1, -0.7, 3.3, 21.25, 1e-3, 123456.78, -7.77e8}
	parameters := autograd.NewParameters(0)
	d := len(constants)
	a := (&transform.ActNormSpec{Bound: 12}).Build(transform.Shape{Features: d}, 0, parameters.Root()).(transform.DataInitialized)
	g := autograd.Bind32(parameters, blas.Builtin()).NewGraph()
	g.Reset(autograd.Evaluate)
	x := g.Input(rows, d, false)
	for r := range rows {
		copy(x.Row32(r), constants)
	}
	a.InitializeFrom(a.Statistics(g, x).Values, rows)
	for c, v := range constants {
		if u, shift := parameters.Values()[c], parameters.Values()[d+c]; u != 0 || shift != -v {
			t.Errorf("a column of %v starts with the raw scale %v and the shift %v, want 0 and %v", v, u, shift, -v)
		}
	}
}

// TestActNormBound starts from columns that the bound cannot normalize: their
// scales begin just inside it.
func TestActNormBound(t *testing.T) {
	parameters := autograd.NewParameters(0)
	a := (&transform.ActNormSpec{Bound: 2}).Build(transform.Shape{Features: 3}, 0, parameters.Root()).(transform.DataInitialized)
	// Four rows of mean 0 and standard deviations 1e-3, 1e3 and e.
	a.InitializeFrom([]float64{0, 0, 0, 4e-6, 4e6, 4 * math.Exp(2)}, 4)
	for c, want := range []float64{0.999 * 2, -0.999 * 2, -1} {
		u := float64(parameters.Values()[c])
		if s := 2 * math.Tanh(u/2); !near(s, want, 1e-5) {
			t.Errorf("column %d starts with the log-scale %v, want %v", c, s, want)
		}
	}
}
