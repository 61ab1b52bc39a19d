package flow

import (
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

type standardNormal struct{}

func (standardNormal) logDensity(p *autograd.Pass, z autograd.Value, total autograd.Sums) {
	p.StandardNormal(z, total)
}

func (standardNormal) sample(p *autograd.Pass, z autograd.Value, d draw, total autograd.Sums) autograd.Value {
	d.normals(z)
	p.StandardNormal(z, total)
	return z
}

func (standardNormal) initialize(uint64) {}

// normals fills z with normal noise times the temperature. The noise of an
// event is one flat vector at the event's index of its stream.
func (d draw) normals(z autograd.Value) {
	flat := z.Flat32()
	kernels.NormalRows(flat, z.Rows/d.sites, d.sites*z.Cols, d.seed, random.Sample, d.first)
	if d.temperature != 1 {
		kernels.Scale(flat, flat, float32(d.temperature))
	}
}

// diagonalNormal is z = ε·eˢ + mean with ε standard normal and s = b·tanh(u/b).
type diagonalNormal struct {
	constants nn.Conditioner // [u | mean]
	scaling   *autograd.Affine
}

func newDiagonalNormal(b Base, features int, scope autograd.Scope) base {
	return &diagonalNormal{constants: nn.Constant(2*features, scope), scaling: &autograd.Affine{Bound: b.Bound}}
}

func (n *diagonalNormal) logDensity(p *autograd.Pass, z autograd.Value, total autograd.Sums) {
	p.StandardNormal(n.apply(p, z, total, true), total)
}

// sample counts the density of the noise and takes off the log-det of the
// scaling.
func (n *diagonalNormal) sample(p *autograd.Pass, z autograd.Value, d draw, total autograd.Sums) autograd.Value {
	d.normals(z)
	p.StandardNormal(z, total)
	logDet := p.Sums(len(total.Values))
	z = n.apply(p, z, logDet, false)
	for e, v := range logDet.Values {
		total.Values[e] -= v
	}
	return z
}

// apply maps noise to z, or with inverse back.
func (n *diagonalNormal) apply(p *autograd.Pass, z autograd.Value, total autograd.Sums, inverse bool) autograd.Value {
	return p.Apply(n.scaling, inverse, z, n.constants.Compute(p, autograd.Value{}, z.Rows), autograd.Part{}, total)
}

func (n *diagonalNormal) initialize(seed uint64) { n.constants.Initialize(seed) }
