package kernels

import "fmt"

// Matrix is a view of row-major float32 values: element (r, c) is
// Data[r*Stride+c]. A Stride of 0 repeats the one row of Data for every r, as
// learned constants need it; such a matrix is read-only.
type Matrix struct {
	Data               []float32
	Rows, Cols, Stride int
}

// Dense returns data as a rows by cols matrix without gaps between its rows.
func Dense(data []float32, rows, cols int) Matrix {
	return Matrix{Data: data, Rows: rows, Cols: cols, Stride: cols}
}

// Row returns row r.
func (m Matrix) Row(r int) []float32 {
	start := r * m.Stride
	return m.Data[start : start+m.Cols : start+m.Cols]
}

// Slice returns the rows [from, to) as a view.
func (m Matrix) Slice(from, to int) Matrix {
	if from == to {
		return Matrix{Cols: m.Cols, Stride: m.Stride}
	}
	return Matrix{Data: m.Data[from*m.Stride : (to-1)*m.Stride+m.Cols], Rows: to - from, Cols: m.Cols, Stride: m.Stride}
}

// check panics unless the view lies within its data; name is the argument's.
func (m Matrix) check(name string, rows, cols int) {
	if m.Rows != rows || m.Cols != cols {
		panic(fmt.Sprintf("kernels: %s is %dx%d, want %dx%d", name, m.Rows, m.Cols, rows, cols))
	}
	if rows == 0 || cols == 0 {
		return
	}
	if m.Stride != 0 && m.Stride < cols || len(m.Data) < (rows-1)*m.Stride+cols {
		panic(fmt.Sprintf("kernels: %s holds %d values, too few for %dx%d with stride %d", name, len(m.Data), rows, cols, m.Stride))
	}
}
