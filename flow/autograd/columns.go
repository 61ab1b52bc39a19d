package autograd

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
	g.do.takePart(y.data(), x.data(), Columns(columns), 1)
	if y.wanted() {
		g.record(y, func() { g.do.putPartAdd(g.gradient(x), g.gradient(y), Columns(columns), 1) })
	}
	return y
}

// indices returns columns as the kernels take them, until the next call.
func (g *Graph) indices(columns []int) []int32 {
	g.columns = g.columns[:0]
	for _, c := range columns {
		g.columns = append(g.columns, int32(c))
	}
	return g.columns
}

// Concat returns the columns of a followed by those of b, as a conditioner's
// input is the kept features followed by the context.
func (g *Graph) Concat(a, b Value) Value {
	if b.IsZero() || b.Cols == 0 {
		return a
	}
	y := g.newValue(a.Rows, a.Cols+b.Cols, a.wanted() || b.wanted())
	g.do.copy(y.data().columns(0, a.Cols), a.data())
	g.do.copy(y.data().columns(a.Cols, b.Cols), b.data())
	if y.wanted() {
		g.record(y, func() {
			g.passOn(a, g.gradient(y).columns(0, a.Cols))
			g.passOn(b, g.gradient(y).columns(a.Cols, b.Cols))
		})
	}
	return y
}

func contiguous(columns []int) bool {
	for i := 1; i < len(columns); i++ {
		if columns[i] != columns[0]+i {
			return false
		}
	}
	return true
}
