package autograd

// Spread repeats each row of x, an event's, for the sites of its event: rows of
// the result belong to equal runs.
//
// Backward: the gradient of a row is the sum over its sites, ascending.
func (g *Graph) Spread(x Value, rows int) Value {
	y := g.newValue(rows, x.Cols, x.wanted())
	sites := rows / max(1, x.Rows)
	g.do.spread(y.data(), x.data(), sites)
	if y.wanted() {
		g.record(y, func() { g.do.spreadBackward(g.gradient(x), g.gradient(y), sites) })
	}
	return y
}
