//go:build !noasm

package asm

// SigmoidAVX2 computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] = 1 / (1 + exp(-x))
//	}
//
//go:noescape
func SigmoidAVX2(dst, src []float32)

// SigmoidAVX512 computes what SigmoidAVX2 does.
//
//go:noescape
func SigmoidAVX512(dst, src []float32)

// SoftplusAVX2 computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] = log(1 + exp(x))
//	}
//
//go:noescape
func SoftplusAVX2(dst, src []float32)

// SoftplusAVX512 computes what SoftplusAVX2 does.
//
//go:noescape
func SoftplusAVX512(dst, src []float32)

// LogSigmoidAVX2 computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] = -log(1 + exp(-x))
//	}
//
//go:noescape
func LogSigmoidAVX2(dst, src []float32)

// LogSigmoidAVX512 computes what LogSigmoidAVX2 does.
//
//go:noescape
func LogSigmoidAVX512(dst, src []float32)

// SiLUAVX2 computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] = x / (1 + exp(-x))
//	}
//
//go:noescape
func SiLUAVX2(dst, src []float32)

// SiLUAVX512 computes what SiLUAVX2 does.
//
//go:noescape
func SiLUAVX512(dst, src []float32)
