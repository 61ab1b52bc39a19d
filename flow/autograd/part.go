package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// Part chooses values of an event: columns of sites, the sites ascending; nil
// is all of them. What an operation computes of a part is compact: a row for
// each chosen site, a column for each chosen column, in their order.
type Part struct{ Sites, Columns []int }

// Columns is the part of the given columns of all sites.
func Columns(columns []int) Part { return Part{Columns: columns} }

// rows returns the number of rows of a part of x, whose events have so many
// sites.
func (p Part) rows(x, sites int) int {
	if p.Sites == nil {
		return x
	}
	return x / sites * len(p.Sites)
}

// row returns the row of x that row i of a part is of.
func (p Part) row(i, sites int) int {
	if p.Sites == nil {
		return i
	}
	n := len(p.Sites)
	return i/n*sites + p.Sites[i%n]
}

// width returns the number of columns of a part of cols columns.
func (p Part) width(cols int) int {
	if p.Columns == nil {
		return cols
	}
	return len(p.Columns)
}

// column returns the column of x that column i of the part is of.
func (p Part) column(i int) int {
	if p.Columns == nil {
		return i
	}
	return p.Columns[i]
}

// sites returns the number of rows of each event in x.
func (p *Pass) sites(x Value) int { return p.LogDet.sites(x.Rows) }

// Take returns a part of x, compact. All sites of neighbouring columns are a
// view and cost nothing; any other part is copied.
//
// Backward: the gradient of a value goes back to where it came from.
func (p *Pass) Take(x Value, part Part) Value {
	if part.Sites == nil {
		if part.Columns == nil {
			return x
		}
		return p.Columns(x, part.Columns)
	}
	g, sites := p.Graph, p.sites(x)
	y := g.newValue(part.rows(x.Rows, sites), part.width(x.Cols), x.wanted())
	if g.Float64() {
		src, stride := x.rows64()
		takePart(y.node.data64, y.Cols, src, stride, part, sites)
	} else {
		takePart(y.node.data32, y.Cols, x.matrix32().Data, x.stride(), part, sites)
	}
	if y.wanted() {
		g.tape = append(g.tape, func() {
			if y.untouched() {
				return
			}
			if g.Float64() {
				dst, stride := g.grad64(x)
				putPart(dst, stride, y.node.grad64, y.Cols, part, sites, addValue)
				return
			}
			dst, _ := g.grad32(x, false)
			putPart(dst.Data, dst.Stride, y.node.grad32, y.Cols, part, sites, addValue)
		})
	}
	return y
}

// Merge returns a value of the columns of a and b, which go where the parts say:
// the two parts are of all sites, and have each column once.
//
// Backward: each column's gradient goes back to where it came from.
func (p *Pass) Merge(a Value, at Part, b Value, bt Part) Value {
	g := p.Graph
	y := g.newValue(a.Rows, a.Cols+b.Cols, a.wanted() || b.wanted())
	parts := [2]mergePart{{a, at}, {b, bt}}
	for _, m := range parts {
		if g.Float64() {
			src, stride := m.v.rows64()
			mergeRows(y.node.data64, src, stride, m, y.Cols)
		} else {
			mergeRows(y.node.data32, m.v.matrix32().Data, m.v.stride(), m, y.Cols)
		}
	}
	if y.wanted() {
		g.tape = append(g.tape, func() {
			if y.untouched() {
				return
			}
			for _, m := range parts {
				switch {
				case !m.v.wanted():
				case g.Float64():
					dst, stride := g.grad64(m.v)
					addMergedRows(dst, stride, y.node.grad64, m, y.Cols)
				default:
					dst, _ := g.grad32(m.v, false)
					addMergedRows(dst.Data, dst.Stride, y.node.grad32, m, y.Cols)
				}
			}
		})
	}
	return y
}

// mergePart is an operand of Merge and where it goes.
type mergePart struct {
	v    Value
	part Part
}

func mergeRows[T float32 | float64](dst, src []T, stride int, m mergePart, cols int) {
	for r := range m.v.Rows {
		to, from := dst[r*cols:], src[r*stride:]
		for c, at := range m.part.Columns {
			to[at] = from[c]
		}
	}
}

func addMergedRows[T float32 | float64](dst []T, stride int, src []T, m mergePart, cols int) {
	for r := range m.v.Rows {
		to, from := dst[r*stride:], src[r*cols:]
		for c, at := range m.part.Columns {
			to[c] += from[at]
		}
	}
}

// Keep returns a part of x in the shape of x: the other values are +0, whatever
// they were in x.
//
// Backward: the gradient of the part goes back; the others get none.
func (p *Pass) Keep(x Value, part Part) Value {
	g, sites := p.Graph, p.sites(x)
	y := g.newValue(x.Rows, x.Cols, x.wanted())
	if g.Float64() {
		clear(y.node.data64)
		src, stride := x.rows64()
		keepPart(y.node.data64, y.Cols, src, stride, part, sites, x, copyValue)
	} else {
		clear(y.node.data32)
		keepPart(y.node.data32, y.Cols, x.matrix32().Data, x.stride(), part, sites, x, copyValue)
	}
	if y.wanted() {
		g.tape = append(g.tape, func() {
			if y.untouched() {
				return
			}
			if g.Float64() {
				dst, stride := g.grad64(x)
				keepPart(dst, stride, y.node.grad64, y.Cols, part, sites, x, addValue)
				return
			}
			dst, _ := g.grad32(x, false)
			keepPart(dst.Data, dst.Stride, y.node.grad32, y.Cols, part, sites, x, addValue)
		})
	}
	return y
}

// stride returns the distance of x's rows in memory.
func (v Value) stride() int {
	if v.node.broadcast {
		return 0
	}
	return v.node.cols
}

// takePart copies a part of src to dst, which has no gaps and cols columns.
func takePart[T float32 | float64](dst []T, cols int, src []T, stride int, part Part, sites int) {
	for i := 0; len(dst) > 0; i++ {
		row := src[part.row(i, sites)*stride:]
		for c := range cols {
			dst[c] = row[part.column(c)]
		}
		dst = dst[cols:]
	}
}

// putPart brings the compact part src to its place in dst.
func putPart[T float32 | float64](dst []T, stride int, src []T, cols int, part Part, sites int, put func(*T, T)) {
	for i := 0; len(src) > 0; i++ {
		row := dst[part.row(i, sites)*stride:]
		for c := range cols {
			put(&row[part.column(c)], src[c])
		}
		src = src[cols:]
	}
}

// keepPart brings a part of src, of the shape of x, to the same place in dst.
func keepPart[T float32 | float64](dst []T, dstStride int, src []T, srcStride int, part Part, sites int, x Value, put func(*T, T)) {
	for i := range part.rows(x.Rows, sites) {
		r := part.row(i, sites)
		to, from := dst[r*dstStride:], src[r*srcStride:]
		for c := range part.width(x.Cols) {
			c = part.column(c)
			put(&to[c], from[c])
		}
	}
}

func copyValue[T float32 | float64](dst *T, v T) { *dst = v }
func addValue[T float32 | float64](dst *T, v T)  { *dst += v }

// block32 returns a part of m as one matrix: a view of neighbouring columns of
// all sites, a copy of others.
func (g *Graph) block32(m kernels.Matrix, part Part, sites int) kernels.Matrix {
	switch {
	case part.Sites != nil:
		b := kernels.Dense(g.floats.take(part.rows(m.Rows, sites)*part.width(m.Cols)), part.rows(m.Rows, sites), part.width(m.Cols))
		takePart(b.Data, b.Cols, m.Data, m.Stride, part, sites)
		return b
	case part.Columns == nil:
		return m
	case contiguous(part.Columns):
		if len(part.Columns) > 0 && m.Rows > 0 {
			m.Data = m.Data[part.Columns[0]:]
		}
		m.Cols = len(part.Columns)
		return m
	}
	b := kernels.Dense(g.floats.take(m.Rows*len(part.Columns)), m.Rows, len(part.Columns))
	kernels.GatherColumns(b, m, g.indices(part.Columns))
	return b
}

// unblock32 writes a block that was a copy back to its place.
func (g *Graph) unblock32(m, block kernels.Matrix, part Part, sites int) {
	switch {
	case part.Sites != nil:
		putPart(m.Data, m.Stride, block.Data, block.Cols, part, sites, copyValue)
	case part.Columns != nil && !contiguous(part.Columns):
		kernels.ScatterColumns(m, block, g.indices(part.Columns))
	}
}
