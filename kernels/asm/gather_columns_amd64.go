//go:build !noasm

package asm

// GatherColumnsAVX2 computes, with the strides counted in float32 and
// every column below cols,
//
//	for r := range rows {
//		for j, c := range columns {
//			dst[r*dstStride+j] = src[r*srcStride+c]
//		}
//	}
//
//go:noescape
func GatherColumnsAVX2(dst, src []float32, columns []int32, rows, cols, dstStride, srcStride int)

// GatherColumnsAVX512 computes what GatherColumnsAVX2 does.
//
//go:noescape
func GatherColumnsAVX512(dst, src []float32, columns []int32, rows, cols, dstStride, srcStride int)

// ScatterColumnsAVX2 computes, with the strides counted in float32,
//
//	for r := range rows {
//		for j, c := range columns {
//			dst[r*dstStride+c] = src[r*srcStride+j]
//		}
//	}
//
// It serves AVX-512 as well, whose scatter is no faster.
//
//go:noescape
func ScatterColumnsAVX2(dst, src []float32, columns []int32, rows, dstStride, srcStride int)
