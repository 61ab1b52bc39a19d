package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// Affine is y = x·exp(s) + t with the bounded log-scale s = b·tanh(u/b), for
// the parameters p = (u, t); log dy/dx = s (RealNVP: Dinh et al., 2017). Zero
// parameters are the identity, and no scale leaves [e⁻ᵇ, eᵇ].
type Affine struct {
	Bound float64 // b > 0
}

func (Affine) ParametersPerElement() int { return 2 }

func (a Affine) Forward32(y, x, params kernels.Matrix, logDet []float32) {
	kernels.AffineForward(y, x, params, logDet, float32(a.Bound))
}

func (a Affine) Inverse32(x, y, params kernels.Matrix, logDet []float32) {
	kernels.AffineInverse(x, y, params, logDet, float32(a.Bound))
}

func (a Affine) ForwardBackward32(dx, dparams, x, _, params, dy kernels.Matrix, dLogDet []float32) {
	kernels.AffineForwardBackward(dx, dparams, x, params, dy, dLogDet, float32(a.Bound))
}

func (a Affine) InverseBackward32(dy, dparams, x, _, params, dx kernels.Matrix, dLogDet []float32) {
	kernels.AffineInverseBackward(dy, dparams, x, params, dx, dLogDet, float32(a.Bound))
}

// logScale returns s and ds/du.
func (a Affine) logScale(u float64) (s, slope float64) {
	th := kernels.Tanh64(u / a.Bound)
	return float64(a.Bound * th), 1 - float64(th*th)
}

func (a Affine) Forward64(x float64, p []float64) (y, logDet float64) {
	s, _ := a.logScale(p[0])
	return float64(x*kernels.Exp64(s)) + p[1], s
}

func (a Affine) Inverse64(y float64, p []float64) (x, logDet float64) {
	s, _ := a.logScale(p[0])
	return (y - p[1]) * kernels.Exp64(-s), -s
}

func (a Affine) ForwardBackward64(dp []float64, x, _ float64, p []float64, dy, dLogDet float64) (dx float64) {
	s, slope := a.logScale(p[0])
	dx = dy * kernels.Exp64(s)
	dp[0] = (float64(dx*x) + dLogDet) * slope
	dp[1] = dy
	return dx
}

func (a Affine) InverseBackward64(dp []float64, x, _ float64, p []float64, dx, dLogDet float64) (dy float64) {
	s, slope := a.logScale(p[0])
	dy = dx * kernels.Exp64(-s)
	dp[0] = -(float64(dx*x) + dLogDet) * slope
	dp[1] = -dy
	return dy
}

// Additive is y = x + t for the one parameter t; its log-det is 0 (NICE: Dinh
// et al., 2015).
type Additive struct{}

func (Additive) ParametersPerElement() int { return 1 }

func (Additive) Forward32(y, x, params kernels.Matrix, logDet []float32) {
	for r := range x.Rows {
		kernels.Add(y.Row(r), x.Row(r), params.Row(r))
	}
	clear(logDet)
}

func (Additive) Inverse32(x, y, params kernels.Matrix, logDet []float32) {
	for r := range y.Rows {
		into, from, shift := x.Row(r), y.Row(r), params.Row(r)
		for c, v := range from {
			into[c] = v - shift[c]
		}
	}
	clear(logDet)
}

func (Additive) ForwardBackward32(dx, dparams, _, _, _, dy kernels.Matrix, _ []float32) {
	for r := range dy.Rows {
		copy(dparams.Row(r), dy.Row(r))
		copy(dx.Row(r), dy.Row(r))
	}
}

func (Additive) InverseBackward32(dy, dparams, _, _, _, dx kernels.Matrix, _ []float32) {
	for r := range dx.Rows {
		into := dparams.Row(r)
		for c, v := range dx.Row(r) {
			into[c] = -v
		}
		copy(dy.Row(r), dx.Row(r))
	}
}

func (Additive) Forward64(x float64, p []float64) (y, logDet float64) { return x + p[0], 0 }
func (Additive) Inverse64(y float64, p []float64) (x, logDet float64) { return y - p[0], 0 }

func (Additive) ForwardBackward64(dp []float64, _, _ float64, _ []float64, dy, _ float64) float64 {
	dp[0] = dy
	return dy
}

func (Additive) InverseBackward64(dp []float64, _, _ float64, _ []float64, dx, _ float64) float64 {
	dp[0] = -dx
	return dx
}
