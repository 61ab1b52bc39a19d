package flow_test

import (
	"slices"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
)

// TestDrawIsSample draws some samples on a graph: each has the bits that
// Sample gives it, and its log-density.
func TestDrawIsSample(t *testing.T) {
	numbers := []uint64{5, 0, 2, 1 << 40}
	for _, b := range []base.Spec{&base.DiagonalNormalSpec{Bound: 2}, &base.StudentTSpec{DegreesOfFreedom: 4}} {
		f := splitting(t, b)
		binding, err := f.Model().Bind(blas.Builtin())
		must(t, err)
		scorer, err := f.NewScorer(flow.ScorerOptions{BLAS: blas.Builtin()})
		must(t, err)
		for _, mode := range []autograd.Mode{autograd.Evaluate, autograd.Differentiate} {
			g := binding.NewGraph()
			g.Reset(mode)
			p, noise := g.Pass(len(numbers)), g.Sums(len(numbers))
			x := f.Model().Draw(p, 3, numbers, noise)
			for e, number := range numbers {
				want, logProb := make([]float64, f.Dim()), make([]float64, 1)
				must(t, scorer.Sample(want, logProb, number, flow.SampleOptions{Seed: 3}, nil))
				var got []float64
				for r := 2 * e; r < 2*e+2; r++ {
					for c := range x.Cols {
						got = append(got, x.At(r, c))
					}
				}
				if !slices.Equal(got, want) || noise.Values[e]-p.LogDet.Values[e] != logProb[0] {
					t.Errorf("draw %d is %v with log-density %v, sample %v with %v", number, got, noise.Values[e]-p.LogDet.Values[e], want, logProb[0])
				}
			}
		}
	}
}
