package kernels

import "math"

// Expm1 sets dst[i] to e^src[i] − 1, accurate near 0 too: ±0 and subnormal
// values stay what they are, −Inf gives −1, and results beyond the largest
// float32 are +Inf. dst may be src. It panics if the lengths differ.
func (t *Tier) Expm1(dst, src []float32) { unary("Expm1: src", t.expm1, dst, src) }

// Expm1 calls Tier.Expm1 on the active tier.
func Expm1(dst, src []float32) { active.Expm1(dst, src) }

// Constants of expm1Ref, by internal/minimax/expm1.sollya.
const (
	// expm1Shift is log(9/8)/2.
	expm1Shift = 0x1.e27076p-5

	expm1c2 = 0x1p-1
	expm1c3 = 0x1.55555ap-3
	expm1c4 = 0x1.555524p-5
	expm1c5 = 0x1.110606p-7
	expm1c6 = 0x1.6ce24p-10
	expm1c7 = 0x1.b756cap-13

	expm1Large    = 16
	expm1Smallest = -26 // gives −1
)

// expm1Ref returns e^x − 1: with x = n·ln 2 + r and w = e^r − 1,
//
//	2^n·w + (2^n − 1)
//
// n is not the integer nearest to x/ln 2. It is chosen so that w is within
// [−1/4, 1/2]: where the sum cancels, next to n = 0, the rounding error of w
// is then at most a quarter ULP of the result. Beyond 16, where 2^n − 1 has
// more bits than a float32, the result is 2^n·(1 + (w − 2^−n)).
func expm1Ref(x float32) float32 {
	a := x
	if a > expLargest {
		a = expLargest
	}
	if a < expm1Smallest {
		a = expm1Smallest
	}
	shifted := fma32(a-expm1Shift, log2E, roundMagic)
	n := shifted - roundMagic
	exact := fma32(n, -ln2High, a)
	rest := float32(n * ln2Low)
	r := exact - rest

	var p float32 = expm1c7
	p = fma32(p, r, expm1c6)
	p = fma32(p, r, expm1c5)
	p = fma32(p, r, expm1c4)
	p = fma32(p, r, expm1c3)
	p = fma32(p, r, expm1c2)
	w := exact + fma32(float32(r*r), p, -rest)

	exponent := int32(math.Float32bits(shifted) - math.Float32bits(roundMagic))
	var y float32
	if a > expm1Large {
		p = 1 + (w - exp2n(max(-exponent, -127))) // the last of which is +0
		half := exponent >> 1
		y = float32(float32(p*exp2n(half)) * exp2n(exponent-half))
	} else {
		y = fma32(exp2n(exponent), w, exp2n(exponent)-1)
	}
	return math.Float32frombits(math.Float32bits(y) | math.Float32bits(x)&signBit) // for −0
}

func expm1SliceRef(dst, src []float32) {
	for i, x := range src {
		dst[i] = expm1Ref(x)
	}
}
