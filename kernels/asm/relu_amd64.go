//go:build !noasm

package asm

// ReLUAVX2 computes, for equal lengths,
//
//	for i, x := range src {
//		if x <= 0 {
//			x = 0
//		}
//		dst[i] = x
//	}
//
//go:noescape
func ReLUAVX2(dst, src []float32)

// ReLUAVX512 computes what ReLUAVX2 does.
//
//go:noescape
func ReLUAVX512(dst, src []float32)

// ReLUBackwardAVX2 computes, for equal lengths,
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
func ReLUBackwardAVX2(dx, y, dy []float32)

// ReLUBackwardAVX512 computes what ReLUBackwardAVX2 does.
//
//go:noescape
func ReLUBackwardAVX512(dx, y, dy []float32)
