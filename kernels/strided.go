package kernels

import "fmt"

// Strided is a view of float32 values with any two strides: element (r, c) is
// Data[r*RowStride+c*ColumnStride]. It is the left operand of Matmul, so that
// a matrix and its transpose are read in place. With a RowStride below Cols its
// rows overlap, as the windows of a convolution do.
type Strided struct {
	Data                    []float32
	Rows, Cols              int
	RowStride, ColumnStride int
}

// Strided returns m itself as a Strided view.
func (m Matrix) Strided() Strided {
	return Strided{Data: m.Data, Rows: m.Rows, Cols: m.Cols, RowStride: m.Stride, ColumnStride: 1}
}

// Transposed returns the transpose of m as a view; no value moves.
func (m Matrix) Transposed() Strided {
	return Strided{Data: m.Data, Rows: m.Cols, Cols: m.Rows, RowStride: 1, ColumnStride: m.Stride}
}

// Transposed returns the transpose of s as a view.
func (s Strided) Transposed() Strided {
	return Strided{Data: s.Data, Rows: s.Cols, Cols: s.Rows, RowStride: s.ColumnStride, ColumnStride: s.RowStride}
}

// Columns returns the columns [from, to) as a view.
func (s Strided) Columns(from, to int) Strided {
	if from < to && s.Rows > 0 {
		s.Data = s.Data[from*s.ColumnStride:]
	}
	s.Cols = to - from
	return s
}

// Slice returns the rows [from, to) as a view.
func (s Strided) Slice(from, to int) Strided {
	if from < to && s.Cols > 0 {
		s.Data = s.Data[from*s.RowStride:]
	}
	s.Rows = to - from
	return s
}

// check panics unless the view is rows by cols and lies within its data.
func (s Strided) check(name string, rows, cols int) {
	if s.Rows != rows || s.Cols != cols {
		panic(fmt.Sprintf("kernels: %s is %dx%d, want %dx%d", name, s.Rows, s.Cols, rows, cols))
	}
	if rows == 0 || cols == 0 {
		return
	}
	if s.RowStride < 0 || s.ColumnStride < 0 || len(s.Data) < (rows-1)*s.RowStride+(cols-1)*s.ColumnStride+1 {
		panic(fmt.Sprintf("kernels: %s holds %d values, too few for %dx%d with strides %d and %d",
			name, len(s.Data), rows, cols, s.RowStride, s.ColumnStride))
	}
}
