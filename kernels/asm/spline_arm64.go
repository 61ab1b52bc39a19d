//go:build !noasm

package asm

// The spline kernels take rows of len(logDet), with strides counted in float32.
// Block k of column c of a row of params is params[k*cols+c].

// SplineNEON computes
//
//	for r := range logDet {
//		var lanes [16]float32
//		for c := range cols {
//			value, logSlope := splineValue(in[r*inStride+c], params[r*paramsStride+c:], cols, rule)
//			out[r*outStride+c] = value
//			lanes[c%16] += logSlope
//		}
//		logDet[r] = fold(lanes) // lanes[i] += lanes[i+8], then +4, +2, +1
//		if rule.Inverse != 0 {
//			logDet[r] = -logDet[r]
//		}
//	}
//
//go:noescape
func SplineNEON(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, rule SplineRule)

// SplineBackwardNEON computes
//
//	for r := range dLogDet {
//		for c := range cols {
//			dIn[r*dInStride+c] = splineGradient(dparams[r*dparamsStride+c:], x[r*xStride+c], dOut[r*dOutStride+c],
//				dLogDet[r], params[r*paramsStride+c:], cols, rule)
//		}
//	}
//
//go:noescape
func SplineBackwardNEON(dIn, dparams, x, params, dOut, dLogDet []float32,
	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, rule SplineRule)
