package flow

import (
	"math"
	"testing"

	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// TestSettle holds what becomes of results that left float32's range: of an
// event of numbers they are far outside, of one that holds NaN they are NaN.
func TestSettle(t *testing.T) {
	c, err := RealNVP([]string{"a", "b"}, nil, Options{Layers: 1, Hidden: []int{2}})
	if err != nil {
		t.Fatal(err)
	}
	f, err := New(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	s := &Scorer{flow: f}
	x := []float64{1, 1e300, math.NaN(), 0}
	nan, inf := math.NaN(), math.Inf(1)
	same := func(a, b float64) bool { return a == b || a != a && b != b }
	for _, c := range []struct{ computed, logDensity, logDet, ofNaN float64 }{
		{-3, -3, -3, -3}, {-inf, -inf, -inf, -inf}, {inf, -inf, inf, inf}, {nan, -inf, 7, nan},
	} {
		if got := s.logDensity(&job{}, x, 0, c.computed); !same(got, c.logDensity) {
			t.Errorf("a log-density of %v becomes %v, want %v", c.computed, got, c.logDensity)
		}
		if got := s.logDet(&job{}, x, 0, c.computed, 7); !same(got, c.logDet) {
			t.Errorf("a log-det of %v becomes %v, want %v", c.computed, got, c.logDet)
		}
		if got := s.logDensity(&job{}, x, 1, c.computed); !same(got, c.ofNaN) {
			t.Errorf("a log-density of %v of NaN becomes %v, want %v", c.computed, got, c.ofNaN)
		}
		if got := s.logDet(&job{}, x, 1, c.computed, 7); !same(got, c.ofNaN) {
			t.Errorf("a log-det of %v of NaN becomes %v, want %v", c.computed, got, c.ofNaN)
		}
	}
	binding, err := f.Model().Bind(nil)
	if err != nil {
		t.Fatal(err)
	}
	g := binding.NewGraph()
	g.Reset(autograd.Evaluate)
	v := g.Wrap([]float32{float32(nan), -2, float32(nan), -2}, 2)
	s.settle(&job{}, x, v, 0, 2)
	for i, want := range []float64{inf, -2, nan, -2} {
		if got := v.At(i/2, i%2); !same(got, want) {
			t.Errorf("value %d becomes %v, want %v", i, got, want)
		}
	}
}
