package kernels

import "math"

// NormalQuantile sets dst[i] to Φ⁻¹(src[i]), the quantile function of the
// standard normal distribution. Its accuracy is relative near ½, where the
// result is small, and in both tails, from the smallest subnormal (−14.12…) to
// the largest float32 below 1 (5.29…). Where p and 1 − p are both float32, the
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

// The table of normalQuantileRef, by the same: a column for n from −2 to −3, −4
// to −7, … −64 to −127 and −128 to −149, where r is 2^n times ⅔ to 4⁄3; then one
// for r > ¼, where −1 would be. That is the order of the last three bits of
// their exponents.
var (
	quantileCenter = [8]float32{
		-0x1.6584p1, -0x1.6824p2, -0x1.76d8p3, -0x1.7a4cp4, -0x1.77cap5, -0x1.7c1p6, -0x1.161p7, 0}
	quantileValue = [8]float32{
		0x1.0fb16ap0, 0x1.0644dp1, 0x1.b7839cp1, 0x1.4ff5bp2, 0x1.ec4b82p2, 0x1.65d31p3, 0x1.b4079p3, 0}
	quantileCoefficients = [9][8]float32{
		{-0x1.c2d04ep-2, -0x1.25b418p-2, -0x1.80d18ap-3, -0x1.058636p-3, -0x1.6b269cp-4, -0x1.f7d5eep-5, -0x1.9e8408p-5, 0x1.0364c8p-1},
		{-0x1.976066p-5, -0x1.ef95d8p-7, -0x1.2743fep-8, -0x1.7de34ep-10, -0x1.03833p-11, -0x1.5d4104p-13, -0x1.85edb4p-14, 0x1.4ffddcp1},
		{-0x1.4eedcp-7, -0x1.899c3cp-10, -0x1.b5c2acp-13, -0x1.11a59p-15, -0x1.6f4266p-18, -0x1.e1c628p-21, -0x1.6d9f9cp-22, 0x1.71728cp2},
		{-0x1.4aeab6p-9, -0x1.7c183cp-13, -0x1.8ead68p-17, -0x1.e55a08p-21, -0x1.43165p-24, -0x1.9e45cep-28, -0x1.abb60ap-30, 0x1.f5113cp3},
		{-0x1.65fafep-11, -0x1.942f68p-16, -0x1.929c9cp-21, -0x1.df425p-26, -0x1.3cdcaap-30, -0x1.8eda08p-35, -0x1.983cbep-38, 0x1.7ca0dap5},
		{-0x1.9735a2p-13, -0x1.bf3504p-19, -0x1.a8e7cap-25, -0x1.f090dep-31, -0x1.480056p-36, -0x1.93b954p-42, -0x1.f3e4b2p-46, 0x1.07489ep7},
		{-0x1.edd7a6p-15, -0x1.04af16p-21, -0x1.cba6bp-29, -0x1.09c244p-35, -0x1.6c5884p-42, -0x1.a1aea6p-49, -0x1.9dad6p-46, 0x1.a9e5c4p9},
		{-0x1.562414p-16, -0x1.93dd3ap-24, -0x1.539564p-32, -0x1.7d87a2p-40, -0x1.f4eap-48, -0x1.29c778p-55, -0x1.89557p-54, -0x1.12ca56p11},
		{-0x1.7123aap-18, -0x1.02738ep-26, -0x1.d0a6e2p-36, -0x1.eee23cp-45, -0x1.0c4f02p-53, -0x1.8bf142p-62, 0x1.72871ap-54, 0x1.97577ap14},
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
// l: n − center is exact. All but the last step of the two polynomials is
// Estrin's scheme, pairs of terms at a time, since in Horner's each operation
// waits for the one before.
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
	w := float32(f * f)
	q := fma32(fma32(binaryLog5, f, binaryLog4), w, fma32(binaryLog3, f, binaryLog2))
	high := fma32(fma32(binaryLog9, f, binaryLog8), w, fma32(binaryLog7, f, binaryLog6))
	w = float32(w * w)
	q = fma32(fma32(binaryLog10, w, high), w, q)
	q = fma32(q, f, binaryLog1)
	part := float32(q * f)

	// The exponent of n is the interval.
	interval := math.Float32bits(n) >> 23 & 7
	if r > 0.25 {
		interval = 7
	}
	d := (n - quantileCenter[interval]) + part
	u, base := d, quantileValue[interval]
	if r > 0.25 {
		d = 0.5 - r
		u, base = float32(d*d), d+d
	}
	coefficient := func(k int) float32 { return quantileCoefficients[k][interval] }
	w = float32(u * u)
	c := fma32(fma32(coefficient(4), u, coefficient(3)), w, fma32(coefficient(2), u, coefficient(1)))
	high = fma32(fma32(coefficient(8), u, coefficient(7)), w, fma32(coefficient(6), u, coefficient(5)))
	w = float32(w * w)
	c = fma32(high, w, c)
	c = fma32(c, u, coefficient(0))
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
