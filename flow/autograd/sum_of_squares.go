package autograd

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/kernels"
)

// SumOfSquares is the integral of a polynomial that is a sum of two squares, as
// every positive one is (Jaini, Selby and Yu, 2019):
//
//	y = t + ∫₀ˣ m + (1 − m)·½·(P₁(v/s)² + P₂(v/s)²) dv     for |x| ≤ s
//	P_k(w) = 1 ± w/4 + a_k0 + a_k1·w + … + a_kL·wᴸ
//
// Its parameters are [a_10 … a_1L | a_20 … a_2L | t]. Zero parameters are nearly
// the identity: the terms ±w/4, + in the first, keep the two polynomials apart.
// Beyond ±s lines continue the map, so that layers behind each other do not grow
// as powers of x; m bounds the slope from below. The integral is exact, and the
// inverse is found by Newton's method within a bracket.
type SumOfSquares struct {
	// Degree is L.
	Degree int `json:"degree"`
	// Scale is s.
	Scale float64 `json:"scale"`
	// MinSlope is m.
	MinSlope float64 `json:"min_slope"`
	// Tolerance is the last step of the inverse, relative to 1 + |x|.
	Tolerance float64 `json:"tolerance"`
}

// maxSquaresDegree bounds L, so that powers stay within float64.
const maxSquaresDegree = 8

// Check tells what is wrong with the constants.
func (s *SumOfSquares) Check() error {
	switch {
	case s.Degree < 1 || s.Degree > maxSquaresDegree:
		return fmt.Errorf("the degree of the polynomials is %d, want 1 to %d", s.Degree, maxSquaresDegree)
	case !(s.Scale >= 1e-2 && s.Scale <= maxSplineBound):
		return fmt.Errorf("the scale of the polynomials is %v, want 0.01 to %v", s.Scale, float64(maxSplineBound))
	case !(s.MinSlope >= 1e-6 && s.MinSlope < 1):
		return fmt.Errorf("the least slope is %v, want 1e-6 to below 1", s.MinSlope)
	}
	return CheckTolerance(s.Tolerance)
}

// ParametersPerElement implements [Scalar].
func (s *SumOfSquares) ParametersPerElement() int { return 2*(s.Degree+1) + 1 }

// squares are the coefficients of the two polynomials.
type squares [2][maxSquaresDegree + 1]float64

func (s *SumOfSquares) squares(p []float64) (b squares) {
	for k := range b {
		copy(b[k][:], p[k*(s.Degree+1):(k+1)*(s.Degree+1)])
		b[k][0]++
	}
	b[0][1] += 0.25
	b[1][1] -= 0.25
	return b
}

// squaredPolynomial is the product of polynomials with themselves, of which each is
// added in some part.
type squaredPolynomial [2*maxSquaresDegree + 1]float64

func (p *squaredPolynomial) add(part float64, polynomial []float64) {
	for i, u := range polynomial {
		for j, v := range polynomial {
			p[i+j] += float64(part * float64(u*v))
		}
	}
}

// at returns the mean from 0 to w, the value at w and the derivative, of degree 2·n.
func (p *squaredPolynomial) at(n int, w float64) (mean, value, bend float64) {
	for i := 2 * n; i >= 0; i-- {
		c := p[i]
		mean = float64(mean*w) + c/float64(i+1)
		value = float64(value*w) + c
		if i > 0 {
			bend = float64(bend*w) + float64(c*float64(i))
		}
	}
	return mean, value, bend
}

// squareGradients sets d to the derivatives of the integral of half a polynomial's
// square from 0 to x = s·w by its coefficients, times dy, and of half its square at w, times dSlope.
func squareGradients(d, polynomial []float64, x, w, dy, dSlope float64) {
	var value float64
	for i := len(polynomial) - 1; i >= 0; i-- {
		value = float64(value*w) + polynomial[i]
	}
	power := 1.0
	for i := range polynomial {
		// ∫₀ˣ P(v/s)·(v/s)ⁱ dv
		var integral float64
		for j := len(polynomial) - 1; j >= 0; j-- {
			integral = float64(integral*w) + polynomial[j]/float64(i+j+1)
		}
		integral = float64(x * float64(power*integral))
		d[i] = float64(dy*integral) + float64(dSlope*float64(value*power))
		power = float64(power * w)
	}
}

// at returns y − t, dy/dx and d²y/dx².
func (s *SumOfSquares) at(x float64, b *squares) (y, slope, bend float64) {
	var product squaredPolynomial
	for k := range b {
		product.add(0.5, b[k][:s.Degree+1])
	}
	y, slope, bend = product.at(s.Degree, x/s.Scale)
	rest := 1 - s.MinSlope
	return float64(x * (s.MinSlope + float64(rest*y))), s.MinSlope + float64(rest*slope), float64(rest*bend) / s.Scale
}

// Forward implements [Scalar].
func (s *SumOfSquares) Forward(x float64, p []float64) (y, logDet float64) {
	b := s.squares(p)
	x, beyond := inside(x, s.Scale)
	y, slope, _ := s.at(x, &b)
	return y + float64(slope*beyond) + p[len(p)-1], kernels.Log64(slope)
}

// Inverse implements [Scalar].
func (s *SumOfSquares) Inverse(y float64, p []float64) (x, logDet float64) {
	b := s.squares(p)
	y -= p[len(p)-1]
	for _, end := range [2]float64{-s.Scale, s.Scale} {
		at, slope, _ := s.at(end, &b)
		if (y-at)*end >= 0 {
			return end + (y-at)/slope, -kernels.Log64(slope)
		}
	}
	x = Solve(y, -s.Scale, s.Scale, s.Tolerance, func(x float64) (float64, float64) {
		at, slope, _ := s.at(x, &b)
		return at, slope
	})
	_, slope, _ := s.at(x, &b)
	return x, -kernels.Log64(slope)
}

// Backward implements [Scalar].
func (s *SumOfSquares) Backward(dp []float64, x float64, p []float64, dy, dLogDet float64) (dx float64) {
	b := s.squares(p)
	x, beyond := inside(x, s.Scale)
	_, slope, bend := s.at(x, &b)
	dSlope := float64(dy*beyond) + dLogDet/slope
	n, w, rest := s.Degree, x/s.Scale, 1-s.MinSlope
	for k := range b {
		d := dp[k*(n+1):][:n+1]
		squareGradients(d, b[k][:n+1], x, w, dy, dSlope)
		for i, v := range d {
			d[i] = float64(rest * v)
		}
	}
	dp[len(dp)-1] = dy
	dx = float64(dy * slope)
	if beyond == 0 {
		dx += float64(dLogDet*bend) / slope
	}
	return dx
}
