package autograd_test

import (
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// slope is the density p·z of one value and one parameter, which counts how
// often it is prepared.
type slope struct{ prepared *int }

func (slope) Prepared() int { return 1 }
func (slope) Scratch() int  { return 0 }

func (s slope) Prepare(prepared, p []float64) {
	*s.prepared++
	copy(prepared, p)
}

func (slope) LogDensity(prepared, _, z []float64) float64 { return prepared[0] * z[0] }

func (slope) Gradient(_, _, _, _, _ []float64, _ float64) {}

// TestPreparedRefresh finds what is prepared made once for all graphs, and anew
// after Refresh, as training calls it at every step.
func TestPreparedRefresh(t *testing.T) {
	parameters, times := autograd.NewParameters(0), 0
	p := parameters.Root().New("p", 1, 1)
	density := parameters.Root().NewDensity(slope{&times}, p)
	binding := autograd.Bind32(parameters, blas.Builtin())
	for i, value := range []float32{2, 4, 0.5} {
		p.Values()[0] = value
		binding.Refresh(1)
		for range 3 {
			g := binding.NewGraph()
			g.Reset(autograd.Evaluate)
			z, total := g.Input(1, 1, false), g.Sums(1)
			z.Set(0, 0, 1)
			g.Density(density, z, total)
			if total.Values[0] != float64(value) {
				t.Errorf("the density is %v with the parameter %v", total.Values[0], value)
			}
		}
		if times != i+1 {
			t.Errorf("prepared %d times after %d refreshes", times, i+1)
		}
	}
}
