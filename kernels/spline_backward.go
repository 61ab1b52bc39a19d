package kernels

import "github.com/seed-192fdf7a/nf/kernels/asm"

// SplineForwardBackward is the backward pass of SplineForward. From x and
// params, the gradient dy of its output and dLogDet of its log-det, it writes
// (does not add) dx and dparams, the gradients of x and of all raw parameters.
// dparams, of the layout of params, has one row for each row of x, also where
// params has Stride 0: the caller adds them up. dx may be dy or x.
func (t *Tier) SplineForwardBackward(dx, dparams, x, params, dy Matrix, dLogDet []float32, s Spline) {
	dx.checkOutput("dx", x.Rows, x.Cols)
	dy.check("dy", x.Rows, x.Cols)
	t.runSplineBackward(dx, dparams, x, params, dy, dLogDet, s.rule(false))
}

// SplineForwardBackward calls Tier.SplineForwardBackward on the active tier.
func SplineForwardBackward(dx, dparams, x, params, dy Matrix, dLogDet []float32, s Spline) {
	active.SplineForwardBackward(dx, dparams, x, params, dy, dLogDet, s)
}

// SplineInverseBackward is the backward pass of SplineInverse. From its output
// x and its params, the gradient dx of x and dLogDet of the log-det, it writes
// (does not add) dy and dparams: with f the forward map and l its log-det,
//
//	dy = (dx − dLogDet·∂l/∂x)/(∂f/∂x)
//
// and dparams is that of SplineForwardBackward for the gradients −dy and
// −dLogDet, with one row for each row of x, also where params has Stride 0. dy
// may be dx or x.
func (t *Tier) SplineInverseBackward(dy, dparams, x, params, dx Matrix, dLogDet []float32, s Spline) {
	dy.checkOutput("dy", x.Rows, x.Cols)
	dx.check("dx", x.Rows, x.Cols)
	t.runSplineBackward(dy, dparams, x, params, dx, dLogDet, s.rule(true))
}

// SplineInverseBackward calls Tier.SplineInverseBackward on the active tier.
func SplineInverseBackward(dy, dparams, x, params, dx Matrix, dLogDet []float32, s Spline) {
	active.SplineInverseBackward(dy, dparams, x, params, dx, dLogDet, s)
}

func (t *Tier) runSplineBackward(dIn, dparams, x, params, dOut Matrix, dLogDet []float32, rule asm.SplineRule) {
	dparams.checkOutput("dparams", x.Rows, rule.Blocks*x.Cols)
	x.check("x", x.Rows, x.Cols)
	params.check("params", x.Rows, rule.Blocks*x.Cols)
	checkRows("dLogDet", len(dLogDet), x.Rows)
	for from, step := 0, rowsPerCall(rule.Blocks*x.Cols); from < x.Rows && x.Cols > 0; from += step {
		safePoint()
		t.splineBackward(dIn.from(from), dparams.from(from), x.from(from), params.from(from), dOut.from(from), dLogDet[from:min(from+step, x.Rows)],
			dIn.Stride, dparams.Stride, x.Stride, params.Stride, dOut.Stride, x.Cols, rule)
	}
}

func splineBackwardRef(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, rule asm.SplineRule) {
	for r := range dLogDet {
		dIn, dparams, x, params, dOut := dIn[r*dInStride:], dparams[r*dparamsStride:], x[r*xStride:], params[r*paramsStride:], dOut[r*dOutStride:]
		for c := range cols {
			dIn[c] = splineGradient(dparams[c:], x[c], dOut[c], dLogDet[r], params[c:], cols, &rule)
		}
	}
}

// splineGradient returns the gradient of the input of one value, and writes
// those of its parameters; block k is at k·stride. slope is ∂f/∂x, l its log.
func splineGradient(dparams []float32, x, dOut, dl float32, params []float32, stride int, rule *asm.SplineRule) (dIn float32) {
	var b splineBin
	b.find(x, false, params, stride, rule)
	perWidth, perHeight := 1/b.width, 1/b.height
	s := float32(b.height * perWidth)
	xi := clipUnit(float32((x - b.x) * perWidth))
	omega := 1 - xi
	product, square, omegaSquare := float32(xi*omega), float32(xi*xi), float32(omega*omega)
	difference := omega - xi
	curvature := (b.slope0 + b.slope1) - (s + s)
	perDenominator := 1 / fma32(curvature, product, s)
	numerator := fma32(s, square, float32(b.slope0*product))
	slopeNumerator := float32(omegaSquare * b.slope0)
	slopeNumerator = fma32(s+s, product, slopeNumerator)
	slopeNumerator = fma32(b.slope1, square, slopeNumerator)
	perNumerator := 1 / slopeNumerator
	q := float32(s * perDenominator)
	slope := float32(float32(slopeNumerator*q) * q)
	share := float32(product * perDenominator)
	scale := float32(float32(b.height*perDenominator) * share) // h·ξω/denominator²

	// ∂l/∂x.
	lx := float32(b.slope1 * xi)
	lx = fma32(s, difference, lx)
	lx = fma32(-b.slope0, omega, lx)
	lx = float32(lx*perNumerator) - float32(float32(curvature*difference)*perDenominator)
	lx = float32((lx + lx) * perWidth)

	// df and dx are the gradients of the forward map's value and x.
	var df, dx float32
	if rule.Inverse == 0 {
		df = dOut
		dx = fma32(dl, lx, float32(df*slope))
		dIn = dx
	} else {
		dl = -dl
		dIn = fma32(dl, lx, dOut) / slope
		df, dx = -dIn, -dOut
	}

	// ls and fs are the derivatives of l and f by log s.
	ls := float32(product * perNumerator)
	ls = fma32(-(1 - (product + product)), perDenominator, ls)
	ls = fma32(s, ls, 1)
	ls += ls
	fs := float32(b.slope1 * square)
	fs = fma32(-b.slope0, omegaSquare, fs)
	fs = float32(float32(fs*s) * scale)
	ds := fma32(df, fs, float32(dl*ls))

	dWidth := -fma32(ds, perWidth, float32(dx*xi))
	dHeight := fma32(ds, perHeight, float32(df*float32(numerator*perDenominator)))
	widthMean := fma32(-dx, b.widthsBefore, float32(dWidth*b.widthPower)) / b.widthSum
	heightMean := fma32(df, b.heightsBefore, float32(dHeight*b.heightPower)) / b.heightSum

	f0 := float32(s * omegaSquare)
	f0 = fma32(b.slope1, product, f0)
	f0 = float32(f0 * scale)
	f1 := float32(numerator * scale)
	l0 := float32(omegaSquare*perNumerator) - (share + share)
	l1 := float32(square*perNumerator) - (share + share)
	dSlope0 := fma32(df, f0, float32(dl*l0))
	dSlope1 := fma32(-df, f1, float32(dl*l1))
	dRaw0 := float32(dSlope0 * splineSlopeDerivative(b.raw0, b.slope0, rule))
	dRaw1 := float32(dSlope1 * splineSlopeDerivative(b.raw1, b.slope1, rule))

	bins := rule.Bins
	outside := x < rule.MinusBound || x > rule.Bound
	if outside {
		dIn, dRaw0, dRaw1 = dOut, 0, 0
	}
	softmaxGradient(dparams, params, b.widthPowers[:bins], b.index, -dx, dWidth, widthMean, b.widthScale, outside, stride, rule)
	softmaxGradient(dparams[bins*stride:], params[bins*stride:], b.heightPowers[:bins], b.index, df, dHeight, heightMean, b.heightScale, outside, stride, rule)

	dSlope := func(k int) (d float32) {
		if float32(k) == b.index {
			d = dRaw0
		}
		if float32(k-1) == b.index {
			d = dRaw1
		}
		return d
	}
	if rule.Circular == 0 {
		for k := 1; k < bins; k++ {
			dparams[(2*bins+k-1)*stride] = dSlope(k)
		}
		return dIn
	}
	for k := 1; k < bins; k++ {
		dparams[(2*bins+k)*stride] = dSlope(k)
	}
	dparams[2*bins*stride] = dSlope(0) + dSlope(bins)
	return dIn
}

// splineSlopeDerivative is that of splineSlope at u, which is slope.
func splineSlopeDerivative(u, slope float32, rule *asm.SplineRule) float32 {
	if rule.Softclip != 0 {
		f := 1 / fma32(abs32(u), rule.ClipSlope, 1)
		return float32(float32(slope*f) * f)
	}
	return sigmoidRef(float32(u * rule.SlopeBeta))
}

// softmaxGradient writes the gradients of the raw sizes of bins: before is that
// of the bins before the one at index, at that of itself, and mean that of all
// by their softmax.
func softmaxGradient(dRaw, raw, powers []float32, index, before, at, mean, scale float32, outside bool, stride int, rule *asm.SplineRule) {
	for k, power := range powers {
		var d float32
		if float32(k) < index {
			d = before
		}
		if float32(k) == index {
			d = at
		}
		d = float32(float32(power*scale) * (d - mean))
		if rule.Softclip != 0 {
			f := 1 / fma32(abs32(raw[k*stride]), rule.ClipSize, 1)
			d = float32(float32(d*f) * f)
		}
		if outside {
			d = 0
		}
		dRaw[k*stride] = d
	}
}
