package autograd

import (
	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/kernels"
)

// math32 is the kernels and the matmul of a graph.
type math32 struct{ *Graph }

// matrixOf returns m, whose rows have no gaps, as kernels take it.
func matrixOf(m grid[float32]) kernels.Matrix {
	return kernels.Matrix{Data: m.data, Rows: m.rows, Cols: m.cols, Stride: m.rowStride}
}

func stridedOf(m grid[float32]) kernels.Strided {
	return kernels.Strided{Data: m.data, Rows: m.rows, Cols: m.cols, RowStride: m.rowStride, ColumnStride: m.columnStride}
}

func (m math32) product(c, a, b, start grid[float32]) {
	m.binding.backend.Product(matrixOf(c), stridedOf(a), stridedOf(b), startOf(start))
}

func (m math32) triangle(c, a, b, start grid[float32], upper bool) bool {
	return blas.Triangle(m.binding.backend, matrixOf(c), stridedOf(a), stridedOf(b), startOf(start), upper)
}

func (m math32) below(c, a, b grid[float32], first int) bool {
	return blas.Below(m.binding.backend, matrixOf(c), stridedOf(a), stridedOf(b), first)
}

// startOf returns what a product begins from, which may be nothing.
func startOf(start grid[float32]) (from kernels.Matrix) {
	if start.data != nil {
		from = matrixOf(start)
	}
	return from
}

func (math32) add(dst, a, b []float32) { kernels.Add(dst, a, b) }
func (math32) multiply(dst, a, b grid[float32]) {
	kernels.MultiplyRuns(matrixOf(dst), matrixOf(a), matrixOf(b))
}
func (math32) scale(dst, src []float32, factor float32)     { kernels.Scale(dst, src, factor) }
func (math32) addScaled(dst, src []float32, factor float32) { kernels.AddScaled(dst, src, factor) }
func (math32) standardize(dst, src []float32, mean, factor float32) {
	kernels.Standardize(dst, src, mean, factor)
}

func (math32) softmax(row []float32) {
	m := kernels.Dense(row, 1, len(row))
	kernels.Softmax(m, m)
}

func (math32) softmaxBackward(dy, y []float32) {
	d := kernels.Dense(dy, 1, len(dy))
	kernels.SoftmaxBackward(d, kernels.Dense(y, 1, len(y)), d)
}

func (math32) moments(mean, variance []float32, x grid[float32]) {
	kernels.RowMoments(mean, variance, matrixOf(x))
}

func (math32) sums(dst []float32, x grid[float32])    { kernels.RowSums(dst, matrixOf(x)) }
func (math32) dots(dst []float32, a, b grid[float32]) { kernels.RowDots(dst, matrixOf(a), matrixOf(b)) }
func (math32) addColumns(dst []float32, x grid[float32]) {
	kernels.AddColumnSums(dst, matrixOf(x))
}

func (a arithmetic32) attend(how attention, y, q, k, v matrix) {
	values := attended[float32]{how, q.grid32(), k.grid32(), v.grid32()}
	values.forward(math32(a), &a.floats, y.grid32())
}

func (a arithmetic32) attendBackward(how attention, dy, dq, dk, dv, q, k, v matrix) {
	values := attended[float32]{how, q.grid32(), k.grid32(), v.grid32()}
	values.backward(math32(a), &a.floats, dy.grid32(), dq.grid32(), dk.grid32(), dv.grid32())
}

func (a arithmetic32) attendTangent(how attention, y matrix, in [6]matrix) {
	values := newAttendedTangent(how, grids32(in))
	values.forward(math32(a), &a.floats, y.grid32())
}

func (a arithmetic32) attendTangentBackward(how attention, dy matrix, gradients, in [6]matrix) {
	values := newAttendedTangent(how, grids32(in))
	values.backward(math32(a), &a.floats, dy.grid32(), grids32(gradients))
}

func grids32(m [6]matrix) (out [6]grid[float32]) {
	for i, v := range m {
		if v.of != nil {
			out[i] = v.grid32()
		}
	}
	return out
}

func (a arithmetic32) newCache(c Cache) Cache {
	c.narrow.take(&a.floats, &c, a.recording)
	return c
}

func (a arithmetic32) attendNext(c Cache, site int, y, q, k, v matrix) {
	c.narrow.next(&c, site, math32(a), &a.floats, q.grid32(), k.grid32(), v.grid32(), y.grid32())
}

func (a arithmetic32) attendNextBackward(c Cache, site int, dy, dq, dk, dv, q matrix) {
	c.narrow.backward(&c, site, math32(a), &a.floats, q.grid32(), dy.grid32(), dq.grid32(), dk.grid32(), dv.grid32())
}

func (a arithmetic32) layerNorm(n norm, y, shift matrix, epsilon float64) {
	v := n.narrow()
	v.forward(math32(a), y.grid32(), shift.narrow().only(), epsilon)
}

func (a arithmetic32) layerNormBackward(n norm, dy, dx, dGain, dShift matrix) {
	v := n.narrow()
	v.backward(math32(a), &a.floats, dy.grid32(), dx.grid32(), dGain.narrow().only(), dShift.narrow().only())
}

func (a arithmetic32) layerNormTangent(n norm, y, v matrix, epsilon float64) {
	values := n.narrow()
	values.tangent(math32(a), &a.floats, y.grid32(), v.grid32(), epsilon)
}

func (a arithmetic32) layerNormTangentBackward(n norm, dy, v, dx, dv, dGain matrix) {
	values := n.narrow()
	values.tangentBackward(math32(a), &a.floats, dy.grid32(), v.grid32(), dx.grid32(), dv.grid32(), dGain.narrow().only())
}
