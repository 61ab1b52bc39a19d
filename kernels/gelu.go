package kernels

import "math"

// GELU sets dst[i] to the Gaussian error linear unit of x = src[i], x·Φ(x) with
// Φ the distribution function of the standard normal distribution, not one of
// its approximations (Hendrycks and Gimpel, "Gaussian Error Linear Units",
// 2016). The left tail is as accurate as the rest, down to subnormal results.
// GELU(+Inf) is +Inf, GELU(−Inf) the limit −0, as all results of negative
// numbers that are too small for a float32, and GELU(±0) = ±0. dst may be src.
// It panics if the lengths differ.
func (t *Tier) GELU(dst, src []float32) { unary("GELU: src", t.gelu, dst, src) }

// GELU calls Tier.GELU on the active tier.
func GELU(dst, src []float32) { active.GELU(dst, src) }

// geluRef returns max(x, −0) − |x|·Φ(−|x|), which is x·Φ(x) for either sign.
func geluRef(x float32) float32 {
	a := tailArgument(x)
	value, rest, n := normalTail(a)
	y := scaleTail(fma32(value, a, float32(rest*a)), n)
	if x < 0 {
		x = math.Float32frombits(signBit)
	}
	return x - y
}

func geluSliceRef(dst, src []float32) {
	for i, x := range src {
		dst[i] = geluRef(x)
	}
}
