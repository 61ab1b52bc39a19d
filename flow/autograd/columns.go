package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// Columns returns the given columns of x, in that order. A run of neighbouring
// columns is a view and costs nothing; any other choice is gathered.
//
// Backward: the gradient of a column goes back to where it came from.
func (g *Graph) Columns(x Value, columns []int) Value {
	if contiguous(columns) {
		v := x
		v.Cols = len(columns)
		if len(columns) > 0 {
			v.from += columns[0]
		}
		return v
	}
	y := g.newValue(x.Rows, len(columns), x.wanted())
	gatherColumns(g, y, x, columns)
	if y.wanted() {
		g.tape = append(g.tape, func() {
			if y.untouched() {
				return
			}
			g.scatterGradient(x, y, columns)
		})
	}
	return y
}

func gatherColumns(g *Graph, y, x Value, columns []int) {
	if g.Float64() {
		from, stride := x.rows64()
		for r := range x.Rows {
			row := y.node.data64[r*y.Cols:]
			for i, c := range columns {
				row[i] = from[r*stride+c]
			}
		}
		return
	}
	kernels.GatherColumns(y.matrix32(), x.matrix32(), g.indices(columns))
}

// indices returns columns as the kernels take them, until the next call.
func (g *Graph) indices(columns []int) []int32 {
	g.columns = g.columns[:0]
	for _, c := range columns {
		g.columns = append(g.columns, int32(c))
	}
	return g.columns
}

// scatterGradient adds y's gradient to the given columns of x's.
func (g *Graph) scatterGradient(x, y Value, columns []int) {
	if g.Float64() {
		dst, stride := g.grad64(x)
		for r := range x.Rows {
			for i, c := range columns {
				dst[r*stride+c] += y.node.grad64[r*y.Cols+i]
			}
		}
		return
	}
	dst, _ := g.grad32(x, false)
	src, _ := g.grad32(y, false)
	for r := range x.Rows {
		from, row := src.Row(r), dst.Row(r)
		for i, c := range columns {
			row[c] += from[i]
		}
	}
}

// Concat returns the columns of a followed by those of b, as a conditioner's
// input is the kept features followed by the context.
func (g *Graph) Concat(a, b Value) Value {
	if b.IsZero() || b.Cols == 0 {
		return a
	}
	y := g.newValue(a.Rows, a.Cols+b.Cols, a.wanted() || b.wanted())
	for i, part := range [2]Value{a, b} {
		at := i * a.Cols
		if g.Float64() {
			src, stride := part.rows64()
			for r := range part.Rows {
				copy(y.node.data64[r*y.Cols+at:][:part.Cols], src[r*stride:])
			}
			continue
		}
		for r := range part.Rows {
			copy(y.Row32(r)[at:][:part.Cols], part.Row32(r))
		}
	}
	if y.wanted() {
		g.tape = append(g.tape, func() {
			if y.untouched() {
				return
			}
			g.addBlock(a, y, 0)
			g.addBlock(b, y, a.Cols)
		})
	}
	return y
}

// addBlock adds the columns [at, at+part.Cols) of y's gradient to part's.
func (g *Graph) addBlock(part, y Value, at int) {
	if !part.wanted() || part.Cols == 0 {
		return
	}
	if g.Float64() {
		dst, stride := g.grad64(part)
		for r := range part.Rows {
			for c := range part.Cols {
				dst[r*stride+c] += y.node.grad64[r*y.Cols+at+c]
			}
		}
		return
	}
	dst, _ := g.grad32(part, false)
	src, _ := g.grad32(y, false)
	for r := range part.Rows {
		row, from := dst.Row(r), src.Row(r)[at:]
		for c := range row {
			row[c] += from[c]
		}
	}
}

func contiguous(columns []int) bool {
	for i := 1; i < len(columns); i++ {
		if columns[i] != columns[0]+i {
			return false
		}
	}
	return true
}
