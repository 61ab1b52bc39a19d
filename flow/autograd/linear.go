package autograd

import "github.com/seed-192fdf7a/nf/blas"

// Linear is a weight [in, out] and a bias [out] that are used together as
// x·weight + bias; a binding keeps the weight in the form its matmul wants.
type Linear struct {
	Weight, Bias *Parameter
	place
}

// Linears returns the linear layers in order of creation.
func (p *Parameters) Linears() []*Linear { return layersOf[*Linear](p) }

// NewLinear creates the weight and the bias of a linear layer, as zeros.
func (s Scope) NewLinear(in, out int) *Linear {
	l := &Linear{Weight: s.New("weight", in, out), Bias: s.New("bias", 1, out)}
	s.add(l, &l.place)
	return l
}

// In returns the number of inputs.
func (l *Linear) In() int { return l.Weight.Rows }

// Out returns the number of outputs.
func (l *Linear) Out() int { return l.Weight.Cols }

// Linear returns y = act(x·weight + bias) for each row.
//
// Backward, with dz = dy where the activation let the value pass:
// dweight = xᵀ·dz, dbias = Σ dz over rows, dx = dz·weightᵀ.
func (g *Graph) Linear(x Value, l *Linear, act blas.Activation) Value {
	return g.product(x, g.do.linear(l), learned{l.Weight, l.Bias, l.index, l.Bias.Cols}, act)
}

// Repeat returns the parameter, a single row, as a Value of rows equal rows:
// the constants that a conditioner without inputs has learned.
//
// Backward: the column sums of the gradient.
func (g *Graph) Repeat(p *Parameter, rows int) Value {
	n := g.newNode(rows, p.Cols, true)
	n.data, n.broadcast = g.do.values(p), true
	y := Value{Rows: rows, Cols: p.Cols, node: n}
	if g.recording {
		g.record(y, func() {
			if !g.inputs {
				g.do.addColumnSums(g.parameterGradient(p), g.gradient(y), 1)
			}
		})
	}
	return y
}
