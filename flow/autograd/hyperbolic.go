package autograd

import (
	"math"

	"github.com/seed-192fdf7a/nf/kernels"
)

// asinh64, sinh64 and logCosh64 have errors of about 1e-16, absolute where the
// result is below 1.
func asinh64(x float64) float64 {
	v := math.Abs(x)
	if v < 1e8 {
		v = kernels.Log64(v + math.Sqrt(float64(v*v)+1))
	} else {
		v = kernels.Log64(v) + ln2
	}
	return math.Copysign(v, x)
}

func sinh64(v float64) float64 { return float64(0.5*kernels.Exp64(v)) - float64(0.5*kernels.Exp64(-v)) }

func logCosh64(v float64) float64 {
	v = math.Abs(v)
	return v + kernels.Softplus64(float64(-2*v)) - ln2
}

const ln2 = 0.693147180559945309417232121458
