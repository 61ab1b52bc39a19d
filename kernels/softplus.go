package kernels

import "math"

// Softplus sets dst[i] to log(1 + e^src[i]): +0 for −Inf and all values below
// −103.97, +Inf for +Inf. Results that are subnormal are rounded once, like all
// others. dst may be src. It panics if the lengths differ.
func (t *Tier) Softplus(dst, src []float32) { unary("Softplus: src", t.softplus, dst, src) }

// Softplus calls Tier.Softplus on the active tier.
func Softplus(dst, src []float32) { active.Softplus(dst, src) }

// Constants of softplusRef, by internal/minimax/softplus.sollya.
const (
	softplus0 = -0x1.ffffd2p-2
	softplus1 = 0x1.554ddap-2
	softplus2 = -0x1.ff2556p-3
	softplus3 = 0x1.935568p-3
	softplus4 = -0x1.3a6736p-3
	softplus5 = 0x1.b53c48p-4
	softplus6 = -0x1.d7efa8p-5
	softplus7 = 0x1.4a9226p-6
	softplus8 = -0x1.b22adep-9
)

// softplusRef returns log(1 + e^x): with e = exp(−|x|),
//
//	max(x, 0) + e + e²·polynomial(e)
//
// where the polynomial is that of log(1 + e) on the whole of [0, 1].
func softplusRef(x float32) float32 {
	e := expRef(math.Float32frombits(math.Float32bits(x) | signBit))

	var q float32 = softplus8
	q = fma32(q, e, softplus7)
	q = fma32(q, e, softplus6)
	q = fma32(q, e, softplus5)
	q = fma32(q, e, softplus4)
	q = fma32(q, e, softplus3)
	q = fma32(q, e, softplus2)
	q = fma32(q, e, softplus1)
	q = fma32(q, e, softplus0)
	return reluScalar(x) + fma32(float32(e*e), q, e)
}

func softplusSliceRef(dst, src []float32) {
	for i, x := range src {
		dst[i] = softplusRef(x)
	}
}
