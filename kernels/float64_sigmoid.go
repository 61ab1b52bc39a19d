package kernels

import "math"

// Sigmoid64 returns 1/(1 + e^−x), the twin of Sigmoid. The error is below 3
// ULP, where the result is small or subnormal too.
func Sigmoid64(x float64) float64 {
	e := Exp64(-math.Abs(x))
	if x < 0 {
		return e / (1 + e)
	}
	return 1 / (1 + e)
}

// Softplus64 returns log(1 + e^x), the twin of Softplus. The error is below 3
// ULP, where the result is small or subnormal too.
func Softplus64(x float64) float64 {
	e := Exp64(-math.Abs(x))
	// log(1 + e) = log u + log(1 + rest/u), where u + rest is 1 + e exactly.
	u := 1 + e
	rest := e - (u - 1)
	y := Log64(u) + rest/u
	if x > 0 {
		return x + y
	}
	return y
}
