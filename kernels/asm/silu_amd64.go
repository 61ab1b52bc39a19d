//go:build !noasm

package asm

// SiLUBackwardAVX2 computes, for equal lengths,
//
//	for i, v := range x {
//		s := 1 / (1 + exp(-v))
//		dx[i] = dy[i] * s * (1 + v*(1-s))
//	}
//
//go:noescape
func SiLUBackwardAVX2(dx, x, dy []float32)

// SiLUBackwardAVX512 computes what SiLUBackwardAVX2 does.
//
//go:noescape
func SiLUBackwardAVX512(dx, x, dy []float32)

// AddBiasSiLUAVX2 computes, with the stride counted in float32,
//
//	for r := range rows {
//		for c, b := range bias {
//			v := y[r*stride+c] + b
//			y[r*stride+c] = v / (1 + exp(-v))
//		}
//	}
//
//go:noescape
func AddBiasSiLUAVX2(y, bias []float32, rows, stride int)

// AddBiasSiLUAVX512 computes what AddBiasSiLUAVX2 does.
//
//go:noescape
func AddBiasSiLUAVX512(y, bias []float32, rows, stride int)
