//go:build !noasm

package asm

// ExpAVX2 computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] = exp(x)
//	}
//
//go:noescape
func ExpAVX2(dst, src []float32)

// ExpAVX512 computes what ExpAVX2 does.
//
//go:noescape
func ExpAVX512(dst, src []float32)

// LogAVX2 computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] = log(x)
//	}
//
//go:noescape
func LogAVX2(dst, src []float32)

// LogAVX512 computes what LogAVX2 does.
//
//go:noescape
func LogAVX512(dst, src []float32)

// TanhAVX2 computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] = tanh(x)
//	}
//
//go:noescape
func TanhAVX2(dst, src []float32)

// TanhAVX512 computes what TanhAVX2 does.
//
//go:noescape
func TanhAVX512(dst, src []float32)

// SinCos2PiAVX2 computes, for equal lengths,
//
//	for i, x := range src {
//		sin[i], cos[i] = sincos(2*pi*x)
//	}
//
//go:noescape
func SinCos2PiAVX2(sin, cos, src []float32)

// SinCos2PiAVX512 computes what SinCos2PiAVX2 does.
//
//go:noescape
func SinCos2PiAVX512(sin, cos, src []float32)
