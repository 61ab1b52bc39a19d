package kernels

import "fmt"

// The affine coupling with a bounded log-scale (RealNVP: Dinh, Sohl-Dickstein
// and Bengio, 2017). A row of params is [u | t], raw scales then shifts, of
// Cols values each, and
//
//	s = bound·tanh(u/bound)
//
// so that u = 0 is the identity and no scale leaves [e^−bound, e^bound].
// u/bound is computed as u times the float32 nearest to 1/bound.
//
// Every matrix may have gaps between its rows. params may have Stride 0: one
// row of parameters for all rows. Rules common to the four functions below:
// they panic if shapes disagree, if an output has Stride 0 or if bound is not
// greater than 0, never on a value; the output may be the input of the same
// shape exactly (y may be x), and there is no other overlap.

// AffineForward maps data to noise:
//
//	y[r][c] = fma(x[r][c], exp(s), t)      logDet[r] = Σ_c s
//
// logDet is log|det dy/dx|, summed in the lanes of RowSums.
func (t *Tier) AffineForward(y, x, params Matrix, logDet []float32, bound float32) {
	y.checkOutput("y", x.Rows, x.Cols)
	x.check("x", x.Rows, x.Cols)
	params.check("params", x.Rows, 2*x.Cols)
	checkRows("logDet", len(logDet), x.Rows)
	reciprocal := checkBound(bound)
	if x.Cols == 0 {
		clear(logDet)
		return
	}
	for from, step := 0, rowsPerCall(x.Cols); from < x.Rows; from += step {
		safePoint()
		t.affineForward(y.from(from), x.from(from), params.from(from), logDet[from:min(from+step, x.Rows)],
			y.Stride, x.Stride, params.Stride, x.Cols, bound, reciprocal)
	}
}

// AffineForward calls Tier.AffineForward on the active tier.
func AffineForward(y, x, params Matrix, logDet []float32, bound float32) {
	active.AffineForward(y, x, params, logDet, bound)
}

func affineForwardRef(y, x, params, logDet []float32, yStride, xStride, paramsStride, cols int, bound, reciprocal float32) {
	for r := range logDet {
		y, x, u := y[r*yStride:], x[r*xStride:], params[r*paramsStride:]
		shift := u[cols:]
		var lanes [laneCount]float32
		for c := range cols {
			s := float32(bound * tanhRef(float32(u[c]*reciprocal)))
			y[c] = fma32(x[c], expRef(s), shift[c])
			lanes[c%laneCount] += s
		}
		logDet[r] = foldLanes(&lanes)
	}
}

// AffineInverse maps noise to data, undoing AffineForward:
//
//	x[r][c] = (y[r][c] − t)·exp(−s)      logDet[r] = −Σ_c s
//
// logDet is log|det dx/dy|.
func (t *Tier) AffineInverse(x, y, params Matrix, logDet []float32, bound float32) {
	x.checkOutput("x", y.Rows, y.Cols)
	y.check("y", y.Rows, y.Cols)
	params.check("params", y.Rows, 2*y.Cols)
	checkRows("logDet", len(logDet), y.Rows)
	reciprocal := checkBound(bound)
	if y.Cols == 0 {
		clear(logDet)
		return
	}
	for from, step := 0, rowsPerCall(y.Cols); from < y.Rows; from += step {
		safePoint()
		t.affineInverse(x.from(from), y.from(from), params.from(from), logDet[from:min(from+step, y.Rows)],
			x.Stride, y.Stride, params.Stride, y.Cols, bound, reciprocal)
	}
}

// AffineInverse calls Tier.AffineInverse on the active tier.
func AffineInverse(x, y, params Matrix, logDet []float32, bound float32) {
	active.AffineInverse(x, y, params, logDet, bound)
}

func affineInverseRef(x, y, params, logDet []float32, xStride, yStride, paramsStride, cols int, bound, reciprocal float32) {
	for r := range logDet {
		x, y, u := x[r*xStride:], y[r*yStride:], params[r*paramsStride:]
		shift := u[cols:]
		var lanes [laneCount]float32
		for c := range cols {
			s := float32(bound * tanhRef(float32(u[c]*reciprocal)))
			x[c] = float32((y[c] - shift[c]) * expRef(-s))
			lanes[c%laneCount] += s
		}
		logDet[r] = -foldLanes(&lanes)
	}
}

// checkBound returns the reciprocal of bound.
func checkBound(bound float32) float32 {
	if !(bound > 0) {
		panic(fmt.Sprintf("kernels: the bound of an affine log-scale is %v, must be greater than 0", bound))
	}
	return 1 / bound
}
