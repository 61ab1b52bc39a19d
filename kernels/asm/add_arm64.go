//go:build !noasm

package asm

// AddNEON computes, for equal lengths,
//
//	for i := range dst {
//		dst[i] = a[i] + b[i]
//	}
//
//go:noescape
func AddNEON(dst, a, b []float32)

// ScaleNEON computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] = x * factor
//	}
//
//go:noescape
func ScaleNEON(dst, src []float32, factor float32)

// AddScaledNEON computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] += float32(x * factor)
//	}
//
//go:noescape
func AddScaledNEON(dst, src []float32, factor float32)

// StandardizeNEON computes, for equal lengths,
//
//	for i, x := range src {
//		dst[i] = (x - mean) * factor
//	}
//
//go:noescape
func StandardizeNEON(dst, src []float32, mean, factor float32)
