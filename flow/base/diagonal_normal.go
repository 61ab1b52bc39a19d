package base

import (
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
)

// DiagonalNormal has a learned mean and standard deviation for each column.
const DiagonalNormal = "diagonal-normal"

// DiagonalNormalSpec describes [DiagonalNormal]: z = ε·eˢ + mean with ε standard
// normal and s = b·tanh(u/b).
type DiagonalNormalSpec struct {
	// Bound is b.
	Bound float64 `json:"bound,omitempty"`
}

// Default implements [Spec].
func (s *DiagonalNormalSpec) Default() { s.Bound = defaultBound }

// Check implements [Spec].
func (s *DiagonalNormalSpec) Check(int) error { return autograd.CheckBound(s.Bound) }

// Build implements [Spec].
func (s *DiagonalNormalSpec) Build(features int, scope autograd.Scope) Density {
	return &diagonalNormal{constants: nn.Constant(2*features, scope), scaling: &autograd.Affine{Bound: s.Bound}}
}

type diagonalNormal struct {
	constants nn.Conditioner // [u | mean]
	scaling   *autograd.Affine
}

func (n *diagonalNormal) LogDensity(p *autograd.Pass, z autograd.Value, total autograd.Sums) {
	p.StandardNormal(n.apply(p, z, total, true), total)
}

// sample counts the density of the noise and takes off the log-det of the
// scaling.
func (n *diagonalNormal) Sample(p *autograd.Pass, z autograd.Value, d Draw, total autograd.Sums) autograd.Value {
	p.StandardNormal(z, total)
	logDet := p.Sums(len(total.Values))
	z = n.apply(p, z, logDet, false)
	for e, v := range logDet.Values {
		total.Values[e] -= v
	}
	if p.Recording() {
		p.Record(func() {
			for e, d := range total.Gradient {
				logDet.Gradient[e] -= d
			}
		})
	}
	return z
}

// apply maps noise to z, or with inverse back.
func (n *diagonalNormal) apply(p *autograd.Pass, z autograd.Value, total autograd.Sums, inverse bool) autograd.Value {
	return p.Apply(n.scaling, inverse, z, n.constants.Compute(p, autograd.Value{}, z.Rows), autograd.Part{}, total)
}

func (n *diagonalNormal) Initialize(seed uint64) { n.constants.Initialize(seed) }
