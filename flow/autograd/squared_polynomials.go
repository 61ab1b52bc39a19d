package autograd

import (
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/kernels"
)

// SquaredPolynomials is the integral of a mean of squares of polynomials (Jaini,
// Selby and Yu, 2019), as zuko's SOSPolynomialTransform has it, everywhere:
//
//	y = t + ∫₀ˣ m + (1/K)·Σ_k P_k(v/s)² dv    P_k(w) = 1 + a_k0 + a_k1·w + … + a_kL·wᴸ
//
// Its parameters are [a_10 … a_1L | … | a_K0 … a_KL | t]. The integral is exact, and the
// inverse is found by Newton's method within a bracket. Beyond ±s it grows as a power of x, where [SumOfSquares] is a line.
type SquaredPolynomials struct {
	// Polynomials is K, Degree is L.
	Polynomials int `json:"polynomials"`
	Degree      int `json:"degree"`
	// Scale is s.
	Scale float64 `json:"scale"`
	// MinSlope is m.
	MinSlope float64 `json:"min_slope"`
	// Tolerance is the last step of the inverse, relative to 1 + |x|.
	Tolerance float64 `json:"tolerance"`
}

// maxSquaredPolynomials bounds K.
const maxSquaredPolynomials = 32

// Check tells what is wrong with the constants.
func (s *SquaredPolynomials) Check() error {
	if s.Polynomials < 1 || s.Polynomials > maxSquaredPolynomials {
		return fmt.Errorf("there are %d polynomials, want 1 to %d", s.Polynomials, maxSquaredPolynomials)
	}
	if s.Degree < 0 || s.Degree > maxSquaresDegree {
		return fmt.Errorf("the degree of the polynomials is %d, want 0 to %d", s.Degree, maxSquaresDegree)
	}
	return (&SumOfSquares{Degree: 1, Scale: s.Scale, MinSlope: s.MinSlope, Tolerance: s.Tolerance}).Check()
}

// ParametersPerElement implements [Scalar].
func (s *SquaredPolynomials) ParametersPerElement() int { return s.Polynomials*(s.Degree+1) + 1 }

// polynomial sets b to the coefficients of P_k.
func (s *SquaredPolynomials) polynomial(b []float64, p []float64, k int) []float64 {
	b = b[:copy(b, p[k*(s.Degree+1):][:s.Degree+1])]
	b[0]++
	return b
}

func (s *SquaredPolynomials) square(p []float64) (square squaredPolynomial) {
	var space [maxSquaresDegree + 1]float64
	for k := range s.Polynomials {
		square.add(1/float64(s.Polynomials), s.polynomial(space[:], p, k))
	}
	return square
}

// at returns y − t, dy/dx and d²y/dx².
func (s *SquaredPolynomials) at(x float64, square *squaredPolynomial) (y, slope, bend float64) {
	mean, value, bend := square.at(s.Degree, x/s.Scale)
	return float64(x * (s.MinSlope + mean)), s.MinSlope + value, bend / s.Scale
}

// Forward implements [Scalar].
func (s *SquaredPolynomials) Forward(x float64, p []float64) (y, logDet float64) {
	square := s.square(p)
	y, slope, _ := s.at(x, &square)
	return y + p[len(p)-1], kernels.Log64(slope)
}

// Inverse implements [Scalar].
func (s *SquaredPolynomials) Inverse(y float64, p []float64) (x, logDet float64) {
	square := s.square(p)
	y -= p[len(p)-1]
	low, high := -s.Scale, s.Scale
	if at, _, _ := s.at(low, &square); !(y >= at) {
		low, high = y/s.MinSlope, low // no slope is less
	}
	if at, _, _ := s.at(s.Scale, &square); !(y <= at) {
		low, high = s.Scale, y/s.MinSlope
	}
	if math.IsInf(low+high, 0) {
		return low + high, math.Inf(-1)
	}
	x = Solve(y, low, high, s.Tolerance, func(x float64) (float64, float64) {
		at, slope, _ := s.at(x, &square)
		return at, slope
	})
	_, slope, _ := s.at(x, &square)
	return x, -kernels.Log64(slope)
}

// Backward implements [Scalar].
func (s *SquaredPolynomials) Backward(dp []float64, x float64, p []float64, dy, dLogDet float64) (dx float64) {
	square := s.square(p)
	_, slope, bend := s.at(x, &square)
	n, part := s.Degree+1, 2/float64(s.Polynomials)
	var space [maxSquaresDegree + 1]float64
	for k := range s.Polynomials {
		d := dp[k*n:][:n]
		squareGradients(d, s.polynomial(space[:], p, k), x, x/s.Scale, dy, dLogDet/slope)
		for i, v := range d {
			d[i] = float64(part * v)
		}
	}
	dp[len(dp)-1] = dy
	return float64(dy*slope) + float64(dLogDet*bend)/slope
}
