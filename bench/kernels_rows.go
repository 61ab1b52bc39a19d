package bench

import "github.com/seed-192fdf7a/nf/kernels"

// rowWorkloads are the kernels that look at whole rows or move columns.
var rowWorkloads = []workload{
	{name: "LogSumExp", prepare: rowReduction((*kernels.Tier).LogSumExp), bytes: 4},
	{name: "Softmax", prepare: rows2((*kernels.Tier).Softmax, wide), bytes: 8},
	{name: "Softmax-narrow", prepare: rows2((*kernels.Tier).Softmax, narrow), bytes: 8},
	{name: "LogSoftmax", prepare: rows2((*kernels.Tier).LogSoftmax, wide), bytes: 8},
	{name: "SoftmaxBackward", prepare: rows3((*kernels.Tier).SoftmaxBackward), bytes: 12},
	{name: "LogSoftmaxBackward", prepare: rows3((*kernels.Tier).LogSoftmaxBackward), bytes: 12},
	{name: "RowDots", prepare: rowDots, bytes: 8},
	{name: "RowMoments", prepare: rowMoments, bytes: 4},
	{name: "Transpose", prepare: transposition, bytes: 8},
	{name: "MultiplyRuns", prepare: rows3((*kernels.Tier).MultiplyRuns), bytes: 12},
	{name: "MultiplyRuns-narrow", prepare: multiplyRuns, bytes: 4 * (2 + 1./run)},
	{name: "GatherColumns", prepare: columns((*kernels.Tier).GatherColumns), bytes: 8},
	{name: "LogisticMixture", prepare: mixture, bytes: 4 * (5 + 5*components) / float64(components)},
	{name: "LogisticMixtureBracket", prepare: mixtureBracket, bytes: 4 * (3 + 2*components) / float64(components)},
	{name: "LogisticMixtureBackward", prepare: mixtureBackward, bytes: 4 * (6 + 7*components) / float64(components)},
	{name: "ScatterColumns", prepare: columns((*kernels.Tier).ScatterColumns), bytes: 8},
}

func rows2(kernel func(t *kernels.Tier, dst, src kernels.Matrix), width int) func(n int) (func(t *kernels.Tier), int) {
	return func(n int) (func(t *kernels.Tier), int) {
		src, dst := matrix(n, 1, width), matrix(n, 2, width)
		return func(t *kernels.Tier) { kernel(t, dst, src) }, len(src.Data)
	}
}

func rows3(kernel func(t *kernels.Tier, dx, y, dy kernels.Matrix)) func(n int) (func(t *kernels.Tier), int) {
	return func(n int) (func(t *kernels.Tier), int) {
		y, dy, dx := matrix(n, 1, wide), matrix(n, 2, wide), matrix(n, 3, wide)
		return func(t *kernels.Tier) { kernel(t, dx, y, dy) }, len(y.Data)
	}
}

func rowDots(n int) (func(t *kernels.Tier), int) {
	a, b := matrix(n, 1, wide), matrix(n, 2, wide)
	dst := make([]float32, a.Rows)
	return func(t *kernels.Tier) { t.RowDots(dst, a, b) }, len(a.Data)
}

// run is how many rows, of few columns, a row multiplies.
const run = 6

func multiplyRuns(n int) (func(t *kernels.Tier), int) {
	b := matrix(n/run, 2, narrow)
	x := kernels.Dense(fill(run*len(b.Data), 1, 2), run*b.Rows, narrow)
	dst := kernels.Dense(make([]float32, len(x.Data)), x.Rows, narrow)
	return func(t *kernels.Tier) { t.MultiplyRuns(dst, x, b) }, len(x.Data)
}

func rowMoments(n int) (func(t *kernels.Tier), int) {
	src := matrix(n, 1, wide)
	mean, variance := make([]float32, src.Rows), make([]float32, src.Rows)
	return func(t *kernels.Tier) { t.RowMoments(mean, variance, src) }, len(src.Data)
}

func transposition(n int) (func(t *kernels.Tier), int) {
	src := matrix(n, 1, wide)
	dst := kernels.Dense(make([]float32, len(src.Data)), src.Cols, src.Rows)
	return func(t *kernels.Tier) { t.Transpose(dst, src) }, len(src.Data)
}

// columns moves all columns by one permutation, of which no two neighbours stay
// neighbours.
func columns(kernel func(t *kernels.Tier, dst, src kernels.Matrix, columns []int32)) func(n int) (func(t *kernels.Tier), int) {
	return func(n int) (func(t *kernels.Tier), int) {
		src, dst := matrix(n, 1, wide), matrix(n, 2, wide)
		order := make([]int32, wide)
		for i := range order {
			order[i] = int32(i * 27 % wide)
		}
		return func(t *kernels.Tier) { kernel(t, dst, src, order) }, len(src.Data)
	}
}

// components are those of the mixtures that are measured. An element is a
// component of an element.
const components = 50

// mixtureData are elements and the constants of their mixtures.
func mixtureData(n int) (x []float32, constants kernels.Matrix) {
	x = fill(n/components, 1, 3)
	constants = kernels.Dense(fill(kernels.MixtureConstants*components*len(x), 2, 1), kernels.MixtureConstants*components, len(x))
	for r := range constants.Rows {
		if r%kernels.MixtureConstants == 0 {
			continue
		}
		for i, v := range constants.Row(r) {
			constants.Row(r)[i] = v*v + 0.1
		}
	}
	return x, constants
}

func mixture(n int) (func(t *kernels.Tier), int) {
	x, constants := mixtureData(n)
	sums := kernels.Dense(make([]float32, 4*len(x)), 4, len(x))
	return func(t *kernels.Tier) { t.LogisticMixture(sums, x, constants) }, len(x) * components
}

func mixtureBracket(n int) (func(t *kernels.Tier), int) {
	x, constants := mixtureData(n)
	low, high := make([]float32, len(x)), make([]float32, len(x))
	return func(t *kernels.Tier) { t.LogisticMixtureBracket(low, high, x, constants) }, len(x) * components
}

func mixtureBackward(n int) (func(t *kernels.Tier), int) {
	x, constants := mixtureData(n)
	sums, pulls := kernels.Dense(fill(4*len(x), 3, 1), 4, len(x)), kernels.Dense(fill(2*len(x), 4, 1), 2, len(x))
	gradients := kernels.Dense(make([]float32, 2*components*len(x)), 2*components, len(x))
	return func(t *kernels.Tier) { t.LogisticMixtureBackward(gradients, x, constants, sums, pulls) }, len(x) * components
}
