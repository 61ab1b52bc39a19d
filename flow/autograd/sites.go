package autograd

// Put writes v, compact, to a part of x. Each value of x is written once, and
// before anything reads it.
//
// Backward: the gradient of the part goes to v.
func (p *Pass) Put(x, v Value, part Part) {
	g, sites := p.Graph, p.sites(x)
	if g.Float64() {
		putSites(grid64(x), grid64(v), part, sites)
	} else {
		putSites(grid32(x), grid32(v), part, sites)
	}
	if !v.wanted() {
		return
	}
	g.Record(func() {
		switch {
		case x.untouched():
		case g.Float64():
			takeSites(g.gradientGrid64(v), g.gradientGrid64(x), part, sites)
		default:
			takeSites(g.gradientGrid32(v), g.gradientGrid32(x), part, sites)
		}
	})
}

func putSites[T float32 | float64](x, v grid[T], part Part, sites int) {
	for r := range v.rows {
		row := x.row(part.row(r, sites))
		for c, value := range v.row(r) {
			row[part.column(c)] = value
		}
	}
}

func takeSites[T float32 | float64](dv, dx grid[T], part Part, sites int) {
	for r := range dv.rows {
		row, from := dv.row(r), dx.row(part.row(r, sites))
		for c := range row {
			row[c] += from[part.column(c)]
		}
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
	if g.Float64() {
		delay(grid64(y), grid64(x), sites)
	} else {
		delay(grid32(y), grid32(x), sites)
	}
	if y.wanted() {
		g.Record(func() {
			switch {
			case y.untouched():
			case g.Float64():
				delayBackward(g.gradientGrid64(x), g.gradientGrid64(y), sites)
			default:
				delayBackward(g.gradientGrid32(x), g.gradientGrid32(y), sites)
			}
		})
	}
	return y
}

func delay[T float32 | float64](y, x grid[T], sites int) {
	for r := range y.rows {
		if r%sites == 0 {
			clear(y.row(r))
		} else {
			copy(y.row(r), x.row(r-1))
		}
	}
}

func delayBackward[T float32 | float64](dx, dy grid[T], sites int) {
	for r := range dy.rows {
		if r%sites > 0 {
			row := dx.row(r - 1)
			for c, d := range dy.row(r) {
				row[c] += d
			}
		}
	}
}
