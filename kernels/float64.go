package kernels

import "math"

// The float64 functions here are twins of those in package math for whatever
// must have the same bits everywhere: math's own differ between processors and
// architectures. They use only additions, products rounded by themselves, FMA,
// division and integer operations, each of which IEEE 754 defines to the bit.

// The split of ln 2 for float64: n·ln2High64 is exact for |n| < 2¹¹.
const (
	ln2High64 = 0x1.62e42feep-1
	ln2Low64  = 0x1.a39ef35793c76p-33
)

// Exp64 returns e^x. The error is below 2 ULP; results below 2⁻¹⁰⁷⁴ are 0 or
// subnormal, as rounded.
func Exp64(x float64) float64 {
	switch {
	case x != x:
		return x
	case x > 709.79:
		return math.Inf(1)
	case x < -745.2:
		return 0
	}
	n, m := expm1Reduced(x)
	p := 1 + m
	half := n / 2
	return float64(float64(p*power2of64(half)) * power2of64(n-half))
}

// expm1Reduced returns n and e^r - 1 for x = n·ln 2 + r, |r| <= ln(2)/2.
func expm1Reduced(x float64) (n int, m float64) {
	k := math.RoundToEven(float64(x * (1 / math.Ln2)))
	high := math.FMA(k, -ln2High64, x)
	r := math.FMA(k, -ln2Low64, high)
	// The Taylor series: its first term left out is below 2⁻⁵⁷ of the result.
	q := 0.0
	for i := len(expTaylor) - 1; i >= 0; i-- {
		q = math.FMA(q, r, expTaylor[i])
	}
	return int(k), math.FMA(float64(r*r), q, r)
}

// expTaylor is 1/2!, 1/3!, ….
var expTaylor = [...]float64{
	1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040, 1.0 / 40320, 1.0 / 362880,
	1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800, 1.0 / 87178291200,
}

func power2of64(n int) float64 { return math.Float64frombits(uint64(n+1023) << 52) }

// Tanh64 returns the hyperbolic tangent of x. The error is below 2 ULP.
func Tanh64(x float64) float64 {
	y := math.Abs(x)
	if y > 20 {
		return math.Copysign(1, x)
	}
	if !(y > 0) { // zeros and NaN
		return x
	}
	n, m := expm1Reduced(y + y)
	s := power2of64(n)
	e := math.FMA(s, m, s-1) // e^(2|x|) - 1
	return math.Copysign(e/(e+2), x)
}

// Log64 returns the natural logarithm of x. The error is below 2 ULP;
// Log64(0) is -Inf, and that of a negative number is NaN.
func Log64(x float64) float64 {
	switch {
	case x != x || x > math.MaxFloat64:
		return x
	case x == 0:
		return math.Inf(-1)
	case x < 0:
		return math.NaN()
	}
	shift := 0
	if x < 0x1p-1022 {
		x, shift = float64(x*0x1p54), -54
	}
	// x = 2^n·(1 + f) with 1 + f in [2/3, 4/3).
	bits := math.Float64bits(x)
	const twoThirds64 = 0x3fe5555555555555
	n := int64(bits-twoThirds64) >> 52
	f := math.Float64frombits(bits-uint64(n)<<52) - 1
	k := float64(n + int64(shift))
	// log(1+f) = f - h + s·(h + R) with h = f²/2, s = f/(2+f) and
	// R = 2·(s²/3 + s⁴/5 + …).
	s := f / (2 + f)
	z := float64(s * s)
	// 2/3, 2/5, 2/7, …: the first term left out is below 2⁻⁵⁸.
	r := math.FMA(2.0/23, z, 2.0/21)
	r = math.FMA(r, z, 2.0/19)
	r = math.FMA(r, z, 2.0/17)
	r = math.FMA(r, z, 2.0/15)
	r = math.FMA(r, z, 2.0/13)
	r = math.FMA(r, z, 2.0/11)
	r = math.FMA(r, z, 2.0/9)
	r = math.FMA(r, z, 2.0/7)
	r = math.FMA(r, z, 2.0/5)
	r = math.FMA(r, z, 2.0/3)
	r = float64(z * r)
	h := float64(0.5 * float64(f*f))
	low := math.FMA(k, ln2Low64, float64(s*(h+r)))
	return math.FMA(k, ln2High64, f-(h-low))
}

// SinCos2Pi64 returns sin(2πu) and cos(2πu). The error of both is below 2 ULP,
// near their zeros too: the argument is reduced without error, for every
// finite u.
func SinCos2Pi64(u float64) (sin, cos float64) {
	u -= math.RoundToEven(u)
	quarter := math.RoundToEven(float64(4 * u))
	r := float64((u - float64(quarter*0.25)) * (2 * math.Pi))
	z := float64(r * r)
	s, c := 0.0, 0.0
	for i := len(sinTaylor) - 1; i >= 0; i-- {
		s, c = math.FMA(s, z, sinTaylor[i]), math.FMA(c, z, cosTaylor[i])
	}
	s, c = math.FMA(float64(r*z), s, r), math.FMA(z, c, 1)
	switch int(quarter) & 3 {
	case 0:
		return s, c
	case 1:
		return c, -s
	case 2:
		return -s, -c
	}
	return -c, s
}

// sinTaylor is -1/3!, 1/5!, … and cosTaylor -1/2!, 1/4!, ….
var (
	sinTaylor = [...]float64{-1.0 / 6, 1.0 / 120, -1.0 / 5040, 1.0 / 362880, -1.0 / 39916800, 1.0 / 6227020800, -1.0 / 1307674368000, 1.0 / 355687428096000}
	cosTaylor = [...]float64{-1.0 / 2, 1.0 / 24, -1.0 / 720, 1.0 / 40320, -1.0 / 3628800, 1.0 / 479001600, -1.0 / 87178291200, 1.0 / 20922789888000}
)
