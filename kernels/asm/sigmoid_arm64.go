//go:build !noasm

package asm

// SigmoidNEON computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] = 1 / (1 + exp(-x))
//	}
//
//go:noescape
func SigmoidNEON(dst, src []float32)

// SoftplusNEON computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] = log(1 + exp(x))
//	}
//
//go:noescape
func SoftplusNEON(dst, src []float32)

// LogSigmoidNEON computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] = -log(1 + exp(-x))
//	}
//
//go:noescape
func LogSigmoidNEON(dst, src []float32)

// SiLUNEON computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] = x / (1 + exp(-x))
//	}
//
//go:noescape
func SiLUNEON(dst, src []float32)
