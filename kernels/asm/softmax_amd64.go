//go:build !noasm

package asm

// LogSumExpAVX2 computes, with the stride counted in float32,
//
//	for r := range dst {
//		m := max(src[r*stride : r*stride+cols])
//		if m is infinite {
//			m = 0
//		}
//		var lanes [16]float32
//		for c := range cols {
//			lanes[c%16] += exp(src[r*stride+c] - m)
//		}
//		dst[r] = m + log(fold(lanes)) // lanes[i] += lanes[i+8], then +4, +2, +1
//	}
//
//go:noescape
func LogSumExpAVX2(dst, src []float32, stride, cols int)

// LogSumExpAVX512 computes what LogSumExpAVX2 does.
//
//go:noescape
func LogSumExpAVX512(dst, src []float32, stride, cols int)

// SoftmaxAVX2 computes, with the strides counted in float32,
//
//	for r := range rows {
//		m := max(src[r*srcStride : r*srcStride+cols])
//		var lanes [16]float32
//		for c := range cols {
//			dst[r*dstStride+c] = exp(src[r*srcStride+c] - m)
//			lanes[c%16] += dst[r*dstStride+c]
//		}
//		scale := 1 / fold(lanes) // lanes[i] += lanes[i+8], then +4, +2, +1
//		for c := range cols {
//			dst[r*dstStride+c] *= scale
//		}
//	}
//
//go:noescape
func SoftmaxAVX2(dst, src []float32, rows, cols, dstStride, srcStride int)

// SoftmaxAVX512 computes what SoftmaxAVX2 does.
//
//go:noescape
func SoftmaxAVX512(dst, src []float32, rows, cols, dstStride, srcStride int)

// LogSoftmaxAVX2 computes, with the strides counted in float32,
//
//	for r := range rows {
//		m := max(src[r*srcStride : r*srcStride+cols])
//		var lanes [16]float32
//		for c := range cols {
//			dst[r*dstStride+c] = src[r*srcStride+c] - m
//			lanes[c%16] += exp(dst[r*dstStride+c])
//		}
//		sum := log(fold(lanes)) // lanes[i] += lanes[i+8], then +4, +2, +1
//		for c := range cols {
//			dst[r*dstStride+c] -= sum
//		}
//	}
//
//go:noescape
func LogSoftmaxAVX2(dst, src []float32, rows, cols, dstStride, srcStride int)

// LogSoftmaxAVX512 computes what LogSoftmaxAVX2 does.
//
//go:noescape
func LogSoftmaxAVX512(dst, src []float32, rows, cols, dstStride, srcStride int)

// SoftmaxBackwardAVX2 computes, with the strides counted in float32,
//
//	for r := range rows {
//		var lanes [16]float32
//		for c := range cols {
//			lanes[c%16] = fma(y[r*yStride+c], dy[r*dyStride+c], lanes[c%16])
//		}
//		sum := fold(lanes) // lanes[i] += lanes[i+8], then +4, +2, +1
//		for c := range cols {
//			dx[r*dxStride+c] = y[r*yStride+c] * (dy[r*dyStride+c] - sum)
//		}
//	}
//
//go:noescape
func SoftmaxBackwardAVX2(dx, y, dy []float32, rows, cols, dxStride, yStride, dyStride int)

// SoftmaxBackwardAVX512 computes what SoftmaxBackwardAVX2 does.
//
//go:noescape
func SoftmaxBackwardAVX512(dx, y, dy []float32, rows, cols, dxStride, yStride, dyStride int)

// LogSoftmaxBackwardAVX2 computes, with the strides counted in float32,
//
//	for r := range rows {
//		var lanes [16]float32
//		for c := range cols {
//			lanes[c%16] += dy[r*dyStride+c]
//		}
//		sum := fold(lanes) // lanes[i] += lanes[i+8], then +4, +2, +1
//		for c := range cols {
//			dx[r*dxStride+c] = fma(-exp(y[r*yStride+c]), sum, dy[r*dyStride+c])
//		}
//	}
//
//go:noescape
func LogSoftmaxBackwardAVX2(dx, y, dy []float32, rows, cols, dxStride, yStride, dyStride int)

// LogSoftmaxBackwardAVX512 computes what LogSoftmaxBackwardAVX2 does.
//
//go:noescape
func LogSoftmaxBackwardAVX512(dx, y, dy []float32, rows, cols, dxStride, yStride, dyStride int)
