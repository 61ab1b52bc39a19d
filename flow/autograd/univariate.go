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
			if g.Float64() {
				g.applyBackward64(u, inverse, x, y, params, part, total)
			} else {
				g.applyBackward32(u, inverse, x, y, params, part, total)
			}
		})
	}
	g.apply(u, inverse, y, params, part, total)
	return y
}

// apply rewrites a part of y.
func (g *Graph) apply(u Univariate, inverse bool, y, params Value, part Part, total Sums) {
	if g.Float64() {
		g.apply64(u, inverse, y, params, part, total)
		return
	}
	mark := g.Mark()
	sites := total.sites(y.Rows)
	block := g.block32(y.matrix32(), part, sites)
	logDet := g.floats.take(block.Rows)
	if inverse {
		u.Inverse32(block, block, params.matrix32(), logDet)
	} else {
		u.Forward32(block, block, params.matrix32(), logDet)
	}
	g.unblock32(y.matrix32(), block, part, sites)
	addRows(total, logDet)
	g.Release(mark)
}

// clone copies x, so that an operation may rewrite the copy.
func (g *Graph) clone(x Value) Value {
	y := g.newValue(x.Rows, x.Cols, true)
	g.do.copy(y.data(), x.data())
	return y
}

func (g *Graph) applyBackward32(u Univariate, inverse bool, x, y, params Value, part Part, total Sums) {
	if y.untouched() {
		g.grad32(y, false) // the log-det alone was differentiated
	}
	dy, _ := g.grad32(y, false)
	sites := total.sites(x.Rows)
	dBlock := g.block32(dy, part, sites)
	xBlock, yBlock := g.block32(x.matrix32(), part, sites), g.block32(y.matrix32(), part, sites)
	dParams, accumulate := g.grad32(params, true)
	earlier := dParams
	if accumulate {
		dParams = kernels.Dense(g.floats.take(params.Rows*params.Cols), params.Rows, params.Cols)
	}
	dLogDet := g.narrowRows(total, dBlock.Rows)
	if inverse {
		u.InverseBackward32(dBlock, dParams, yBlock, xBlock, params.matrix32(), dBlock, dLogDet)
	} else {
		u.ForwardBackward32(dBlock, dParams, xBlock, yBlock, params.matrix32(), dBlock, dLogDet)
	}
	if accumulate {
		addMatrix(earlier, dParams)
	}
	g.unblock32(dy, dBlock, part, sites)
	// The gradient of y, rewritten in place, is now x's.
	switch {
	case !x.wanted():
	case x.untouched() && x.whole():
		x.node.grad.narrow = y.node.grad.narrow
	default:
		dx, _ := g.grad32(x, false)
		addMatrix(dx, dy)
	}
}

func addMatrix(dst, src kernels.Matrix) {
	for r := range dst.Rows {
		row := dst.Row(r)
		kernels.Add(row, row, src.Row(r))
	}
}

func (g *Graph) apply64(u Univariate, inverse bool, y, params Value, part Part, total Sums) {
	per, w := u.ParametersPerElement(), part.width(y.Cols)
	p := g.doubles.take(per)
	ys, stride := y.rows64()
	ps, pStride := params.rows64()
	sites := total.sites(y.Rows)
	for k := range part.rows(y.Rows, sites) {
		r := part.row(k, sites)
		for i := range w {
			for j := range per {
				p[j] = ps[k*pStride+j*w+i]
			}
			at := &ys[r*stride+part.column(i)]
			var logDet float64
			if inverse {
				*at, logDet = u.Inverse64(*at, p)
			} else {
				*at, logDet = u.Forward64(*at, p)
			}
			total.Values[r/sites] += logDet
		}
	}
}

func (g *Graph) applyBackward64(u Univariate, inverse bool, x, y, params Value, part Part, total Sums) {
	per, w := u.ParametersPerElement(), part.width(x.Cols)
	p, dp := g.doubles.take(per), g.doubles.take(per)
	dy, dyStride := g.grad64(y)
	dParams, dpStride := g.grad64(params)
	xs, xStride := x.rows64()
	ys, yStride := y.rows64()
	ps, pStride := params.rows64()
	sites := total.sites(y.Rows)
	for k := range part.rows(y.Rows, sites) {
		r := part.row(k, sites)
		for i := range w {
			c := part.column(i)
			for j := range per {
				p[j] = ps[k*pStride+j*w+i]
			}
			d := &dy[r*dyStride+c]
			in, out, dLogDet := xs[r*xStride+c], ys[r*yStride+c], total.Gradient[r/sites]
			if inverse {
				*d = u.InverseBackward64(dp, out, in, p, *d, dLogDet)
			} else {
				*d = u.ForwardBackward64(dp, in, out, p, *d, dLogDet)
			}
			for j := range per {
				dParams[k*dpStride+j*w+i] += dp[j]
			}
		}
	}
	if !x.wanted() {
		return
	}
	dx, stride := g.grad64(x)
	for r := range x.Rows {
		for c := range x.Cols {
			dx[r*stride+c] += dy[r*dyStride+c]
		}
	}
}
