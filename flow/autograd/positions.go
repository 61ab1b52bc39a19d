package autograd

// AddSites returns x with row first + s of p added to site s of each event, of
// which x has a row for each of so many sites: what is learned of each position.
//
// Backward: dx = dy, and dp adds up the events.
func (g *Graph) AddSites(x Value, p *Parameter, first, sites int) Value {
	y := g.newValue(x.Rows, x.Cols, true)
	own := g.parameterValues(p).slice(first, sites)
	for r := 0; r < x.Rows; r += sites {
		g.do.add(y.data().slice(r, sites), x.data().slice(r, sites), own)
	}
	if g.recording {
		g.recordMade(y, func() {
			dy := g.gradient(y)
			g.passOn(x, dy)
			if !g.inputs {
				dp := g.parameterGradient(p).slice(first, sites)
				for r := 0; r < dy.rows; r += sites {
					g.do.accumulate(dp, dy.slice(r, sites))
				}
			}
		})
	}
	return y
}
