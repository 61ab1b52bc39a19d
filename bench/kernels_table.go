package bench

import (
	"slices"

	"github.com/seed-192fdf7a/nf/kernels"
)

// workload is a kernel with its data, as it is measured.
type workload struct {
	// name is that of the method of kernels.Tier, or of the line in
	// kernels.Functions; "-narrow" and the like tell shapes of one method apart.
	name string

	// prepare makes the data of about n elements and returns what runs the
	// kernel on them once, and their exact number.
	prepare func(n int) (run func(t *kernels.Tier), elements int)

	bytes float64 // read and written for an element

	// For a function of package kernels.Functions: package math's, and the range
	// of arguments.
	math      func(float64) float64
	low, high float32
}

// The widths of rows: a layer's, and that of a coupling on a small table.
const wide, narrow = 64, 3

// workloads is every kernel that is measured: the elementwise functions, then
// the others. A test holds it to be complete.
func workloads() []workload {
	var all []workload
	for _, f := range kernels.Functions() {
		all = append(all, elementwise(f))
	}
	return slices.Concat(all, others, rowWorkloads, couplingWorkloads())
}

var others = []workload{
	{name: "SinCos2Pi", prepare: sinCos2Pi, bytes: 12},
	{name: "ReLU", prepare: vectors2((*kernels.Tier).ReLU), bytes: 8},
	{name: "ReLUBackward", prepare: vectors3((*kernels.Tier).ReLUBackward), bytes: 12},
	{name: "Add", prepare: vectors3((*kernels.Tier).Add), bytes: 12},
	{name: "Scale", prepare: vectors2(func(t *kernels.Tier, dst, src []float32) { t.Scale(dst, src, 0.5) }), bytes: 8},
	{name: "AddScaled", prepare: vectors2(func(t *kernels.Tier, dst, src []float32) { t.AddScaled(dst, src, 1e-9) }), bytes: 12},
	{name: "Standardize", prepare: vectors2(func(t *kernels.Tier, dst, src []float32) { t.Standardize(dst, src, 0.5, 2) }), bytes: 8},
	{name: "LeakyReLU", prepare: vectors2(func(t *kernels.Tier, dst, src []float32) { t.LeakyReLU(dst, src, 0.01) }), bytes: 8},
	{name: "LeakyReLUBackward", prepare: vectors3(func(t *kernels.Tier, dx, y, dy []float32) { t.LeakyReLUBackward(dx, y, dy, 0.01) }), bytes: 12},
	{name: "SiLUBackward", prepare: vectors3((*kernels.Tier).SiLUBackward), bytes: 12},
	{name: "Adam", prepare: adam(0), bytes: 28},
	{name: "Adam-decay", prepare: adam(0.01), bytes: 28},

	{name: "PhiloxWords", prepare: philox, bytes: 4},
	{name: "NormalRows", prepare: normals, bytes: 4},
	{name: "PhiloxRowsOf", prepare: philoxOf, bytes: 4},
	{name: "NormalRowsOf", prepare: normalsOf, bytes: 4},

	{name: "AddBias", prepare: bias((*kernels.Tier).AddBias), bytes: 8},
	{name: "AddBiasReLU", prepare: bias((*kernels.Tier).AddBiasReLU), bytes: 8},
	{name: "AddBiasLeakyReLU", prepare: bias(func(t *kernels.Tier, y kernels.Matrix, bias []float32) { t.AddBiasLeakyReLU(y, bias, 0.01) }), bytes: 8},
	{name: "AddBiasSiLU", prepare: bias((*kernels.Tier).AddBiasSiLU), bytes: 8},
	{name: "AddColumnSums", prepare: columnSums, bytes: 4},
	{name: "RowSums", prepare: rowReduction((*kernels.Tier).RowSums), bytes: 4},
	{name: "RowSumSquares", prepare: rowReduction((*kernels.Tier).RowSumSquares), bytes: 4},
	{name: "StandardNormalLogDensity", prepare: density, bytes: 4},

	// An element is a product that is added; a factor of b serves four sums.
	{name: "AddProducts64", prepare: products64(false), bytes: 8. / 3},
	{name: "AddProducts64-exact", prepare: products64(true), bytes: 8. / 3},
}

// arguments returns n values of U(low, high).
func (w workload) arguments(n int) []float32 {
	values := fill(n, 1, 1)
	for i, v := range values {
		values[i] = w.low + (w.high-w.low)*(v+1)/2
	}
	return values
}

func elementwise(f kernels.Function) workload {
	w := workload{name: f.Name, bytes: 8, math: f.Math, low: f.Low, high: f.High}
	w.prepare = func(n int) (func(t *kernels.Tier), int) {
		src, dst, scratch := w.arguments(n), make([]float32, n), make([]float32, n)
		return func(t *kernels.Tier) { f.Call(t, dst, src, scratch) }, n
	}
	return w
}

func sinCos2Pi(n int) (func(t *kernels.Tier), int) {
	src, sin, cos := fill(n, 1, 1), make([]float32, n), make([]float32, n)
	return func(t *kernels.Tier) { t.SinCos2Pi(sin, cos, src) }, n
}

func vectors2(kernel func(t *kernels.Tier, dst, src []float32)) func(n int) (func(t *kernels.Tier), int) {
	return func(n int) (func(t *kernels.Tier), int) {
		src, dst := fill(n, 1, 3), make([]float32, n)
		return func(t *kernels.Tier) { kernel(t, dst, src) }, n
	}
}

func vectors3(kernel func(t *kernels.Tier, dst, a, b []float32)) func(n int) (func(t *kernels.Tier), int) {
	return func(n int) (func(t *kernels.Tier), int) {
		a, b, dst := fill(n, 1, 3), fill(n, 2, 3), make([]float32, n)
		return func(t *kernels.Tier) { kernel(t, dst, a, b) }, n
	}
}

func adam(decay float32) func(n int) (func(t *kernels.Tier), int) {
	return func(n int) (func(t *kernels.Tier), int) { return adamStep(n, decay) }
}

func adamStep(n int, decay float32) (func(t *kernels.Tier), int) {
	p, m, v, g := fill(n, 1, 1), fill(n, 2, 1), fill(n, 3, 1), fill(n, 4, 1)
	for i := range v {
		v[i] *= v[i] // second moments
	}
	step := kernels.AdamStep{LearningRate: 1e-9, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Correction1: 0.5, Correction2: 0.5, GradientScale: 1, WeightDecay: decay}
	return func(t *kernels.Tier) { t.Adam(p, m, v, g, step) }, n
}

func philox(n int) (func(t *kernels.Tier), int) {
	dst := make([]uint32, n)
	return func(t *kernels.Tier) { t.PhiloxWords(dst, 1, 0, 0) }, n
}

func normals(n int) (func(t *kernels.Tier), int) {
	rows := n / wide
	dst := make([]float32, rows*wide)
	return func(t *kernels.Tier) { t.NormalRows(dst, rows, wide, 1, 0, 0) }, rows * wide
}

// fewColumns is how many values a row of a table may take of its own index.
const fewColumns = 6

func philoxOf(n int) (func(t *kernels.Tier), int) {
	dst, indices := make([]uint32, n/fewColumns*fewColumns), scattered(n/fewColumns)
	return func(t *kernels.Tier) { t.PhiloxRowsOf(dst, fewColumns, 1, 0, indices) }, len(dst)
}

func normalsOf(n int) (func(t *kernels.Tier), int) {
	dst, indices := make([]float32, n/fewColumns*fewColumns), scattered(n/fewColumns)
	return func(t *kernels.Tier) { t.NormalRowsOf(dst, fewColumns, 1, 0, indices) }, len(dst)
}

// scattered returns so many indices that do not follow each other.
func scattered(n int) []uint64 {
	indices := make([]uint64, n)
	for i := range indices {
		indices[i] = uint64(i) * 7919
	}
	return indices
}

func matrix(n int, index uint64, width int) kernels.Matrix {
	rows := n / width
	return kernels.Dense(fill(rows*width, index, 2), rows, width)
}

// bias adds a bias of zero, so that repeated runs leave the values as they are.
func bias(kernel func(t *kernels.Tier, y kernels.Matrix, bias []float32)) func(n int) (func(t *kernels.Tier), int) {
	return func(n int) (func(t *kernels.Tier), int) {
		y, zero := matrix(n, 1, wide), make([]float32, wide)
		return func(t *kernels.Tier) { kernel(t, y, zero) }, len(y.Data)
	}
}

func columnSums(n int) (func(t *kernels.Tier), int) {
	src, dst := matrix(n, 1, wide), make([]float32, wide)
	return func(t *kernels.Tier) { clear(dst); t.AddColumnSums(dst, src) }, len(src.Data)
}

func rowReduction(kernel func(t *kernels.Tier, dst []float32, src kernels.Matrix)) func(n int) (func(t *kernels.Tier), int) {
	return func(n int) (func(t *kernels.Tier), int) {
		src := matrix(n, 1, wide)
		dst := make([]float32, src.Rows)
		return func(t *kernels.Tier) { kernel(t, dst, src) }, len(src.Data)
	}
}

func density(n int) (func(t *kernels.Tier), int) {
	z := matrix(n, 1, wide)
	dst := make([]float64, z.Rows)
	return func(t *kernels.Tier) { t.StandardNormalLogDensity(dst, z) }, len(z.Data)
}

// products64 is four rows of a matrix product over one panel.
func products64(exact bool) func(n int) (func(t *kernels.Tier), int) {
	return func(n int) (func(t *kernels.Tier), int) {
		const rows = 4
		depth := n / (rows * kernels.ProductColumns)
		p := kernels.Products64{
			C: make([]float64, rows*kernels.ProductColumns), CStride: kernels.ProductColumns,
			A: widened(rows*depth, 1), AStride: depth, AStep: 1,
			B: widened(depth*kernels.ProductColumns, 2), Depth: depth, Exact: exact,
		}
		return func(t *kernels.Tier) { t.AddProducts64(p) }, rows * kernels.ProductColumns * depth
	}
}

// widened is fill in float64, so that products of two are exact.
func widened(n int, index uint64) []float64 {
	values := make([]float64, n)
	for i, v := range fill(n, index, 1) {
		values[i] = float64(v)
	}
	return values
}
