package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// Univariate is a family of increasing maps y = f(x; p) of one variable, whose
// parameters p a conditioner computes for each element. A row of parameters
// for w elements is blocks of w: all first parameters, then all second ones.
//
// The 32 methods work on rows of elements at once and write one log-det for
// each row; x and y (dx and dy) may be the same matrix. The 64 methods state
// the same map for one element. Inverse is x = f⁻¹(y; p) and its log-det is
// that of the inverse, log dx/dy.
type Univariate interface {
	// ParametersPerElement is the length of p.
	ParametersPerElement() int

	Forward32(y, x, params kernels.Matrix, logDet []float32)
	Inverse32(x, y, params kernels.Matrix, logDet []float32)
	// ForwardBackward32 writes dx and dparams, given what went into Forward32,
	// what came out of it and the gradients of both results.
	ForwardBackward32(dx, dparams, x, y, params, dy kernels.Matrix, dLogDet []float32)
	// InverseBackward32 is the same for Inverse32, which made x of y.
	InverseBackward32(dy, dparams, x, y, params, dx kernels.Matrix, dLogDet []float32)

	Forward64(x float64, p []float64) (y, logDet float64)
	Inverse64(y float64, p []float64) (x, logDet float64)
	// ForwardBackward64 returns dx and writes dp.
	ForwardBackward64(dp []float64, x, y float64, p []float64, dy, dLogDet float64) (dx float64)
	InverseBackward64(dp []float64, x, y float64, p []float64, dx, dLogDet float64) (dy float64)
}

// Apply maps a part of x by u with the given parameters, a row for each site of
// the part, leaves the others, and adds the log-det of each event to total.
// With inverse it applies f⁻¹. Without a tape it rewrites x in place and
// returns it.
//
// Backward: see the univariate; values that were left pass their gradient on.
func (g *Graph) Apply(u Univariate, inverse bool, x, params Value, part Part, total Sums) Value {
	y := x
	if g.recording {
		y = g.clone(x)
		g.Record(func() {
			g.applyBackward(u, inverse, x, y, params, part, total)
		})
	}
	g.apply(u, inverse, y, params, part, total)
	return y
}

// apply rewrites a part of y.
func (g *Graph) apply(u Univariate, inverse bool, y, params Value, part Part, total Sums) {
	mark := g.Mark()
	sites := total.sites(y.Rows)
	block := g.block(y.data(), part, sites)
	logDet := g.take(block.rows)
	g.do.univariate(u, inverse, block, block, params.data(), logDet)
	g.unblock(y.data(), block, part, sites)
	addRows(total, logDet, block.rows)
	g.Release(mark)
}

// clone copies x, so that an operation may rewrite the copy.
func (g *Graph) clone(x Value) Value {
	y := g.newValue(x.Rows, x.Cols, true)
	g.do.copy(y.data(), x.data())
	return y
}

func (g *Graph) applyBackward(u Univariate, inverse bool, x, y, params Value, part Part, total Sums) {
	dy, sites := g.gradient(y), total.sites(x.Rows)
	dBlock := g.block(dy, part, sites)
	xBlock, yBlock := g.block(x.data(), part, sites), g.block(y.data(), part, sites)
	dParams, accumulate := g.gradientTo(params)
	earlier := dParams
	if accumulate {
		dParams = g.newValue(params.Rows, params.Cols, false).data()
	}
	g.do.univariateBackward(u, inverse, dBlock, dParams, xBlock, yBlock, params.data(), dBlock, g.rowGradients(total, dBlock.rows))
	if accumulate {
		g.do.accumulate(earlier, dParams)
	}
	g.unblock(dy, dBlock, part, sites)
	// The gradient of y, rewritten in place, is now x's.
	if x.wanted() && x.untouched() && x.whole() {
		x.node.grad = y.node.grad
	} else {
		g.passOn(x, dy)
	}
}
