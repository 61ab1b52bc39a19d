package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// Affine is y = x·exp(s) + t for the parameters p = (u, t), where a scale map
// makes the log-scale s = log dy/dx of u (RealNVP: Dinh et al., 2017). With the
// map TanhExp, s = b·tanh(u/b), zero parameters are the identity, and no scale
// leaves [e⁻ᵇ, eᵇ].
type Affine struct {
	Scale   ScaleMap // empty means TanhExp
	Bound   float64  // b of TanhExp and Softclip, > 0
	Epsilon float64  // ε of the maps that have it, ≥ 0
}

func (Affine) ParametersPerElement() int { return 2 }

func (a Affine) Forward32(y, x, params kernels.Matrix, logDet []float32) {
	kernels.AffineForward(y, x, params, logDet, a.scale32())
}

func (a Affine) Inverse32(x, y, params kernels.Matrix, logDet []float32) {
	kernels.AffineInverse(x, y, params, logDet, a.scale32())
}

func (a Affine) ForwardBackward32(dx, dparams, x, _, params, dy kernels.Matrix, dLogDet []float32) {
	kernels.AffineForwardBackward(dx, dparams, x, params, dy, dLogDet, a.scale32())
}

func (a Affine) InverseBackward32(dy, dparams, x, _, params, dx kernels.Matrix, dLogDet []float32) {
	kernels.AffineInverseBackward(dy, dparams, x, params, dx, dLogDet, a.scale32())
}

func (a Affine) Forward64(x float64, p []float64) (y, logDet float64) {
	s := a.scale64(p[0])
	return float64(s.times(x)) + p[1], s.log()
}

func (a Affine) Inverse64(y float64, p []float64) (x, logDet float64) {
	s := a.scale64(p[0])
	return s.divide(y - p[1]), -s.log()
}

func (a Affine) ForwardBackward64(dp []float64, x, _ float64, p []float64, dy, dLogDet float64) (dx float64) {
	s := a.scale64(p[0])
	dx = s.times(dy)
	dp[0] = (float64(dx*x) + dLogDet) * s.slope
	dp[1] = dy
	return dx
}

func (a Affine) InverseBackward64(dp []float64, x, _ float64, p []float64, dx, dLogDet float64) (dy float64) {
	s := a.scale64(p[0])
	dy = s.divide(dx)
	dp[0] = -(float64(dx*x) + dLogDet) * s.slope
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
