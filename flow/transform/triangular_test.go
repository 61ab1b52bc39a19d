package transform_test

import (
	"testing"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// TestJacobiansAreTriangular holds the whole Jacobian of each map that has an order, by
// backward passes, to be exactly 0 of each value by those behind it, and the way back too;
// a sequential layer's also by the other features of its site.
func TestJacobiansAreTriangular(t *testing.T) {
	grid, line, table := transform.Shape{Grid: []int{3, 3}, Features: 2}, transform.Shape{Grid: []int{6}, Features: 2}, transform.Shape{Features: 7}
	wavenet := func(u autograd.Univariate, front int, reverse bool) transform.Spec {
		return &transform.SequentialSpec{Univariate: u, Reverse: reverse, Conditioner: &nn.WaveNetSpec{Width: 4, Skip: 3, Kernel: 2, Dilations: []int{1, 2}, Front: front}}
	}
	mixture := &autograd.LogisticMixture{Components: 2, Bound: 3, Weights: true, Spread: 0.5}
	forward, reversed := make([]int, grid.Dim()), make([]int, grid.Dim())
	for i := range forward {
		forward[i], reversed[i] = i, len(reversed)-1-i
	}
	random := autoregressive(7, affine, false, "random")
	for name, c := range map[string]struct {
		shape transform.Shape
		spec  transform.Spec
		order []int // of the values
		sites bool  // features of a site do not see each other
	}{
		"masked convolution":             {grid, masked(3, 0.9, false), forward, false},
		"masked convolution, reversed":   {grid, masked(3, 0.9, true), reversed, false},
		"mintnet":                        {grid, mintNet(3, 2, false), forward, false},
		"mintnet, reversed":              {grid, mintNet(3, 2, true), reversed, false},
		"autoregressive":                 {table, random, random.Order, false},
		"autoregressive spline":          {table, autoregressive(7, spline(2, false), true, "reversed"), reversed[len(reversed)-7:], false},
		"bnaf":                           {table, &transform.BNAFSpec{Units: []int{3}, Bound: 3, Tolerance: 1e-14}, forward[:7], false},
		"transformer":                    {line, sequential(affine, false), forward[:12], true},
		"transformer, reversed":          {line, sequential(affine, true), reversed[len(reversed)-12:], true},
		"wavenet of a mixture":           {line, wavenet(mixture, 0, false), forward[:12], true},
		"wavenet with a front, reversed": {line, wavenet(&autograd.Inverse{Of: affine}, 3, true), reversed[len(reversed)-12:], true},
	} {
		for inverse, spec := range map[bool]transform.Spec{false: c.spec, true: &transform.InvertSpec{Transform: c.spec}} {
			s := build(t, spec, c.shape, 0)
			jacobian := s.jacobian(autograd.Bind64(s.parameters).NewGraph(), noise(c.shape.Dim(), 1, 1), nil)
			seen := 0
			for a, i := range c.order {
				if jacobian.At(i, i) == 0 {
					t.Errorf("%s, inverse %v: value %d does not depend on itself", name, inverse, i)
				}
				for b, j := range c.order {
					v := jacobian.At(i, j)
					sees := b < a && !(c.sites && i/c.shape.Features == j/c.shape.Features)
					if !sees && i != j && v != 0 {
						t.Errorf("%s, inverse %v: the derivative of value %d by value %d is %v", name, inverse, i, j, v)
					}
					if sees && v != 0 {
						seen++
					}
				}
			}
			if seen < len(c.order) {
				t.Errorf("%s, inverse %v: %d values are seen of others, which is too few for %d", name, inverse, seen, len(c.order))
			}
		}
	}
}
