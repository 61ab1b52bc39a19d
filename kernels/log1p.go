package kernels

import "math"

// Log1p sets dst[i] to log(1 + src[i]), accurate near 0 too: ±0 and subnormal
// values stay what they are, −1 gives −Inf, values below give NaN, and +Inf
// stays. dst may be src. It panics if the lengths differ.
func (t *Tier) Log1p(dst, src []float32) { unary("Log1p: src", t.log1p, dst, src) }

// Log1p calls Tier.Log1p on the active tier.
func Log1p(dst, src []float32) { active.Log1p(dst, src) }

// Constants of log1pRef, by internal/minimax/log1p.sollya.
const (
	log1p0 = -0.5
	log1p1 = 0x1.5555a6p-2
	log1p2 = -0x1.00004ep-2
	log1p3 = 0x1.9968fp-3
	log1p4 = -0x1.54eb54p-3
	log1p5 = 0x1.28852ep-3
	log1p6 = -0x1.0db586p-3
	log1p7 = 0x1.ad4188p-4
	log1p8 = -0x1.721d3ep-5

	log1pSplit = 0x3f400000 // the bits of 3/4
	log1pLarge = 0x1p64
)

// log1pRef returns log(1 + x): with 1 + x = 2^n·(1+f) and f in [−1/4, 1/2],
// the same sum as in logRef. With that interval f = 2^−n·x + (2^−n − 1) is
// exact wherever it matters, without 1 + x being so: rounded, that only
// selects n.
func log1pRef(x float32) float32 {
	scaled, one, n := x, float32(1), float32(0)
	if x >= log1pLarge { // where 2^−n may have no float32, and 1 is nothing
		scaled, one, n = float32(x*(1/log1pLarge)), 0, 64
	}
	u := scaled + one
	exponent := int32(math.Float32bits(u)-log1pSplit) >> 23
	n += float32(exponent)
	scale := exp2n(-exponent)
	f := fma32(scaled, scale, fma32(scale, one, -1))

	var q float32 = log1p8
	q = fma32(q, f, log1p7)
	q = fma32(q, f, log1p6)
	q = fma32(q, f, log1p5)
	q = fma32(q, f, log1p4)
	q = fma32(q, f, log1p3)
	q = fma32(q, f, log1p2)
	q = fma32(q, f, log1p1)
	q = fma32(q, f, log1p0)

	y := logSum(n, f, q)

	switch {
	case u == 0:
		return float32(math.Inf(-1))
	case u < 0:
		return float32(math.NaN())
	case !(u < float32(math.Inf(1))):
		return u // +Inf or NaN
	}
	return math.Float32frombits(math.Float32bits(y) | math.Float32bits(x)&signBit) // for −0
}

func log1pSliceRef(dst, src []float32) {
	for i, x := range src {
		dst[i] = log1pRef(x)
	}
}
