package autograd

// ActivateSlope returns the activation of each value and its derivative there,
// with which a tangent goes on: the activation must be [Activation.Smooth].
//
// Backward: dx = dy·f′ + dslope·f″.
func (g *Graph) ActivateSlope(x Value, a Activation) (Value, Value) {
	f := a.functions()
	y, slope := g.newValue(x.Rows, x.Cols, x.wanted()), g.newValue(x.Rows, x.Cols, x.wanted())
	g.do.activate(y.data(), x.data(), f, a.Slope)
	g.do.slope(slope.data(), x.data(), y.data(), f)
	if !y.wanted() {
		return y, slope
	}
	g.Record(func() {
		if !y.untouched() {
			dy := g.gradient(y)
			g.do.multiply(dy, dy, slope.data())
			g.passOn(x, dy)
		}
		if !slope.untouched() {
			ds := g.gradient(slope)
			g.do.slopeBackward(ds, x.data(), y.data(), slope.data(), ds, f)
			g.passOn(x, ds)
		}
	})
	return y, slope
}
