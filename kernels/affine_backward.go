package kernels

// affineBackward is the backward pass of an affine coupling: from the
// coupling's x and params and the gradient in, it writes the gradients out and
// dparams.
type affineBackward = func(out, dparams, x, params, in, dLogDet []float32,
	outStride, dparamsStride, xStride, paramsStride, inStride, cols int, constant, reciprocal float32, kind int)

// AffineForwardBackward is the backward pass of AffineForward. From x and
// params, the gradient dy of its output and dLogDet of its log-det, it writes
// (does not add)
//
//	dx = dy·eˢ      dt = dy      du = (dx·x + dLogDet[r])·ds/du
//
// dparams = [du | dt] has one row for each row of x, also where params has
// Stride 0: the caller adds them up. dx may be dy or x.
func (t *Tier) AffineForwardBackward(dx, dparams, x, params, dy Matrix, dLogDet []float32, m ScaleMap) {
	dx.checkOutput("dx", x.Rows, x.Cols)
	dparams.checkOutput("dparams", x.Rows, 2*x.Cols)
	x.check("x", x.Rows, x.Cols)
	params.check("params", x.Rows, 2*x.Cols)
	dy.check("dy", x.Rows, x.Cols)
	checkRows("dLogDet", len(dLogDet), x.Rows)
	m.check()
	for from, step := 0, rowsPerCall(x.Cols); from < x.Rows && x.Cols > 0; from += step {
		safePoint()
		t.affineForwardBackward(dx.from(from), dparams.from(from), x.from(from), params.from(from), dy.from(from), dLogDet[from:min(from+step, x.Rows)],
			dx.Stride, dparams.Stride, x.Stride, params.Stride, dy.Stride, x.Cols, m.constant, m.reciprocal, m.reference.kind)
	}
}

// AffineForwardBackward calls Tier.AffineForwardBackward on the active tier.
func AffineForwardBackward(dx, dparams, x, params, dy Matrix, dLogDet []float32, m ScaleMap) {
	active.AffineForwardBackward(dx, dparams, x, params, dy, dLogDet, m)
}

func affineForwardBackwardRef(dx, dparams, x, params, dy, dLogDet []float32,
	dxStride, dparamsStride, xStride, paramsStride, dyStride, cols int, constant, reciprocal float32, kind int) {
	m := scaleReferences[kind]
	for r := range dLogDet {
		dx, du, x, u, dy := dx[r*dxStride:], dparams[r*dparamsStride:], x[r*xStride:], params[r*paramsStride:], dy[r*dyStride:]
		dt := du[cols:]
		for c := range cols {
			root, slope := m.root(u[c], constant, reciprocal)
			dt[c] = dy[c]
			scaled := float32(dy[c] * m.scale(root))
			ds := fma32(scaled, x[c], dLogDet[r])
			dx[c] = scaled
			du[c] = float32(ds * slope)
		}
	}
}

// AffineInverseBackward is the backward pass of AffineInverse. From its output
// x and its params, the gradient dx of x and dLogDet of the log-det, it writes
// (does not add)
//
//	dy = dx/eˢ      dt = −dy      du = −(dx·x + dLogDet[r])·ds/du
//
// dparams = [du | dt] has one row for each row of x, also where params has
// Stride 0: the caller adds them up. dy may be dx or x.
func (t *Tier) AffineInverseBackward(dy, dparams, x, params, dx Matrix, dLogDet []float32, m ScaleMap) {
	dy.checkOutput("dy", x.Rows, x.Cols)
	dparams.checkOutput("dparams", x.Rows, 2*x.Cols)
	x.check("x", x.Rows, x.Cols)
	params.check("params", x.Rows, 2*x.Cols)
	dx.check("dx", x.Rows, x.Cols)
	checkRows("dLogDet", len(dLogDet), x.Rows)
	m.check()
	for from, step := 0, rowsPerCall(x.Cols); from < x.Rows && x.Cols > 0; from += step {
		safePoint()
		t.affineInverseBackward(dy.from(from), dparams.from(from), x.from(from), params.from(from), dx.from(from), dLogDet[from:min(from+step, x.Rows)],
			dy.Stride, dparams.Stride, x.Stride, params.Stride, dx.Stride, x.Cols, m.constant, m.reciprocal, m.reference.kind)
	}
}

// AffineInverseBackward calls Tier.AffineInverseBackward on the active tier.
func AffineInverseBackward(dy, dparams, x, params, dx Matrix, dLogDet []float32, m ScaleMap) {
	active.AffineInverseBackward(dy, dparams, x, params, dx, dLogDet, m)
}

func affineInverseBackwardRef(dy, dparams, x, params, dx, dLogDet []float32,
	dyStride, dparamsStride, xStride, paramsStride, dxStride, cols int, constant, reciprocal float32, kind int) {
	m := scaleReferences[kind]
	for r := range dLogDet {
		dy, du, x, u, dx := dy[r*dyStride:], dparams[r*dparamsStride:], x[r*xStride:], params[r*paramsStride:], dx[r*dxStride:]
		dt := du[cols:]
		for c := range cols {
			root, slope := m.root(u[c], constant, reciprocal)
			ds := fma32(-dx[c], x[c], -dLogDet[r])
			scaled := m.divide(dx[c], root)
			dy[c] = scaled
			dt[c] = -scaled
			du[c] = float32(ds * slope)
		}
	}
}
