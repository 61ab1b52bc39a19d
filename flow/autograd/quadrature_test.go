package autograd

import (
	"math"
	"testing"
)

// TestQuadratures integrates powers, of the degrees for which each rule is
// exact, and one beyond.
func TestQuadratures(t *testing.T) {
	for _, c := range []struct {
		name           Quadrature
		points, degree int
	}{
		{GaussLegendre, 2, 3}, {GaussLegendre, 5, 9}, {GaussLegendre, 12, 23},
		{ClenshawCurtis, 2, 1}, {ClenshawCurtis, 5, 5}, {ClenshawCurtis, 8, 7}, {ClenshawCurtis, 9, 9},
	} {
		r := c.name.rule(c.points)
		for degree := range c.degree + 2 {
			var sum float64
			for i, x := range r.points {
				sum += r.weights[i] * math.Pow(x, float64(degree))
			}
			exact := math.Abs(sum-1/float64(degree+1)) < 1e-14
			if exact != (degree <= c.degree) && c.points < 12 {
				t.Errorf("%s of %d points: the integral of x^%d is %v", c.name, c.points, degree, sum)
			}
		}
	}
}
