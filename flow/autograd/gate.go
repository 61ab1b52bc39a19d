package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// Gate returns a·σ(b), of equal shapes: a gated linear unit (Dauphin, Fan, Auli
// and Grangier, 2017).
//
// Backward: da = dy·σ, db = dy·a·σ·(1 − σ).
func (g *Graph) Gate(a, b Value) Value {
	y := g.newValue(a.Rows, a.Cols, a.wanted() || b.wanted())
	g.do.sigmoid(y.data(), b.data())
	g.do.multiply(y.data(), a.data(), y.data())
	if y.wanted() {
		g.record(y, func() {
			g.gateBackward(g.gradient(a), g.gradient(b), a.data(), b.data(), g.gradient(y))
		})
	}
	return y
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

// gate32 sets y to a·σ(b).
func gate32(y, a, b []float32) {
	kernels.Sigmoid(y, b)
	for i, v := range a {
		y[i] = float32(v * y[i])
	}
}

func gate64(y, a, b []float64) {
	for i := range y {
		y[i] = float64(a[i] * kernels.Sigmoid64(b[i]))
	}
}

// gateBackward32 adds to da and db; s is room for a row.
func gateBackward32(da, db, a, b, dy, s []float32) {
	kernels.Sigmoid(s, b)
	for i, d := range dy {
		gated := float32(d * s[i])
		da[i] += gated
		db[i] += float32(float32(gated*a[i]) * (1 - s[i]))
	}
}

func gateBackward64(da, db, a, b, dy []float64) {
	for i, d := range dy {
		gated := float64(d * kernels.Sigmoid64(b[i]))
		da[i] += gated
		db[i] += float64(float64(gated*a[i]) * kernels.Sigmoid64(-b[i]))
	}
}

// GateUnits sets y to a·σ(b), as [Graph.Gate].
func (g *Graph) GateUnits(y, a, b Units) {
	if g.Float64() {
		gate64(y.data64, a.data64, b.data64)
		return
	}
	gate32(y.data32, a.data32, b.data32)
}

// GateUnitsBackward adds the gradients of a and b, given y's.
func (g *Graph) GateUnitsBackward(a, b, y Units) {
	if g.Float64() {
		gateBackward64(a.grad64, b.grad64, a.data64, b.data64, y.grad64)
		return
	}
	mark := g.floats.mark()
	gateBackward32(a.grad32, b.grad32, a.data32, b.data32, y.grad32, g.floats.take(len(y.grad32)))
	g.floats.release(mark)
}
