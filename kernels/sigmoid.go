package kernels

import "math"

// Sigmoid sets dst[i] to the logistic function 1/(1 + e^−src[i]): 0 for −Inf,
// 1 for +Inf, and nothing beyond. Below −103.97 results are +0, and those that are subnormal are
// rounded once, like all others. dst may be src. It panics if the lengths
// differ.
func (t *Tier) Sigmoid(dst, src []float32) { unary("Sigmoid: src", t.sigmoid, dst, src) }

// Sigmoid calls Tier.Sigmoid on the active tier.
func Sigmoid(dst, src []float32) { active.Sigmoid(dst, src) }

// Constants of sigmoidQuotient, by internal/minimax/sigmoid.sollya.
const (
	// sigmoidLargest is beyond where x·sigmoid(x) underflows, −108.4.
	sigmoidLargest = 109

	sigmoidEighths = -0x1.715476p+3 // −8/ln 2

	// eighthLn2High has 13 bits, so that its product with 8·158 is exact.
	eighthLn2High = 0x1.62ep-4
	eighthLn2Low  = 0x1.0bfbe8p-18

	sigmoid2 = 0x1.ffffeep-2
	sigmoid3 = 0x1.555c8ap-3
	sigmoid4 = 0x1.56af7p-5

	// sigmoidScale and the table have a factor 2³²: 2^−158 has no float32, but
	// 2^(32−158) is the smallest that is normal.
	sigmoidScale = 0x1p32
)

// The table of sigmoidQuotient: 2^(32 − j/8) in two parts.
var (
	sigmoidHigh = [8]float32{
		0x1p32, 0x1.d5818ep31, 0x1.ae89fap31, 0x1.8ace54p31, 0x1.6a09e6p31, 0x1.4bfdaep31, 0x1.306fep31, 0x1.172b84p31}
	sigmoidLow = [8]float32{
		0, -0x1.822dbcp4, -0x1.a94b14p5, 0x1.15506ep4, 0x1.9fcef4p5, -0x1.593abcp6, 0x1.4636e2p6, -0x1.c15742p4}
)

// sigmoidQuotient returns q and s, whose product is sigmoid(−a) for a >= 0, s
// being a power of two and q within [2⁻³³, 2⁻³²]. With k the integer nearest to
// −8a/ln 2, n = floor(k/8), j = k mod 8 and r = a + k·ln(2)/8,
//
//	sigmoid(−a) = 1/(1 + e^a) = 2^n/(2^n + 2^(−j/8)·e^r)
//
// The denominator is a sum of two float32, and the quotient is corrected by
// what its rounding left.
func sigmoidQuotient(a float32) (q, s float32) {
	if a > sigmoidLargest {
		a = sigmoidLargest
	}
	shifted := fma32(a, sigmoidEighths, roundMagic)
	k := shifted - roundMagic
	r := fma32(k, eighthLn2High, a)
	r = fma32(k, eighthLn2Low, r)

	var p float32 = sigmoid4
	p = fma32(p, r, sigmoid3)
	p = fma32(p, r, sigmoid2)
	u := fma32(float32(r*r), p, r) // e^r − 1

	bits := math.Float32bits(shifted)
	s = math.Float32frombits(bits>>3<<23 + math.Float32bits(sigmoidScale))
	power := sigmoidHigh[bits&7]
	rest := fma32(power, u, sigmoidLow[bits&7])

	sum := power + s
	rest += s - (sum - power)
	high := sum + rest
	low := rest - (high - sum)

	q = 1 / high
	remainder := fma32(-q, high, 1)
	remainder = fma32(-q, low, remainder)
	return fma32(remainder, q, q), s
}

// sigmoidRef returns sigmoid(x): sigmoid(−|x|) or its complement, whose error
// is at most half as many ULP before it is rounded.
func sigmoidRef(x float32) float32 {
	q, s := sigmoidQuotient(math.Float32frombits(math.Float32bits(x) &^ signBit))
	y := float32(q * s)
	if math.Float32bits(x)&signBit == 0 {
		return 1 - y
	}
	return y
}

func sigmoidSliceRef(dst, src []float32) {
	for i, x := range src {
		dst[i] = sigmoidRef(x)
	}
}
