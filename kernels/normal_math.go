package kernels

import "math"

// What Function.Math has for the functions of the normal distribution. All are
// good to about 1e-13 relatively, a millionth of an ULP of float32, tails
// included, which TestNormalMath checks by arithmetic of 300 bits.

// normalCDFMath is ½·erfc(−x/√2). math.Erfc is good to an ULP; the rounding of
// its argument z grows by its condition, 2z² < 210 for a float32 that is not
// rounded to 0.
func normalCDFMath(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }

// geluMath has the limit at −Inf, where the product is NaN.
func geluMath(x float64) float64 {
	if x < -40 {
		return math.Copysign(0, -1)
	}
	return x * normalCDFMath(x)
}

// normalQuantileMath starts from a rational approximation, good to 4.5e-4
// (Abramowitz and Stegun 26.2.23), and polishes it by Newton's method, where
// math.Erfcinv would lose its tails: it is math.Erfinv(1 − x). The argument is
// a float32, so that 1 − p and ½ − r are exact. Near ½ Newton's method is for
// erf, whose accuracy is relative there; elsewhere for log Φ, whose curvature is
// small, so that it converges from far and errors of the logarithm count for
// 1/x² of themselves.
func normalQuantileMath(p float64) float64 {
	switch r := min(p, 1-p); {
	case r != r || r < 0:
		return math.NaN()
	case r == 0:
		return math.Copysign(math.Inf(1), p-0.5)
	case p == 0.5:
		return 0
	default:
		logR := math.Log(r)
		t := math.Sqrt(-2 * logR)
		y := t - (2.515517+float64(t*(0.802853+float64(t*0.010328))))/(1+float64(t*(1.432788+float64(t*(0.189269+float64(t*0.001308))))))
		for range 4 {
			density := math.Exp(-0.5*y*y) / math.Sqrt(2*math.Pi)
			if r > 0.25 {
				y += (0.5 - r - float64(0.5*math.Erf(y/math.Sqrt2))) / density
			} else {
				q := 0.5 * math.Erfc(y/math.Sqrt2)
				y += (math.Log(q) - logR) * q / density
			}
		}
		return math.Copysign(y, p-0.5)
	}
}
