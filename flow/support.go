package flow

import (
	"fmt"
	"math"
	"slices"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// Interval says what values a column can have. The density is zero outside.
type Interval struct {
	Column string
	// Lower and Upper are the ends; an infinite one leaves that side open.
	Lower, Upper float64
	// Map is "logit" for two finite ends, the default there, and "log" (the
	// default) or "softplus" for one: see [autograd.Support].
	Map string
}

// logitMargin lets the ends of a bounded column themselves in, as data of a
// finite resolution have them; samples can exceed the ends by that part of the
// interval.
const logitMargin = 1e-6

// actNormBound lets the layer behind the support maps undo any usual scale.
const actNormBound = 12

// SetSupport makes the flow one of columns that are bounded or positive: it puts
// the maps to all real numbers before the other transforms, and an ActNorm
// after those, which takes the place of standardization. It may be called
// once, on a Config without a support.
func (c *Config) SetSupport(intervals ...Interval) error {
	if len(intervals) == 0 {
		return nil
	}
	if c.support() != nil {
		return fmt.Errorf("the flow has a support already")
	}
	spec, width := &transform.SupportSpec{}, len(c.Features)
	st := Standardization{Mean: make([]float64, width), Std: make([]float64, width)}
	for i := range st.Std {
		st.Std[i] = 1
	}
	for _, in := range intervals {
		feature := slices.Index(c.Features, in.Column)
		if feature < 0 {
			return fmt.Errorf("the support of %q is given, which is no column of the flow", in.Column)
		}
		column := transform.SupportColumn{Feature: feature, Map: in.Map}
		zero, one := 0.0, 1.0
		lower, upper := !math.IsInf(in.Lower, -1), !math.IsInf(in.Upper, 1)
		switch {
		case math.IsNaN(in.Lower) || math.IsNaN(in.Upper) || !(in.Lower < in.Upper) || !lower && !upper:
			return fmt.Errorf("the support of %q is %v to %v: want a lower end, a larger upper one, or both", in.Column, in.Lower, in.Upper)
		case lower && upper:
			st.Mean[feature], st.Std[feature] = in.Lower, in.Upper-in.Lower
			column.Lower, column.Upper, column.Margin = &zero, &one, logitMargin
			if in.Map == "" {
				column.Map = "logit"
			}
		case lower:
			st.Mean[feature], column.Lower = in.Lower, &zero
		default:
			st.Mean[feature], column.Upper = in.Upper, &zero
		}
		if column.Map == "" {
			column.Map = "log"
		}
		spec.Columns = append(spec.Columns, column)
	}
	c.Standardize = st
	c.Transforms = append([]transform.Spec{spec, &transform.ActNormSpec{Bound: actNormBound}}, c.Transforms...)
	return c.Check()
}

// support returns the support maps that the chain begins with, or nil.
func (c *Config) support() *transform.SupportSpec {
	if len(c.Transforms) == 0 {
		return nil
	}
	s, _ := c.Transforms[0].(*transform.SupportSpec)
	return s
}

// Support returns the map from a column's interval, in standardized units, or
// nil for a column that may be any number. Training leaves the standardization
// of such a column as it is, because the interval depends on it.
func (c *Config) Support(feature int) *autograd.Support {
	if s := c.support(); s != nil {
		return s.Map(feature)
	}
	return nil
}
