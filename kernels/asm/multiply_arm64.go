//go:build !noasm

package asm

// MultiplyRunsNEON computes
//
//	for r := range rows {
//		for c := range cols {
//			dst[r*dstStride+c] = a[r*aStride+c] * b[r/run*bStride+c]
//		}
//	}
//
//go:noescape
func MultiplyRunsNEON(dst, a, b []float32, rows, cols, dstStride, aStride, bStride, run int)
