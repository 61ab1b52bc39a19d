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
	{name: "GatherColumns", prepare: columns((*kernels.Tier).GatherColumns), bytes: 8},
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

func rowMoments(n int) (func(t *kernels.Tier), int) {
	src := matrix(n, 1, wide)
	mean, variance := make([]float32, src.Rows), make([]float32, src.Rows)
	return func(t *kernels.Tier) { t.RowMoments(mean, variance, src) }, len(src.Data)
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
