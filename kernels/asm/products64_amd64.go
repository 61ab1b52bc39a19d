//go:build !noasm

package asm

// AddProducts64AVX2 computes, with the strides counted in float64 and depth
// above 0,
//
//	for g := range 4 {
//		for k := range depth {
//			for j := range 8 {
//				c[g*cStride+j] += float64(a[g*aStride+k*aStep] * b[g*bStride+8*k+j])
//			}
//		}
//	}
//
//go:noescape
func AddProducts64AVX2(c, a, b []float64, cStride, aStride, aStep, bStride, depth int)
