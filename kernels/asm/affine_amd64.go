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

// AffineTanhExpForwardAVX2 computes
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
func AffineTanhExpForwardAVX2(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineTanhExpForwardAVX512 computes what AffineTanhExpForwardAVX2 does.
//
//go:noescape
func AffineTanhExpForwardAVX512(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineTanhExpInverseAVX2 is AffineTanhExpForwardAVX2 with
//
//	out[r*outStride+c] = (in[r*inStride+c] - t[c]) * exp(-s)
//	logDet[r] = -fold(lanes)
//
//go:noescape
func AffineTanhExpInverseAVX2(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineTanhExpInverseAVX512 computes what AffineTanhExpInverseAVX2 does.
//
//go:noescape
func AffineTanhExpInverseAVX512(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineTanhExpForwardBackwardAVX2 computes
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
func AffineTanhExpForwardBackwardAVX2(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineTanhExpForwardBackwardAVX512 computes what AffineTanhExpForwardBackwardAVX2 does.
//
//go:noescape
func AffineTanhExpForwardBackwardAVX512(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineTanhExpInverseBackwardAVX2 is AffineTanhExpForwardBackwardAVX2 with
//
//	ds := fma(-dOut[r*dOutStride+c], x[r*xStride+c], -dLogDet[r])
//	scaled := dOut[r*dOutStride+c] * exp(-s)
//	dt[c] = -scaled
//
//go:noescape
func AffineTanhExpInverseBackwardAVX2(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineTanhExpInverseBackwardAVX512 computes what AffineTanhExpInverseBackwardAVX2 does.
//
//go:noescape
func AffineTanhExpInverseBackwardAVX512(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineExpForwardAVX2 computes
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
func AffineExpForwardAVX2(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineExpForwardAVX512 computes what AffineExpForwardAVX2 does.
//
//go:noescape
func AffineExpForwardAVX512(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineExpInverseAVX2 is AffineExpForwardAVX2 with
//
//	out[r*outStride+c] = (in[r*inStride+c] - t[c]) * exp(-s)
//	logDet[r] = -fold(lanes)
//
//go:noescape
func AffineExpInverseAVX2(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineExpInverseAVX512 computes what AffineExpInverseAVX2 does.
//
//go:noescape
func AffineExpInverseAVX512(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineExpForwardBackwardAVX2 computes
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
func AffineExpForwardBackwardAVX2(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineExpForwardBackwardAVX512 computes what AffineExpForwardBackwardAVX2 does.
//
//go:noescape
func AffineExpForwardBackwardAVX512(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineExpInverseBackwardAVX2 is AffineExpForwardBackwardAVX2 with
//
//	ds := fma(-dOut[r*dOutStride+c], x[r*xStride+c], -dLogDet[r])
//	scaled := dOut[r*dOutStride+c] * exp(-s)
//	dt[c] = -scaled
//
//go:noescape
func AffineExpInverseBackwardAVX2(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineExpInverseBackwardAVX512 computes what AffineExpInverseBackwardAVX2 does.
//
//go:noescape
func AffineExpInverseBackwardAVX512(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineSoftclipForwardAVX2 computes
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
func AffineSoftclipForwardAVX2(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineSoftclipForwardAVX512 computes what AffineSoftclipForwardAVX2 does.
//
//go:noescape
func AffineSoftclipForwardAVX512(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineSoftclipInverseAVX2 is AffineSoftclipForwardAVX2 with
//
//	out[r*outStride+c] = (in[r*inStride+c] - t[c]) * exp(-s)
//	logDet[r] = -fold(lanes)
//
//go:noescape
func AffineSoftclipInverseAVX2(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineSoftclipInverseAVX512 computes what AffineSoftclipInverseAVX2 does.
//
//go:noescape
func AffineSoftclipInverseAVX512(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineSoftclipForwardBackwardAVX2 computes
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
func AffineSoftclipForwardBackwardAVX2(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineSoftclipForwardBackwardAVX512 computes what AffineSoftclipForwardBackwardAVX2 does.
//
//go:noescape
func AffineSoftclipForwardBackwardAVX512(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineSoftclipInverseBackwardAVX2 is AffineSoftclipForwardBackwardAVX2 with
//
//	ds := fma(-dOut[r*dOutStride+c], x[r*xStride+c], -dLogDet[r])
//	scaled := dOut[r*dOutStride+c] * exp(-s)
//	dt[c] = -scaled
//
//go:noescape
func AffineSoftclipInverseBackwardAVX2(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineSoftclipInverseBackwardAVX512 computes what AffineSoftclipInverseBackwardAVX2 does.
//
//go:noescape
func AffineSoftclipInverseBackwardAVX512(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineSigmoidForwardAVX2 computes
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
func AffineSigmoidForwardAVX2(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineSigmoidForwardAVX512 computes what AffineSigmoidForwardAVX2 does.
//
//go:noescape
func AffineSigmoidForwardAVX512(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineSigmoidInverseAVX2 is AffineSigmoidForwardAVX2 with
//
//	out[r*outStride+c] = (in[r*inStride+c] - t[c]) / scale
//	logDet[r] = -fold(lanes)
//
//go:noescape
func AffineSigmoidInverseAVX2(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineSigmoidInverseAVX512 computes what AffineSigmoidInverseAVX2 does.
//
//go:noescape
func AffineSigmoidInverseAVX512(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineSigmoidForwardBackwardAVX2 computes
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
func AffineSigmoidForwardBackwardAVX2(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineSigmoidForwardBackwardAVX512 computes what AffineSigmoidForwardBackwardAVX2 does.
//
//go:noescape
func AffineSigmoidForwardBackwardAVX512(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineSigmoidInverseBackwardAVX2 is AffineSigmoidForwardBackwardAVX2 with
//
//	ds := fma(-dOut[r*dOutStride+c], x[r*xStride+c], -dLogDet[r])
//	scaled := dOut[r*dOutStride+c] / scale
//	dt[c] = -scaled
//
//go:noescape
func AffineSigmoidInverseBackwardAVX2(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineSigmoidInverseBackwardAVX512 computes what AffineSigmoidInverseBackwardAVX2 does.
//
//go:noescape
func AffineSigmoidInverseBackwardAVX512(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineSoftplusForwardAVX2 computes
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
func AffineSoftplusForwardAVX2(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineSoftplusForwardAVX512 computes what AffineSoftplusForwardAVX2 does.
//
//go:noescape
func AffineSoftplusForwardAVX512(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineSoftplusInverseAVX2 is AffineSoftplusForwardAVX2 with
//
//	out[r*outStride+c] = (in[r*inStride+c] - t[c]) / scale
//	logDet[r] = -fold(lanes)
//
//go:noescape
func AffineSoftplusInverseAVX2(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineSoftplusInverseAVX512 computes what AffineSoftplusInverseAVX2 does.
//
//go:noescape
func AffineSoftplusInverseAVX512(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineSoftplusForwardBackwardAVX2 computes
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
func AffineSoftplusForwardBackwardAVX2(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineSoftplusForwardBackwardAVX512 computes what AffineSoftplusForwardBackwardAVX2 does.
//
//go:noescape
func AffineSoftplusForwardBackwardAVX512(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineSoftplusInverseBackwardAVX2 is AffineSoftplusForwardBackwardAVX2 with
//
//	ds := fma(-dOut[r*dOutStride+c], x[r*xStride+c], -dLogDet[r])
//	scaled := dOut[r*dOutStride+c] / scale
//	dt[c] = -scaled
//
//go:noescape
func AffineSoftplusInverseBackwardAVX2(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineSoftplusInverseBackwardAVX512 computes what AffineSoftplusInverseBackwardAVX2 does.
//
//go:noescape
func AffineSoftplusInverseBackwardAVX512(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineSigmoidReciprocalForwardAVX2 computes
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
func AffineSigmoidReciprocalForwardAVX2(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineSigmoidReciprocalForwardAVX512 computes what AffineSigmoidReciprocalForwardAVX2 does.
//
//go:noescape
func AffineSigmoidReciprocalForwardAVX512(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineSigmoidReciprocalInverseAVX2 is AffineSigmoidReciprocalForwardAVX2 with
//
//	out[r*outStride+c] = (in[r*inStride+c] - t[c]) / scale
//	logDet[r] = -fold(lanes)
//
//go:noescape
func AffineSigmoidReciprocalInverseAVX2(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineSigmoidReciprocalInverseAVX512 computes what AffineSigmoidReciprocalInverseAVX2 does.
//
//go:noescape
func AffineSigmoidReciprocalInverseAVX512(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32)

// AffineSigmoidReciprocalForwardBackwardAVX2 computes
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
func AffineSigmoidReciprocalForwardBackwardAVX2(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineSigmoidReciprocalForwardBackwardAVX512 computes what AffineSigmoidReciprocalForwardBackwardAVX2 does.
//
//go:noescape
func AffineSigmoidReciprocalForwardBackwardAVX512(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineSigmoidReciprocalInverseBackwardAVX2 is AffineSigmoidReciprocalForwardBackwardAVX2 with
//
//	ds := fma(-dOut[r*dOutStride+c], x[r*xStride+c], -dLogDet[r])
//	scaled := dOut[r*dOutStride+c] / scale
//	dt[c] = -scaled
//
//go:noescape
func AffineSigmoidReciprocalInverseBackwardAVX2(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)

// AffineSigmoidReciprocalInverseBackwardAVX512 computes what AffineSigmoidReciprocalInverseBackwardAVX2 does.
//
//go:noescape
func AffineSigmoidReciprocalInverseBackwardAVX512(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32)
