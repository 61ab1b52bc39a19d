package autograd

import "github.com/seed-192fdf7a/nf/blas"

// Unbiased is a weight [in, out] without a bias, of which values and their
// tangents are multiplied alike; a binding keeps it in the form its matmul wants.
type Unbiased struct {
	Weight *Parameter
	place
}

// NewUnbiased creates a weight, as zeros.
func (s Scope) NewUnbiased(in, out int) *Unbiased {
	l := &Unbiased{Weight: s.New("weight", in, out)}
	s.add(l, &l.place)
	return l
}

// NewTangent creates the layer x·weight of the weight of another, by which tangents
// of what that takes go on; a binding keeps the weight once more.
func (s Scope) NewTangent(of *Linear) *Unbiased {
	l := &Unbiased{Weight: of.Weight}
	s.add(l, &l.place)
	s.reserve(of.Weight.Size())
	return l
}

// In returns the number of inputs.
func (l *Unbiased) In() int { return l.Weight.Rows }

// Out returns the number of outputs.
func (l *Unbiased) Out() int { return l.Weight.Cols }

// Unbiased returns x·weight for each row.
//
// Backward: dweight = xᵀ·dy, dx = dy·weightᵀ.
func (g *Graph) Unbiased(x Value, l *Unbiased) Value {
	return g.product(x, g.do.unbiased(l), learned{l.Weight, nil, l.Weight.layer - 1, l.Out()}, blas.None)
}
