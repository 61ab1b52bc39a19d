package autograd

// Part chooses values of an event: columns of sites; nil is all of them. What an operation computes of a part is compact: a row for
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
	g.do.takePart(y.data(), x.data(), part, sites)
	if y.wanted() {
		g.record(y, func() { g.do.putPartAdd(g.gradient(x), g.gradient(y), part, sites) })
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
	g.do.putPart(y.data(), a.data(), at, 1)
	g.do.putPart(y.data(), b.data(), bt, 1)
	if y.wanted() {
		g.record(y, func() {
			if a.wanted() {
				g.do.takePartAdd(g.gradient(a), g.gradient(y), at, 1)
			}
			if b.wanted() {
				g.do.takePartAdd(g.gradient(b), g.gradient(y), bt, 1)
			}
		})
	}
	return y
}

// Keep returns a part of x in the shape of x: the other values are +0, whatever
// they were in x.
//
// Backward: the gradient of the part goes back; the others get none.
func (p *Pass) Keep(x Value, part Part) Value {
	g, sites := p.Graph, p.sites(x)
	y := g.newValue(x.Rows, x.Cols, x.wanted())
	g.do.zero(y.data())
	g.do.keepPart(y.data(), x.data(), part, sites)
	if y.wanted() {
		g.record(y, func() { g.do.keepPartAdd(g.gradient(x), g.gradient(y), part, sites) })
	}
	return y
}

// block returns a part of m as one matrix: a view of neighbouring columns of all
// sites, a copy of others.
func (g *Graph) block(m matrix, part Part, sites int) matrix {
	switch {
	case part.Sites == nil && part.Columns == nil:
		return m
	case part.Sites == nil && len(part.Columns) == 0:
		return m.columns(0, 0)
	case part.Sites == nil && contiguous(part.Columns):
		return m.columns(part.Columns[0], len(part.Columns))
	}
	b := g.newValue(part.rows(m.rows, sites), part.width(m.cols), false).data()
	g.do.takePart(b, m, part, sites)
	return b
}

// unblock writes a block that was a copy back to its place.
func (g *Graph) unblock(m, block matrix, part Part, sites int) {
	if block.of != m.of {
		g.do.putPart(m, block, part, sites)
	}
}
