package kernels

import "math"

// Exp sets dst[i] = e^src[i]. dst may be src. It panics if the lengths differ.
//
// Results below 2⁻¹⁵⁰ are +0 and results beyond the largest float32 are +Inf;
// subnormal results are rounded once, like all others.
func (t *Tier) Exp(dst, src []float32) { unary("Exp: src", t.exp, dst, src) }

// Exp calls Tier.Exp on the active tier.
func Exp(dst, src []float32) { active.Exp(dst, src) }

// Constants of expRef, by internal/minimax/exp.sollya.
const (
	log2E = 0x1.715476p+0

	// roundMagic is 1.5·2²³: adding it to a value below 2²² in size leaves the
	// nearest integer in the low bits of the sum.
	roundMagic = 0x1.8p+23

	// ln2High has 15 bits, so that its product with an exponent is exact.
	ln2High = 0x1.62e4p-1
	ln2Low  = 0x1.7f7d1cp-20

	exp2 = 0x1.fffffcp-2
	exp3 = 0x1.55549p-3
	exp4 = 0x1.5558ap-5
	exp5 = 0x1.123abep-7
	exp6 = 0x1.6a6016p-10

	// expLargest and expSmallest overflow and underflow whatever is rounded.
	expLargest  = 89
	expSmallest = -104
)

// expRef returns e^x: with n the integer nearest to x/ln 2 and r = x − n·ln 2,
// a polynomial in r times 2^n.
func expRef(x float32) float32 {
	if x > expLargest {
		x = expLargest
	}
	if x < expSmallest {
		x = expSmallest
	}
	shifted := fma32(x, log2E, roundMagic)
	n := shifted - roundMagic
	r := fma32(n, -ln2High, x)
	r = fma32(n, -ln2Low, r)

	var p float32 = exp6
	p = fma32(p, r, exp5)
	p = fma32(p, r, exp4)
	p = fma32(p, r, exp3)
	p = fma32(p, r, exp2)
	p = fma32(p, r, 1)
	p = fma32(p, r, 1)

	// 2^n has no float32 for every n here. In two steps only the second can
	// round: half of n keeps the first product normal.
	exponent := int32(math.Float32bits(shifted) - math.Float32bits(roundMagic))
	half := exponent >> 1
	return float32(float32(p*exp2n(half)) * exp2n(exponent-half))
}

// exp2n returns 2^n for −126 <= n <= 127.
func exp2n(n int32) float32 { return math.Float32frombits(uint32(n+127) << 23) }

func expSliceRef(dst, src []float32) {
	for i, x := range src {
		dst[i] = expRef(x)
	}
}
