package autograd

// AddSites returns x with row first + s of p added to site s of each event, of
// which x has a row for each of so many sites: what is learned of each position.
//
// Backward: dx = dy, and dp adds up the events.
func (g *Graph) AddSites(x Value, p *Parameter, first, sites int) Value {
	g.binding.own(p.owner)
	y := g.newValue(x.Rows, x.Cols, true)
	if g.Float64() {
		addSites(grid64(y), grid64(x), dense(g.binding.value64(p), p.Rows, p.Cols), first, sites)
	} else {
		addSites(grid32(y), grid32(x), dense(p.Values(), p.Rows, p.Cols), first, sites)
	}
	if g.recording {
		g.Record(func() {
			if y.untouched() {
				return
			}
			g.passOn(x, g.gradient(y))
			switch {
			case g.inputs:
			case g.Float64():
				addToSites(dense(g.gradient64(p), p.Rows, p.Cols), g.gradientGrid64(y), first, sites)
			default:
				addToSites(dense(g.gradient32(p), p.Rows, p.Cols), g.gradientGrid32(y), first, sites)
			}
		})
	}
	return y
}

func addSites[T float32 | float64](y, x, p grid[T], first, sites int) {
	for r := range y.rows {
		row, at := y.row(r), p.row(first+r%sites)
		for c, v := range x.row(r) {
			row[c] = v + at[c]
		}
	}
}

func addToSites[T float32 | float64](dp, dy grid[T], first, sites int) {
	for r := range dy.rows {
		at := dp.row(first + r%sites)
		for c, d := range dy.row(r) {
			at[c] += d
		}
	}
}
