package autograd

import (
	"sync"

	"github.com/seed-192fdf7a/nf/blas"
)

// Masked is a linear layer each of whose outputs sees a prefix of the inputs:
// the other weights are absent. Weight is a row that holds those that exist,
// in the packed form of [blas.Mask].
type Masked struct {
	Weight, Bias *Parameter
	Mask         blas.Mask
	place

	seen, order []int32 // Mask.Seen and Mask.Order

	entriesOnce sync.Once
	entries     []int32 // see places
}

// Masked returns the masked linear layers in order of creation.
func (p *Parameters) Masked() []*Masked { return layersOf[*Masked](p) }

// NewMasked creates the weight and the bias of a masked linear layer, as
// zeros.
func (s Scope) NewMasked(mask blas.Mask) *Masked {
	mask.Check()
	l := &Masked{Weight: s.New("weight", 1, mask.Weights()), Bias: s.New("bias", 1, mask.Out()), Mask: mask}
	s.reserve(mask.In*mask.Out() - mask.Weights())
	if s.owner.err == nil {
		l.seen, l.order = mask.Seen(), mask.Order()
		s.add(l, &l.place)
	}
	return l
}

// In returns the number of inputs.
func (l *Masked) In() int { return l.Mask.In }

// Out returns the number of outputs.
func (l *Masked) Out() int { return l.Bias.Cols }

// places returns the place of every weight in the packed form, -1 for an absent
// one, which float64 graphs look up.
func (l *Masked) places() []int32 {
	l.entriesOnce.Do(func() {
		in, out := l.In(), l.Out()
		l.entries = make([]int32, in*out)
		at := int32(0)
		for k := range in {
			for j := range out {
				l.entries[k*out+j] = -1
				if int(l.seen[j%len(l.seen)]) > k {
					l.entries[k*out+j] = at
					at++
				}
			}
		}
	})
	return l.entries
}

// learned returns what l has among the parameters.
func (l *Masked) learned() learned { return learned{l.Weight, l.Bias, l.index, l.Bias.Cols} }

// Masked returns y = act(x·weight + bias) for each row, over the weights that
// exist.
//
// Backward, with dz = dy where the activation let the value pass:
// dweight = xᵀ·dz, dbias = Σ dz over rows, dx = dz·weightᵀ.
func (g *Graph) Masked(x Value, l *Masked, act blas.Activation) Value {
	return g.product(x, g.do.masked(l), l.learned(), act)
}
