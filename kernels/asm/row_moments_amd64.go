//go:build !noasm

package asm

// RowDotsAVX2 computes, with the strides counted in float32,
//
//	for r := range dst {
//		var lanes [16]float32
//		for c := range cols {
//			lanes[c%16] = fma(a[r*aStride+c], b[r*bStride+c], lanes[c%16])
//		}
//		dst[r] = fold(lanes) // lanes[i] += lanes[i+8], then +4, +2, +1
//	}
//
//go:noescape
func RowDotsAVX2(dst, a, b []float32, aStride, bStride, cols int)

// RowDotsAVX512 computes what RowDotsAVX2 does.
//
//go:noescape
func RowDotsAVX512(dst, a, b []float32, aStride, bStride, cols int)

// RowMomentsAVX2 computes, with the stride counted in float32,
//
//	for r := range mean {
//		var sums, squares [16]float32
//		for c := range cols {
//			sums[c%16] += src[r*stride+c]
//		}
//		mean[r] = fold(sums) / count // lanes[i] += lanes[i+8], then +4, +2, +1
//		for c := range cols {
//			d := src[r*stride+c] - mean[r]
//			squares[c%16] = fma(d, d, squares[c%16])
//		}
//		variance[r] = fold(squares) / count
//	}
//
//go:noescape
func RowMomentsAVX2(mean, variance, src []float32, stride, cols int, count float32)

// RowMomentsAVX512 computes what RowMomentsAVX2 does.
//
//go:noescape
func RowMomentsAVX512(mean, variance, src []float32, stride, cols int, count float32)
