//go:build !noasm

package asm

// AddAVX2 computes, for equal lengths,
//
//	for i := range dst {
//		dst[i] = a[i] + b[i]
//	}
//
//go:noescape
func AddAVX2(dst, a, b []float32)

// AddAVX512 computes what AddAVX2 does.
//
//go:noescape
func AddAVX512(dst, a, b []float32)

// ScaleAVX2 computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] = x * factor
//	}
//
//go:noescape
func ScaleAVX2(dst, src []float32, factor float32)

// ScaleAVX512 computes what ScaleAVX2 does.
//
//go:noescape
func ScaleAVX512(dst, src []float32, factor float32)

// AddScaledAVX2 computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] += float32(x * factor)
//	}
//
//go:noescape
func AddScaledAVX2(dst, src []float32, factor float32)

// AddScaledAVX512 computes what AddScaledAVX2 does.
//
//go:noescape
func AddScaledAVX512(dst, src []float32, factor float32)

// StandardizeAVX2 computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] = (x - mean) * factor
//	}
//
//go:noescape
func StandardizeAVX2(dst, src []float32, mean, factor float32)

// StandardizeAVX512 computes what StandardizeAVX2 does.
//
//go:noescape
func StandardizeAVX512(dst, src []float32, mean, factor float32)
