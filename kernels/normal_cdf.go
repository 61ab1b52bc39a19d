package kernels

import "math"

// NormalCDF sets dst[i] to Φ(src[i]), the distribution function of the standard
// normal distribution, ½·erfc(−x/√2). The left tail is as accurate as the rest,
// down to subnormal results, which are rounded once; below −14.17 it is +0. dst
// may be src. It panics if the lengths differ.
func (t *Tier) NormalCDF(dst, src []float32) { unary("NormalCDF: src", t.normalCDF, dst, src) }

// NormalCDF calls Tier.NormalCDF on the active tier.
func NormalCDF(dst, src []float32) { active.NormalCDF(dst, src) }

// Constants of normalTail, by internal/minimax/normal_tail.sollya.
const (
	tailLargest = 14.5 // Φ(−14.5) and its product with 14.5 round to 0

	tailFactor = 1.25
	tailSplit  = 0x3fa00000 // the bits of 1.25

	tailScale     = -0x1.715476p-1 // −1/(2·ln 2)
	tailTwiceHigh = 2 * ln2High
	tailTwiceLow  = 2 * ln2Low

	tailExp2 = 0x1.fffffap-4
	tailExp3 = -0x1.555492p-6
	tailExp4 = 0x1.555a26p-9
	tailExp5 = -0x1.123988p-12
	tailExp6 = 0x1.694cd6p-16
)

// The table of normalTail: a column for each of the intervals of a that end at
// 0.4, 1, 1.8, 3, 4.6, 7, 10.2 and 15.
var (
	tailCenter = [8]float32{
		0, 0x1.649e6p-1, 0x1.6a59ap0, 0x1.3678cp1, 0x1.e1e66p1, 0x1.7318cp2, 0x1.126p3, 0x1.963f4p3}
	tailValue = [8]float32{
		0x1p-1, 0x1.3d356ep-2, 0x1.b59ae4p-3, 0x1.288f0ap-3, 0x1.98519cp-4, 0x1.12165cp-4, 0x1.782c12p-5, 0x1.ffb94ep-6}
	tailCoefficients = [7][8]float32{
		{-0x1.988454p-2, -0x1.77261cp-3, -0x1.8b44d8p-4, -0x1.86d9dcp-5, -0x1.833efp-6, -0x1.666d88p-7, -0x1.5605dcp-8, -0x1.3e958ep-9},
		{0x1.000034p-2, 0x1.751e56p-4, 0x1.3bbc16p-5, 0x1.dc67c2p-7, 0x1.5eb61ap-8, 0x1.c995bcp-10, 0x1.333172p-11, 0x1.8a59d6p-13},
		{-0x1.105ff6p-3, -0x1.46f092p-5, -0x1.ca2e62p-7, -0x1.0fe8e2p-8, -0x1.30d05ap-10, -0x1.1d92f2p-12, -0x1.10ab52p-14, -0x1.e554f8p-17},
		{0x1.0079d4p-4, 0x1.033c2cp-6, 0x1.3327bp-8, 0x1.252e9p-10, 0x1.fe428ep-13, 0x1.5ca7e2p-15, 0x1.de2acap-18, 0x1.28a5p-20},
		{-0x1.ba687ap-6, -0x1.7b0848p-8, -0x1.81553p-10, -0x1.2c3becp-12, -0x1.9d91dep-15, -0x1.a16da6p-18, -0x1.9edbb8p-21, -0x1.67b02ap-24},
		{0x1.64f652p-7, 0x1.05b95ep-9, 0x1.d1972ep-12, 0x1.313df4p-14, 0x1.50f62cp-17, 0x1.02a7f4p-20, 0x1.770126p-24, 0x1.ce862p-28},
		{-0x1.b0f8ap-9, -0x1.393c8ap-11, -0x1.030f68p-13, -0x1.33aef8p-16, -0x1.ec02bp-20, -0x1.2c93dep-23, -0x1.3f2368p-27, -0x1.2b91p-31},
	}
)

// normalTail returns three numbers with Φ(−a) = (value + rest)·2^n, for
// 0 <= a <= tailLargest. The sum is left to the caller, whose own rounding is
// then nearly the only one.
//
// It is e^(−a²/2)·q(a), and a table has q(a) = value + t. For the exponential
// the square is kept in two parts, high and low; less a multiple of 2·ln 2 it is
// s, and a polynomial gives m = e^(−s/2) − 1, so that
//
//	rest = t + (value + t)·m
func normalTail(a float32) (value, rest float32, n int32) {
	// Intervals end where the two leading bits of the mantissa of 5/4·(a + 1),
	// rounded down after a shift by a quarter, change.
	interval := (math.Float32bits(fma32(a, tailFactor, tailFactor)) - tailSplit) >> 22 & 7
	d := a - tailCenter[interval]
	value = tailValue[interval]
	p := tailCoefficients[6][interval]
	for k := 5; k >= 0; k-- {
		p = fma32(p, d, tailCoefficients[k][interval])
	}
	t := float32(p * d)

	high := float32(a * a)
	low := fma32(a, a, -high)
	shifted := fma32(high, tailScale, roundMagic)
	whole := shifted - roundMagic
	s := fma32(whole, tailTwiceHigh, high) + fma32(whole, tailTwiceLow, low)

	var m float32 = tailExp6
	m = fma32(m, s, tailExp5)
	m = fma32(m, s, tailExp4)
	m = fma32(m, s, tailExp3)
	m = fma32(m, s, tailExp2)
	m = fma32(m, s, -0.5)
	m = float32(m * s)

	rest = fma32(value, m, fma32(t, m, t))
	return value, rest, int32(math.Float32bits(shifted) - math.Float32bits(roundMagic))
}

// scaleTail returns x·2^n for −152 <= n <= 0, rounded once: half of n keeps the
// first product normal.
func scaleTail(x float32, n int32) float32 {
	half := n >> 1
	return float32(float32(x*exp2n(half)) * exp2n(n-half))
}

// tailArgument returns |x|, and tailLargest for what is beyond.
func tailArgument(x float32) float32 {
	a := math.Float32frombits(math.Float32bits(x) &^ signBit)
	if a > tailLargest {
		a = tailLargest
	}
	return a
}

// normalCDFRef returns Φ(x): the tail for x < 0 and −0, its difference to 1 for
// others.
func normalCDFRef(x float32) float32 {
	value, rest, n := normalTail(tailArgument(x))
	y := scaleTail(value+rest, n)
	if math.Float32bits(x)&signBit != 0 {
		return y
	}
	return 1 - y
}

func normalCDFSliceRef(dst, src []float32) {
	for i, x := range src {
		dst[i] = normalCDFRef(x)
	}
}
