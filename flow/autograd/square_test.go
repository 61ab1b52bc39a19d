package autograd_test

import (
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// scaling is the matrix p·I of one parameter p.
type scaling struct{ size int }

func (m scaling) Size() int { return m.size }

func (m scaling) Compute(w []float64, p [][]float64, inverse bool) float64 {
	clear(w)
	for i := range m.size {
		w[i*m.size+i] = p[0][0]
		if inverse {
			w[i*m.size+i] = 1 / p[0][0]
		}
	}
	return 0
}

func (m scaling) Gradient(_, _ [][]float64, _ []float64, _ float64) {}

// TestSquareRefresh changes the parameter under a binding that has used both
// directions: Refresh, as training calls it at every step, must forget both
// matrices.
func TestSquareRefresh(t *testing.T) {
	parameters := autograd.NewParameters(0)
	p := parameters.Root().New("p", 1, 1)
	square := parameters.Root().NewSquare(scaling{3}, p)
	backend, err := blas.Default()
	if err != nil {
		t.Fatal(err)
	}
	binding := autograd.Bind32(parameters, backend)
	g := binding.NewGraph()
	for _, factor := range []float32{2, 4, 0.5} {
		p.Values()[0] = factor
		binding.Refresh(1)
		for _, inverse := range []bool{false, true} {
			g.Reset(autograd.Evaluate)
			x := g.Input(1, 3, false)
			for c := range 3 {
				x.Set(0, c, 1)
			}
			want := float64(factor)
			if inverse {
				want = 1 / want
			}
			if y := g.MultiplySquare(x, square, inverse, g.Sums(1)).At(0, 2); y != want {
				t.Errorf("factor %v, inverse %v: 1 goes to %v, want %v", factor, inverse, y, want)
			}
		}
	}
}
