//go:build !noasm

package asm

// ExpNEON computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] = exp(x)
//	}
//
//go:noescape
func ExpNEON(dst, src []float32)

// LogNEON computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] = log(x)
//	}
//
//go:noescape
func LogNEON(dst, src []float32)

// TanhNEON computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] = tanh(x)
//	}
//
//go:noescape
func TanhNEON(dst, src []float32)

// SinCos2PiNEON computes, for equal lengths,
//
//	for i, x := range src {
//		sin[i], cos[i] = sincos(2*pi*x)
//	}
//
//go:noescape
func SinCos2PiNEON(sin, cos, src []float32)
