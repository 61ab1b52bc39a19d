package autograd

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
