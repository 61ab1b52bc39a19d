//go:build !noasm

package asm

// Expm1AVX2 computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] = exp(x) - 1
//	}
//
//go:noescape
func Expm1AVX2(dst, src []float32)

// Expm1AVX512 computes what Expm1AVX2 does.
//
//go:noescape
func Expm1AVX512(dst, src []float32)

// Log1pAVX2 computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] = log(1 + x)
//	}
//
//go:noescape
func Log1pAVX2(dst, src []float32)

// Log1pAVX512 computes what Log1pAVX2 does.
//
//go:noescape
func Log1pAVX512(dst, src []float32)
