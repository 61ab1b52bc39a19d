//go:build !noasm

package asm

// LeakyReLUNEON computes, for equal lengths,
//
//	for i, x := range src {
//		if x <= 0 {
//			x *= slope
//		}
//		dst[i] = x
//	}
//
//go:noescape
func LeakyReLUNEON(dst, src []float32, slope float32)

// LeakyReLUBackwardNEON computes, for equal lengths,
//
//	for i, g := range dy {
//		if y[i] <= 0 {
//			g *= slope
//		}
//		dx[i] = g
//	}
//
//go:noescape
func LeakyReLUBackwardNEON(dx, y, dy []float32, slope float32)

// AddBiasLeakyReLUNEON computes, with the stride counted in float32,
//
//	for r := range rows {
//		for c, b := range bias {
//			v := y[r*stride+c] + b
//			if v <= 0 {
//				v *= slope
//			}
//			y[r*stride+c] = v
//		}
//	}
//
//go:noescape
func AddBiasLeakyReLUNEON(y, bias []float32, rows, stride int, slope float32)
