//go:build !noasm

package asm

// AddColumnSumsNEON computes, with the stride counted in float32,
//
//	for r := range rows {
//		for c := range dst {
//			dst[c] += src[r*stride+c]
//		}
//	}
//
//go:noescape
func AddColumnSumsNEON(dst, src []float32, rows, stride int)
