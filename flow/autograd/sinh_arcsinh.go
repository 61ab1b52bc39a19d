package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// SinhArcsinh makes tails heavier or lighter and skews (Jones and Pewsey, 2009):
//
//	y = sinh(δ·asinh(x) + ε)      log-det = log δ + log cosh(δ·asinh(x) + ε) − log cosh(asinh(x))
//
// with the parameters [ε | u] and δ = exp(b·tanh(u/b)). Zero parameters are the
// identity; far out y grows as |x|^δ.
type SinhArcsinh struct {
	// Bound is b.
	Bound float64 `json:"bound"`
}

// Check tells what is wrong with the bound.
func (s SinhArcsinh) Check() error { return CheckBound(s.Bound) }

// ParametersPerElement implements [Scalar].
func (SinhArcsinh) ParametersPerElement() int { return 2 }

// Forward implements [Scalar].
func (s SinhArcsinh) Forward(x float64, p []float64) (y, logDet float64) {
	a, scale := asinh64(x), float64(s.Bound*kernels.Tanh64(p[1]/s.Bound))
	v := float64(kernels.Exp64(scale)*a) + p[0]
	return sinh64(v), scale + logCosh64(v) - logCosh64(a)
}

// Inverse implements [Scalar].
func (s SinhArcsinh) Inverse(y float64, p []float64) (x, logDet float64) {
	v, scale := asinh64(y), float64(s.Bound*kernels.Tanh64(p[1]/s.Bound))
	a := float64((v - p[0]) * kernels.Exp64(-scale))
	return sinh64(a), logCosh64(a) - logCosh64(v) - scale
}

// Backward implements [Scalar].
func (s SinhArcsinh) Backward(dp []float64, x float64, p []float64, dy, dLogDet float64) (dx float64) {
	a, t := asinh64(x), kernels.Tanh64(p[1]/s.Bound)
	stretch := kernels.Exp64(float64(s.Bound * t))
	v := float64(stretch*a) + p[0]
	dv := float64(dy*kernels.Exp64(logCosh64(v))) + float64(dLogDet*kernels.Tanh64(v))
	dp[0] = dv
	dp[1] = float64((float64(float64(dv*a)*stretch) + dLogDet) * (1 - float64(t*t)))
	return (float64(dv*stretch) - float64(dLogDet*kernels.Tanh64(a))) / kernels.Exp64(logCosh64(a))
}
