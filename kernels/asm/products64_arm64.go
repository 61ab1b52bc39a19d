//go:build !noasm

package asm

// AddProducts64NEON computes, with the strides counted in float64 and depth
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
func AddProducts64NEON(c, a, b []float64, cStride, aStride, aStep, bStride, depth int)

// AddExactProducts64NEON is AddProducts64NEON with, in place of the addition,
//
//	c[g*cStride+j] = fma(a[g*aStride+k*aStep], b[g*bStride+12*k+j], c[g*cStride+j])
//
//go:noescape
func AddExactProducts64NEON(c, a, b []float64, cStride, aStride, aStep, bStride, depth int)
