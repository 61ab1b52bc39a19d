package kernels

// AffineForwardBackward is the backward pass of AffineForward. From x and
// params, the gradient dy of its output and dLogDet of its log-det, it writes
// (does not add)
//
//	dx = dy·eˢ      dt = dy      du = (dx·x + dLogDet[r])·(1 − tanh²(u/bound))
//
// dparams = [du | dt] has one row for each row of x, also where params has
// Stride 0: the caller adds them up. dx may be dy or x.
func (t *Tier) AffineForwardBackward(dx, dparams, x, params, dy Matrix, dLogDet []float32, bound float32) {
	dx.checkOutput("dx", x.Rows, x.Cols)
	dparams.checkOutput("dparams", x.Rows, 2*x.Cols)
	x.check("x", x.Rows, x.Cols)
	params.check("params", x.Rows, 2*x.Cols)
	dy.check("dy", x.Rows, x.Cols)
	checkRows("dLogDet", len(dLogDet), x.Rows)
	reciprocal := checkBound(bound)
	for from, step := 0, rowsPerCall(x.Cols); from < x.Rows && x.Cols > 0; from += step {
		safePoint()
		t.affineForwardBackward(dx.from(from), dparams.from(from), x.from(from), params.from(from), dy.from(from), dLogDet[from:min(from+step, x.Rows)],
			dx.Stride, dparams.Stride, x.Stride, params.Stride, dy.Stride, x.Cols, bound, reciprocal)
	}
}

// AffineForwardBackward calls Tier.AffineForwardBackward on the active tier.
func AffineForwardBackward(dx, dparams, x, params, dy Matrix, dLogDet []float32, bound float32) {
	active.AffineForwardBackward(dx, dparams, x, params, dy, dLogDet, bound)
}

func affineForwardBackwardRef(dx, dparams, x, params, dy, dLogDet []float32,
	dxStride, dparamsStride, xStride, paramsStride, dyStride, cols int, bound, reciprocal float32) {
	for r := range dLogDet {
		dx, du, x, u, dy := dx[r*dxStride:], dparams[r*dparamsStride:], x[r*xStride:], params[r*paramsStride:], dy[r*dyStride:]
		dt := du[cols:]
		for c := range cols {
			th := tanhRef(float32(u[c] * reciprocal))
			dt[c] = dy[c]
			scaled := float32(dy[c] * expRef(float32(bound*th)))
			ds := fma32(scaled, x[c], dLogDet[r])
			dx[c] = scaled
			du[c] = float32(ds * fma32(-th, th, 1))
		}
	}
}

// AffineInverseBackward is the backward pass of AffineInverse. From its output
// x and its params, the gradient dx of x and dLogDet of the log-det, it writes
// (does not add)
//
//	dy = dx·e⁻ˢ      dt = −dy      du = −(dx·x + dLogDet[r])·(1 − tanh²(u/bound))
//
// dparams = [du | dt] has one row for each row of x, also where params has
// Stride 0: the caller adds them up. dy may be dx or x.
func (t *Tier) AffineInverseBackward(dy, dparams, x, params, dx Matrix, dLogDet []float32, bound float32) {
	dy.checkOutput("dy", x.Rows, x.Cols)
	dparams.checkOutput("dparams", x.Rows, 2*x.Cols)
	x.check("x", x.Rows, x.Cols)
	params.check("params", x.Rows, 2*x.Cols)
	dx.check("dx", x.Rows, x.Cols)
	checkRows("dLogDet", len(dLogDet), x.Rows)
	reciprocal := checkBound(bound)
	for from, step := 0, rowsPerCall(x.Cols); from < x.Rows && x.Cols > 0; from += step {
		safePoint()
		t.affineInverseBackward(dy.from(from), dparams.from(from), x.from(from), params.from(from), dx.from(from), dLogDet[from:min(from+step, x.Rows)],
			dy.Stride, dparams.Stride, x.Stride, params.Stride, dx.Stride, x.Cols, bound, reciprocal)
	}
}

// AffineInverseBackward calls Tier.AffineInverseBackward on the active tier.
func AffineInverseBackward(dy, dparams, x, params, dx Matrix, dLogDet []float32, bound float32) {
	active.AffineInverseBackward(dy, dparams, x, params, dx, dLogDet, bound)
}

func affineInverseBackwardRef(dy, dparams, x, params, dx, dLogDet []float32,
	dyStride, dparamsStride, xStride, paramsStride, dxStride, cols int, bound, reciprocal float32) {
	for r := range dLogDet {
		dy, du, x, u, dx := dy[r*dyStride:], dparams[r*dparamsStride:], x[r*xStride:], params[r*paramsStride:], dx[r*dxStride:]
		dt := du[cols:]
		for c := range cols {
			th := tanhRef(float32(u[c] * reciprocal))
			ds := fma32(-dx[c], x[c], -dLogDet[r])
			scaled := float32(dx[c] * expRef(-float32(bound*th)))
			dy[c] = scaled
			dt[c] = -scaled
			du[c] = float32(ds * fma32(-th, th, 1))
		}
	}
}
