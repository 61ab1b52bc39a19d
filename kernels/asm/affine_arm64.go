//go:build !noasm

package asm

// The affine kernels take rows of len(logDet), with strides counted in
// float32. Row r of params is u[0:cols], then t[0:cols]; reciprocal is 1/bound.
// Products are rounded where they are not part of an fma.

// AffineForwardNEON computes
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
func AffineForwardNEON(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, bound, reciprocal float32)

// AffineInverseNEON is AffineForwardNEON with
//
//	out[r*outStride+c] = (in[r*inStride+c] - t[c]) * exp(-s)
//	logDet[r] = -fold(lanes)
//
//go:noescape
func AffineInverseNEON(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, bound, reciprocal float32)

// The backward kernels have x, the data side of the map, in both directions;
// dIn is the gradient of the map's input, dOut that of its output. Row r of
// dparams is du[0:cols], then dt[0:cols].

// AffineForwardBackwardNEON computes
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
func AffineForwardBackwardNEON(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, bound, reciprocal float32)

// AffineInverseBackwardNEON is AffineForwardBackwardNEON with
//
//	ds := fma(-dOut[r*dOutStride+c], x[r*xStride+c], -dLogDet[r])
//	scaled := dOut[r*dOutStride+c] * exp(-(bound*th))
//	dt[c] = -scaled
//
//go:noescape
func AffineInverseBackwardNEON(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, bound, reciprocal float32)
