package autograd

import "slices"

// TakeRows returns the given rows of x, none of them twice.
//
// Backward: the gradient of a row goes back to where it came from.
func (g *Graph) TakeRows(x Value, rows []int) Value {
	part := Part{Sites: rows}
	y := g.newValue(len(rows), x.Cols, x.wanted())
	g.do.takePart(y.data(), x.data(), part, x.Rows)
	if y.wanted() {
		chosen := Part{Sites: slices.Clone(rows)} // the caller's may change
		g.record(y, func() { g.do.putPartAdd(g.gradient(x), g.gradient(y), chosen, x.Rows) })
	}
	return y
}

// PutRows writes the rows of v to the given rows of x. Each row of x is written
// once, and before anything reads it, unless nothing is recorded.
//
// Backward: the gradient of the rows goes to v.
func (g *Graph) PutRows(x, v Value, rows []int) {
	part := Part{Sites: rows}
	g.do.putPart(x.data(), v.data(), part, x.Rows)
	if v.wanted() {
		g.record(x, func() { g.do.takePartAdd(g.gradient(v), g.gradient(x), part, x.Rows) })
	}
}

// AddChosen adds each of from, which belong to the given entries of into, to it.
//
// Backward: the gradient of an entry goes to what was added.
func (g *Graph) AddChosen(into, from Sums, entries []int) {
	for i, e := range entries {
		into.Values[e] += from.Values[i]
	}
	if g.recording {
		g.Record(func() {
			for i, e := range entries {
				from.Gradient[i] += into.Gradient[e]
			}
		})
	}
}

// Sigmoid returns σ(x).
//
// Backward: dx = dy·σ·(1 − σ).
func (g *Graph) Sigmoid(x Value) Value {
	y := g.newValue(x.Rows, x.Cols, x.wanted())
	g.do.sigmoid(y.data(), x.data())
	if y.wanted() {
		g.record(y, func() {
			dy, mark := g.gradient(y), g.Mark()
			if x.wanted() {
				g.gradient(x)
				mark = g.Mark()
			}
			rest := g.newValue(y.Rows, y.Cols, false).data()
			g.do.complement(rest, x.data(), y.data())
			g.do.multiply(dy, dy, y.data())
			g.do.multiply(dy, dy, rest)
			g.passOn(x, dy)
			g.release(mark)
		})
	}
	return y
}
