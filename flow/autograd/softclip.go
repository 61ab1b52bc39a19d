package autograd

import (
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/kernels"
)

// SoftclipMap brings all numbers into (−B, B), without parameters, by
//
//	y = x/(1 + |x|/B)      log-det = −2·log(1 + |x|/B)
//
// (SoftclipTransform of zuko, which stands between maps that hold within a box). A
// y that is beyond has no x; Inverse takes the largest number for it.
type SoftclipMap struct {
	// Bound is B.
	Bound float64 `json:"bound"`
}

// Check tells what is wrong with the constant.
func (s *SoftclipMap) Check() error {
	if !(s.Bound >= minSplineBound && s.Bound <= maxSplineBound) {
		return fmt.Errorf("the bound is %v, want %v to %v", s.Bound, minSplineBound, float64(maxSplineBound))
	}
	return nil
}

// ParametersPerElement implements [Scalar].
func (s *SoftclipMap) ParametersPerElement() int { return 0 }

// Forward implements [Scalar].
func (s *SoftclipMap) Forward(x float64, _ []float64) (y, logDet float64) {
	over := 1 + math.Abs(x)/s.Bound
	if math.IsInf(over, 1) {
		return math.Copysign(s.Bound, x), math.Inf(-1)
	}
	return x / over, -2 * kernels.Log64(over)
}

// Inverse implements [Scalar].
func (s *SoftclipMap) Inverse(y float64, _ []float64) (x, logDet float64) {
	rest := max(1-math.Abs(y)/s.Bound, s.Bound/math.MaxFloat32)
	return y / rest, -2 * kernels.Log64(rest)
}

// Backward implements [Scalar].
func (s *SoftclipMap) Backward(_ []float64, x float64, _ []float64, dy, dLogDet float64) (dx float64) {
	over := 1 + math.Abs(x)/s.Bound
	return (dy/over - float64(dLogDet*math.Copysign(2/s.Bound, x))) / over
}
