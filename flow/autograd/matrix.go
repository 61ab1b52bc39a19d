package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// storage is memory of values in one precision, float32 or float64; the other
// slice is nil.
type storage struct {
	narrow []float32
	wide   []float64
}

// take returns memory of n values with whatever it held before.
func (g *Graph) take(n int) (s storage) {
	g.lend(&s, n)
	return s
}

// lend is take into a storage that holds nothing.
func (g *Graph) lend(s *storage, n int) {
	if g.wide {
		s.wide = g.doubles.take(n)
	} else {
		s.narrow = g.floats.take(n)
	}
}

// none tells that there is no memory.
func (s storage) none() bool { return s.narrow == nil && s.wide == nil }

// at returns value i.
func (s storage) at(i int) float64 {
	if s.wide != nil {
		return s.wide[i]
	}
	return float64(s.narrow[i])
}

// set writes value i, narrowed to the precision.
func (s storage) set(i int, v float64) {
	if s.wide != nil {
		s.wide[i] = v
	} else {
		s.narrow[i] = float32(v)
	}
}

// add adds to value i.
func (s storage) add(i int, v float64) {
	if s.wide != nil {
		s.wide[i] += v
	} else {
		s.narrow[i] += float32(v)
	}
}

// matrix is some rows and columns of a storage, in whichever precision that is:
// element (r, c) is number from+r*stride+c. A stride of 0 repeats one row. It is
// what primitives work on.
type matrix struct {
	of                       *storage
	from, rows, cols, stride int
}

// columns returns n columns from number first on.
func (m matrix) columns(first, n int) matrix {
	m.from, m.cols = m.from+first, n
	return m
}

// slice returns n rows from number first on.
func (m matrix) slice(first, n int) matrix {
	m.from, m.rows = m.from+first*m.stride, n
	return m
}

// flat tells that the rows lie one after the other without gaps.
func (m matrix) flat() bool { return m.stride == m.cols || m.rows < 2 }

// view is a matrix whose precision is known. Its fields are those of
// [kernels.Matrix], which that of float32 converts to.
type view[T float32 | float64] struct {
	Data               []T
	Rows, Cols, Stride int
}

// narrow returns a float32 matrix.
func (m matrix) narrow() view[float32] {
	v := view[float32]{Rows: m.rows, Cols: m.cols, Stride: m.stride}
	if m.rows > 0 {
		v.Data = m.of.narrow[m.from:]
	}
	return v
}

// wide returns a float64 matrix.
func (m matrix) wide() view[float64] {
	v := view[float64]{Rows: m.rows, Cols: m.cols, Stride: m.stride}
	if m.rows > 0 {
		v.Data = m.of.wide[m.from:]
	}
	return v
}

// kernel returns a float32 matrix as the kernels take it. It fills the matrix
// field by field: see [kernels.Tier.MatmulReferences].
func (m matrix) kernel() (k kernels.Matrix) {
	k.Rows, k.Cols, k.Stride = m.rows, m.cols, m.stride
	if m.rows > 0 {
		k.Data = m.of.narrow[m.from:]
	}
	return k
}

// row returns row r.
func (v view[T]) row(r int) []T {
	start := r * v.Stride
	return v.Data[start : start+v.Cols : start+v.Cols]
}
