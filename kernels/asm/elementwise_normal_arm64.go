//go:build !noasm

package asm

// ErfNEON computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] = erf(x)
//	}
//
//go:noescape
func ErfNEON(dst, src []float32)

// NormalCDFNEON computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] = 0.5 * erfc(-x/sqrt(2))
//	}
//
//go:noescape
func NormalCDFNEON(dst, src []float32)

// NormalQuantileNEON computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] = the y with x = 0.5 * erfc(-y/sqrt(2))
//	}
//
//go:noescape
func NormalQuantileNEON(dst, src []float32)

// GELUNEON computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] = x * 0.5 * erfc(-x/sqrt(2))
//	}
//
//go:noescape
func GELUNEON(dst, src []float32)
