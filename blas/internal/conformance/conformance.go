// Package conformance holds the tests that every backend of package blas must
// pass.
package conformance

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/kernels"
)

// guard fills the gaps between rows, which no product may touch.
const guard = -54321.5

// Sizes are the layers of the tests, inputs and outputs.
var Sizes = [][2]int{{0, 1}, {0, 20}, {1, 1}, {3, 6}, {6, 128}, {16, 16}, {17, 33}, {128, 6}, {100, 129}, {64, 50}, {300, 49}}

// Run checks a backend against float64 sums, and its rules on strides, empty
// shapes, accumulation, concurrency and allocation.
func Run(t *testing.T, b blas.Backend) {
	t.Logf("%s: %s", b.Name(), b.Description())
	t.Run("accuracy", func(t *testing.T) { accuracy(t, b) })
	t.Run("relu", func(t *testing.T) { relu(t, b) })
	t.Run("repeated row", func(t *testing.T) { repeatedRow(t, b) })
	t.Run("set", func(t *testing.T) { set(t, b) })
	t.Run("product", func(t *testing.T) { product(t, b) })
	t.Run("concurrency", func(t *testing.T) { concurrency(t, b) })
	t.Run("allocation", func(t *testing.T) { allocation(t, b) })
	t.Run("panics", func(t *testing.T) { panics(t, b) })

	t.Run("masked", func(t *testing.T) { masked(t, b) })
	t.Run("masked containment", func(t *testing.T) { containment(t, b) })
	t.Run("masked allocation", func(t *testing.T) { maskedAllocation(t, b) })

	t.Run("convolution", func(t *testing.T) { convolution(t, b) })
	t.Run("convolution allocation", func(t *testing.T) { convolutionAllocation(t, b) })
}

// Normal returns n normal values.
func Normal(rng *rand.Rand, n int) []float32 {
	data := make([]float32, n)
	for i := range data {
		data[i] = float32(rng.NormFloat64())
	}
	return data
}

// Matrix returns a rows by cols matrix of normal values whose rows are gap
// values apart; the gaps hold guard values, and data ends with the last row.
func Matrix(rng *rand.Rand, rows, cols, gap int) kernels.Matrix {
	stride := cols + gap
	m := kernels.Matrix{Rows: rows, Cols: cols, Stride: stride}
	if rows > 0 {
		m.Data = make([]float32, (rows-1)*stride+cols)
	}
	for i := range m.Data {
		m.Data[i] = guard
	}
	for r := range rows {
		copy(m.Row(r), Normal(rng, cols))
	}
	return m
}

// chain is a sum in float64 with what bounds its rounding in float32.
type chain struct {
	sum, magnitude float64
	terms          int
}

func (c *chain) add(x, y float32) {
	p := float64(float64(x) * float64(y))
	c.sum += p
	c.magnitude += math.Abs(p)
	c.terms++
}

// checkResult compares a result with the float64 sums: any order of the terms,
// with or without fused multiply-adds, errs by at most (terms+1)·2^-24 of the
// sum of magnitudes, to first order.
func checkResult(t *testing.T, what string, got kernels.Matrix, want func(r, c int) chain, positive bool) {
	t.Helper()
	for r := range got.Rows {
		for c := range got.Cols {
			w := want(r, c)
			bound := 1.01 * float64(w.terms+1) * 0x1p-24 * w.magnitude
			expect := w.sum
			if positive {
				expect = max(expect, 0)
			}
			if v := float64(got.Data[r*got.Stride+c]); !(math.Abs(v-expect) <= bound) {
				t.Fatalf("%s: element %d,%d is %v, want %v within %v", what, r, c, v, expect, bound)
			}
		}
		if r+1 < got.Rows {
			for c := got.Cols; c < got.Stride; c++ {
				if got.Data[r*got.Stride+c] != guard {
					t.Fatalf("%s: wrote beyond row %d at column %d", what, r, c)
				}
			}
		}
	}
}

// leavesOut tells whether a number of rows is left out. The bits of a row of the
// built-in products do not depend on the others, as the tests of bits show on
// every tier: with -short a few rows are enough to tell how near they are.
func leavesOut(b blas.Backend, rows int) bool {
	return testing.Short() && b.Name() == blas.Builtin().Name() && rows > 13
}

func accuracy(t *testing.T, b blas.Backend) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, size := range Sizes {
		in, out := size[0], size[1]
		values, bias := Normal(rng, in*out), Normal(rng, out)
		w := b.NewWeights(in, out)
		w.Set(values, bias)
		for n, rows := range []int{0, 1, 2, 5, 8, 13, 64, 100} {
			if leavesOut(b, rows) {
				continue
			}
			gap := (n + in) % 2 * 3
			name := fmt.Sprintf("%d rows, %d inputs, %d outputs, gap %d", rows, in, out, gap)
			x, dy := Matrix(rng, rows, in, gap), Matrix(rng, rows, out, 2*gap)
			for _, act := range []blas.Activation{blas.None, blas.ReLU} {
				y := Matrix(rng, rows, out, gap)
				w.Forward(y, x, act)
				checkResult(t, "forward, "+name, y, func(r, c int) (s chain) {
					s.add(bias[c], 1)
					for k := range in {
						s.add(x.Data[r*x.Stride+k], values[k*out+c])
					}
					return s
				}, act == blas.ReLU)
			}
			for _, accumulate := range []bool{false, true} {
				dx := Matrix(rng, rows, in, gap)
				before := append([]float32(nil), dx.Data...)
				w.BackwardInput(dx, dy, accumulate)
				checkResult(t, "backward, "+name, dx, func(r, c int) (s chain) {
					if accumulate {
						s.add(before[r*dx.Stride+c], 1)
					}
					for k := range out {
						s.add(dy.Data[r*dy.Stride+k], values[c*out+k])
					}
					return s
				}, false)
				dw := Normal(rng, in*out)
				before = append(before[:0], dw...)
				blas.GradientWeights(b, dw, x, dy, accumulate)
				checkResult(t, "gradient, "+name, kernels.Dense(dw, in, out), func(r, c int) (s chain) {
					if accumulate {
						s.add(before[r*out+c], 1)
					}
					for k := range rows {
						s.add(x.Data[k*x.Stride+r], dy.Data[k*dy.Stride+c])
					}
					return s
				}, false)
			}
		}
	}
}

// relu pins the rule: positive or NaN stays, the rest is +0.
func relu(t *testing.T, b blas.Backend) {
	nan, zero := float32(math.NaN()), float32(math.Copysign(0, -1))
	bias := []float32{1, -1, 0, zero, nan, float32(math.Inf(1)), float32(math.Inf(-1)), 1e-45, -1e-45}
	want := []float32{1, 0, 0, 0, nan, float32(math.Inf(1)), 0, 1e-45, 0}
	w := b.NewWeights(0, len(bias))
	w.Set(nil, bias)
	y := kernels.Dense(make([]float32, 2*len(bias)), 2, len(bias))
	w.Forward(y, kernels.Matrix{Rows: 2}, blas.ReLU)
	for i, v := range y.Data {
		if expect := want[i%len(want)]; math.Float32bits(v) != math.Float32bits(expect) && (v == v || expect == expect) {
			t.Errorf("ReLU(%v) = %v (bits %08x), want %v", bias[i%len(bias)], v, math.Float32bits(v), expect)
		}
	}
}

// repeatedRow reads matrices of stride 0 as one row for all.
func repeatedRow(t *testing.T, b blas.Backend) {
	rng := rand.New(rand.NewPCG(3, 4))
	const rows, in, out = 5, 7, 20
	w := b.NewWeights(in, out)
	values := Normal(rng, in*out)
	w.Set(values, nil)
	x, dy := kernels.Matrix{Data: Normal(rng, in), Rows: rows, Cols: in}, kernels.Matrix{Data: Normal(rng, out), Rows: rows, Cols: out}
	y, dx := Matrix(rng, rows, out, 1), Matrix(rng, rows, in, 1)
	w.Forward(y, x, blas.None)
	w.BackwardInput(dx, dy, false)
	checkResult(t, "forward", y, func(r, c int) (s chain) {
		for k := range in {
			s.add(x.Data[k], values[k*out+c])
		}
		return s
	}, false)
	checkResult(t, "backward", dx, func(r, c int) (s chain) {
		for k := range out {
			s.add(dy.Data[k], values[c*out+k])
		}
		return s
	}, false)
	dw := make([]float32, in*out)
	blas.GradientWeights(b, dw, x, dy, false)
	checkResult(t, "gradient", kernels.Dense(dw, in, out), func(r, c int) (s chain) {
		for range rows {
			s.add(x.Data[r], dy.Data[c])
		}
		return s
	}, false)
}

// set checks that a second Set replaces weights and bias in both directions
// and that the caller's slices are not kept.
func set(t *testing.T, b blas.Backend) {
	rng := rand.New(rand.NewPCG(5, 6))
	const rows, in, out = 4, 18, 35
	x, dy := Matrix(rng, rows, in, 0), Matrix(rng, rows, out, 0)
	values, bias := Normal(rng, in*out), Normal(rng, out)
	run := func(w blas.Weights) []float32 {
		y, dx := Matrix(rng, rows, out, 0), Matrix(rng, rows, in, 0)
		w.Forward(y, x, blas.None)
		w.BackwardInput(dx, dy, false)
		return append(y.Data, dx.Data...)
	}
	fresh := b.NewWeights(in, out)
	fresh.Set(values, bias)
	want := run(fresh)
	reused := b.NewWeights(in, out)
	reused.Set(Normal(rng, in*out), Normal(rng, out))
	run(reused)
	reused.Set(values, bias)
	clear(values)
	clear(bias)
	got := run(reused)
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("after a second Set, value %d is %v, want %v", i, got[i], want[i])
		}
	}
}

// concurrency runs all products from several goroutines on the same weights,
// the first backward product included; run it with -race.
func concurrency(t *testing.T, b blas.Backend) {
	rng := rand.New(rand.NewPCG(7, 8))
	const rows, in, out, workers = 24, 40, 50, 8
	x, dy := Matrix(rng, rows, in, 0), Matrix(rng, rows, out, 0)
	values, bias := Normal(rng, in*out), Normal(rng, out)
	w := b.NewWeights(in, out)
	w.Set(values, bias)
	results := make([][]float32, workers)
	var group sync.WaitGroup
	for i := range results {
		group.Go(func() {
			for range 10 {
				y, dx, dw := make([]float32, rows*out), make([]float32, rows*in), make([]float32, in*out)
				w.BackwardInput(kernels.Dense(dx, rows, in), dy, false)
				w.Forward(kernels.Dense(y, rows, out), x, blas.ReLU)
				blas.GradientWeights(b, dw, x, dy, false)
				results[i] = append(append(y, dx...), dw...)
			}
		})
	}
	group.Wait()
	for i := range results {
		for j := range results[0] {
			if results[i][j] != results[0][j] {
				t.Fatalf("worker %d, value %d: %v, want %v", i, j, results[i][j], results[0][j])
			}
		}
	}
}

func allocation(t *testing.T, b blas.Backend) {
	rng := rand.New(rand.NewPCG(9, 10))
	const rows, in, out = 24, 40, 50
	x, dy := Matrix(rng, rows, in, 0), Matrix(rng, rows, out, 0)
	y, dx, dw := Matrix(rng, rows, out, 0), Matrix(rng, rows, in, 0), make([]float32, in*out)
	transposed := Matrix(rng, out, in, 0).Transposed()
	w := b.NewWeights(in, out)
	w.Set(Normal(rng, in*out), nil)
	for name, f := range map[string]func(){
		"Forward":         func() { w.Forward(y, x, blas.ReLU) },
		"BackwardInput":   func() { w.BackwardInput(dx, dy, true) },
		"GradientWeights": func() { blas.GradientWeights(b, dw, x, dy, true) },
		"Product":         func() { b.Product(kernels.Dense(dw, in, out), x.Transposed(), dy.Strided(), kernels.Matrix{}) },
		"Product of rows": func() { b.Product(y, x.Strided(), transposed, kernels.Matrix{}) },
	} {
		f()
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s allocates %v times a call when warm", name, n)
		}
	}
}

func panics(t *testing.T, b blas.Backend) {
	w := b.NewWeights(3, 4)
	matrix := func(rows, cols int) kernels.Matrix {
		return kernels.Dense(make([]float32, rows*cols), rows, cols)
	}
	short := matrix(2, 4)
	short.Data = short.Data[:7]
	for name, f := range map[string]func(){
		"negative inputs":      func() { b.NewWeights(-1, 4) },
		"no outputs":           func() { b.NewWeights(3, 0) },
		"few weights":          func() { w.Set(make([]float32, 11), nil) },
		"few biases":           func() { w.Set(make([]float32, 12), make([]float32, 3)) },
		"x of other width":     func() { w.Forward(matrix(2, 4), matrix(2, 4), blas.None) },
		"y of other rows":      func() { w.Forward(matrix(1, 4), matrix(2, 3), blas.None) },
		"y of few values":      func() { w.Forward(short, matrix(2, 3), blas.None) },
		"dy of other width":    func() { w.BackwardInput(matrix(2, 3), matrix(2, 3), false) },
		"dx of other rows":     func() { w.BackwardInput(matrix(3, 3), matrix(2, 4), false) },
		"dw of other size":     func() { blas.GradientWeights(b, make([]float32, 11), matrix(2, 3), matrix(2, 4), false) },
		"x, dy of unlike rows": func() { blas.GradientWeights(b, make([]float32, 12), matrix(3, 3), matrix(2, 4), false) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}
