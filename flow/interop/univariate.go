package interop

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/kernels"
)

// univariate is a map of one feature, and how the library lays its parameters
// out.
type univariate struct {
	autograd.Univariate
	layout layout
}

var (
	shiftOnly       = layout{total: 1, params: []int{0}}
	scaleThenShift  = layout{total: 2, params: []int{0, 1}}
	shiftThenScale  = layout{total: 2, params: []int{1, 0}}
	shiftsAndScales = layout{total: 2, params: []int{1, 0}, blocks: true}
)

// needScaleMap is the error of a layer whose scale map is not given, or is not
// one that the layer can have.
func needScaleMap(given, layer string, choices string) error {
	if given == "" {
		return fmt.Errorf(`the config has no "scale_map", which the weights do not tell: for %s say %s`, layer, choices)
	}
	return fmt.Errorf(`"scale_map" is %q; for %s it can be %s`, given, layer, choices)
}

// spline returns the spline of nflows and normflows with so many parameters.
// divisor divides raw widths and heights.
func (o *Options) spline(total int, divisor, tailBound float64) (univariate, error) {
	rule := kernels.Spline{
		Bound:     float32(or(o.TailBound, tailBound)),
		MinWidth:  float32(or(o.MinBinWidth, 1e-3)),
		MinHeight: float32(or(o.MinBinHeight, 1e-3)),
		MinSlope:  float32(or(o.MinDerivative, 1e-3)),
		SlopeBeta: 1,
	}
	if or(o.IdentityInit, false) {
		rule.SlopeBeta = float32(kernels.Log64(2) / (1 - float64(rule.MinSlope)))
	}
	switch {
	case total%3 == 2:
		rule.Bins = (total + 1) / 3
	case total%3 == 0 && total > 0:
		rule.Bins, rule.Circular = total/3, true
	default:
		return univariate{}, fmt.Errorf(`a feature has %d parameters, as splines without tails (tails=None) or with mixed ones have; `+
			`those with linear tails have 3·bins − 1, with circular ones 3·bins, and no others are supported`, total)
	}
	s := &autograd.Spline{Rule: rule}
	return univariate{s, splineLayout(rule.Bins, total, divisor)}, s.Check()
}

// The bound of the softclips between the layers of zuko's SOSPF, NAF and UNAF, and
// the tolerance of inverses, which zuko finds to 1e-6.
const (
	zukoSoftclip         = 11
	zukoInverseTolerance = 1e-9
)

// zukoUnivariate returns zuko's map with so many parameters.
func (o *Options) zukoUnivariate(total int, version string) (univariate, error) {
	clip := softclip(or(o.Slope, zukoSlope(version)))
	switch {
	case o.Univariate == bernstein:
		b := &autograd.BoundedBernstein{Parameters: total, Bound: or(o.TailBound, 5), Tolerance: zukoInverseTolerance}
		return univariate{autograd.Widen(b), splineLayout(0, total, 1)}, b.Check()
	case o.Univariate == sumOfSquares:
		k := or(o.Polynomials, 3)
		if total < k+1 || (total-1)%k != 0 {
			return univariate{}, fmt.Errorf(`a feature has %d parameters, which are not one and a multiple of %d polynomials: say "polynomials", as they were in SOSPF`, total, k)
		}
		s := &autograd.SquaredPolynomials{Polynomials: k, Degree: (total-1)/k - 1, Scale: 10, MinSlope: or(o.Slope, 1e-3), Tolerance: zukoInverseTolerance}
		return univariate{autograd.Widen(s), splineLayout(0, total, 1)}, s.Check()
	case total == 1:
		return univariate{&autograd.Additive{}, shiftOnly}, nil
	case total == 2:
		a := &autograd.Affine{Scale: autograd.Softclip, Bound: clip}
		return univariate{a, shiftThenScale}, a.Check()
	case total > 2 && total%3 == 2:
		bins := (total + 1) / 3
		s := &autograd.Spline{Rule: kernels.Spline{Bins: bins, Bound: float32(or(o.TailBound, 5)), Softclip: float32(clip)}}
		return univariate{s, splineLayout(bins, total, 1)}, s.Check()
	}
	return univariate{}, fmt.Errorf("a feature has %d parameters; affine maps have 2 and splines 3·bins − 1; of a BPF or a SOSPF, say \"univariate\": \"bernstein\" or \"sos\"", total)
}
