//go:build !noasm

package asm

// LeakyReLUAVX2 computes, for equal lengths,
//
//	for i, x := range src {
//		if x <= 0 {
//			x *= slope
//		}
//		dst[i] = x
//	}
//
//go:noescape
func LeakyReLUAVX2(dst, src []float32, slope float32)

// LeakyReLUAVX512 computes what LeakyReLUAVX2 does.
//
//go:noescape
func LeakyReLUAVX512(dst, src []float32, slope float32)

// LeakyReLUBackwardAVX2 computes, for equal lengths,
//
//	for i, g := range dy {
//		if y[i] <= 0 {
//			g *= slope
//		}
//		dx[i] = g
//	}
//
//go:noescape
func LeakyReLUBackwardAVX2(dx, y, dy []float32, slope float32)

// LeakyReLUBackwardAVX512 computes what LeakyReLUBackwardAVX2 does.
//
//go:noescape
func LeakyReLUBackwardAVX512(dx, y, dy []float32, slope float32)

// AddBiasLeakyReLUAVX2 computes, with the stride counted in float32,
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
func AddBiasLeakyReLUAVX2(y, bias []float32, rows, stride int, slope float32)

// AddBiasLeakyReLUAVX512 computes what AddBiasLeakyReLUAVX2 does.
//
//go:noescape
func AddBiasLeakyReLUAVX512(y, bias []float32, rows, stride int, slope float32)
