//go:build !noasm

package asm

// RowSumsNEON computes, with the stride counted in float32,
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
func RowSumsNEON(dst, src []float32, stride, cols int)

// RowSumSquaresNEON is RowSumsNEON with, in place of the addition,
//
//	lanes[c%16] = fma(src[r*stride+c], src[r*stride+c], lanes[c%16])
//
//go:noescape
func RowSumSquaresNEON(dst, src []float32, stride, cols int)

// StandardNormalLogDensityNEON is RowSumSquaresNEON with, at the end of a row,
//
//	dst[r] = -0.5*float64(fold(lanes)) - constant
//
//go:noescape
func StandardNormalLogDensityNEON(dst []float64, src []float32, stride, cols int, constant float64)
