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

// Past returns, for each site, the rows of x of the sites (taps − 1)·dilation, …,
// dilation and 0 before it, side by side; +0 stands for sites before the first.
//
// Backward: the gradient of a row goes back to where it came from.
func (p *Pass) Past(x Value, taps, dilation int) Value {
	if taps == 1 {
		return x
	}
	g, sites := p.Graph, p.sites(x)
	y := g.newValue(x.Rows, taps*x.Cols, x.wanted())
	eachTap(x.Rows, sites, taps, dilation, func(event, back, tap int) {
		into := y.data().columns(tap*x.Cols, x.Cols)
		g.do.zero(into.slice(event, back))
		g.do.copy(into.slice(event+back, sites-back), x.data().slice(event, sites-back))
	})
	if y.wanted() {
		g.record(y, func() {
			eachTap(x.Rows, sites, taps, dilation, func(event, back, tap int) {
				from := g.gradient(y).columns(tap*x.Cols, x.Cols)
				g.do.accumulate(g.gradient(x).slice(event, sites-back), from.slice(event+back, sites-back))
			})
		})
	}
	return y
}

// eachTap calls do for each tap of each event, with the event's first row and how
// many sites the tap looks back, at most all.
func eachTap(rows, sites, taps, dilation int, do func(event, back, tap int)) {
	for event := 0; event < rows; event += sites {
		for tap := range taps {
			do(event, min((taps-1-tap)*dilation, sites), tap)
		}
	}
}
