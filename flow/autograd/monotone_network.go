package autograd

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/kernels"
)

// MonotoneNetwork is the integral of a positive network of one hidden layer,
// whose weights are the parameters (UMNN: Wehenkel and Louppe, 2019):
//
//	y = t + ∫₀ˣ g(v) dv     for |x| ≤ B, and beyond the lines that continue it
//	g(v) = m + (1 − m)·softplus(a + Σ_h c_h·tanh((1 + 2·tanh(w_h/2))·v + b_h + s_h))/log 2
//
// with offsets s_h from −2 to 2 in equal steps, which keep the units apart. The
// paper has ELU + 1 in place of softplus, and neither bounds nor lines: there a
// sum over points that lie too far apart is no integral any more, and has no
// inverse. Here the box, and slopes of the units below 3, keep what the rule
// misses small. The parameters are [w | b | c] of H each, then a and t; zero ones are
// the identity. log dy/dx is log g(x) exactly; y has the error of the rule. The
// inverse is found by Newton's method within a bracket.
type MonotoneNetwork struct {
	// Hidden is H.
	Hidden int `json:"hidden"`
	// Quadrature is the rule of the integral, and Points its points.
	Quadrature Quadrature `json:"quadrature"`
	Points     int        `json:"points"`
	// Bound is B.
	Bound float64 `json:"bound"`
	// MinSlope is m.
	MinSlope float64 `json:"min_slope"`
	// Tolerance is the last step of the inverse, relative to 1 + |x|.
	Tolerance float64 `json:"tolerance"`
}

// maxNetworkUnits bounds H.
const maxNetworkUnits = 64

// Check tells what is wrong with the constants.
func (m *MonotoneNetwork) Check() error {
	switch {
	case m.Hidden < 1 || m.Hidden > maxNetworkUnits:
		return fmt.Errorf("the integrand has %d hidden units, want 1 to %d", m.Hidden, maxNetworkUnits)
	case !(m.Bound >= minSplineBound && m.Bound <= maxSplineBound):
		return fmt.Errorf("the bound of the integral is %v, want %v to %v", m.Bound, minSplineBound, float64(maxSplineBound))
	case !(m.MinSlope >= 1e-6 && m.MinSlope < 1):
		return fmt.Errorf("the least slope is %v, want 1e-6 to below 1", m.MinSlope)
	}
	if err := m.Quadrature.check(m.Points); err != nil {
		return err
	}
	return CheckTolerance(m.Tolerance)
}

// ParametersPerElement implements [Scalar].
func (m *MonotoneNetwork) ParametersPerElement() int { return 3*m.Hidden + 2 }

// units are the slopes of the hidden units and their offsets.
type units struct{ slope, offset [maxNetworkUnits]float64 }

func (m *MonotoneNetwork) units(p []float64) (u units) {
	for h := range m.Hidden {
		u.slope[h] = 1 + float64(2*kernels.Tanh64(float64(0.5*p[h])))
		u.offset[h] = p[m.Hidden+h] + float64(4*(float64(h)+0.5))/float64(m.Hidden) - 2
	}
	return u
}

// net returns what goes into softplus, and keeps the tanh.
func (m *MonotoneNetwork) net(v float64, p []float64, u *units, tanh *[maxNetworkUnits]float64) float64 {
	n := m.Hidden
	sum := p[3*n]
	for h := range n {
		tanh[h] = kernels.Tanh64(float64(u.slope[h]*v) + u.offset[h])
		sum += float64(p[2*n+h] * tanh[h])
	}
	return sum
}

// positive returns g of what net returns, and its derivative.
func (m *MonotoneNetwork) positive(sum float64) (g, slope float64) {
	rest := (1 - m.MinSlope) / ln2
	return m.MinSlope + float64(rest*kernels.Softplus64(sum)), float64(rest * kernels.Sigmoid64(sum))
}

// at returns y and g within the box.
func (m *MonotoneNetwork) at(x float64, p []float64, u *units) (y, g float64) {
	var tanh [maxNetworkUnits]float64
	r := m.Quadrature.rule(m.Points)
	for i, point := range r.points {
		g, _ = m.positive(m.net(float64(x*point), p, u, &tanh))
		y += float64(r.weights[i] * g)
	}
	g, _ = m.positive(m.net(x, p, u, &tanh))
	return float64(x*y) + p[3*m.Hidden+1], g
}

// Forward implements [Scalar].
func (m *MonotoneNetwork) Forward(x float64, p []float64) (y, logDet float64) {
	u := m.units(p)
	at, beyond := inside(x, m.Bound)
	y, g := m.at(at, p, &u)
	return y + float64(g*beyond), kernels.Log64(g)
}

// Inverse implements [Scalar].
func (m *MonotoneNetwork) Inverse(y float64, p []float64) (x, logDet float64) {
	u := m.units(p)
	for _, end := range [2]float64{-m.Bound, m.Bound} {
		at, g := m.at(end, p, &u)
		if (y-at)*end >= 0 {
			return end + (y-at)/g, -kernels.Log64(g)
		}
	}
	x = Solve(y, -m.Bound, m.Bound, m.Tolerance, func(x float64) (float64, float64) { return m.at(x, p, &u) })
	_, g := m.at(x, p, &u)
	return x, -kernels.Log64(g)
}

// Backward implements [Scalar].
func (m *MonotoneNetwork) Backward(dp []float64, x float64, p []float64, dy, dLogDet float64) (dx float64) {
	u := m.units(p)
	at, beyond := inside(x, m.Bound)
	clear(dp)
	r := m.Quadrature.rule(m.Points)
	for i, point := range r.points {
		m.gradients(dp, float64(at*point), p, &u, func(float64) float64 { return float64(dy * float64(at*r.weights[i])) })
	}
	g, bend := m.gradients(dp, at, p, &u, func(g float64) float64 { return float64(dy*beyond) + dLogDet/g })
	n := m.Hidden
	for h := range n {
		// Of 1 + 2·tanh(w/2) by w.
		t := 0.5 * (u.slope[h] - 1)
		dp[h] = float64(dp[h] * (1 - float64(t*t)))
	}
	dp[3*n+1] = dy
	dx = float64(dy * g)
	if beyond == 0 {
		dx += float64(dLogDet*bend) / g
	}
	return dx
}

// gradients adds those of the slopes of the units, b, c and a to dp, given that of g
// at v, and returns g and dg/dv.
func (m *MonotoneNetwork) gradients(dp []float64, v float64, p []float64, u *units, d func(g float64) float64) (g, bend float64) {
	n := m.Hidden
	var tanh [maxNetworkUnits]float64
	g, slope := m.positive(m.net(v, p, u, &tanh))
	pull := float64(d(g) * slope)
	dp[3*n] += pull
	for h := range n {
		steep := float64(p[2*n+h] * (1 - float64(tanh[h]*tanh[h])))
		dp[2*n+h] += float64(pull * tanh[h])
		dp[n+h] += float64(pull * steep)
		dp[h] += float64(float64(pull*steep) * v)
		bend += float64(steep * u.slope[h])
	}
	return g, float64(bend * slope)
}
