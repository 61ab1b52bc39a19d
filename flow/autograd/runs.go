package autograd

// AddRuns returns x + b, where each row of b is added to a run of equally many
// rows of x: a row of b for all, one an event, or one a row.
//
// Backward: dx = dy, and db adds up each run.
func (g *Graph) AddRuns(x, b Value) Value {
	y := g.newValue(x.Rows, x.Cols, x.wanted() || b.wanted())
	into, from, times := y.data(), x.data(), runOf(y.Rows, b.Rows)
	for first := 0; first < y.Rows; first += times {
		g.do.add(into.slice(first, times), from.slice(first, times), run(b, y.Rows, first))
	}
	if y.wanted() {
		g.record(y, func() {
			dy := g.gradient(y)
			g.passOn(x, dy)
			if b.wanted() {
				g.sumRuns(g.gradient(b), dy)
			}
		})
	}
	return y
}

// MultiplyRuns returns x·s, element by element, where each row of s multiplies a
// run of equally many rows of x.
//
// Backward: dx = dy·s, and ds adds up dy·x over each run.
func (g *Graph) MultiplyRuns(x, s Value) Value {
	y := g.newValue(x.Rows, x.Cols, x.wanted() || s.wanted())
	g.do.multiply(y.data(), x.data(), s.data())
	if !y.wanted() {
		return y
	}
	g.record(y, func() {
		mark, dy := g.Mark(), g.gradient(y)
		if x.wanted() {
			g.gradient(x)
		}
		if s.wanted() {
			g.gradient(s)
			mark = g.Mark()
			d := g.newValue(y.Rows, y.Cols, false).data()
			g.do.multiply(d, dy, x.data())
			g.sumRuns(g.gradient(s), d)
		}
		g.do.multiply(dy, dy, s.data())
		g.passOn(x, dy)
		g.release(mark)
	})
	return y
}

// runOf returns how many of so many rows are computed at once with b: all where b
// has as many, else those of a row of b.
func runOf(rows, b int) int {
	if b == rows {
		return max(1, rows)
	}
	return max(1, rows/max(1, b))
}

// run returns what belongs to the run of rows that begins at first: all of b, or
// its row as so many equal ones.
func run(b Value, rows, first int) matrix {
	if b.Rows == rows {
		return b.data()
	}
	times := runOf(rows, b.Rows)
	return repeated(b.data().slice(first/times, 1), times)
}

// repeated returns a matrix of one row as so many equal ones, another as it is.
func repeated(m matrix, times int) matrix {
	if m.rows == 1 {
		m.rows, m.stride = times, 0
	}
	return m
}

// sumRuns adds each run of rows of src to its row of dst, ascending.
func (g *Graph) sumRuns(dst, src matrix) {
	times := src.rows / max(1, dst.rows)
	if times == 1 {
		g.do.accumulate(dst, src)
		return
	}
	for row := range dst.rows {
		g.do.addColumnSums(dst.slice(row, 1), src.slice(row*times, times), 1)
	}
}
