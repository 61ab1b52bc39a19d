//go:build !noasm

package asm

// ReLUNEON computes, for equal lengths,
//
//	for i, x := range src {
//		if x <= 0 {
//			x = 0
//		}
//		dst[i] = x
//	}
//
//go:noescape
func ReLUNEON(dst, src []float32)

// ReLUBackwardNEON computes, for equal lengths,
//
//	for i := range dx {
//		if y[i] <= 0 {
//			dx[i] = 0
//		} else {
//			dx[i] = dy[i]
//		}
//	}
//
//go:noescape
func ReLUBackwardNEON(dx, y, dy []float32)
