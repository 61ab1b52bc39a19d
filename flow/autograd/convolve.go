package autograd

import (
	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/kernels"
)

// Convolution is a weight [taps·in, out] and a bias [out] that are used together
// on the sites of a grid: see [blas.Convolution].
type Convolution struct {
	Weight, Bias *Parameter
	grid         [2]int
	window       blas.Window
	in           int
	place
}

// NewConvolution creates the weight and the bias of a convolution on a grid of
// lines by sites, as zeros.
func (s Scope) NewConvolution(grid [2]int, w blas.Window, in, out int) *Convolution {
	c := &Convolution{
		Weight: s.New("weight", w.Taps()*in, out), Bias: s.New("bias", 1, out),
		grid: grid, window: w, in: in,
	}
	s.add(c, &c.place)
	s.reserve(c.Weight.Size()) // a binding holds the weight in three forms
	return c
}

// Terms returns the number of inputs that an output sees.
func (c *Convolution) Terms() int { return c.Weight.Rows }

// convolutionWeights is a bound Convolution.
type convolutionWeights struct {
	layer *Convolution
	*blas.Convolution
}

func (c *Convolution) bind(b *Binding) bound {
	return &convolutionWeights{c, blas.NewConvolution(b.backend, c.grid, c.window, c.in, c.Bias.Cols)}
}

func (w *convolutionWeights) refresh() { w.Set(w.layer.Weight.Values(), w.layer.Bias.Values()) }

func (b *Binding) convolution(c *Convolution) *convolutionWeights {
	return b.at(c.place).(*convolutionWeights)
}

// Convolve returns y = act(bias + Σ x[site of tap]·weight[tap]) for each site of
// each event, over the taps of the layer's window; x is 0 outside the grid.
//
// Backward, with dz = dy where the activation let the value pass:
// dweight[tap] = Σ x[site of tap]ᵀ·dz over sites, dbias = Σ dz, and dx is the
// convolution of dz by the turned window.
func (g *Graph) Convolve(x Value, c *Convolution, act blas.Activation) Value {
	y := g.newValue(x.Rows, c.Bias.Cols, true)
	if g.Float64() {
		g.convolve64(y, x, c, act)
	} else {
		g.binding.convolution(c).Forward(y.matrix32(), x.matrix32(), act)
	}
	if g.recording {
		g.Record(func() {
			switch {
			case y.untouched():
			case g.Float64():
				g.convolveBackward64(y, x, c, act)
			default:
				g.convolveBackward32(y, x, c, act)
			}
		})
	}
	return y
}

func (g *Graph) convolveBackward32(y, x Value, c *Convolution, act blas.Activation) {
	dz, _ := g.grad32(y, false)
	if act == blas.ReLU {
		kernels.ReLUBackward(dz.Data, y.matrix32().Data, dz.Data)
	}
	layer := g.binding.convolution(c)
	if !g.inputs {
		layer.GradientWeights(g.gradient32(c.Weight), x.matrix32(), dz, g.written[c.index])
		g.written[c.index] = true
		kernels.AddColumnSums(g.gradient32(c.Bias), dz)
	}
	if !x.wanted() {
		return
	}
	dx, accumulate := g.grad32(x, true)
	if !accumulate {
		layer.BackwardInput(dx, dz)
		return
	}
	mark := g.floats.mark()
	own := kernels.Dense(g.floats.take(x.Rows*x.Cols), x.Rows, x.Cols)
	layer.BackwardInput(own, dz)
	addMatrix(dx, own)
	g.floats.release(mark)
}

func (g *Graph) convolve64(y, x Value, c *Convolution, act blas.Activation) {
	w, bias := g.binding.value64(c.Weight), g.binding.value64(c.Bias)
	out := len(bias)
	xs, stride := x.rows64()
	ys, yStride := y.rows64()
	for r := range y.Rows {
		row := ys[r*yStride:][:out]
		copy(row, bias)
		c.each(r, func(seen, tap int) {
			for i := range c.in {
				a := xs[seen*stride+i]
				for o, v := range w[(tap*c.in+i)*out:][:out] {
					row[o] += float64(a * v)
				}
			}
		})
		if act == blas.ReLU {
			for o, v := range row {
				if v <= 0 {
					row[o] = 0
				}
			}
		}
	}
}

// each calls do for each tap of the window of row r, and the row that it sees.
func (c *Convolution) each(r int, do func(seen, tap int)) {
	sites := c.grid[0] * c.grid[1]
	for tap := range c.window.Taps() {
		if seen := c.window.Sees(c.grid, r%sites, tap); seen >= 0 {
			do(r/sites*sites+seen, tap)
		}
	}
}

func (g *Graph) convolveBackward64(y, x Value, c *Convolution, act blas.Activation) {
	w, out := g.binding.value64(c.Weight), c.Bias.Cols
	var dw, dbias []float64
	if !g.inputs {
		dw, dbias = g.gradient64(c.Weight), g.gradient64(c.Bias)
	}
	dy, dyStride := g.grad64(y)
	ys, yStride := y.rows64()
	xs, stride := x.rows64()
	var dx []float64
	var dxStride int
	if x.wanted() {
		dx, dxStride = g.grad64(x)
	}
	for r := range y.Rows {
		for o := range out {
			dz := dy[r*dyStride+o]
			if act == blas.ReLU && ys[r*yStride+o] <= 0 {
				continue
			}
			if dw != nil {
				dbias[o] += dz
			}
			c.each(r, func(seen, tap int) {
				for i := range c.in {
					if dw != nil {
						dw[(tap*c.in+i)*out+o] += float64(xs[seen*stride+i] * dz)
					}
					if dx != nil {
						dx[seen*dxStride+i] += float64(dz * w[(tap*c.in+i)*out+o])
					}
				}
			})
		}
	}
}
