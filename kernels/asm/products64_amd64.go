//go:build !noasm

package asm

// AddProducts64AVX2 computes, with the strides counted in float64 and depth
// above 0,
//
//	for g := range 4 {
//		for k := range depth {
//			for j := range 12 {
//				c[g*cStride+j] += float64(a[g*aStride+k*aStep] * b[g*bStride+12*k+j])
//			}
//		}
//	}
//
//go:noescape
func AddProducts64AVX2(c, a, b []float64, cStride, aStride, aStep, bStride, depth int)

// AddExactProducts64AVX2 is AddProducts64AVX2 with, in place of the addition,
//
//	c[g*cStride+j] = fma(a[g*aStride+k*aStep], b[g*bStride+12*k+j], c[g*cStride+j])
//
//go:noescape
func AddExactProducts64AVX2(c, a, b []float64, cStride, aStride, aStep, bStride, depth int)
