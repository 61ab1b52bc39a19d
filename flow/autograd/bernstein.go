package autograd

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/kernels"
)

// Bernstein is a Bernstein polynomial with increasing coefficients (Ramasinghe
// et al., 2022) on [−B, B], and beyond it the lines that continue it:
//
//	y = t − ½ Σ δ_k + Σ_k (δ_1 + … + δ_k)·C(n,k)·vᵏ·(1−v)ⁿ⁻ᵏ    v = (x + B)/2B
//	δ_k = 2B/n·(m + (1 − m)·softplus(u_k)/log 2)
//
// Its parameters are [u_1 … u_n | t]. Zero parameters are the identity; m
// bounds the slope from below. The inverse is found by Newton's method within a
// bracket.
type Bernstein struct {
	// Degree is n.
	Degree int `json:"degree"`
	// Bound is B.
	Bound float64 `json:"bound"`
	// MinSlope is m.
	MinSlope float64 `json:"min_slope"`
	// Tolerance is the last step of the inverse, relative to 1 + |x|.
	Tolerance float64 `json:"tolerance"`
}

// MaxDegree bounds the degrees of polynomials.
const MaxDegree = 64

// Check tells what is wrong with the constants.
func (b *Bernstein) Check() error {
	switch {
	case b.Degree < 1 || b.Degree > MaxDegree:
		return fmt.Errorf("the degree of the polynomial is %d, want 1 to %d", b.Degree, MaxDegree)
	case !(b.Bound >= minSplineBound && b.Bound <= maxSplineBound):
		return fmt.Errorf("the bound of the polynomial is %v, want %v to %v", b.Bound, minSplineBound, float64(maxSplineBound))
	case !(b.MinSlope >= 1e-6 && b.MinSlope < 1):
		return fmt.Errorf("the least slope of the polynomial is %v, want 1e-6 to below 1", b.MinSlope)
	}
	return CheckTolerance(b.Tolerance)
}

// ParametersPerElement implements [Scalar].
func (b *Bernstein) ParametersPerElement() int { return b.Degree + 1 }

// increments sets d to the δ, and returns their sum.
func (b *Bernstein) increments(d *[MaxDegree]float64, p []float64) (sum float64) {
	step := 2 * b.Bound / float64(b.Degree)
	for k, u := range p[:b.Degree] {
		d[k] = float64(step * (b.MinSlope + float64((1-b.MinSlope)*kernels.Softplus64(u))/ln2))
		sum += d[k]
	}
	return sum
}

// basis sets w to the n + 1 Bernstein polynomials of degree n at v.
func basis(w []float64, v float64) {
	w[0] = 1
	for n := 1; n < len(w); n++ {
		w[n] = float64(v * w[n-1])
		for k := n - 1; k > 0; k-- {
			w[k] = float64(v*w[k-1]) + float64((1-v)*w[k])
		}
		w[0] = float64((1 - v) * w[0])
	}
}

// at returns y, dy/dx and d²y/dx² within the box.
func (b *Bernstein) at(x float64, d *[MaxDegree]float64, sum, shift float64) (y, slope, bend float64) {
	n := b.Degree
	v := (x + b.Bound) / (2 * b.Bound)
	var space [MaxDegree + 1]float64
	w := space[:n+1]
	basis(w, v)
	y = shift - float64(0.5*sum)
	var height float64
	for k := range n {
		height += d[k]
		y += float64(height * w[k+1])
	}
	factor := float64(n) / (2 * b.Bound)
	w = space[:n]
	basis(w, v)
	for k, weight := range w {
		slope += float64(d[k] * weight)
	}
	slope = float64(slope * factor)
	if n > 1 {
		w = space[:n-1]
		basis(w, v)
		for k, weight := range w {
			bend += float64((d[k+1] - d[k]) * weight)
		}
		bend = float64(bend*float64(factor*float64(n-1))) / (2 * b.Bound)
	}
	return y, slope, bend
}

// inside returns x or the end of the box of ±bound before it, and by how much x
// is beyond.
func inside(x, bound float64) (at, beyond float64) {
	at = min(max(x, -bound), bound)
	return at, x - at
}

// Forward implements [Scalar].
func (b *Bernstein) Forward(x float64, p []float64) (y, logDet float64) {
	var d [MaxDegree]float64
	sum := b.increments(&d, p)
	at, beyond := inside(x, b.Bound)
	y, slope, _ := b.at(at, &d, sum, p[b.Degree])
	return y + float64(slope*beyond), kernels.Log64(slope)
}

// Inverse implements [Scalar].
func (b *Bernstein) Inverse(y float64, p []float64) (x, logDet float64) {
	var d [MaxDegree]float64
	sum := b.increments(&d, p)
	shift := p[b.Degree]
	for _, end := range [2]float64{-b.Bound, b.Bound} {
		at, slope, _ := b.at(end, &d, sum, shift)
		if (y-at)*end >= 0 {
			return end + (y-at)/slope, -kernels.Log64(slope)
		}
	}
	x = Solve(y, -b.Bound, b.Bound, b.Tolerance, func(x float64) (float64, float64) {
		at, slope, _ := b.at(x, &d, sum, shift)
		return at, slope
	})
	_, slope, _ := b.at(x, &d, sum, shift)
	return x, -kernels.Log64(slope)
}

// Backward implements [Scalar].
func (b *Bernstein) Backward(dp []float64, x float64, p []float64, dy, dLogDet float64) (dx float64) {
	n := b.Degree
	var d [MaxDegree]float64
	sum := b.increments(&d, p)
	at, beyond := inside(x, b.Bound)
	_, slope, bend := b.at(at, &d, sum, p[n])
	dx = float64(dy * slope)
	if beyond == 0 {
		dx += float64(dLogDet*bend) / slope
	}
	dSlope := float64(dy*beyond) + dLogDet/slope
	b.incrementGradients(dp[:n], at, dy, dSlope)
	step := float64(2*b.Bound/float64(n)) * (1 - b.MinSlope) / ln2
	for k, d := range dp[:n] {
		dp[k] = float64(d * float64(step*kernels.Sigmoid64(p[k])))
	}
	dp[n] = dy
	return dx
}

// incrementGradients sets d to the gradients of the δ, given those of y and dy/dx
// within the box: δ_k moves all heights from k on, and half of it everything down.
func (b *Bernstein) incrementGradients(d []float64, at, dy, dSlope float64) {
	n := b.Degree
	v := (at + b.Bound) / (2 * b.Bound)
	var space [MaxDegree + 1]float64
	w := space[:n+1]
	basis(w, v)
	after := 0.0
	for k := n - 1; k >= 0; k-- {
		after += w[k+1]
		d[k] = float64(dy * (after - 0.5))
	}
	factor := float64(n) / (2 * b.Bound)
	w = space[:n]
	basis(w, v)
	for k, weight := range w {
		d[k] += float64(dSlope * float64(factor*weight))
	}
}
