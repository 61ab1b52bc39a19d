package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// Gate returns a·σ(b), of equal shapes: a gated linear unit (Dauphin, Fan, Auli
// and Grangier, 2017).
//
// Backward: da = dy·σ, db = dy·a·σ·(1 − σ).
func (g *Graph) Gate(a, b Value) Value {
	y := g.newValue(a.Rows, a.Cols, a.wanted() || b.wanted())
	if g.Float64() {
		as, aStride := a.rows64()
		bs, bStride := b.rows64()
		for r := range y.Rows {
			gate64(y.node.data64[r*y.Cols:][:y.Cols], as[r*aStride:], bs[r*bStride:])
		}
	} else if as, bs := a.whole32(), b.whole32(); as != nil && bs != nil {
		gate32(y.node.data32, as, bs)
	} else {
		for r := range y.Rows {
			gate32(y.Row32(r), a.Row32(r), b.Row32(r))
		}
	}
	if y.wanted() {
		g.tape = append(g.tape, func() { g.gateBackward(a, b, y) })
	}
	return y
}

func (g *Graph) gateBackward(a, b, y Value) {
	if y.untouched() {
		return
	}
	if g.Float64() {
		dy, dyStride := g.grad64(y)
		da, daStride := g.grad64(a)
		db, dbStride := g.grad64(b)
		as, aStride := a.rows64()
		bs, bStride := b.rows64()
		for r := range y.Rows {
			gateBackward64(da[r*daStride:], db[r*dbStride:], as[r*aStride:], bs[r*bStride:], dy[r*dyStride:][:y.Cols])
		}
		return
	}
	dy, _ := g.grad32(y, false)
	da, _ := g.grad32(a, false)
	db, _ := g.grad32(b, false)
	s := g.floats.take(y.Cols)
	for r := range y.Rows {
		gateBackward32(da.Row(r), db.Row(r), a.Row32(r), b.Row32(r), dy.Row(r), s)
	}
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
