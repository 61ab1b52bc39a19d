package kernels

// The affine coupling (RealNVP: Dinh, Sohl-Dickstein and Bengio, 2017). A row
// of params is [u | t], raw scales then shifts, of Cols values each; a ScaleMap
// makes of u the scale and its log, s.
//
// Every matrix may have gaps between its rows. params may have Stride 0: one
// row of parameters for all rows. Rules common to the four functions below:
// they panic if shapes disagree, if an output has Stride 0 or if m.Check does
// not accept m, never on a value; the output may be the input of the same
// shape exactly (y may be x), and there is no other overlap.

// affineKernel is an affine coupling in one direction, of rows of len(logDet).
// kind is the scale map's place in scaleReferences.
type affineKernel = func(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32, kind int)

// AffineForward maps data to noise:
//
//	y[r][c] = fma(x[r][c], eˢ, t)      logDet[r] = Σ_c s
//
// logDet is log|det dy/dx|, summed in the lanes of RowSums.
func (t *Tier) AffineForward(y, x, params Matrix, logDet []float32, m ScaleMap) {
	y.checkOutput("y", x.Rows, x.Cols)
	x.check("x", x.Rows, x.Cols)
	params.check("params", x.Rows, 2*x.Cols)
	checkRows("logDet", len(logDet), x.Rows)
	m.check()
	if x.Cols == 0 {
		clear(logDet)
		return
	}
	for from, step := 0, rowsPerCall(x.Cols); from < x.Rows; from += step {
		safePoint()
		t.affineForward(y.from(from), x.from(from), params.from(from), logDet[from:min(from+step, x.Rows)],
			y.Stride, x.Stride, params.Stride, x.Cols, m.constant, m.reciprocal, m.reference.kind)
	}
}

// AffineForward calls Tier.AffineForward on the active tier.
func AffineForward(y, x, params Matrix, logDet []float32, m ScaleMap) {
	active.AffineForward(y, x, params, logDet, m)
}

func affineForwardRef(y, x, params, logDet []float32, yStride, xStride, paramsStride, cols int, constant, reciprocal float32, kind int) {
	m := scaleReferences[kind]
	for r := range logDet {
		y, x, u := y[r*yStride:], x[r*xStride:], params[r*paramsStride:]
		shift := u[cols:]
		var lanes [laneCount]float32
		for c := range cols {
			root, _ := m.root(u[c], constant, reciprocal)
			y[c] = fma32(x[c], m.scale(root), shift[c])
			lanes[c%laneCount] += m.log(root)
		}
		logDet[r] = foldLanes(&lanes)
	}
}

// AffineInverse maps noise to data, undoing AffineForward:
//
//	x[r][c] = (y[r][c] − t)/eˢ      logDet[r] = −Σ_c s
//
// logDet is log|det dx/dy|. Of a scale map that computes s, the quotient is the
// product with e⁻ˢ.
func (t *Tier) AffineInverse(x, y, params Matrix, logDet []float32, m ScaleMap) {
	x.checkOutput("x", y.Rows, y.Cols)
	y.check("y", y.Rows, y.Cols)
	params.check("params", y.Rows, 2*y.Cols)
	checkRows("logDet", len(logDet), y.Rows)
	m.check()
	if y.Cols == 0 {
		clear(logDet)
		return
	}
	for from, step := 0, rowsPerCall(y.Cols); from < y.Rows; from += step {
		safePoint()
		t.affineInverse(x.from(from), y.from(from), params.from(from), logDet[from:min(from+step, y.Rows)],
			x.Stride, y.Stride, params.Stride, y.Cols, m.constant, m.reciprocal, m.reference.kind)
	}
}

// AffineInverse calls Tier.AffineInverse on the active tier.
func AffineInverse(x, y, params Matrix, logDet []float32, m ScaleMap) {
	active.AffineInverse(x, y, params, logDet, m)
}

func affineInverseRef(x, y, params, logDet []float32, xStride, yStride, paramsStride, cols int, constant, reciprocal float32, kind int) {
	m := scaleReferences[kind]
	for r := range logDet {
		x, y, u := x[r*xStride:], y[r*yStride:], params[r*paramsStride:]
		shift := u[cols:]
		var lanes [laneCount]float32
		for c := range cols {
			root, _ := m.root(u[c], constant, reciprocal)
			x[c] = m.divide(y[c]-shift[c], root)
			lanes[c%laneCount] += m.log(root)
		}
		logDet[r] = -foldLanes(&lanes)
	}
}
