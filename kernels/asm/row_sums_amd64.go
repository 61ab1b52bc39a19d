//go:build !noasm

package asm

// RowSumsAVX2 computes, with the stride counted in float32,
//
//	for r := range dst {
//		var lanes [16]float32
//		for c := range cols {
//			lanes[c%16] += src[r*stride+c]
//		}
//		dst[r] = fold(lanes) // lanes[i] += lanes[i+8], then +4, +2, +1
//	}
//
//go:noescape
func RowSumsAVX2(dst, src []float32, stride, cols int)

// RowSumsAVX512 computes what RowSumsAVX2 does.
//
//go:noescape
func RowSumsAVX512(dst, src []float32, stride, cols int)

// RowSumSquaresAVX2 is RowSumsAVX2 with, in place of the addition,
//
//	lanes[c%16] = fma(src[r*stride+c], src[r*stride+c], lanes[c%16])
//
//go:noescape
func RowSumSquaresAVX2(dst, src []float32, stride, cols int)

// RowSumSquaresAVX512 computes what RowSumSquaresAVX2 does.
//
//go:noescape
func RowSumSquaresAVX512(dst, src []float32, stride, cols int)

// StandardNormalLogDensityAVX2 is RowSumSquaresAVX2 with, at the end of a row,
//
//	dst[r] = -0.5*float64(fold(lanes)) - constant
//
//go:noescape
func StandardNormalLogDensityAVX2(dst []float64, src []float32, stride, cols int, constant float64)

// StandardNormalLogDensityAVX512 computes what StandardNormalLogDensityAVX2
// does.
//
//go:noescape
func StandardNormalLogDensityAVX512(dst []float64, src []float32, stride, cols int, constant float64)
