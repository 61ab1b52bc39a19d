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
	// triangle is product where of row i of a square a the columns up to i count, or with
	// upper those from i on. It tells whether it did: else a product for each row is
	// what there is.
	triangle(c, a, b, start grid[T], upper bool) bool
	// below is product where of row i the columns up to first + i count, and tells the same.
	below(c, a, b grid[T], first int) bool
	// add sets dst = a + b, rows of which dst may be one.
	add(dst, a, b []T)
	// multiply sets dst = a·b element by element, for b of as many rows as a or one row
	// for all; dst may be a.
	multiply(dst, a, b grid[T])
	// scale sets a row to another, which may be it, times a factor, and addScaled adds
	// that to it; standardize sets dst = (src − mean)·factor.
	scale(dst, src []T, factor T)
	addScaled(dst, src []T, factor T)
	standardize(dst, src []T, mean, factor T)
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

// scaleRows sets dst to src times a factor.
func scaleRows[T float32 | float64](m rowMath[T], dst, src grid[T], factor T) {
	for r := range dst.rows {
		m.scale(dst.row(r), src.row(r), factor)
	}
}

// addScaled adds src, of no fewer rows, times a factor to dst.
func addScaled[T float32 | float64](m rowMath[T], dst, src grid[T], factor T) {
	for r := range dst.rows {
		m.addScaled(dst.row(r), src.row(r), factor)
	}
}
