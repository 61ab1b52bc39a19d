package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// GELUActivation is x·Φ(x), Φ the distribution function of the standard normal
// (Hendrycks and Gimpel, 2016); its derivative is Φ(x) + x·φ(x), the second one
// φ(x)·(2 − x²).
const GELUActivation ActivationName = "gelu"

var gelu = activation{
	at64: func(x, _ float64) (y, dy float64) {
		cdf, density := normal64(x)
		return float64(x * cdf), cdf + float64(x*density)
	},
	forward32: func(y, x []float32, _ float32) { kernels.GELU(y, x) },
	backward32: func(dx, x, _, dy, d, s []float32, _ float32) {
		geluSlope(s, x, nil, d)
		multiplyRow(dx, dy, s)
	},
	curve: &curve{
		bend64: func(x float64) float64 {
			_, density := normal64(x)
			return float64(density * (2 - float64(x*x)))
		},
		slope32: geluSlope,
		bend32: func(b, x, _, _ []float32) {
			bell(b, x)
			for i, v := range x {
				b[i] = float32(float32(inverseRootTwoPi32*b[i]) * (2 - float32(v*v)))
			}
		},
	},
}

const inverseRootTwoPi32 = 0.3989422804014327

// multiplyRow sets dst = a·b, which dst may be one of.
func multiplyRow(dst, a, b []float32) {
	kernels.MultiplyRuns(kernels.Dense(dst, 1, len(dst)), kernels.Dense(a, 1, len(a)), kernels.Dense(b, 1, len(b)))
}

// bell sets d to exp(−x²/2).
func bell(d, x []float32) {
	kernels.Scale(d, x, -0.5)
	multiplyRow(d, d, x)
	kernels.Exp(d, d)
}

// geluSlope sets s to the derivative at x; d is for it to work in.
func geluSlope(s, x, _, d []float32) {
	bell(d, x)
	kernels.NormalCDF(s, x)
	kernels.Scale(d, d, inverseRootTwoPi32)
	multiplyRow(d, d, x)
	kernels.Add(s, s, d)
}

// normal64 returns the standard normal's CDF, to about 1e-16, and density. The
// series ½ + φ(x)·Σ x²ⁿ⁺¹/(2n+1)!! has no cancellation (Marsaglia, 2004).
func normal64(x float64) (cdf, density float64) {
	const inverseRootTwoPi = 0.39894228040143267793994605993438
	if x > 9 || x < -9 {
		if x > 0 {
			return 1, 0
		}
		return 0, 0
	}
	density = inverseRootTwoPi * kernels.Exp64(float64(-0.5*x)*x)
	term, sum := x, x
	for k := 3.0; sum+term != sum || k == 3; k += 2 {
		term = float64(term*float64(x*x)) / k
		sum += term
	}
	return 0.5 + float64(density*sum), density
}
