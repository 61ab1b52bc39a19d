package flow_test

import (
	"math"
	"testing"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// TestSetSupport holds the density at both sides of every end.
func TestSetSupport(t *testing.T) {
	inf := math.Inf(1)
	config, err := flow.NICE(names("x", 5), nil, flow.Options{Layers: 2, Hidden: []int{3}})
	must(t, err)
	must(t, config.SetSupport(
		flow.Interval{Column: "x0", Lower: 2, Upper: inf},
		flow.Interval{Column: "x1", Lower: -inf, Upper: -3},
		flow.Interval{Column: "x3", Lower: 10, Upper: 30},
		flow.Interval{Column: "x4", Lower: 5, Upper: inf, Map: "softplus"},
	))
	if a, ok := config.Transforms[1].(*transform.ActNormSpec); !ok || len(config.Transforms) != 5 {
		t.Errorf("behind the support maps is %T, and the flow has %d transforms; want an actnorm, 5", a, len(config.Transforms))
	}
	f, err := flow.New(config, 1)
	must(t, err)
	inside := []float64{4, -5, 0, 17, 8}
	for _, c := range []struct {
		column int
		x      float64
		inside bool
	}{
		{0, 2.001, true}, {0, 1.999, false}, {0, 1e9, true},
		{1, -3.001, true}, {1, -2.999, false}, {1, -1e9, true},
		{2, 1e6, true}, {2, -1e6, true},
		{3, 10, true}, {3, 30, true}, {3, 9.999, false}, {3, 30.001, false},
		{4, 5.001, true}, {4, 4.999, false},
	} {
		x, logProb := append([]float64(nil), inside...), make([]float64, 1)
		x[c.column] = c.x
		must(t, f.LogProb(logProb, x, nil))
		if got := logProb[0] > -inf; got != c.inside {
			t.Errorf("column %d at %v: the log-density is %v", c.column, c.x, logProb[0])
		}
	}
	if err := config.SetSupport(flow.Interval{Column: "x2", Lower: 0, Upper: inf}); err == nil {
		t.Error("a flow takes two supports")
	}
}
