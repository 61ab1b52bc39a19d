package conformance

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/kernels"
)

// ConvolutionCase is a layer of the tests of convolutions.
type ConvolutionCase struct {
	Grid    [2]int
	Window  blas.Window
	In, Out int
}

// Convolutions are the layers of the tests: windows larger than the grid,
// dilated ones, lines alone, columns enough for products of views and few enough for
// turned ones, and values outside the grid.
var Convolutions = []ConvolutionCase{
	{[2]int{4, 5}, blas.Window{Height: 1, Width: 1, Dilation: 1}, 3, 7},
	{[2]int{4, 5}, blas.Window{Height: 3, Width: 3, Dilation: 1}, 2, 19},
	{[2]int{1, 7}, blas.Window{Height: 1, Width: 5, Dilation: 1}, 3, 4},
	{[2]int{6, 1}, blas.Window{Height: 3, Width: 1, Dilation: 2}, 5, 3},
	{[2]int{5, 6}, blas.Window{Height: 3, Width: 3, Dilation: 2}, 3, 5},
	{[2]int{2, 2}, blas.Window{Height: 5, Width: 5, Dilation: 1}, 14, 3},
	{[2]int{3, 4}, blas.Window{Height: 3, Width: 3, Dilation: 1}, 22, 33},
	{[2]int{5, 3}, blas.Window{Height: 5, Width: 3, Dilation: 1}, 25, 22},
	{[2]int{3, 2}, blas.Window{Height: 3, Width: 3, Dilation: 1, Outside: 1}, 2, 5},
	{[2]int{3, 4}, blas.Window{Height: 3, Width: 3, Dilation: 2, Outside: -0.5}, 3, 4},
	{[2]int{3, 2}, blas.Window{Height: 3, Width: 3, Dilation: 1, Outside: 1}, 22, 17},
	{[2]int{4, 5}, blas.Window{Height: 3, Width: 5, Dilation: 2, Outside: 1}, 17, 3},
	{[2]int{7, 7}, blas.Window{Height: 3, Width: 3, Dilation: 1}, 32, 6},
}

// String names the layer.
func (c ConvolutionCase) String() string {
	return fmt.Sprintf("%dx%d window, dilation %d, %v outside, on %dx%d, %d to %d columns",
		c.Window.Height, c.Window.Width, c.Window.Dilation, c.Window.Outside, c.Grid[0], c.Grid[1], c.In, c.Out)
}

// seen returns column i of what a tap sees of x: row seen, or -1 outside the grid.
func (c ConvolutionCase) seen(x kernels.Matrix, seen, i int) float32 {
	if seen < 0 {
		return c.Window.Outside
	}
	return x.Row(seen)[i]
}

// tap returns the row of x that a tap sees from a site, or -1 outside the grid.
func (c ConvolutionCase) tap(row, tap int) int {
	sites := c.Grid[0] * c.Grid[1]
	line, site := row%sites/c.Grid[1], row%c.Grid[1]
	line += (tap/c.Window.Width - c.Window.Height/2) * c.Window.Dilation
	site += (tap%c.Window.Width - c.Window.Width/2) * c.Window.Dilation
	if line < 0 || line >= c.Grid[0] || site < 0 || site >= c.Grid[1] {
		return -1
	}
	return row/sites*sites + line*c.Grid[1] + site
}

// convolution checks all three products against float64 sums.
func convolution(t *testing.T, b blas.Backend) {
	rng := rand.New(rand.NewPCG(11, 12))
	for _, c := range Convolutions {
		taps, rows := c.Window.Taps(), 2*c.Grid[0]*c.Grid[1]
		values, bias := Normal(rng, taps*c.In*c.Out), Normal(rng, c.Out)
		conv := blas.NewConvolution(b, c.Grid, c.Window, c.In, c.Out)
		conv.Set(Normal(rng, len(values)), nil)
		dx := Matrix(rng, rows, c.In, 1)
		conv.BackwardInput(dx, Matrix(rng, rows, c.Out, 0)) // of weights that a second Set replaces
		conv.Set(values, bias)
		for _, gap := range []int{0, 3} {
			x, dy := Matrix(rng, rows, c.In, gap), Matrix(rng, rows, c.Out, gap)
			for _, act := range []blas.Activation{blas.None, blas.ReLU} {
				y := Matrix(rng, rows, c.Out, gap)
				conv.Forward(y, x, act)
				checkResult(t, "forward, "+c.String(), y, func(r, o int) (s chain) {
					s.add(bias[o], 1)
					for tap := range taps {
						seen := c.tap(r, tap)
						for i := range c.In {
							s.add(c.seen(x, seen, i), values[(tap*c.In+i)*c.Out+o])
						}
					}
					return s
				}, act == blas.ReLU)
			}
			dx := Matrix(rng, rows, c.In, gap)
			conv.BackwardInput(dx, dy)
			checkResult(t, "backward, "+c.String(), dx, func(r, i int) (s chain) {
				for tap := range taps {
					if from := c.tap(r, taps-1-tap); from >= 0 {
						for o := range c.Out {
							s.add(dy.Row(from)[o], values[(tap*c.In+i)*c.Out+o])
						}
					}
				}
				return s
			}, false)
			for _, accumulate := range []bool{false, true} {
				dw := Normal(rng, len(values))
				before := append([]float32(nil), dw...)
				conv.GradientWeights(dw, x, dy, accumulate)
				checkResult(t, "gradient, "+c.String(), kernels.Dense(dw, taps*c.In, c.Out), func(k, o int) (s chain) {
					if accumulate {
						s.add(before[k*c.Out+o], 1)
					}
					for r := range rows {
						s.add(c.seen(x, c.tap(r, k/c.In), k%c.In), dy.Row(r)[o])
					}
					return s
				}, false)
			}
		}
	}
}

func convolutionAllocation(t *testing.T, b blas.Backend) {
	rng := rand.New(rand.NewPCG(13, 14))
	for _, c := range Convolutions {
		rows := 2 * c.Grid[0] * c.Grid[1]
		conv := blas.NewConvolution(b, c.Grid, c.Window, c.In, c.Out)
		x, dy := Matrix(rng, rows, c.In, 0), Matrix(rng, rows, c.Out, 0)
		y, dx, dw := Matrix(rng, rows, c.Out, 0), Matrix(rng, rows, c.In, 0), make([]float32, c.Window.Taps()*c.In*c.Out)
		for name, f := range map[string]func(){
			"Forward":         func() { conv.Forward(y, x, blas.ReLU) },
			"BackwardInput":   func() { conv.BackwardInput(dx, dy) },
			"GradientWeights": func() { conv.GradientWeights(dw, x, dy, true) },
		} {
			f()
			f()
			if n := testing.AllocsPerRun(20, f); n != 0 {
				t.Errorf("%s, %s allocates %v times a call when warm", c, name, n)
			}
		}
	}
}
