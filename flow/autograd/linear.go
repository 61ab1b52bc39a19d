package autograd

import (
	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/kernels"
)

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

// linearWeights is a bound Linear.
type linearWeights struct {
	layer *Linear
	blas.Weights
}

func (l *Linear) bind(b *Binding) bound {
	return &linearWeights{l, b.backend.NewWeights(l.In(), l.Out())}
}

func (w *linearWeights) refresh() { w.Set(w.layer.Weight.Values(), w.layer.Bias.Values()) }

// linear returns the weights of l.
func (b *Binding) linear(l *Linear) *linearWeights { return b.at(l.place).(*linearWeights) }

// Linear returns y = act(x·weight + bias) for each row.
//
// Backward, with dz = dy where the activation let the value pass:
// dweight = xᵀ·dz, dbias = Σ dz over rows, dx = dz·weightᵀ.
func (g *Graph) Linear(x Value, l *Linear, act blas.Activation) Value {
	y := g.newValue(x.Rows, l.Out(), true)
	if g.Float64() {
		g.linear64(y, x, l, act)
		return y
	}
	g.binding.linear(l).Forward(y.matrix32(), x.matrix32(), act)
	if g.recording {
		g.Record(func() { g.linearBackward32(y, x, l, act) })
	}
	return y
}

func (g *Graph) linearBackward32(y, x Value, l *Linear, act blas.Activation) {
	if y.untouched() {
		return
	}
	dz, _ := g.grad32(y, false)
	if act == blas.ReLU {
		kernels.ReLUBackward(y.node.grad.narrow, y.node.data.narrow, y.node.grad.narrow)
	}
	if !g.inputs {
		blas.GradientWeights(g.binding.backend, g.gradient32(l.Weight), x.matrix32(), dz, g.written[l.index])
		g.written[l.index] = true
		kernels.AddColumnSums(g.gradient32(l.Bias), dz)
	}
	if x.wanted() {
		dx, accumulate := g.grad32(x, true)
		g.binding.linear(l).BackwardInput(dx, dz, accumulate)
	}
}

func (g *Graph) linear64(y, x Value, l *Linear, act blas.Activation) {
	w, bias := g.binding.value64(l.Weight), g.binding.value64(l.Bias)
	in, out := l.In(), l.Out()
	xs, stride := x.rows64()
	for r := range x.Rows {
		row := y.node.data.wide[r*out : (r+1)*out]
		copy(row, bias)
		for k := range in {
			a := xs[r*stride+k]
			for n := range out {
				row[n] += float64(a * w[k*out+n])
			}
		}
		if act == blas.ReLU {
			for n, v := range row {
				if v <= 0 {
					row[n] = 0
				}
			}
		}
	}
	if g.recording {
		g.Record(func() { g.linearBackward64(y, x, l, act) })
	}
}

func (g *Graph) linearBackward64(y, x Value, l *Linear, act blas.Activation) {
	if y.untouched() {
		return
	}
	w, in, out := g.binding.value64(l.Weight), l.In(), l.Out()
	var dw, dbias []float64
	if !g.inputs {
		dw, dbias = g.gradient64(l.Weight), g.gradient64(l.Bias)
	}
	dy, _ := g.grad64(y)
	xs, stride := x.rows64()
	var dx []float64
	var dxStride int
	if x.wanted() {
		dx, dxStride = g.grad64(x)
	}
	for r := range x.Rows {
		for n := range out {
			dz := dy[r*out+n]
			if act == blas.ReLU && y.node.data.wide[r*out+n] <= 0 {
				continue
			}
			if dw != nil {
				dbias[n] += dz
			}
			for k := range in {
				if dw != nil {
					dw[k*out+n] += float64(xs[r*stride+k] * dz)
				}
				if dx != nil {
					dx[r*dxStride+k] += float64(dz * w[k*out+n])
				}
			}
		}
	}
}

// Repeat returns the parameter, a single row, as a Value of rows equal rows:
// the constants that a conditioner without inputs has learned.
//
// Backward: the column sums of the gradient.
func (g *Graph) Repeat(p *Parameter, rows int) Value {
	g.binding.own(p.owner)
	n := g.newNode(rows, p.Cols, true)
	n.broadcast = true
	if g.Float64() {
		n.data.wide = g.binding.value64(p)
	} else {
		n.data.narrow = p.Values()
	}
	y := Value{Rows: rows, Cols: p.Cols, node: n}
	if g.recording {
		g.Record(func() {
			switch {
			case y.untouched() || g.inputs:
			case g.Float64():
				into := g.gradient64(p)
				for i, d := range n.grad.wide {
					into[i%p.Cols] += d
				}
			default:
				kernels.AddColumnSums(g.gradient32(p), kernels.Dense(n.grad.narrow, rows, p.Cols))
			}
		})
	}
	return y
}
