//go:build !noasm

package asm

// The affine kernels take rows of len(logDet), with strides counted in
// float32. Row r of params is u[0:cols], then t[0:cols]; u below is one of the
// former. kind is the number of the scale map in scale_maps.h, with its constant
// and 1/constant. Products are rounded where they are not part of an fma.
//
// The backward kernels have x, the data side of the map, in both directions;
// dIn is the gradient of the map's input, dOut that of its output. Row r of
// dparams is du[0:cols], then dt[0:cols].

// AffineForwardAVX2 computes, where root and slope are those of the scale map,
//
//	for r := range logDet {
//		var lanes [16]float32
//		for c := range cols {
//			s := root(u)                                                  // tanh-exp, exp and softclip
//			out[r*outStride+c] = fma(in[r*inStride+c], exp(s), t[c])
//			scale := root(u)                                              // the others
//			out[r*outStride+c], s = fma(in[r*inStride+c], scale, t[c]), log(scale)
//			lanes[c%16] += s
//		}
//		logDet[r] = fold(lanes) // lanes[i] += lanes[i+8], then +4, +2, +1
//	}
//
//go:noescape
func AffineForwardAVX2(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32, kind int)

// AffineForwardAVX512 computes what AffineForwardAVX2 does.
//
//go:noescape
func AffineForwardAVX512(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32, kind int)

// AffineInverseAVX2 is AffineForwardAVX2 with
//
//	out[r*outStride+c] = (in[r*inStride+c] - t[c]) * exp(-s) // tanh-exp, exp and softclip
//	out[r*outStride+c] = (in[r*inStride+c] - t[c]) / scale   // the others
//	logDet[r] = -fold(lanes)
//
//go:noescape
func AffineInverseAVX2(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32, kind int)

// AffineInverseAVX512 computes what AffineInverseAVX2 does.
//
//go:noescape
func AffineInverseAVX512(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32, kind int)

// AffineForwardBackwardAVX2 computes
//
//	for r := range dLogDet {
//		for c := range cols {
//			scaled := dOut[r*dOutStride+c] * exp(s) // or scale
//			ds := fma(scaled, x[r*xStride+c], dLogDet[r])
//			dt[c] = dOut[r*dOutStride+c]
//			dIn[r*dInStride+c] = scaled
//			du[c] = ds * slope(u)
//		}
//	}
//
//go:noescape
func AffineForwardBackwardAVX2(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32, kind int)

// AffineForwardBackwardAVX512 computes what AffineForwardBackwardAVX2 does.
//
//go:noescape
func AffineForwardBackwardAVX512(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32, kind int)

// AffineInverseBackwardAVX2 is AffineForwardBackwardAVX2 with
//
//	scaled := dOut[r*dOutStride+c] * exp(-s) // or divided by scale
//	ds := fma(-dOut[r*dOutStride+c], x[r*xStride+c], -dLogDet[r])
//	dt[c] = -scaled
//
//go:noescape
func AffineInverseBackwardAVX2(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32, kind int)

// AffineInverseBackwardAVX512 computes what AffineInverseBackwardAVX2 does.
//
//go:noescape
func AffineInverseBackwardAVX512(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32, kind int)
