//go:build !noasm

package asm

// SiLUBackwardNEON computes, for equal lengths,
//
//	for i, v := range x {
//		s := 1 / (1 + exp(-v))
//		dx[i] = dy[i] * s * (1 + v*(1-s))
//	}
//
//go:noescape
func SiLUBackwardNEON(dx, x, dy []float32)

// AddBiasSiLUNEON computes, with the stride counted in float32,
//
//	for r := range rows {
//		for c, b := range bias {
//			v := y[r*stride+c] + b
//			y[r*stride+c] = v / (1 + exp(-v))
//		}
//	}
//
//go:noescape
func AddBiasSiLUNEON(y, bias []float32, rows, stride int)
