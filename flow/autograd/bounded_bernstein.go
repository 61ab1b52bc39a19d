package autograd

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/kernels"
)

// BoundedBernstein is an increasing Bernstein polynomial of the box [−B, B] onto
// itself, with slope 1 and no bend at its ends, and the identity beyond (the
// BoundedBernsteinTransform of zuko; Sick et al., 2020; Arpogaus et al., 2022):
//
//	y = −B + Σ_k (δ_1 + … + δ_k)·C(n,k)·vᵏ·(1−v)ⁿ⁻ᵏ    v = (x + B)/2B    n = P + 4
//	δ = [ε, ε, (2B − 4ε)·softmax(u), ε, ε]    ε = 2B/n
//
// Its parameters are [u_1 … u_P]. Equal ones are the identity. The inverse is found
// by Newton's method within a bracket.
type BoundedBernstein struct {
	// Parameters is P.
	Parameters int `json:"parameters"`
	// Bound is B.
	Bound float64 `json:"bound"`
	// Tolerance is the last step of the inverse, relative to 1 + |x|.
	Tolerance float64 `json:"tolerance"`
}

// fixedIncrements are the δ that no parameter changes.
const fixedIncrements = 4

// Check tells what is wrong with the constants.
func (b *BoundedBernstein) Check() error {
	switch {
	case b.Parameters < 1 || b.Parameters > MaxDegree-fixedIncrements:
		return fmt.Errorf("the polynomial has %d parameters, want 1 to %d", b.Parameters, MaxDegree-fixedIncrements)
	case !(b.Bound >= minSplineBound && b.Bound <= maxSplineBound):
		return fmt.Errorf("the bound of the polynomial is %v, want %v to %v", b.Bound, minSplineBound, float64(maxSplineBound))
	}
	return CheckTolerance(b.Tolerance)
}

// ParametersPerElement implements [Scalar].
func (b *BoundedBernstein) ParametersPerElement() int { return b.Parameters }

// polynomial returns that of degree n, and sets d to the δ.
func (b *BoundedBernstein) polynomial(d *[MaxDegree]float64, p []float64) Bernstein {
	n := b.Parameters + fixedIncrements
	step := 2 * b.Bound / float64(n)
	most := p[0]
	for _, u := range p {
		most = max(most, u)
	}
	free, total := d[2:][:b.Parameters], 0.0
	for k, u := range p {
		free[k] = kernels.Exp64(u - most)
		total += free[k]
	}
	factor := (2*b.Bound - float64(fixedIncrements*step)) / total
	for k, e := range free {
		free[k] = float64(factor * e)
	}
	d[0], d[1], d[n-2], d[n-1] = step, step, step, step
	return Bernstein{Degree: n, Bound: b.Bound}
}

// Forward implements [Scalar].
func (b *BoundedBernstein) Forward(x float64, p []float64) (y, logDet float64) {
	if !(x > -b.Bound && x < b.Bound) {
		return x, 0
	}
	var d [MaxDegree]float64
	of := b.polynomial(&d, p)
	y, slope, _ := of.at(x, &d, 2*b.Bound, 0)
	return y, kernels.Log64(slope)
}

// Inverse implements [Scalar].
func (b *BoundedBernstein) Inverse(y float64, p []float64) (x, logDet float64) {
	if !(y > -b.Bound && y < b.Bound) {
		return y, 0
	}
	var d [MaxDegree]float64
	of := b.polynomial(&d, p)
	x = Solve(y, -b.Bound, b.Bound, b.Tolerance, func(x float64) (float64, float64) {
		at, slope, _ := of.at(x, &d, 2*b.Bound, 0)
		return at, slope
	})
	_, slope, _ := of.at(x, &d, 2*b.Bound, 0)
	return x, -kernels.Log64(slope)
}

// Backward implements [Scalar].
func (b *BoundedBernstein) Backward(dp []float64, x float64, p []float64, dy, dLogDet float64) (dx float64) {
	if !(x > -b.Bound && x < b.Bound) {
		clear(dp)
		return dy
	}
	var d, dd [MaxDegree]float64
	of := b.polynomial(&d, p)
	_, slope, bend := of.at(x, &d, 2*b.Bound, 0)
	of.incrementGradients(dd[:of.Degree], x, dy, dLogDet/slope)
	free, total := d[2:][:b.Parameters], 2*b.Bound-float64(fixedIncrements*d[0])
	var mean float64
	for k, v := range free {
		mean += float64(float64(v/total) * dd[2+k])
	}
	for k, v := range free {
		dp[k] = float64(v * (dd[2+k] - mean))
	}
	return float64(dy*slope) + float64(dLogDet*bend)/slope
}
