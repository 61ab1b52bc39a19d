//go:build !noasm

package asm

// The affine kernels take rows of len(logDet), with strides counted in
// float32. Row r of params is u[0:cols], then t[0:cols]; u below is one of the
// former. There is one for each scale map and direction, with the map's constant
// and 1/constant. Products are rounded where they are not part of an fma.
//
// The backward kernels have x, the data side of the map, in both directions;
// dIn is the gradient of the map's input, dOut that of its output. Row r of
// dparams is du[0:cols], then dt[0:cols].

// AffineTanhExpForwardNEON computes
//
//	for r := range logDet {
//		var lanes [16]float32
//		for c := range cols {
//			s := constant * tanh(u*reciprocal)
//			out[r*outStride+c] = fma(in[r*inStride+c], exp(s), t[c])
//			lanes[c%16] += s
//		}
//		logDet[r] = fold(lanes) // lanes[i] += lanes[i+8], then +4, +2, +1
//	}
//
//go:noescape
func AffineTanhExpForwardNEON(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineTanhExpInverseNEON is AffineTanhExpForwardNEON with
//
//	out[r*outStride+c] = (in[r*inStride+c] - t[c]) * exp(-s)
//	logDet[r] = -fold(lanes)
//
//go:noescape
func AffineTanhExpInverseNEON(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineTanhExpForwardBackwardNEON computes
//
//	for r := range dLogDet {
//		for c := range cols {
//			th := tanh(u * reciprocal)
//			s, slope := constant*th, fma(-th, th, 1)
//			scaled := dOut[r*dOutStride+c] * exp(s)
//			ds := fma(scaled, x[r*xStride+c], dLogDet[r])
//			dt[c] = dOut[r*dOutStride+c]
//			dIn[r*dInStride+c] = scaled
//			du[c] = ds * slope
//		}
//	}
//
//go:noescape
func AffineTanhExpForwardBackwardNEON(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineTanhExpInverseBackwardNEON is AffineTanhExpForwardBackwardNEON with
//
//	ds := fma(-dOut[r*dOutStride+c], x[r*xStride+c], -dLogDet[r])
//	scaled := dOut[r*dOutStride+c] * exp(-s)
//	dt[c] = -scaled
//
//go:noescape
func AffineTanhExpInverseBackwardNEON(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineExpForwardNEON computes
//
//	for r := range logDet {
//		var lanes [16]float32
//		for c := range cols {
//			s := u
//			out[r*outStride+c] = fma(in[r*inStride+c], exp(s), t[c])
//			lanes[c%16] += s
//		}
//		logDet[r] = fold(lanes) // lanes[i] += lanes[i+8], then +4, +2, +1
//	}
//
//go:noescape
func AffineExpForwardNEON(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineExpInverseNEON is AffineExpForwardNEON with
//
//	out[r*outStride+c] = (in[r*inStride+c] - t[c]) * exp(-s)
//	logDet[r] = -fold(lanes)
//
//go:noescape
func AffineExpInverseNEON(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineExpForwardBackwardNEON computes
//
//	for r := range dLogDet {
//		for c := range cols {
//			s, slope := u, 1
//			scaled := dOut[r*dOutStride+c] * exp(s)
//			ds := fma(scaled, x[r*xStride+c], dLogDet[r])
//			dt[c] = dOut[r*dOutStride+c]
//			dIn[r*dInStride+c] = scaled
//			du[c] = ds * slope
//		}
//	}
//
//go:noescape
func AffineExpForwardBackwardNEON(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineExpInverseBackwardNEON is AffineExpForwardBackwardNEON with
//
//	ds := fma(-dOut[r*dOutStride+c], x[r*xStride+c], -dLogDet[r])
//	scaled := dOut[r*dOutStride+c] * exp(-s)
//	dt[c] = -scaled
//
//go:noescape
func AffineExpInverseBackwardNEON(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineSoftclipForwardNEON computes
//
//	for r := range logDet {
//		var lanes [16]float32
//		for c := range cols {
//			s := u / fma(abs(u), reciprocal, 1) // u limited to ±0x1p99
//			out[r*outStride+c] = fma(in[r*inStride+c], exp(s), t[c])
//			lanes[c%16] += s
//		}
//		logDet[r] = fold(lanes) // lanes[i] += lanes[i+8], then +4, +2, +1
//	}
//
//go:noescape
func AffineSoftclipForwardNEON(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineSoftclipInverseNEON is AffineSoftclipForwardNEON with
//
//	out[r*outStride+c] = (in[r*inStride+c] - t[c]) * exp(-s)
//	logDet[r] = -fold(lanes)
//
//go:noescape
func AffineSoftclipInverseNEON(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineSoftclipForwardBackwardNEON computes
//
//	for r := range dLogDet {
//		for c := range cols {
//			q := fma(abs(u), reciprocal, 1) // u limited to ±0x1p99
//			s, slope := u/q, (1/q)*(1/q)
//			scaled := dOut[r*dOutStride+c] * exp(s)
//			ds := fma(scaled, x[r*xStride+c], dLogDet[r])
//			dt[c] = dOut[r*dOutStride+c]
//			dIn[r*dInStride+c] = scaled
//			du[c] = ds * slope
//		}
//	}
//
//go:noescape
func AffineSoftclipForwardBackwardNEON(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineSoftclipInverseBackwardNEON is AffineSoftclipForwardBackwardNEON with
//
//	ds := fma(-dOut[r*dOutStride+c], x[r*xStride+c], -dLogDet[r])
//	scaled := dOut[r*dOutStride+c] * exp(-s)
//	dt[c] = -scaled
//
//go:noescape
func AffineSoftclipInverseBackwardNEON(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineSigmoidForwardNEON computes
//
//	for r := range logDet {
//		var lanes [16]float32
//		for c := range cols {
//			scale := sigmoid(u+2) + constant
//			out[r*outStride+c] = fma(in[r*inStride+c], scale, t[c])
//			lanes[c%16] += log(scale)
//		}
//		logDet[r] = fold(lanes) // lanes[i] += lanes[i+8], then +4, +2, +1
//	}
//
//go:noescape
func AffineSigmoidForwardNEON(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineSigmoidInverseNEON is AffineSigmoidForwardNEON with
//
//	out[r*outStride+c] = (in[r*inStride+c] - t[c]) / scale
//	logDet[r] = -fold(lanes)
//
//go:noescape
func AffineSigmoidInverseNEON(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineSigmoidForwardBackwardNEON computes
//
//	for r := range dLogDet {
//		for c := range cols {
//			sg := sigmoid(u + 2)
//			scale := sg + constant
//			slope := fma(-sg, sg, sg) / scale
//			scaled := dOut[r*dOutStride+c] * scale
//			ds := fma(scaled, x[r*xStride+c], dLogDet[r])
//			dt[c] = dOut[r*dOutStride+c]
//			dIn[r*dInStride+c] = scaled
//			du[c] = ds * slope
//		}
//	}
//
//go:noescape
func AffineSigmoidForwardBackwardNEON(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineSigmoidInverseBackwardNEON is AffineSigmoidForwardBackwardNEON with
//
//	ds := fma(-dOut[r*dOutStride+c], x[r*xStride+c], -dLogDet[r])
//	scaled := dOut[r*dOutStride+c] / scale
//	dt[c] = -scaled
//
//go:noescape
func AffineSigmoidInverseBackwardNEON(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineSoftplusForwardNEON computes
//
//	for r := range logDet {
//		var lanes [16]float32
//		for c := range cols {
//			scale := softplus(u) + constant
//			out[r*outStride+c] = fma(in[r*inStride+c], scale, t[c])
//			lanes[c%16] += log(scale)
//		}
//		logDet[r] = fold(lanes) // lanes[i] += lanes[i+8], then +4, +2, +1
//	}
//
//go:noescape
func AffineSoftplusForwardNEON(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineSoftplusInverseNEON is AffineSoftplusForwardNEON with
//
//	out[r*outStride+c] = (in[r*inStride+c] - t[c]) / scale
//	logDet[r] = -fold(lanes)
//
//go:noescape
func AffineSoftplusInverseNEON(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineSoftplusForwardBackwardNEON computes
//
//	for r := range dLogDet {
//		for c := range cols {
//			scale := softplus(u) + constant
//			slope := sigmoid(u) / scale
//			scaled := dOut[r*dOutStride+c] * scale
//			ds := fma(scaled, x[r*xStride+c], dLogDet[r])
//			dt[c] = dOut[r*dOutStride+c]
//			dIn[r*dInStride+c] = scaled
//			du[c] = ds * slope
//		}
//	}
//
//go:noescape
func AffineSoftplusForwardBackwardNEON(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineSoftplusInverseBackwardNEON is AffineSoftplusForwardBackwardNEON with
//
//	ds := fma(-dOut[r*dOutStride+c], x[r*xStride+c], -dLogDet[r])
//	scaled := dOut[r*dOutStride+c] / scale
//	dt[c] = -scaled
//
//go:noescape
func AffineSoftplusInverseBackwardNEON(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineSigmoidReciprocalForwardNEON computes
//
//	for r := range logDet {
//		var lanes [16]float32
//		for c := range cols {
//			scale := 1 + exp(min(-2-u, 88))
//			out[r*outStride+c] = fma(in[r*inStride+c], scale, t[c])
//			lanes[c%16] += log(scale)
//		}
//		logDet[r] = fold(lanes) // lanes[i] += lanes[i+8], then +4, +2, +1
//	}
//
//go:noescape
func AffineSigmoidReciprocalForwardNEON(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineSigmoidReciprocalInverseNEON is AffineSigmoidReciprocalForwardNEON with
//
//	out[r*outStride+c] = (in[r*inStride+c] - t[c]) / scale
//	logDet[r] = -fold(lanes)
//
//go:noescape
func AffineSigmoidReciprocalInverseNEON(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineSigmoidReciprocalForwardBackwardNEON computes
//
//	for r := range dLogDet {
//		for c := range cols {
//			e := exp(min(-2-u, 88))
//			scale := 1 + e
//			slope := -(e / scale)
//			scaled := dOut[r*dOutStride+c] * scale
//			ds := fma(scaled, x[r*xStride+c], dLogDet[r])
//			dt[c] = dOut[r*dOutStride+c]
//			dIn[r*dInStride+c] = scaled
//			du[c] = ds * slope
//		}
//	}
//
//go:noescape
func AffineSigmoidReciprocalForwardBackwardNEON(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineSigmoidReciprocalInverseBackwardNEON is AffineSigmoidReciprocalForwardBackwardNEON with
//
//	ds := fma(-dOut[r*dOutStride+c], x[r*xStride+c], -dLogDet[r])
//	scaled := dOut[r*dOutStride+c] / scale
//	dt[c] = -scaled
//
//go:noescape
func AffineSigmoidReciprocalInverseBackwardNEON(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)
