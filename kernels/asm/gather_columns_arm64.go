//go:build !noasm

package asm

// GatherColumnsNEON computes, with the strides counted in float32 and
// every column below cols,
//
//	for r := range rows {
//		for j, c := range columns {
//			dst[r*dstStride+j] = src[r*srcStride+c]
//		}
//	}
//
//go:noescape
func GatherColumnsNEON(dst, src []float32, columns []int32, rows, cols, dstStride, srcStride int)

// ScatterColumnsNEON computes, with the strides counted in float32,
//
//	for r := range rows {
//		for j, c := range columns {
//			dst[r*dstStride+c] = src[r*srcStride+j]
//		}
//	}
//
//go:noescape
func ScatterColumnsNEON(dst, src []float32, columns []int32, rows, dstStride, srcStride int)
