package autograd_test

import (
	"slices"
	"testing"

	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// TestDetached runs every operation detached: its inputs get the gradients that
// they get when no parameter is differentiated, by bits, and parameters get
// none; what is computed around it learns as ever.
func TestDetached(t *testing.T) {
	for _, o := range operations() {
		t.Run(o.name, func(t *testing.T) {
			in := o.values()
			for _, double := range []bool{true, false} {
				s := newSubject(t, o, double)
				inputs, all := s.compute(in, way{mode: autograd.DifferentiateInputs}), s.compute(in, way{mode: autograd.Differentiate})
				run := s.run
				detach := func(p *autograd.Pass, in []autograd.Value) (y autograd.Value) {
					p.Detached(func() { y = run(p, in) })
					return y
				}
				s.run = func(p *autograd.Pass, in []autograd.Value) (y autograd.Value) {
					p.Detached(func() { y = detach(p, in) })
					return y
				}
				got := s.compute(in, way{mode: autograd.Differentiate})
				parameters := got.parameters
				got.parameters = nil
				near(t, "detached", got, inputs, 0, 0)
				if slices.ContainsFunc(parameters, func(d float64) bool { return d != 0 }) {
					t.Errorf("detached, parameters have the gradients %v", parameters)
				}
				// Detached first and then not, so that the tape meets them the other
				// way round.
				first := true
				s.run = func(p *autograd.Pass, in []autograd.Value) autograd.Value {
					if first = !first; !first {
						return detach(p, in)
					}
					return run(p, in)
				}
				both := s.compute(in, way{mode: autograd.Differentiate, times: 2})
				if !slices.Equal(both.parameters, all.parameters) {
					t.Errorf("beside what is detached, parameters have the gradients %v, want %v", both.parameters, all.parameters)
				}
			}
		})
	}
}
