package kernels

import "math"

// SinCos2Pi sets sin[i] and cos[i] to the sine and cosine of 2π·src[i]. The
// turns of src are exact, so that any finite value is reduced without error;
// ±Inf gives NaN. A result of zero may have either sign. sin or cos may be
// src. It panics if the lengths differ.
func (t *Tier) SinCos2Pi(sin, cos, src []float32) {
	checkLength("SinCos2Pi: cos", len(cos), len(sin))
	checkLength("SinCos2Pi: src", len(src), len(sin))
	for len(src) > 0 {
		safePoint()
		n := min(len(src), chunk)
		t.sinCos2Pi(sin[:n], cos[:n], src[:n])
		sin, cos, src = sin[n:], cos[n:], src[n:]
	}
}

// SinCos2Pi calls Tier.SinCos2Pi on the active tier.
func SinCos2Pi(sin, cos, src []float32) { active.SinCos2Pi(sin, cos, src) }

// Constants of sinCos2PiRef, by internal/minimax/sincos2pi.sollya.
const (
	twoPi = 0x1.921fb6p+2

	sin0 = -0x1.9f4bbep-23
	sin1 = -0x1.4abbbap+5
	sin2 = 0x1.465ee4p+6
	sin3 = -0x1.2da064p+6

	cos0 = -0x1.3bd3ccp+4
	cos1 = 0x1.03c19ep+6
	cos2 = -0x1.55a5bp+6
	cos3 = 0x1.d09344p+5
)

// sinCos2PiRef returns sin and cos of 2πx: with k the integer nearest to 4x
// and q = x − k/4, in [−1/8, 1/8], polynomials in q², swapped and negated by
// the quarter turns k.
func sinCos2PiRef(x float32) (sin, cos float32) {
	x -= float32(math.RoundToEven(float64(x)))
	shifted := fma32(x, 4, roundMagic)
	quarters := math.Float32bits(shifted)
	q := fma32(shifted-roundMagic, -0.25, x)
	u := float32(q * q)

	// 2π has more bits than a float32: the rest of it is in sin0.
	var s float32 = sin3
	s = fma32(s, u, sin2)
	s = fma32(s, u, sin1)
	s = fma32(s, u, sin0)
	s = fma32(q, twoPi, float32(q*s))

	var c float32 = cos3
	c = fma32(c, u, cos2)
	c = fma32(c, u, cos1)
	c = fma32(c, u, cos0)
	c = fma32(c, u, 1)

	if quarters&1 != 0 {
		s, c = c, s
	}
	sin = math.Float32frombits(math.Float32bits(s) ^ quarters<<30&signBit)
	cos = math.Float32frombits(math.Float32bits(c) ^ (quarters+1)<<30&signBit)
	return sin, cos
}

func sinCos2PiSliceRef(sin, cos, src []float32) {
	for i, x := range src {
		sin[i], cos[i] = sinCos2PiRef(x)
	}
}
