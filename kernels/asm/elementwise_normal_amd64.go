//go:build !noasm

package asm

// ErfAVX2 computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] = erf(x)
//	}
//
//go:noescape
func ErfAVX2(dst, src []float32)

// ErfAVX512 computes what ErfAVX2 does.
//
//go:noescape
func ErfAVX512(dst, src []float32)

// NormalCDFAVX2 computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] = 0.5 * erfc(-x/sqrt(2))
//	}
//
//go:noescape
func NormalCDFAVX2(dst, src []float32)

// NormalCDFAVX512 computes what NormalCDFAVX2 does.
//
//go:noescape
func NormalCDFAVX512(dst, src []float32)

// NormalQuantileAVX2 computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] = the y with x = 0.5 * erfc(-y/sqrt(2))
//	}
//
//go:noescape
func NormalQuantileAVX2(dst, src []float32)

// NormalQuantileAVX512 computes what NormalQuantileAVX2 does.
//
//go:noescape
func NormalQuantileAVX512(dst, src []float32)

// GELUAVX2 computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] = x * 0.5 * erfc(-x/sqrt(2))
//	}
//
//go:noescape
func GELUAVX2(dst, src []float32)

// GELUAVX512 computes what GELUAVX2 does.
//
//go:noescape
func GELUAVX512(dst, src []float32)
