package autograd

// Put writes v, compact, to a part of x. Each value of x is written once, and
// before anything reads it.
//
// Backward: the gradient of the part goes to v.
func (p *Pass) Put(x, v Value, part Part) {
	g, sites := p.Graph, p.sites(x)
	g.do.putPart(x.data(), v.data(), part, sites)
	if v.wanted() {
		g.record(x, func() { g.do.takePartAdd(g.gradient(v), g.gradient(x), part, sites) })
	}
}

// Delay returns x with each site's row moved to the next site of its event; the
// first site gets +0, and the last row goes nowhere. What a site computes of
// itself and those before it becomes what the next one may know.
//
// Backward: the gradient goes back by one site.
func (p *Pass) Delay(x Value) Value {
	g, sites := p.Graph, p.sites(x)
	y := g.newValue(x.Rows, x.Cols, x.wanted())
	for r := 0; r < x.Rows; r += sites {
		g.do.zero(y.data().slice(r, 1))
		g.do.copy(y.data().slice(r+1, sites-1), x.data().slice(r, sites-1))
	}
	if y.wanted() {
		g.record(y, func() {
			for r := 0; r < x.Rows; r += sites {
				g.do.accumulate(g.gradient(x).slice(r, sites-1), g.gradient(y).slice(r+1, sites-1))
			}
		})
	}
	return y
}
