package autograd

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/internal/strictjson"
	"github.com/seed-192fdf7a/nf/kernels"
)

// Spline is the monotonic rational-quadratic spline (Durkan et al., 2019), as
// [kernels.Spline] states it: K bins on a box, the identity outside. Its
// parameters are K raw widths, K raw heights, then K−1 raw slopes, or K if
// Circular.
type Spline struct {
	Rule kernels.Spline
}

// NewSpline returns a spline whose zero parameters are the identity: minima of
// 1e-3, and slopes 1e-3 + softplus(βu)/β with the β that makes them 1 at u = 0.
func NewSpline(bins int, bound float64) *Spline {
	const minimum = 1e-3
	return &Spline{kernels.Spline{
		Bins: bins, Bound: float32(bound),
		MinWidth: minimum, MinHeight: minimum, MinSlope: minimum, SlopeBeta: math.Ln2 / (1 - minimum),
	}}
}

// The range of a spline's bound: float32 must resolve bins of a box of ±Bound.
const (
	minSplineBound = 1e-6
	maxSplineBound = 1e6
)

// Check tells what is wrong with the constants.
func (s *Spline) Check() error {
	if !(s.Rule.Bound >= minSplineBound && s.Rule.Bound <= maxSplineBound) {
		return fmt.Errorf("the bound of the spline is %v, want %v to %v", s.Rule.Bound, minSplineBound, float64(maxSplineBound))
	}
	return s.Rule.Check()
}

// splineJSON is kernels.Spline with the names that a file has.
type splineJSON struct {
	Bins      int     `json:"bins"`
	Bound     float32 `json:"bound"`
	MinWidth  float32 `json:"min_width,omitempty"`
	MinHeight float32 `json:"min_height,omitempty"`
	MinSlope  float32 `json:"min_slope,omitempty"`
	SlopeBeta float32 `json:"slope_beta,omitempty"`
	Softclip  float32 `json:"softclip,omitempty"`
	Circular  bool    `json:"circular,omitempty"`
}

// MarshalJSON implements json.Marshaler.
func (s *Spline) MarshalJSON() ([]byte, error) { return json.Marshal(splineJSON(s.Rule)) }

// UnmarshalJSON implements json.Unmarshaler.
func (s *Spline) UnmarshalJSON(data []byte) error {
	var text splineJSON
	_, err := strictjson.Decode(data, &text)
	s.Rule = kernels.Spline(text)
	return err
}

// ParametersPerElement implements [Univariate].
func (s *Spline) ParametersPerElement() int { return s.Rule.Blocks() }

// Forward32 implements [Univariate].
func (s *Spline) Forward32(y, x, params kernels.Matrix, logDet []float32) {
	kernels.SplineForward(y, x, params, logDet, s.Rule)
}

// Inverse32 implements [Univariate].
func (s *Spline) Inverse32(x, y, params kernels.Matrix, logDet []float32) {
	kernels.SplineInverse(x, y, params, logDet, s.Rule)
}

// ForwardBackward32 implements [Univariate].
func (s *Spline) ForwardBackward32(dx, dparams, x, _, params, dy kernels.Matrix, dLogDet []float32) {
	kernels.SplineForwardBackward(dx, dparams, x, params, dy, dLogDet, s.Rule)
}

// InverseBackward32 implements [Univariate].
func (s *Spline) InverseBackward32(dy, dparams, x, _, params, dx kernels.Matrix, dLogDet []float32) {
	kernels.SplineInverseBackward(dy, dparams, x, params, dx, dLogDet, s.Rule)
}

// Forward64 implements [Univariate].
func (s *Spline) Forward64(x float64, p []float64) (y, logDet float64) {
	return s.Rule.Forward64(x, p, 1)
}

// Inverse64 implements [Univariate].
func (s *Spline) Inverse64(y float64, p []float64) (x, logDet float64) {
	return s.Rule.Inverse64(y, p, 1)
}

// ForwardBackward64 implements [Univariate].
func (s *Spline) ForwardBackward64(dp []float64, x, _ float64, p []float64, dy, dLogDet float64) (dx float64) {
	return s.Rule.ForwardBackward64(dp, x, p, 1, dy, dLogDet)
}

// InverseBackward64 implements [Univariate].
func (s *Spline) InverseBackward64(dp []float64, x, _ float64, p []float64, dx, dLogDet float64) (dy float64) {
	return s.Rule.InverseBackward64(dp, x, p, 1, dx, dLogDet)
}
