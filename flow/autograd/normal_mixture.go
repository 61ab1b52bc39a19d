package autograd

import (
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/kernels"
)

// NormalMixture is the distribution function F of a mixture of K normal densities
// of equal weights, brought to all real numbers by the quantile function (Chen and
// Gopinath, 2000), as zuko's Gaussianization flows have it, with a margin at both
// ends of F:
//
//	F(x) = 1/K Σ_k Φ(e^{a_k}·x + b_k)     G = (1 − m)·F + m/2
//	y = Φ⁻¹(G(x))                         log dy/dx = log(1 − m) + log F′(x) − log φ(y)
//
// The parameters are blocks [b | a]. The margin m ends y at about ±√(−2 log m), so
// that far out densities of data are far too low, and the inverse of what is beyond,
// or of what no x of ±Bound becomes, is ±Bound, where it has no useful gradient: this
// is a map for flows that were made with it. [LogisticMixture] has exact tails.
type NormalMixture struct {
	// Components is K.
	Components int `json:"components"`
	// Margin is m, and Bound where the inverse ends.
	Margin float64 `json:"margin"`
	Bound  float64 `json:"bound"`
}

// Check tells what is wrong with the constants.
func (m *NormalMixture) Check() error {
	switch {
	case m.Components < 1 || m.Components > MaxComponents:
		return fmt.Errorf("the mixture has %d components, want 1 to %d", m.Components, MaxComponents)
	case !(m.Margin >= 1e-12 && m.Margin <= 0.1):
		return fmt.Errorf("the margin of the mixture is %v, want 1e-12 to 0.1", m.Margin)
	case !(m.Bound >= minSplineBound && m.Bound <= maxSplineBound):
		return fmt.Errorf("the bound of the mixture is %v, want %v to %v", m.Bound, minSplineBound, float64(maxSplineBound))
	}
	return nil
}

// ParametersPerElement implements [Scalar].
func (m *NormalMixture) ParametersPerElement() int { return 2 * m.Components }

// at returns y, log dy/dx and log K·F′(x).
func (m *NormalMixture) at(x float64, p []float64) (y, logDet, density float64) {
	k := m.Components
	s := newLogSum()
	var left, right float64
	for j := range k {
		t := m.place(j, x, p)
		left += kernels.Exp64(kernels.LogNormalCDF64(t))
		right += kernels.Exp64(kernels.LogNormalCDF64(-t))
		s.add(p[k+j]-float64(0.5*float64(t*t))-kernels.HalfLog2Pi, 0)
	}
	density = s.log()
	inner := (1 - m.Margin) / float64(k)
	y = kernels.NormalQuantileLog64(kernels.Log64(float64(inner*min(left, right)) + float64(0.5*m.Margin)))
	if left > right {
		y = -y
	}
	return y, kernels.Log64(inner) + density + float64(0.5*float64(y*y)) + kernels.HalfLog2Pi, density
}

// place returns where x is in component j.
func (m *NormalMixture) place(j int, x float64, p []float64) float64 {
	return float64(kernels.Exp64(p[m.Components+j])*x) + p[j]
}

// Forward implements [Scalar].
func (m *NormalMixture) Forward(x float64, p []float64) (y, logDet float64) {
	y, logDet, _ = m.at(x, p)
	return y, logDet
}

// Inverse implements [Scalar]: Newton's method within ±Bound.
func (m *NormalMixture) Inverse(y float64, p []float64) (x, logDet float64) {
	x = Solve(y, -m.Bound, m.Bound, mixtureTolerance, func(x float64) (float64, float64) {
		at, logDet, _ := m.at(x, p)
		return at, kernels.Exp64(logDet)
	})
	_, logDet, _ = m.at(x, p)
	return x, -logDet
}

// Backward implements [Scalar].
func (m *NormalMixture) Backward(dp []float64, x float64, p []float64, dy, dLogDet float64) (dx float64) {
	k := m.Components
	y, logDet, density := m.at(x, p)
	pull := float64((dy + float64(dLogDet*y)) * kernels.Exp64(logDet))
	dx = pull
	for j := range k {
		t, scale := m.place(j, x, p), kernels.Exp64(p[k+j])
		share := kernels.Exp64(p[k+j] - float64(0.5*float64(t*t)) - kernels.HalfLog2Pi - density)
		dx -= float64(float64(dLogDet*share) * float64(t*scale))
		dp[j] = float64(share * (pull/scale - float64(dLogDet*t)))
		dp[k+j] = float64(share * (float64(pull*x) + float64(dLogDet*(1-float64(t*float64(scale*x))))))
	}
	if math.IsInf(density, -1) { // nothing is there
		clear(dp)
		return 0
	}
	return dx
}
