//go:build !noasm

package asm

// AddBiasAVX2 computes, with the stride counted in float32,
//
//	for r := range rows {
//		for c, b := range bias {
//			y[r*stride+c] += b
//		}
//	}
//
//go:noescape
func AddBiasAVX2(y, bias []float32, rows, stride int)

// AddBiasAVX512 computes what AddBiasAVX2 does.
//
//go:noescape
func AddBiasAVX512(y, bias []float32, rows, stride int)

// AddBiasReLUAVX2 computes, with the stride counted in float32,
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
func AddBiasReLUAVX2(y, bias []float32, rows, stride int)

// AddBiasReLUAVX512 computes what AddBiasReLUAVX2 does.
//
//go:noescape
func AddBiasReLUAVX512(y, bias []float32, rows, stride int)
