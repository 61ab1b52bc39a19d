package autograd

import (
	"sync"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/kernels"
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
	entries     []int32 // for float64: see prepare64
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

// maskedWeights is a bound Masked.
type maskedWeights struct {
	layer *Masked
	blas.MaskedWeights
}

func (l *Masked) bind(b *Binding) bound { return &maskedWeights{l, b.backend.NewMasked(l.Mask)} }

func (w *maskedWeights) refresh() { w.Set(w.layer.Weight.Values(), w.layer.Bias.Values()) }

// maskedWeights returns the weights of l.
func (b *Binding) maskedWeights(l *Masked) *maskedWeights { return b.at(l.place).(*maskedWeights) }

// prepare64 makes what float64 graphs look up: the place of every weight in
// the packed form, -1 for an absent one.
func (l *Masked) prepare64() {
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
}

// Masked returns y = act(x·weight + bias) for each row, over the weights that
// exist.
//
// Backward, with dz = dy where the activation let the value pass:
// dweight = xᵀ·dz, dbias = Σ dz over rows, dx = dz·weightᵀ.
func (g *Graph) Masked(x Value, l *Masked, act blas.Activation) Value {
	y := g.newValue(x.Rows, l.Out(), true)
	if g.Float64() {
		g.masked64(y, x, l, act)
	} else {
		g.binding.maskedWeights(l).Forward(y.matrix32(), x.matrix32(), act)
	}
	if g.recording {
		g.Record(func() {
			switch {
			case y.untouched():
			case g.Float64():
				g.maskedBackward64(y, x, l, act)
			default:
				g.maskedBackward32(y, x, l, act)
			}
		})
	}
	return y
}

func (g *Graph) maskedBackward32(y, x Value, l *Masked, act blas.Activation) {
	dz, _ := g.grad32(y, false)
	if act == blas.ReLU {
		kernels.ReLUBackward(y.node.grad.narrow, y.node.data.narrow, y.node.grad.narrow)
	}
	g.maskedGradients32(l, x.matrix32(), dz)
	if x.wanted() {
		dx, accumulate := g.grad32(x, true)
		g.binding.maskedWeights(l).BackwardInput(dx, dz, accumulate)
	}
}

// maskedGradients32 adds the gradients of l's parameters.
func (g *Graph) maskedGradients32(l *Masked, x, dz kernels.Matrix) {
	if g.inputs {
		return
	}
	g.binding.maskedWeights(l).GradientWeights(g.gradient32(l.Weight), x, dz, g.written[l.index])
	g.written[l.index] = true
	kernels.AddColumnSums(g.gradient32(l.Bias), dz)
}

func (g *Graph) masked64(y, x Value, l *Masked, act blas.Activation) {
	l.prepare64()
	w, bias := g.binding.value64(l.Weight), g.binding.value64(l.Bias)
	in, out := l.In(), l.Out()
	xs, stride := x.rows64()
	for r := range x.Rows {
		row := y.node.data.wide[r*out : (r+1)*out]
		copy(row, bias)
		for k := range in {
			a := xs[r*stride+k]
			for n, at := range l.entries[k*out : (k+1)*out] {
				if at >= 0 {
					row[n] += float64(a * w[at])
				}
			}
		}
		if act == blas.ReLU {
			relu64(row)
		}
	}
}

func relu64(row []float64) {
	for n, v := range row {
		if v <= 0 {
			row[n] = 0
		}
	}
}

func (g *Graph) maskedBackward64(y, x Value, l *Masked, act blas.Activation) {
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
				at := l.entries[k*out+n]
				if at < 0 {
					break
				}
				if dw != nil {
					dw[at] += float64(xs[r*stride+k] * dz)
				}
				if dx != nil {
					dx[r*dxStride+k] += float64(dz * w[at])
				}
			}
		}
	}
}
