package autograd

// Spread repeats each row of x, an event's, for the sites of its event: rows of
// the result belong to equal runs.
//
// Backward: the gradient of a row is the sum over its sites, ascending.
func (g *Graph) Spread(x Value, rows int) Value {
	y := g.newValue(rows, x.Cols, x.wanted())
	sites := rows / max(1, x.Rows)
	for r := range rows {
		if g.Float64() {
			src, stride := x.rows64()
			copy(y.node.data64[r*y.Cols:][:y.Cols], src[r/sites*stride:])
			continue
		}
		copy(y.Row32(r), x.Row32(r/sites))
	}
	if y.wanted() {
		g.tape = append(g.tape, func() {
			if y.untouched() {
				return
			}
			if g.Float64() {
				dst, stride := g.grad64(x)
				for r := range rows {
					for c := range y.Cols {
						dst[r/sites*stride+c] += y.node.grad64[r*y.Cols+c]
					}
				}
				return
			}
			dst, _ := g.grad32(x, false)
			src, _ := g.grad32(y, false)
			for r := range rows {
				row := dst.Row(r / sites)
				for c, d := range src.Row(r) {
					row[c] += d
				}
			}
		})
	}
	return y
}
