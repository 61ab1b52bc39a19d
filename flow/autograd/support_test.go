package autograd_test

import (
	"math"
	"testing"

	"github.com/seed-192fdf7a/nf/flow/autograd"
)

func TestSupport(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		name            string
		s               autograd.Support
		inside, outside []float64
	}{
		{"logit", autograd.Support{Lower: -1, Upper: 3}, []float64{-1 + 1e-12, 0, 1, 2.5, 3 - 1e-12}, []float64{-1, 3, -2, 4, inf, -inf}},
		{"logit with a margin", autograd.Support{Lower: -1, Upper: 3, Margin: 0.01}, []float64{-1, 3, 1}, []float64{-2, 4}},
		{"log above", autograd.Support{Lower: 2, Upper: inf}, []float64{2 + 1e-12, 3, 1e30}, []float64{2, 1, -inf}},
		{"log below", autograd.Support{Lower: -inf, Upper: 2}, []float64{2 - 1e-12, 0, -1e30}, []float64{2, 3, inf}},
		{"softplus above", autograd.Support{Lower: 2, Upper: inf, Linear: true}, []float64{2 + 1e-12, 3, 1e30}, []float64{2, 1, -inf}},
		{"softplus below", autograd.Support{Lower: -inf, Upper: 2, Linear: true}, []float64{2 - 1e-12, 0, -1e30}, []float64{2, 3, inf}},
	} {
		last := -inf
		if c.inside[0] > c.inside[1] {
			last = inf
		}
		for _, x := range c.inside {
			y, forward := c.s.Forward(x, nil)
			back, inverse := c.s.Inverse(y, nil)
			if !c.s.Contains(x) || math.Abs(back-x) > 1e-12*(1+math.Abs(x)) || math.Abs(forward+inverse) > 1e-3 {
				t.Errorf("%s: %v goes to %v and back to %v with log-dets %v and %v", c.name, x, y, back, forward, inverse)
			}
			if c.inside[0] < c.inside[1] == (y <= last) && c.name != "logit with a margin" {
				t.Errorf("%s: %v goes to %v after %v: the map does not increase", c.name, x, y, last)
			}
			last = y
		}
		for _, x := range c.outside {
			if y, logDet := c.s.Forward(x, nil); c.s.Contains(x) || y != 0 || !math.IsInf(logDet, -1) {
				t.Errorf("%s: %v, outside, goes to %v with log-det %v", c.name, x, y, logDet)
			}
		}
		if y, logDet := c.s.Forward(math.NaN(), nil); y == y || logDet == logDet {
			t.Errorf("%s: NaN goes to %v with log-det %v", c.name, y, logDet)
		}
		for _, y := range []float64{-800, -40, 0, 40, 800} {
			if x, logDet := c.s.Inverse(y, nil); x != x || logDet != logDet {
				t.Errorf("%s: %v comes from %v with log-det %v", c.name, y, x, logDet)
			}
		}
	}
}
