package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// grid is a matrix in either precision with any two strides: element (r, c) is
// data[r*rowStride+c*columnStride].
type grid[T float32 | float64] struct {
	data                    []T
	rows, cols              int
	rowStride, columnStride int
}

// dense returns data as a matrix without gaps.
func dense[T float32 | float64](data []T, rows, cols int) grid[T] {
	return grid[T]{data[:rows*cols], rows, cols, cols, 1}
}

// slice returns the rows [from, to) as a view.
func (m grid[T]) slice(from, to int) grid[T] {
	if from < to && m.cols > 0 {
		m.data = m.data[from*m.rowStride:]
	}
	m.rows = to - from
	return m
}

// columns returns the columns [from, to) as a view.
func (m grid[T]) columns(from, to int) grid[T] {
	if from < to && m.rows > 0 {
		m.data = m.data[from*m.columnStride:]
	}
	m.cols = to - from
	return m
}

// transposed returns the transpose as a view.
func (m grid[T]) transposed() grid[T] {
	m.rows, m.cols, m.rowStride, m.columnStride = m.cols, m.rows, m.columnStride, m.rowStride
	return m
}

// row returns row r of a matrix whose rows have no gaps.
func (m grid[T]) row(r int) []T { return m.data[r*m.rowStride:][:m.cols] }

// rowMath is what attention and its network compute with, in one precision. Every
// product's element is one chain over its terms, ascending.
type rowMath[T float32 | float64] interface {
	// product sets c = start + a·b; start may be c, or empty for zeros.
	product(c, a, b, start grid[T])
	// softmax rewrites a row.
	softmax(row []T)
	// softmaxBackward rewrites the gradient dy of a row's softmax y.
	softmaxBackward(dy, y []T)
	// moments sets the mean and the population variance of each row.
	moments(mean, variance []T, x grid[T])
	// sums sets the sum of each row, and dots that of the products of two.
	sums(dst []T, x grid[T])
	dots(dst []T, a, b grid[T])
	// addColumns adds the sum of each column.
	addColumns(dst []T, x grid[T])
}

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
	var from kernels.Matrix
	if start.data != nil {
		from = matrixOf(start)
	}
	m.binding.backend.Product(matrixOf(c), stridedOf(a), stridedOf(b), from)
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

// math64 is the plain loops.
type math64 struct{}

func (math64) product(c, a, b, start grid[float64]) {
	for i := range c.rows {
		for j := range c.cols {
			var sum float64
			if start.data != nil {
				sum = start.data[i*start.rowStride+j*start.columnStride]
			}
			for k := range a.cols {
				sum += float64(a.data[i*a.rowStride+k*a.columnStride] * b.data[k*b.rowStride+j*b.columnStride])
			}
			c.data[i*c.rowStride+j*c.columnStride] = sum
		}
	}
}

func (math64) softmax(row []float64) {
	m, sum := row[0], 0.0
	for _, v := range row {
		m = max(m, v)
	}
	for i, v := range row {
		row[i] = kernels.Exp64(v - m)
		sum += row[i]
	}
	for i := range row {
		row[i] /= sum
	}
}

func (math64) softmaxBackward(dy, y []float64) {
	var sum float64
	for i, d := range dy {
		sum += float64(y[i] * d)
	}
	for i, d := range dy {
		dy[i] = float64(y[i] * (d - sum))
	}
}

func (math64) moments(mean, variance []float64, x grid[float64]) {
	for r := range x.rows {
		var sum, squares float64
		for _, v := range x.row(r) {
			sum += v
		}
		mean[r] = sum / float64(x.cols)
		for _, v := range x.row(r) {
			d := v - mean[r]
			squares += float64(d * d)
		}
		variance[r] = squares / float64(x.cols)
	}
}

func (math64) sums(dst []float64, x grid[float64]) {
	for r := range x.rows {
		dst[r] = 0
		for _, v := range x.row(r) {
			dst[r] += v
		}
	}
}

func (math64) dots(dst []float64, a, b grid[float64]) {
	for r := range a.rows {
		dst[r] = 0
		other := b.row(r)
		for c, v := range a.row(r) {
			dst[r] += float64(v * other[c])
		}
	}
}

func (math64) addColumns(dst []float64, x grid[float64]) {
	for r := range x.rows {
		for c, v := range x.row(r) {
			dst[c] += v
		}
	}
}
