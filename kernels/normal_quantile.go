package kernels

import "math"

// NormalQuantile sets dst[i] to Φ⁻¹(src[i]), the quantile function of the
// standard normal distribution. Its accuracy is relative near ½, where the
// result is small, and in both tails, from the smallest subnormal (−14.12…) to
// the largest float32 below 1 (5.42…). Where p and 1 − p are both float32, the
// two results differ by the sign alone. 0 and −0 give −Inf, 1 gives +Inf, ½
// gives +0, and what is not in [0, 1] NaN. dst may be src. It panics if the
// lengths differ.
func (t *Tier) NormalQuantile(dst, src []float32) {
	unary("NormalQuantile: src", t.normalQuantile, dst, src)
}

// NormalQuantile calls Tier.NormalQuantile on the active tier.
func NormalQuantile(dst, src []float32) { active.NormalQuantile(dst, src) }

// Coefficients of the binary logarithm, by internal/minimax/normal_quantile.sollya.
const (
	binaryLog1  = 0x1.715476p0
	binaryLog2  = -0x1.71547cp-1
	binaryLog3  = 0x1.ec7044p-2
	binaryLog4  = -0x1.715024p-2
	binaryLog5  = 0x1.27a21ap-2
	binaryLog6  = -0x1.ed917p-3
	binaryLog7  = 0x1.9d16f8p-3
	binaryLog8  = -0x1.6084bcp-3
	binaryLog9  = 0x1.a1085ep-3
	binaryLog10 = -0x1.97f8bcp-3
)

// The table of normalQuantileRef, by the same: a column for each of the
// intervals of log₂ r that begin at −4, −8, … −128 and −150, then one for
// r > ¼; the order is that of the last three bits of their exponents.
var (
	quantileCenter = [8]float32{
		-0x1.860cp1, -0x1.85bp2, -0x1.7afp3, -0x1.7a4cp4, -0x1.7c34p5, -0x1.7c1p6, -0x1.161p7, 0}
	quantileValue = [8]float32{
		0x1.2b8e06p0, 0x1.16d2c8p1, 0x1.ba94e2p1, 0x1.4ff5bp2, 0x1.ef6a8ap2, 0x1.65d31p3, 0x1.b4079p3, 0}
	quantileCoefficients = [9][8]float32{
		{-0x1.aacd42p-2, -0x1.1851a8p-2, -0x1.7e7a7cp-3, -0x1.058636p-3, -0x1.68ef0cp-4, -0x1.f7d5ecp-5, -0x1.9e8408p-5, 0x1.0364c8p-1},
		{-0x1.5eb8cap-5, -0x1.b253a2p-7, -0x1.22173ep-8, -0x1.7de34ep-10, -0x1.fdab1ap-12, -0x1.5d4108p-13, -0x1.85edb6p-14, 0x1.4ffddcp1},
		{-0x1.076ff2p-7, -0x1.3dcbaep-10, -0x1.a948aap-13, -0x1.11a6p-15, -0x1.6458b8p-18, -0x1.e1ccf8p-21, -0x1.6da086p-22, 0x1.71728cp2},
		{-0x1.dc57bp-10, -0x1.1b063cp-13, -0x1.7efcp-17, -0x1.e5597ap-21, -0x1.35c7fcp-24, -0x1.9e40fcp-28, -0x1.ab89ap-30, 0x1.f5113cp3},
		{-0x1.d861bep-12, -0x1.15da1ap-16, -0x1.7d486cp-21, -0x1.dede48p-26, -0x1.2c89cep-30, -0x1.8d490ap-35, -0x1.8ae578p-38, 0x1.7ca0dap5},
		{-0x1.e88cb2p-14, -0x1.1d6d46p-19, -0x1.902b3ap-25, -0x1.f0b75ap-31, -0x1.332e44p-36, -0x1.94718p-42, -0x1.69e516p-45, 0x1.07489ep7},
		{-0x1.04e796p-15, -0x1.310b1cp-22, -0x1.caaa4ap-29, -0x1.0ffda4p-35, -0x1.4a7696p-42, -0x1.c3ddd2p-49, -0x1.d3d4aep-46, 0x1.a9e5c4p9},
		{-0x1.6b60bp-17, -0x1.a521f8p-25, -0x1.339108p-32, -0x1.7c655cp-40, -0x1.c9c75ep-48, -0x1.25eb0ep-55, -0x1.54401ep-56, -0x1.12ca56p11},
		{-0x1.d1785p-19, -0x1.05eeb4p-27, -0x1.2593a4p-36, -0x1.b3c714p-45, -0x1.0acfecp-53, -0x1.0f67d2p-62, 0x1.b3b724p-54, 0x1.97577ap14},
	}
)

// normalQuantileRef returns Φ⁻¹(p). With r the smaller of p and 1 − p, which is
// exact, and l = log₂ r the sign is that of p − ½ and the rest
//
//	2·y + y·polynomial(y²), y = ½ − r               for r > ¼
//	value + d·polynomial(d), d = log₂ r − center    for others
//
// where value is as good as exact and the first term is always the larger. The
// logarithm is an exponent, n, and a part, of which d is made without rounding
// l: n − center is exact.
func normalQuantileRef(p float32) float32 {
	sign := math.Float32bits(p-0.5) & signBit
	r := 1 - p
	if p < r {
		r = p
	}

	x := r
	var n float32
	if x < 0x1p-126 {
		x = float32(x * 0x1p23)
		n = -23
	}
	bits := math.Float32bits(x)
	exponent := int32(bits-logSplit) >> 23
	n += float32(exponent)
	f := math.Float32frombits(bits-uint32(exponent)<<23) - 1
	var q float32 = binaryLog10
	q = fma32(q, f, binaryLog9)
	q = fma32(q, f, binaryLog8)
	q = fma32(q, f, binaryLog7)
	q = fma32(q, f, binaryLog6)
	q = fma32(q, f, binaryLog5)
	q = fma32(q, f, binaryLog4)
	q = fma32(q, f, binaryLog3)
	q = fma32(q, f, binaryLog2)
	q = fma32(q, f, binaryLog1)
	part := float32(q * f)

	interval := math.Float32bits(n+part) >> 23 & 7
	d := (n - quantileCenter[interval]) + part
	u, base := d, quantileValue[interval]
	if r > 0.25 {
		d = 0.5 - r
		u, base = float32(d*d), d+d
	}
	c := quantileCoefficients[8][interval]
	for k := 7; k >= 0; k-- {
		c = fma32(c, u, quantileCoefficients[k][interval])
	}
	y := fma32(c, d, base)

	switch {
	case r == 0:
		y = float32(math.Inf(1))
	case !(r > 0):
		return float32(math.NaN())
	}
	return math.Float32frombits(math.Float32bits(y) | sign)
}

func normalQuantileSliceRef(dst, src []float32) {
	for i, x := range src {
		dst[i] = normalQuantileRef(x)
	}
}
