package flow

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// Circular says that a column goes round: Lower and Upper are the same point, as
// the ends of an angle or of the hours of a day are. Its density is one over the
// circle, continuous where the ends meet, and a value outside [Lower, Upper) is
// taken for the one inside that is whole turns away (Rezende et al., Normalizing
// Flows on Tori and Spheres, 2020). Samples lie in [Lower, Upper).
type Circular struct {
	Column string  `json:"column"`
	Lower  float64 `json:"lower"`
	Upper  float64 `json:"upper"`
}

// FormatVersion returns the version of the model file that knows circular
// columns.
func (Circular) FormatVersion() int { return 2 }

// Wrap returns the value of [Lower, Upper) that is whole turns from x. What is not
// finite stays as it is.
func (c Circular) Wrap(x float64) float64 {
	if x >= c.Lower && x < c.Upper || x-x != 0 {
		return x
	}
	turn := c.Upper - c.Lower
	part := math.Mod(x-c.Lower, turn)
	if part < 0 {
		part += turn
	}
	if x = c.Lower + part; x >= c.Upper || x-x != 0 {
		return c.Lower // as near as rounding allows
	}
	return x
}

// standardization maps [Lower, Upper] to [−bound, bound].
func (c Circular) standardization(bound float64) (mean, std float64) {
	return c.Lower + float64(0.5*(c.Upper-c.Lower)), (c.Upper - c.Lower) / (2 * bound)
}

// SetCircular makes columns of a flow circular that consists of couplings of
// splines, all of one bound, and of permutations, as [NSF] with the permutation
// none, reverse or random is, and has a standard normal base. The columns get
// circular splines, whose slope is the same at both ends, in couplings of their
// own behind those of the other columns; conditioners see the cosine and the sine
// of each; the base is uniform in them; and their standardization maps
// [Lower, Upper] to the box of the splines, which training leaves as it is.
func (c *Config) SetCircular(circles ...Circular) error {
	if len(circles) == 0 {
		return nil
	}
	if _, ok := c.Base.(*base.StandardNormalSpec); !ok || len(c.Circular) > 0 || len(c.Grid) > 0 {
		return errors.New("circular columns need a flow of table rows with a standard normal base, and without circular columns")
	}
	if err := c.Check(); err != nil {
		return err
	}
	isCircle := make([]bool, len(c.Features))
	for _, circle := range circles {
		feature := slices.Index(c.Features, circle.Column)
		if feature < 0 {
			return fmt.Errorf("the circular column %q is no column of the flow", circle.Column)
		}
		if !(circle.Lower < circle.Upper) || math.IsInf(circle.Upper-circle.Lower, 0) {
			return fmt.Errorf("the circular column %q goes from %v to %v, want a lower end and a larger upper one", circle.Column, circle.Lower, circle.Upper)
		}
		isCircle[feature] = true
	}
	bound, columns := 0.0, ascending(len(c.Features))
	var transforms []transform.Spec
	for _, t := range c.Transforms {
		switch s := t.(type) {
		case *transform.PermutationSpec:
			columns = s.Relabel(columns)
			transforms = append(transforms, s)
			continue
		case *transform.CouplingSpec:
			if spline, ok := s.Univariate.(*autograd.Spline); ok && s.Angles == nil && s.Sites == "" && (bound == 0 || bound == float64(spline.Rule.Bound)) {
				bound = float64(spline.Rule.Bound)
				transforms = append(transforms, splitCoupling(s, spline, columns, isCircle)...)
				continue
			}
		}
		return errCircular
	}
	if bound == 0 {
		return errCircular
	}
	uniform := &base.NormalUniformSpec{Bound: bound}
	st := Standardization{Mean: make([]float64, len(isCircle)), Std: slices.Repeat([]float64{1}, len(isCircle))}
	for feature, is := range isCircle {
		if is {
			uniform.Columns = append(uniform.Columns, feature)
		}
	}
	for _, circle := range circles {
		feature := slices.Index(c.Features, circle.Column)
		st.Mean[feature], st.Std[feature] = circle.standardization(bound)
	}
	c.Transforms, c.Base, c.Standardize, c.Circular = transforms, uniform, st, slices.Clone(circles)
	return c.Check()
}

var errCircular = errors.New("circular columns need couplings of splines and permutations alone: nsf, with the permutation none, reverse or random, without batch normalization or a support")

// splitCoupling makes a coupling of the columns that are no circles, and one of
// those that are, of which either may be missing. columns has the data column of
// each feature, by which isCircle goes.
func splitCoupling(s *transform.CouplingSpec, spline *autograd.Spline, columns []int, isCircle []bool) (couplings []transform.Spec) {
	for _, circular := range []bool{false, true} {
		mask, angles := make([]bool, len(columns)), &transform.Angles{Bound: float64(spline.Rule.Bound)}
		for feature, column := range columns {
			mask[feature] = s.Mask[feature] && isCircle[column] == circular
			if isCircle[column] && !mask[feature] {
				angles.Features = append(angles.Features, feature)
			}
		}
		if !slices.Contains(mask, true) {
			continue
		}
		if len(angles.Features) == 0 {
			angles = nil
		}
		own := *spline
		own.Rule.Circular = circular
		couplings = append(couplings, &transform.CouplingSpec{Mask: mask, Angles: angles, Univariate: &own, Conditioner: s.Conditioner})
	}
	return couplings
}

// checkCircular tells what is wrong with the circular columns of a description
// whose columns are known: each must be mapped by circular splines of one bound
// and nothing else, be seen as an angle, and end on a uniform base.
func (c *Config) checkCircular() error {
	if len(c.Circular) == 0 {
		return nil
	}
	uniform, ok := c.Base.(*base.NormalUniformSpec)
	if !ok {
		return fmt.Errorf("circular columns need the base %s", base.NormalUniform)
	}
	isCircle := make([]bool, len(c.Features))
	for _, circle := range c.Circular {
		feature := slices.Index(c.Features, circle.Column)
		mean, std := circle.standardization(uniform.Bound)
		switch {
		case feature < 0:
			return fmt.Errorf("the circular column %q is no column of the flow", circle.Column)
		case isCircle[feature]:
			return fmt.Errorf("the circular column %q is there twice", circle.Column)
		case !(circle.Lower < circle.Upper) || !(std >= minStd && std <= maxStd) || !(math.Abs(mean) <= maxMean):
			return fmt.Errorf("the circular column %q goes from %v to %v, want a lower end and a larger upper one", circle.Column, circle.Lower, circle.Upper)
		case !slices.Contains(uniform.Columns, feature):
			return fmt.Errorf("the base is not uniform in the circular column %q", circle.Column)
		case len(c.Standardize.Mean) != len(c.Features) || c.Standardize.Mean[feature] != mean || c.Standardize.Std[feature] != std:
			return fmt.Errorf("the standardization of the circular column %q is not that which maps %v to -%[4]v and %[3]v to %[4]v", circle.Column, circle.Lower, circle.Upper, uniform.Bound)
		}
		isCircle[feature] = true
	}
	columns := ascending(len(c.Features))
	for i, t := range c.Transforms {
		switch s := t.(type) {
		case *transform.PermutationSpec:
			columns = s.Relabel(columns)
		case *transform.CouplingSpec:
			if err := checkCircularCoupling(s, columns, isCircle, uniform.Bound); err != nil {
				return fmt.Errorf("transforms.%d: %w", i, err)
			}
		default:
			return errCircular
		}
	}
	return nil
}

func checkCircularCoupling(s *transform.CouplingSpec, columns []int, isCircle []bool, bound float64) error {
	if s.Sites != "" {
		return errCircular
	}
	spline, _ := s.Univariate.(*autograd.Spline)
	for feature, column := range columns {
		angle := s.Angles != nil && s.Angles.Bound == bound && slices.Contains(s.Angles.Features, feature)
		switch {
		case isCircle[column] && s.Mask[feature] && (spline == nil || !spline.Rule.Circular || float64(spline.Rule.Bound) != bound):
			return fmt.Errorf("a circular column is changed by something else than a circular spline of the bound %v", bound)
		case isCircle[column] && !s.Mask[feature] && !angle:
			return fmt.Errorf("a circular column is not among the angles of the bound %v", bound)
		}
	}
	return nil
}

// CircularFeature returns the circle of a feature, or nil for one that is none.
// Training leaves the standardization of such a column as it is.
func (c *Config) CircularFeature(feature int) *Circular {
	for i := range c.Circular {
		if c.Circular[i].Column == c.Features[feature] {
			return &c.Circular[i]
		}
	}
	return nil
}
