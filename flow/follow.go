package flow

import (
	"errors"
	"slices"

	"github.com/seed-192fdf7a/nf/flow/transform"
)

// Follow makes c a flow of the columns of another, whose standardization,
// categories, discrete columns, pixels and support it takes over, so that the two are densities of the same
// rows and can be compared or distilled. c has the other's columns, and neither a
// standardization nor a support of its own.
func (c *Config) Follow(of *Config) error {
	if !slices.Equal(c.Features, of.Features) || !slices.Equal(c.Context, of.Context) || !slices.Equal(c.Grid, of.Grid) {
		return errors.New("flow: the two flows have different columns")
	}
	if c.support() != nil {
		return errors.New("flow: the flow has a support already")
	}
	c.Standardize, c.StandardizeContext = of.Standardize, of.StandardizeContext
	c.Categories, c.Discrete, c.Pixels, c.Sound = of.Categories, of.Discrete, of.Pixels, of.Sound
	if of.Pixels != nil && of.Pixels.Dequantization != nil {
		uniform := *of.Pixels // for it is learned with the other flow, of which it is a part
		uniform.Dequantization = nil
		c.Pixels = &uniform
	}
	if maps := of.mapped(); maps > 0 {
		c.Transforms = append(slices.Clone(of.Transforms[:maps]), c.Transforms...)
	}
	return c.Check()
}

// mapped returns the number of maps of a support and the ActNorm behind it.
func (c *Config) mapped() int {
	if c.support() == nil {
		return 0
	}
	if len(c.Transforms) > 1 {
		if _, ok := c.Transforms[1].(*transform.ActNormSpec); ok {
			return 2
		}
	}
	return 1
}
