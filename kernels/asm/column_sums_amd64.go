//go:build !noasm

package asm

// AddColumnSumsAVX2 computes, with the stride counted in float32,
//
//	for r := range rows {
//		for c := range dst {
//			dst[c] += src[r*stride+c]
//		}
//	}
//
//go:noescape
func AddColumnSumsAVX2(dst, src []float32, rows, stride int)

// AddColumnSumsAVX512 computes what AddColumnSumsAVX2 does.
//
//go:noescape
func AddColumnSumsAVX512(dst, src []float32, rows, stride int)
