//go:build !noasm

package asm

// AddNEON computes, for equal lengths,
//
//	for i := range dst {
//		dst[i] = a[i] + b[i]
//	}
//
//go:noescape
func AddNEON(dst, a, b []float32)

// ScaleNEON computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] = x * factor
//	}
//
//go:noescape
func ScaleNEON(dst, src []float32, factor float32)
