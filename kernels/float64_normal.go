package kernels

import "math"

// LogNormalCDF64 returns log Φ(z), the logarithm of the distribution function
// of the standard normal distribution. Its relative error is below 2e-15 in both
// tails, and below 1e-14 where the result is the smallest: about −z²/2 for z
// below 0, and −Φ(−z) above.
func LogNormalCDF64(z float64) float64 {
	if z > 0 {
		return log1p64(-normalTail64(z))
	}
	if z < -1e150 { // whose square float64 does not hold
		return math.Inf(-1)
	}
	return Log64(mills64(-z)) - float64(0.5*float64(z*z)) - HalfLog2Pi
}

// LogMills64 returns log((1 − Φ(z))/φ(z)) for z ≥ 0, which is about −log z far
// out, where both are nothing.
func LogMills64(z float64) float64 { return Log64(mills64(z)) }

// NormalQuantileLog64 returns the z whose log Φ(z) is l, for −1e300 < l ≤ 0, to
// about 1e-15 of 1 + |z| where l ≤ log ½. Nearer to 0 a logarithm does not tell
// z well, and −z of the log of the other side, log(1 − Φ(z)), does.
func NormalQuantileLog64(l float64) float64 {
	switch {
	case l != l || l > 0:
		return math.NaN()
	case l == 0:
		return math.Inf(1)
	case l == math.Inf(-1):
		return l
	case l > -0.5:
		// 1 − Φ(z) is 1 − e^l.
		return -NormalQuantileLog64(Log64(-expm164(l)))
	}
	// z is about −√(−2l − log(−4πl)) in the tail.
	z := float64(-0.8*(-l)) + 0.6
	if l < -2 {
		w := float64(-2 * l)
		z = -math.Sqrt(w - Log64(float64(w*(2*math.Pi))))
	}
	// Halley's method for log Φ, whose derivatives are 1/m and −(z + 1/m)/m,
	// with m the ratio of Φ to its density.
	for range 4 {
		m := 1 / mills64(max(-z, 0))
		e := LogNormalCDF64(z)
		if z > 0 {
			m = Exp64(-float64(0.5*float64(z*z))-HalfLog2Pi) / (1 - normalTail64(z))
		}
		step := (e - l) / m
		z -= step / (1 + float64(0.5*float64(step*(z+m))))
	}
	return z
}

// normalTail64 returns 1 − Φ(z) for z ≥ 0.
func normalTail64(z float64) float64 {
	if z > 40 {
		return 0
	}
	// e^(−z²/2) with the part of the square that rounding takes.
	square := float64(z * z)
	rest := math.FMA(z, z, -square)
	return float64(float64(Exp64(-float64(0.5*square)-HalfLog2Pi)*mills64(z)) * (1 - float64(0.5*rest)))
}

// mills64 returns (1 − Φ(z))/φ(z) for z ≥ 0, Mills' ratio, with an error of
// about 4 ULP: a polynomial in (z − 4)/(z + 4), divided by z + 1.
func mills64(z float64) float64 {
	t := 1 - 8/(z+4)
	q := 0.0
	for i := len(millsCoefficients) - 1; i >= 0; i-- {
		q = math.FMA(q, t, millsCoefficients[i])
	}
	return q / (z + 1)
}

// log1p64 returns log(1 + x) for x > −1, and expm164 e^x − 1.
func log1p64(x float64) float64 {
	u := 1 + x
	return Log64(u) + (x-(u-1))/u
}

func expm164(x float64) float64 {
	n, m := expm1Reduced(x)
	s := power2of64(n)
	return math.FMA(s, m, s-1)
}

// millsCoefficients are made by internal/minimax/mills.py.
var millsCoefficients = [...]float64{
	0x1.2eea40b9abcabp+0,
	-0x1.f06f3d0b9e636p-3,
	0x1.1f7901bed41d3p-5,
	0x1.25a4eb031c0ccp-4,
	-0x1.4a947b618cb7bp-4,
	0x1.704e20a1b0540p-5,
	-0x1.9ae19ffc0cd71p-7,
	-0x1.775d4ef234219p-11,
	0x1.c89d7dff2ffb2p-10,
	-0x1.f0662504df469p-13,
	-0x1.cdd352398c114p-13,
	0x1.bed3170d1469ap-15,
	0x1.1e8b384f2fb08p-15,
	-0x1.20a1a4bf03aebp-17,
	-0x1.b7c355e5e83f7p-18,
	0x1.0f28ed6cb9b7bp-20,
	0x1.7520fde73e681p-20,
	0x1.6d617b3dbab53p-27,
	-0x1.32fc0190cc6a1p-22,
	-0x1.f606178b40295p-25,
	0x1.abfff0033b08dp-25,
	0x1.7d7ae76afb28ep-26,
	-0x1.9bdb082f28611p-28,
	-0x1.4874c1486ed4dp-28,
	0x1.12f0da97601c4p-32,
	0x1.0f4dbb38df2a4p-31,
	0x1.0be58b5d15dfap-35,
}
