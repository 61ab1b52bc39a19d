package autograd

import "github.com/seed-192fdf7a/nf/blas"

// Convolution is a weight [taps·in, out] and a bias [out] that are used together
// on the sites of a grid: see [blas.Convolution].
type Convolution struct {
	Weight, Bias *Parameter // no bias is nil
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

// NewUnbiasedConvolution creates the weight of a convolution without a bias, of
// which values and their tangents are convolved alike.
func (s Scope) NewUnbiasedConvolution(grid [2]int, w blas.Window, in, out int) *Convolution {
	c := &Convolution{Weight: s.New("weight", w.Taps()*in, out), grid: grid, window: w, in: in}
	s.add(c, &c.place)
	s.reserve(c.Weight.Size())
	return c
}

// NewConvolutionTangent creates the layer without a bias, with zeros outside the grid,
// of the weight of another, by which tangents of what that takes go on.
func (s Scope) NewConvolutionTangent(of *Convolution) *Convolution {
	c := &Convolution{Weight: of.Weight, grid: of.grid, window: of.window, in: of.in}
	c.window.Outside = 0
	s.add(c, &c.place)
	s.reserve(2 * c.Weight.Size())
	return c
}

// Terms returns the number of inputs that an output sees.
func (c *Convolution) Terms() int { return c.Weight.Rows }

// Convolve returns y = act(bias + Σ x[site of tap]·weight[tap]) for each site of
// each event, over the taps of the layer's window; x is Window.Outside outside the
// grid.
//
// Backward, with dz = dy where the activation let the value pass:
// dweight[tap] = Σ x[site of tap]ᵀ·dz over sites, dbias = Σ dz, and dx is the
// convolution of dz by the turned window.
func (g *Graph) Convolve(x Value, c *Convolution, act blas.Activation) Value {
	return g.product(x, g.do.convolution(c), learned{c.Weight, c.Bias, c.Weight.layer - 1, c.Weight.Cols}, act)
}
