//go:build !noasm

package asm

// The affine kernels take rows of len(logDet), with strides counted in
// float32. Row r of params is u[0:cols], then t[0:cols]; reciprocal is 1/bound.
// Products are rounded where they are not part of an fma.

// AffineForwardAVX2 computes
//
//	for r := range logDet {
//		var lanes [16]float32
//		for c := range cols {
//			s := bound * tanh(u[c]*reciprocal)
//			out[r*outStride+c] = fma(in[r*inStride+c], exp(s), t[c])
//			lanes[c%16] += s
//		}
//		logDet[r] = fold(lanes) // lanes[i] += lanes[i+8], then +4, +2, +1
//	}
//
//go:noescape
func AffineForwardAVX2(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, bound, reciprocal float32)

// AffineForwardAVX512 computes what AffineForwardAVX2 does.
//
//go:noescape
func AffineForwardAVX512(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, bound, reciprocal float32)

// AffineInverseAVX2 is AffineForwardAVX2 with
//
//	out[r*outStride+c] = (in[r*inStride+c] - t[c]) * exp(-s)
//	logDet[r] = -fold(lanes)
//
//go:noescape
func AffineInverseAVX2(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, bound, reciprocal float32)

// AffineInverseAVX512 computes what AffineInverseAVX2 does.
//
//go:noescape
func AffineInverseAVX512(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, bound, reciprocal float32)

// The backward kernels have x, the data side of the map, in both directions;
// dIn is the gradient of the map's input, dOut that of its output. Row r of
// dparams is du[0:cols], then dt[0:cols].

// AffineForwardBackwardAVX2 computes
//
//	for r := range dLogDet {
//		for c := range cols {
//			th := tanh(u[c] * reciprocal)
//			scaled := dOut[r*dOutStride+c] * exp(bound*th)
//			ds := fma(scaled, x[r*xStride+c], dLogDet[r])
//			dt[c] = dOut[r*dOutStride+c]
//			dIn[r*dInStride+c] = scaled
//			du[c] = ds * fma(-th, th, 1)
//		}
//	}
//
//go:noescape
func AffineForwardBackwardAVX2(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, bound, reciprocal float32)

// AffineForwardBackwardAVX512 computes what AffineForwardBackwardAVX2 does.
//
//go:noescape
func AffineForwardBackwardAVX512(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, bound, reciprocal float32)

// AffineInverseBackwardAVX2 is AffineForwardBackwardAVX2 with
//
//	ds := fma(-dOut[r*dOutStride+c], x[r*xStride+c], -dLogDet[r])
//	scaled := dOut[r*dOutStride+c] * exp(-(bound*th))
//	dt[c] = -scaled
//
//go:noescape
func AffineInverseBackwardAVX2(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, bound, reciprocal float32)

// AffineInverseBackwardAVX512 computes what AffineInverseBackwardAVX2 does.
//
//go:noescape
func AffineInverseBackwardAVX512(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, bound, reciprocal float32)
