package autograd

import "github.com/seed-192fdf7a/nf/blas"

// weights32 is the weight of a dense layer, packed for its matmul.
type weights32 struct {
	backend blas.Backend
	blas.Weights
}

func (w *weights32) forward(y, x Value, act blas.Activation) { w.Forward(y.kernel(), x.kernel(), act) }

func (w *weights32) backwardInput(_ *Graph, dx, dy matrix, accumulate bool) {
	w.BackwardInput(dx.kernel(), dy.kernel(), accumulate)
}

func (w *weights32) gradientWeights(dw, x, dy matrix, accumulate bool) {
	blas.GradientWeights(w.backend, flat32(dw), x.kernel(), dy.kernel(), accumulate)
}

// linear32 is a bound Linear.
type linear32 struct {
	layer *Linear
	weights32
}

func (l *Linear) bind(b *Binding) bound {
	return &linear32{l, weights32{b.backend, b.backend.NewWeights(l.In(), l.Out())}}
}

func (w *linear32) refresh() { w.Set(w.layer.Weight.Values(), w.layer.Bias.Values()) }

func (a arithmetic32) linear(l *Linear) weights { return &a.binding.at(l.place).(*linear32).weights32 }

// unbiased32 is a bound Unbiased.
type unbiased32 struct {
	layer *Unbiased
	weights32
}

func (l *Unbiased) bind(b *Binding) bound {
	return &unbiased32{l, weights32{b.backend, b.backend.NewWeights(l.In(), l.Out())}}
}

func (w *unbiased32) refresh() { w.Set(w.layer.Weight.Values(), nil) }

func (a arithmetic32) unbiased(l *Unbiased) weights {
	return &a.binding.at(l.place).(*unbiased32).weights32
}

// masked32 is a bound Masked.
type masked32 struct {
	layer *Masked
	blas.MaskedWeights
}

func (l *Masked) bind(b *Binding) bound { return &masked32{l, b.backend.NewMasked(l.Mask)} }

func (w *masked32) refresh() { w.Set(w.layer.Weight.Values(), w.layer.Bias.Values()) }

func (a arithmetic32) masked(l *Masked) maskedWeights { return a.binding.at(l.place).(*masked32) }

func (w *masked32) forward(y, x Value, act blas.Activation) { w.Forward(y.kernel(), x.kernel(), act) }

func (w *masked32) backwardInput(_ *Graph, dx, dy matrix, accumulate bool) {
	w.BackwardInput(dx.kernel(), dy.kernel(), accumulate)
}

func (w *masked32) gradientWeights(dw, x, dy matrix, accumulate bool) {
	w.GradientWeights(flat32(dw), x.kernel(), dy.kernel(), accumulate)
}

func (w *masked32) advance(y, x matrix, from int, act blas.Activation) {
	w.Advance(y.kernel(), x.kernel(), from, act)
}

func (w *masked32) retreat(dx, dy matrix, from int) { w.Retreat(dx.kernel(), dy.kernel(), from) }

// convolution32 is a bound Convolution.
type convolution32 struct {
	layer *Convolution
	*blas.Convolution
	zeros []float32 // in the place of no bias
}

func (c *Convolution) bind(b *Binding) bound {
	w := &convolution32{layer: c, Convolution: blas.NewConvolution(b.backend, c.grid, c.window, c.in, c.Weight.Cols)}
	if c.Bias == nil {
		w.zeros = make([]float32, c.Weight.Cols)
	}
	return w
}

func (w *convolution32) refresh() {
	bias := w.zeros
	if w.layer.Bias != nil {
		bias = w.layer.Bias.Values()
	}
	w.Set(w.layer.Weight.Values(), bias)
}

func (a arithmetic32) convolution(c *Convolution) weights {
	return a.binding.at(c.place).(*convolution32)
}

func (w *convolution32) forward(y, x Value, act blas.Activation) {
	w.Forward(y.kernel(), x.kernel(), act)
}

func (w *convolution32) backwardInput(g *Graph, dx, dy matrix, accumulate bool) {
	if !accumulate {
		w.BackwardInput(dx.kernel(), dy.kernel())
		return
	}
	mark := g.Mark()
	own := g.newValue(dx.rows, dx.cols, false).data()
	w.BackwardInput(own.kernel(), dy.kernel())
	g.do.accumulate(dx, own)
	g.release(mark)
}

func (w *convolution32) gradientWeights(dw, x, dy matrix, accumulate bool) {
	w.GradientWeights(flat32(dw), x.kernel(), dy.kernel(), accumulate)
}

// square returns the weights of a direction, and log|det W|.
func (a arithmetic32) square(q *Square, inverse bool) (weights, float64) {
	s, way := a.binding.at(q.place).(*squareWeights), squareForward
	if inverse {
		way = squareInverse
	}
	s.need(a.binding, q, way)
	return &s.weights[way], s.logDet
}

// squareGradient returns the gradient of q's matrix at the bound parameters.
func (a arithmetic32) squareGradient(q *Square) SquareGradient {
	s := a.binding.at(q.place).(*squareWeights)
	s.need(a.binding, q, squareGradient)
	return s.gradient
}
