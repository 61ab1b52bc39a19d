package flow

import (
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
)

// Draw computes on the graph what the flow draws, as standardized values, one
// draw for each event of the pass: those of the given numbers under the seed,
// whatever else is drawn. It adds the log-density of the noise to noise and
// log|det dx/dz| to the log-dets of the pass, so that log q of a draw is the
// former less the latter, and both are recorded: what is computed from x can be
// differentiated by the parameters where the base says that it is
// [base.Reparameterized].
func (f *Model) Draw(p *autograd.Pass, seed uint64, numbers []uint64, noise autograd.Sums) (x autograd.Value) {
	return f.Inverse(p, f.DrawNoise(p, seed, numbers, noise))
}

// DrawNoise computes the noise that [Model.Draw] makes its draws of: it gives the
// parts that left to the pass, and returns the last one.
func (f *Model) DrawNoise(p *autograd.Pass, seed uint64, numbers []uint64, noise autograd.Sums) (z autograd.Value) {
	return (*Flow)(f).drawNoise(p, base.Draw{Seed: seed, Numbers: numbers, Temperature: 1}, noise)
}
