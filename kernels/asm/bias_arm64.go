//go:build !noasm

package asm

// AddBiasNEON computes, with the stride counted in float32,
//
//	for r := range rows {
//		for c, b := range bias {
//			y[r*stride+c] += b
//		}
//	}
//
//go:noescape
func AddBiasNEON(y, bias []float32, rows, stride int)

// AddBiasReLUNEON computes, with the stride counted in float32,
//
//	for r := range rows {
//		for c, b := range bias {
//			v := y[r*stride+c] + b
//			if v <= 0 {
//				v = 0
//			}
//			y[r*stride+c] = v
//		}
//	}
//
//go:noescape
func AddBiasReLUNEON(y, bias []float32, rows, stride int)
