package bench

import (
	"runtime"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/kernels"
)

// ConvLayer is a convolution that Conv measures: a square window on a grid of
// lines by sites.
type ConvLayer struct {
	Grid    [2]int
	Kernel  int
	In, Out int
}

// terms are the inputs that an output sees.
func (l ConvLayer) terms() int { return l.Kernel * l.Kernel * l.In }

// ConvProduct is one line of the table of Conv: one product of a convolution, and
// beside it the bare product of matrices of as many operations.
type ConvProduct struct {
	ConvLayer
	What string // "forward", "input" (gradient) or "weights" (gradient)
	Rows int    // sites of all events
	// Timings are the convolution and the bare product on each backend, the
	// built-in one first; BareName has the name of the latter.
	Timings []Timing
}

// BareName is the name of the bare product's timing on a backend.
func BareName(backend string) string { return backend + " bare" }

// GFLOPs returns the speed of one timing. Values outside the grid count.
func (p ConvProduct) GFLOPs(t Timing) float64 {
	return 2 * float64(p.Rows) * float64(p.terms()) * float64(p.Out) / t.Ns
}

// timing returns the one of a name.
func (p ConvProduct) timing(name string) (t Timing, ok bool) {
	for _, t := range p.Timings {
		if t.Name == name {
			return t, true
		}
	}
	return t, false
}

// OfBare returns the built-in convolution's speed as a share of the bare product's.
func (p ConvProduct) OfBare() float64 {
	bare, _ := p.timing(BareName(p.Timings[0].Name))
	return bare.Ns / p.Timings[0].Ns
}

// OfOpenBLAS returns the built-in convolution's speed as a share of that on
// OpenBLAS; ok is false where that was not measured.
func (p ConvProduct) OfOpenBLAS() (share float64, ok bool) {
	t, ok := p.timing("openblas")
	return t.Ns / p.Timings[0].Ns, ok
}

// The bars that a built-in convolution is held to.
const (
	convColumns = 64  // columns from which a forward product is held to one
	convBar     = 0.8 // of the bare product
	convRows    = 1024
)

// Share returns the speed of the built-in convolution as a share of the bar that
// it is held to, and what the bar is: of a forward product of 64 columns and more
// 0.8 of the bare product, of the weights' gradient at 1,024 rows and more OpenBLAS.
func (p ConvProduct) Share() (share float64, bar string, ok bool) {
	switch {
	case p.What == "forward" && p.In >= convColumns:
		return p.OfBare() / convBar, "0.8 of the bare product", true
	case p.What == "weights" && p.Rows >= convRows:
		share, ok = p.OfOpenBLAS()
		return share, "OpenBLAS", ok
	}
	return 0, "", false
}

// Conv measures the products of convolutions, of at least so many sites, on one
// core: on the built-in backend and every other that is linked.
func Conv(o Options, layers []ConvLayer, rows int, report func(ConvProduct)) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	backends := []blas.Backend{blas.Builtin()}
	for _, b := range blas.Linked() {
		if b.Name() != blas.Builtin().Name() {
			backends = append(backends, b)
		}
	}
	for _, l := range layers {
		sites := l.Grid[0] * l.Grid[1]
		n := (rows + sites - 1) / sites * sites
		x, dy, seen := matrixOf(n, l.In, 3), matrixOf(n, l.Out, 4), matrixOf(n, l.terms(), 5)
		turned := matrixOf(n, l.Kernel*l.Kernel*l.Out, 6) // what an input's gradient sees of dy
		y, dx, dw := matrixOf(n, l.Out, 7), matrixOf(n, l.In, 8), make([]float32, l.terms()*l.Out)
		w, bias := fill(l.terms()*l.Out, 1, 0.5), fill(l.Out, 2, 0.5)
		products := map[string][]contender{}
		for _, b := range backends {
			c := blas.NewConvolution(b, l.Grid, blas.Window{Height: l.Kernel, Width: l.Kernel, Dilation: 1}, l.In, l.Out)
			c.Set(w, bias)
			bare, back := b.NewWeights(l.terms(), l.Out), b.NewWeights(turned.Cols, l.In)
			bare.Set(w, bias)
			back.Set(w, nil)
			for what, pair := range map[string][2]func(){
				"forward": {func() { c.Forward(y, x, blas.ReLU) }, func() { bare.Forward(y, seen, blas.ReLU) }},
				"input":   {func() { c.BackwardInput(dx, dy) }, func() { back.Forward(dx, turned, blas.None) }},
				"weights": {func() { c.GradientWeights(dw, x, dy, false) }, func() { blas.GradientWeights(b, dw, seen, dy, false) }},
			} {
				products[what] = append(products[what], contender{b.Name(), pair[0], 1}, contender{BareName(b.Name()), pair[1], 1})
			}
		}
		for _, what := range []string{"forward", "input", "weights"} {
			report(ConvProduct{ConvLayer: l, What: what, Rows: n, Timings: o.interleaved(products[what])})
		}
	}
}

// matrixOf returns a matrix of random values.
func matrixOf(rows, columns int, index uint64) kernels.Matrix {
	return kernels.Dense(fill(rows*columns, index, 1), rows, columns)
}
