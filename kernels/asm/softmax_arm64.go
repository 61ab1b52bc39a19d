//go:build !noasm

package asm

// LogSumExpNEON computes, with the stride counted in float32,
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
func LogSumExpNEON(dst, src []float32, stride, cols int)

// SoftmaxNEON computes, with the strides counted in float32,
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
func SoftmaxNEON(dst, src []float32, rows, cols, dstStride, srcStride int)

// LogSoftmaxNEON computes, with the strides counted in float32,
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
func LogSoftmaxNEON(dst, src []float32, rows, cols, dstStride, srcStride int)

// SoftmaxBackwardNEON computes, with the strides counted in float32,
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
func SoftmaxBackwardNEON(dx, y, dy []float32, rows, cols, dxStride, yStride, dyStride int)

// LogSoftmaxBackwardNEON computes, with the strides counted in float32,
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
func LogSoftmaxBackwardNEON(dx, y, dy []float32, rows, cols, dxStride, yStride, dyStride int)
