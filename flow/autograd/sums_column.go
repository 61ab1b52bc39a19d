package autograd

// Column returns the sums as a value of one column, a row for each.
//
// Backward: the gradient goes to the sums.
func (g *Graph) Column(s Sums) Value {
	y := g.newValue(len(s.Values), 1, true)
	for r, v := range s.Values {
		y.node.data.set(r, v)
	}
	if g.recording {
		g.record(y, func() {
			d := g.gradient(y)
			for r := range s.Gradient {
				s.Gradient[r] += d.of.at(d.from + r*d.stride)
			}
		})
	}
	return y
}
