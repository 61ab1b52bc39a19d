package autograd

// Gate returns a·σ(b), of equal shapes: a gated linear unit (Dauphin, Fan, Auli
// and Grangier, 2017).
//
// Backward: da = dy·σ, db = dy·a·σ·(1 − σ).
func (g *Graph) Gate(a, b Value) Value {
	y := g.newValue(a.Rows, a.Cols, a.wanted() || b.wanted())
	g.gate(y.data(), a.data(), b.data())
	if y.wanted() {
		g.record(y, func() {
			g.gateBackward(g.gradient(a), g.gradient(b), a.data(), b.data(), g.gradient(y))
		})
	}
	return y
}

func (g *Graph) gate(y, a, b matrix) {
	g.do.sigmoid(y, b)
	g.do.multiply(y, a, y)
}

// gateBackward adds to da and db.
func (g *Graph) gateBackward(da, db, a, b, dy matrix) {
	mark := g.Mark()
	s := g.newValue(dy.rows, dy.cols, false).data()
	gated := g.newValue(dy.rows, dy.cols, false).data()
	g.do.sigmoid(s, b)
	g.do.multiply(gated, dy, s)
	g.do.accumulate(da, gated)
	g.do.multiply(gated, gated, a)
	g.do.complement(s, b, s)
	g.do.multiply(gated, gated, s)
	g.do.accumulate(db, gated)
	g.release(mark)
}

// GateUnits sets y to a·σ(b), as [Graph.Gate].
func (g *Graph) GateUnits(y, a, b Units) { g.gate(y.data(), a.data(), b.data()) }

// GateUnitsBackward adds the gradients of a and b, given y's.
func (g *Graph) GateUnitsBackward(a, b, y Units) {
	g.gateBackward(a.gradient(), b.gradient(), a.data(), b.data(), y.gradient())
}
