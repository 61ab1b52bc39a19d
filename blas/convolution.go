package blas

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/seed-192fdf7a/nf/kernels"
)

// Convolution is a convolutional layer on a grid of sites, whose output has the
// same grid: at each site
//
//	y = act(bias + Σ x[site of tap]·w[tap])
//
// over the taps of a [Window], where x is Window.Outside, +0 by default, outside
// the grid. Matrices have a
// row for each site of each event, line by line, and any row stride; w is
// Taps·in by out, the taps ascending.
//
// On the built-in backend each output is one chain, acc = bias; then
// acc = fma(x, w, acc) over the taps ascending and, of each, the columns
// ascending, the values outside taking part. So are the gradients: of an input,
// over the taps of the window turned by 180 degrees and the outputs; of a
// weight, over the sites of all events. They do not depend on the number of
// events, the processor or the number of workers.
//
// There is no copy of all windows: a few lines at a time, or where a line of the
// window has enough columns, views of lines with sites outside behind them, whose rows
// overlap, transposed where the outputs are few. Its methods but Set may be called concurrently; they allocate nothing
// once warm. Shapes that do not fit are programmer errors and panic.
type Convolution struct {
	backend Backend
	grid    [2]int
	window  Window
	in, out int

	forward Weights
	weights []float32 // as Set had them

	turnedLock  sync.Mutex
	turnedValid atomic.Bool
	turned      Weights // Taps·out by in, of the turned window
}

// NewConvolution returns a convolution on a backend with weights of zero, on a
// grid of grid[0] lines of grid[1] sites, with in columns of x and out of y.
func NewConvolution(b Backend, grid [2]int, w Window, in, out int) *Convolution {
	w.check()
	if grid[0] < 1 || grid[1] < 1 || in < 1 {
		panic(fmt.Sprintf("blas: a convolution on a grid of %d by %d sites with %d columns", grid[0], grid[1], in))
	}
	return &Convolution{
		backend: b, grid: grid, window: w, in: in, out: out,
		forward: b.NewWeights(w.Taps()*in, out), weights: make([]float32, w.Taps()*in*out),
	}
}

// Set copies w, Taps·in by out row-major, and the bias, of length out; a nil
// bias is zero. It must not be called concurrently with any other method.
func (c *Convolution) Set(w, bias []float32) {
	checkLength("w", w, len(c.weights))
	copy(c.weights, w)
	c.forward.Set(w, bias)
	c.turnedValid.Store(false)
}

// Forward writes y, which does not overlap x.
func (c *Convolution) Forward(y, x kernels.Matrix, act Activation) {
	c.check("x", x, "y", y)
	if w, ok := c.forward.(*builtinWeights); ok && c.narrow(c.in, c.out) {
		c.applyNarrow(w.tier, func(tap int) kernels.Strided {
			return kernels.Dense(c.weights[tap*c.in*c.out:], c.in, c.out).Transposed()
		}, w.bias, c.window, y, x, act)
		return
	}
	c.apply(c.forward, c.window, y, x, act)
}

// narrow tells whether outputs of so many columns are computed as rows.
func (c *Convolution) narrow(in, out int) bool {
	return c.window.Taps() > 1 && in >= narrowTerms && out <= narrowOutputs
}

// BackwardInput writes the gradient of x, given that of y before the
// activation, which it does not overlap.
func (c *Convolution) BackwardInput(dx, dy kernels.Matrix) {
	c.check("dx", dx, "dy", dy)
	zeros := c.window
	zeros.Outside = 0
	if w, ok := c.forward.(*builtinWeights); ok && c.narrow(c.out, c.in) {
		c.applyNarrow(w.tier, func(tap int) kernels.Strided {
			return kernels.Dense(c.weights[(c.window.Taps()-1-tap)*c.in*c.out:], c.in, c.out).Strided()
		}, nil, zeros, dx, dy, None)
		return
	}
	c.apply(c.turnedWeights(), zeros, dx, dy, None)
}

// GradientWeights writes the gradient of w, or with accumulate adds it to dw,
// given x and the gradient of y before the activation.
func (c *Convolution) GradientWeights(dw []float32, x, dy kernels.Matrix, accumulate bool) {
	c.check("x", x, "dy", dy)
	switch {
	case c.window.Taps() == 1:
		GradientWeights(c.backend, dw, x, dy, accumulate)
	case c.out < c.in && c.window.Outside == 0:
		c.gradientTurned(dw, x, dy, accumulate)
	default:
		step := c.window.Height
		if c.window.Taps()*c.in > gatheredTerms {
			step = 1
		}
		for line := 0; line < c.window.Height; line += step {
			c.bands(x, c.window, lines{line, line + step}, true, func(seen kernels.Strided, from, to int) {
				dws, start := kernels.Dense(dw[line*c.window.Width*c.in*c.out:], seen.Cols, c.out), kernels.Matrix{}
				if accumulate || from > 0 {
					start = dws
				}
				c.backend.Product(dws, seen.Transposed(), dy.Slice(from, to).Strided(), start)
			})
		}
	}
}

// gatheredTerms are the terms of an output from which gradients of weights gather one
// line of the window after the other, since the rows of what is gathered are far
// apart else.
const gatheredTerms = 512

// gradientTurned is GradientWeights by what the sites of x see of dy in the turned
// window, of which there are fewer columns. Each weight's terms are the same in
// the same order: those that it lacks, and those that come for them, are zero.
func (c *Convolution) gradientTurned(dw []float32, x, dy kernels.Matrix, accumulate bool) {
	taps := c.window.Taps()
	buffer := scratch.Borrow(c.in * taps * c.out)
	defer scratch.Return(buffer)
	turned := kernels.Dense((*buffer)[:c.in*taps*c.out], taps*c.out, c.in)
	start := kernels.Matrix{}
	if accumulate {
		start = turned
		c.turn(turned, dw, false)
	}
	c.bands(dy, c.window, c.window.lines(), true, func(seen kernels.Strided, from, to int) {
		c.backend.Product(turned, seen.Transposed(), x.Slice(from, to).Strided(), start)
		start = turned
	})
	c.turn(turned, dw, true)
}

// turn copies weights to the form that has a row for each tap of the turned window and
// output, and a column for each input, or with back from it: four rows at a time, since
// those are neighbours among the weights.
func (c *Convolution) turn(turned kernels.Matrix, weights []float32, back bool) {
	taps := c.window.Taps()
	for tap := range taps {
		own := weights[tap*c.in*c.out : (tap+1)*c.in*c.out]
		rows := turned.Slice((taps-1-tap)*c.out, (taps-tap)*c.out)
		o := 0
		for ; o+4 <= c.out; o += 4 {
			p, q, r, s := rows.Row(o), rows.Row(o+1), rows.Row(o+2), rows.Row(o+3)
			q, r, s = q[:len(p)], r[:len(p)], s[:len(p)]
			for i := range p {
				if v := own[i*c.out+o:][:4]; back {
					v[0], v[1], v[2], v[3] = p[i], q[i], r[i], s[i]
				} else {
					p[i], q[i], r[i], s[i] = v[0], v[1], v[2], v[3]
				}
			}
		}
		for ; o < c.out; o++ {
			for i, row := 0, rows.Row(o); i < c.in; i++ {
				if v := &own[i*c.out+o]; back {
					*v = row[i]
				} else {
					row[i] = *v
				}
			}
		}
	}
}

// turnedColumns are the columns of a site up to which bands are gathered turned.
const turnedColumns = 8

// bands calls f with what the sites of x see in lines of a window, for some rows of x at a
// time. Unless f takes either stride, the columns are contiguous.
func (c *Convolution) bands(x kernels.Matrix, w Window, of lines, either bool, f func(seen kernels.Strided, from, to int)) {
	turned := either && x.Cols <= turnedColumns
	if !turned {
		own := (*[]float32)(nil)
		x, own = compact(x)
		defer scratch.Return(own)
	}
	width, values := c.grid[1], (of.to-of.from)*w.Width*x.Cols
	all, band := x.Rows/width, bandOf(width, values)
	for from := 0; from == 0 || from < all; from += band {
		to := min(from+band, all)
		rows := (to - from) * width
		buffer := scratch.Borrow(rows * values)
		if turned {
			seen := kernels.Dense((*buffer)[:rows*values], values, rows)
			w.gatherTurned(seen, x, c.grid, of, from, to)
			f(seen.Transposed(), from*width, to*width)
		} else {
			seen := kernels.Dense((*buffer)[:rows*values], rows, values)
			w.gather(seen, x, c.grid, of, from, to)
			f(seen.Strided(), from*width, to*width)
		}
		scratch.Return(buffer)
	}
}

// compact returns x without gaps between its rows, so that neighbouring sites are
// copied at once, and the scratch that it lies in, to be returned.
func compact(x kernels.Matrix) (kernels.Matrix, *[]float32) {
	if x.Stride == x.Cols {
		return x, scratch.Borrow(0)
	}
	own := scratch.Borrow(x.Rows * x.Cols)
	dense := kernels.Dense((*own)[:x.Rows*x.Cols], x.Rows, x.Cols)
	for r := range x.Rows {
		from := x.Data[r*x.Stride:]
		for i := range dense.Data[r*x.Cols : (r+1)*x.Cols] {
			dense.Data[r*x.Cols+i] = from[i]
		}
	}
	return dense, own
}

// check panics unless x and y are whole events of the layer's columns.
func (c *Convolution) check(nameX string, x kernels.Matrix, nameY string, y kernels.Matrix) {
	if sites := c.grid[0] * c.grid[1]; x.Rows%sites != 0 {
		panic(fmt.Sprintf("blas: %s has %d rows, which are no whole events of %d sites", nameX, x.Rows, sites))
	}
	checkShape(nameX, x, x.Rows, c.in)
	checkShape(nameY, y, x.Rows, c.out)
}

// turnedWeights returns the weights of the turned window, w[Taps−1−tap]ᵀ at each
// tap, which it makes on the first call after Set.
func (c *Convolution) turnedWeights() Weights {
	if c.turnedValid.Load() {
		return c.turned
	}
	c.turnedLock.Lock()
	defer c.turnedLock.Unlock()
	if c.turnedValid.Load() {
		return c.turned
	}
	taps := c.window.Taps()
	if c.turned == nil {
		c.turned = c.backend.NewWeights(taps*c.out, c.in)
	}
	buffer := scratch.Borrow(len(c.weights))
	defer scratch.Return(buffer)
	turned := (*buffer)[:len(c.weights)]
	for tap := range taps {
		from, to := c.weights[(taps-1-tap)*c.in*c.out:], turned[tap*c.out*c.in:]
		for i := range c.in {
			for o := range c.out {
				to[o*c.in+i] = from[i*c.out+o]
			}
		}
	}
	c.turned.Set(turned, nil)
	c.turnedValid.Store(true)
	return c.turned
}

// viewedTerms are the columns of a line of the window from which its views
// repay the products that they are cut into.
const viewedTerms = 64

// apply computes y of x by weights over a window's taps.
func (c *Convolution) apply(weights Weights, window Window, y, x kernels.Matrix, act Activation) {
	if window.Taps() == 1 {
		weights.Forward(y, x, act)
		return
	}
	w, ok := weights.(*builtinWeights)
	if ok && window.Dilation == 1 && window.Width*x.Cols >= viewedTerms {
		c.applyViews(w, window, y, x, act)
		return
	}
	c.bands(x, window, window.lines(), ok, func(seen kernels.Strided, from, to int) {
		if ok {
			result := y.Slice(from, to)
			w.multiply(&result, &seen, act)
		} else {
			weights.Forward(y.Slice(from, to), kernels.Matrix{Data: seen.Data, Rows: seen.Rows, Cols: seen.Cols, Stride: seen.RowStride}, act)
		}
	})
}

// applyViews is apply by products of views. In a copy of some lines with sites
// outside before and behind each, what a line of the window sees of neighbouring sites
// are rows that overlap, so that one product serves all sites, those outside
// included, and the next line's begins from its result.
func (c *Convolution) applyViews(w *builtinWeights, window Window, y, x kernels.Matrix, act Activation) {
	height, width, in, out := c.grid[0], c.grid[1], x.Cols, y.Cols
	marginLines, margin := window.margins()
	pitch := width + margin
	band := min(height, bandOf(pitch, in+out))
	for event := 0; event*height*width < x.Rows; event++ {
		first := event * height
		for from := 0; from < height; from += band {
			to := min(from+band, height)
			rows := (to-from)*pitch - margin
			size := (margin + (to-from+2*marginLines)*pitch) * in
			buffer := scratch.Borrow(size + rows*out)
			padded, result := (*buffer)[:size], kernels.Dense((*buffer)[size:size+rows*out], rows, out)
			window.pad(padded, x, c.grid, first, from-marginLines, to+marginLines)

			var a kernels.Strided
			var start kernels.Matrix
			start.Data, start.Rows, start.Cols = w.bias, rows, out
			a.Rows, a.Cols, a.RowStride, a.ColumnStride = rows, window.Width*in, in, 1
			for line := range window.Height {
				a.Data = padded[line*pitch*in:]
				panels := w.panels.Slice(line*a.Cols, (line+1)*a.Cols)
				w.tier.MatmulReferences(&result, &a, &panels, &start, act == ReLU && line == window.Height-1)
				start = result
			}
			for line := from; line < to; line++ {
				at := (first + line) * width
				if y.Stride == out {
					copy(y.Data[at*out:(at+width)*out], result.Data[(line-from)*pitch*out:])
					continue
				}
				for site := range width {
					copy(y.Row(at+site), result.Row((line-from)*pitch+site))
				}
			}
			scratch.Return(buffer)
		}
	}
}
