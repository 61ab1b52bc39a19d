package autograd

// Add returns a + b, of equal shapes.
//
// Backward: the gradient goes to both.
func (g *Graph) Add(a, b Value) Value {
	y := g.newValue(a.Rows, a.Cols, a.wanted() || b.wanted())
	g.do.add(y.data(), a.data(), b.data())
	if y.wanted() {
		g.recordMade(y, func() {
			g.passOn(a, g.gradient(y))
			g.passOn(b, g.gradient(y))
		})
	}
	return y
}

// passOn adds d to the gradient of x, if that is wanted.
func (g *Graph) passOn(x Value, d matrix) {
	if x.wanted() {
		g.do.accumulate(g.gradient(x), d)
	}
}

// ReLU returns x where x > 0 or x is NaN, else +0.
//
// Backward: the gradient where the result is positive.
func (g *Graph) ReLU(x Value) Value {
	y := g.newValue(x.Rows, x.Cols, x.wanted())
	g.do.relu(y.data(), x.data())
	if y.wanted() {
		g.recordMade(y, func() {
			g.do.reluBackward(g.gradient(y), y.data())
			g.passOn(x, g.gradient(y))
		})
	}
	return y
}

// Copy returns x in memory of its own, so that an operation may rewrite it.
//
// Backward: the gradient goes to x.
func (g *Graph) Copy(x Value) Value {
	y := g.newValue(x.Rows, x.Cols, x.wanted())
	g.do.copy(y.data(), x.data())
	if y.wanted() {
		g.recordMade(y, func() { g.passOn(x, g.gradient(y)) })
	}
	return y
}
