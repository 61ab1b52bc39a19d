package blas_test

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/blas/internal/conformance"
	"github.com/seed-192fdf7a/nf/kernels"
)

// convolutionLayer is the input of the bit tests of convolutions.
type convolutionLayer struct {
	conformance.ConvolutionCase
	values, bias []float32
	x, dy        kernels.Matrix
}

func newConvolutionLayer(c conformance.ConvolutionCase, events, gap int) convolutionLayer {
	rng := rand.New(rand.NewPCG(uint64(c.In), 3))
	taps, rows := c.Window.Taps(), events*c.Grid[0]*c.Grid[1]
	return convolutionLayer{c, conformance.Normal(rng, taps*c.In*c.Out), conformance.Normal(rng, c.Out),
		conformance.Matrix(rng, rows, c.In, gap), conformance.Matrix(rng, rows, c.Out, gap)}
}

// run computes the layer's products with the events cut at every step of them.
func (l convolutionLayer) run(b blas.Backend, step int) products {
	conv := blas.NewConvolution(b, l.Grid, l.Window, l.In, l.Out)
	conv.Set(l.values, l.bias)
	rows, sites := l.x.Rows, l.Grid[0]*l.Grid[1]
	p := products{y: make([]float32, rows*l.Out), dx: make([]float32, rows*l.In), dw: make([]float32, len(l.values))}
	y, dx := kernels.Dense(p.y, rows, l.Out), kernels.Dense(p.dx, rows, l.In)
	for from := 0; from < rows; from += step * sites {
		to := min(from+step*sites, rows)
		conv.Forward(y.Slice(from, to), l.x.Slice(from, to), blas.ReLU)
		conv.BackwardInput(dx.Slice(from, to), l.dy.Slice(from, to))
		conv.GradientWeights(p.dw, l.x.Slice(from, to), l.dy.Slice(from, to), true)
	}
	return p
}

// chains computes the same by the chains of the law: one product of all windows,
// written out with what is outside the grid.
func (l convolutionLayer) chains(b blas.Backend) products {
	taps, rows := l.Window.Taps(), l.x.Rows
	p := products{y: make([]float32, rows*l.Out), dx: make([]float32, rows*l.In), dw: make([]float32, len(l.values))}
	forward, turned := b.NewWeights(taps*l.In, l.Out), b.NewWeights(taps*l.Out, l.In)
	forward.Set(l.values, l.bias)
	other := make([]float32, len(l.values))
	for tap := range taps {
		for i := range l.In {
			for o := range l.Out {
				other[(tap*l.Out+o)*l.In+i] = l.values[((taps-1-tap)*l.In+i)*l.Out+o]
			}
		}
	}
	turned.Set(other, nil)
	seen := l.windows(l.x, l.Window.Outside)
	forward.Forward(kernels.Dense(p.y, rows, l.Out), seen, blas.ReLU)
	turned.Forward(kernels.Dense(p.dx, rows, l.In), l.windows(l.dy, 0), blas.None)
	blas.GradientWeights(b, p.dw, seen, l.dy, true)
	return p
}

func (l convolutionLayer) windows(x kernels.Matrix, outside float32) kernels.Matrix {
	sites, w := l.Grid[0]*l.Grid[1], l.Window
	out := kernels.Dense(make([]float32, x.Rows*w.Taps()*x.Cols), x.Rows, w.Taps()*x.Cols)
	for r := range x.Rows {
		for tap := range w.Taps() {
			into := out.Row(r)[tap*x.Cols : (tap+1)*x.Cols]
			if seen := w.Sees(l.Grid, r%sites, tap); seen >= 0 {
				copy(into, x.Row(r/sites*sites+seen))
				continue
			}
			for i := range into {
				into[i] = outside
			}
		}
	}
	return out
}

// manyLines are layers that are computed in several bands.
var manyLines = []conformance.ConvolutionCase{
	{Grid: [2]int{92, 9}, Window: blas.Window{Height: 3, Width: 3, Dilation: 1}, In: 70, Out: 2},
	{Grid: [2]int{90, 5}, Window: blas.Window{Height: 3, Width: 3, Dilation: 3}, In: 20, Out: 2},
}

// TestConvolutionBits checks that convolutions have the bits of the chains on
// every tier, for every number of events and every stride.
func TestConvolutionBits(t *testing.T) {
	reference, err := kernels.ByName("reference")
	if err != nil {
		t.Fatal(err)
	}
	const events = 3
	for i, c := range append(manyLines, conformance.Convolutions...) {
		if i < len(manyLines) && testing.Short() {
			continue
		}
		for _, gap := range []int{0, 2} {
			l := newConvolutionLayer(c, events, gap)
			want := l.chains(blas.BuiltinOn(reference))
			for _, tier := range kernels.Tiers() {
				for _, step := range []int{1, 2, events} {
					l.run(blas.BuiltinOn(tier), step).check(t, tier.Name()+", "+c.String(), want)
				}
			}
		}
	}
}

// TestConvolutionWorkers computes the products, the first backward one
// included, from several goroutines at once; run it with -race.
func TestConvolutionWorkers(t *testing.T) {
	for _, c := range conformance.Convolutions {
		l := newConvolutionLayer(c, 2, 0)
		want := l.run(blas.Builtin(), 2)
		conv := blas.NewConvolution(blas.Builtin(), c.Grid, c.Window, c.In, c.Out)
		conv.Set(l.values, l.bias)
		var group sync.WaitGroup
		results := make([]products, 6)
		for i := range results {
			group.Go(func() {
				p := products{y: make([]float32, l.x.Rows*c.Out), dx: make([]float32, l.x.Rows*c.In), dw: make([]float32, len(l.values))}
				conv.BackwardInput(kernels.Dense(p.dx, l.x.Rows, c.In), l.dy)
				conv.Forward(kernels.Dense(p.y, l.x.Rows, c.Out), l.x, blas.ReLU)
				conv.GradientWeights(p.dw, l.x, l.dy, true)
				results[i] = p
			})
		}
		group.Wait()
		for _, p := range results {
			p.check(t, c.String(), want)
		}
	}
}
