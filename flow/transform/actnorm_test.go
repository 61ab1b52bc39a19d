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
	a := (&transform.ActNormSpec{Bound: 12}).Build(transform.Shape{Features: d}, 0, parameters.Root())
	first(a, parameters, rows, func(r int) []float32 { return constants })
	for c, v := range constants {
		if u, shift := parameters.Values()[c], parameters.Values()[d+c]; u != 0 || shift != -v {
			t.Errorf("a column of %v starts with the raw scale %v and the shift %v, want 0 and %v", v, u, shift, -v)
		}
	}
}

// TestActNormRounding starts from columns that change by the rounding of float32
// alone.
func TestActNormRounding(t *testing.T) {
	parameters := autograd.NewParameters(0)
	a := (&transform.ActNormSpec{Bound: 12}).Build(transform.Shape{Features: 2}, 0, parameters.Root())
	first(a, parameters, 8, func(r int) []float32 {
		v := []float32{123456.78, -3.3}
		if r%2 > 0 {
			for i := range v {
				v[i] = math.Nextafter32(v[i], 0)
			}
		}
		return v
	})
	for c, u := range parameters.Values()[:2] {
		if u != 0 {
			t.Errorf("column %d starts with the raw scale %v, want 0", c, u)
		}
	}
}

// TestActNormBound starts from columns that the bound cannot normalize: their
// scales begin just inside it, and their means go to 0.
func TestActNormBound(t *testing.T) {
	parameters := autograd.NewParameters(0)
	a := (&transform.ActNormSpec{Bound: 2}).Build(transform.Shape{Features: 3}, 0, parameters.Root())
	// Four rows of standard deviations 1/1024, 1e3 and e.
	means := []float64{0.5, -200, 0}
	first(a, parameters, 4, func(r int) []float32 {
		sign := float32(1 - 2*(r%2))
		return []float32{0.5 + sign/1024, -200 + sign*1e3, sign * math.E}
	})
	for c, want := range []float64{0.999 * 2, -0.999 * 2, -1} {
		u, shift := float64(parameters.Values()[c]), float64(parameters.Values()[3+c])
		if s := 2 * math.Tanh(u/2); !near(s, want, 1e-5) {
			t.Errorf("column %d starts with the log-scale %v, want %v", c, s, want)
		}
		if to := -means[c] * math.Exp(want); !near(shift, to, 1e-4*(1+math.Abs(to))) {
			t.Errorf("column %d starts with the shift %v, want %v", c, shift, to)
		}
	}
}

// first brings a first minibatch of two tiles to a map.
func first(t transform.Transform, parameters *autograd.Parameters, rows int, row func(r int) []float32) {
	binding := autograd.Bind32(parameters, blas.Builtin())
	m := autograd.NewMeeting(2, rows, 2)
	m.Run(func(tile int) {
		g := binding.NewGraph()
		g.Reset(autograd.Evaluate)
		p := g.Pass(rows / 2)
		p.Join(m, tile)
		x := p.Input(rows/2, len(row(0)), false)
		for r := range x.Rows {
			copy(x.Row32(r), row(tile*rows/2+r))
		}
		t.Forward(p, x)
	})
}
