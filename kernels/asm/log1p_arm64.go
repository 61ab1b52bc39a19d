//go:build !noasm

package asm

// Expm1NEON computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] = exp(x) - 1
//	}
//
//go:noescape
func Expm1NEON(dst, src []float32)

// Log1pNEON computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] = log(1 + x)
//	}
//
//go:noescape
func Log1pNEON(dst, src []float32)
