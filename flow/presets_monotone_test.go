package flow_test

import (
	"math"
	"testing"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/internal/random"
)

// TestUMNNComesBack goes through both directions of flows of many columns, the
// inverse one column after the other, with parameters far from those of the
// identity.
func TestUMNNComesBack(t *testing.T) {
	const n = 2
	for _, d := range []int{20, 63} {
		config, err := flow.UMNN(names("x", d), nil, flow.Options{Layers: 1, Hidden: []int{32}})
		must(t, err)
		f, err := flow.New(config, 1)
		must(t, err)
		f.Model().Parameters().Edit(func(values []float32) { random.Uniform(values, 1, random.Initialization, 0, 0.3) })
		x, z, back := rows(n*d, 3), make([]float64, n*d), make([]float64, n*d)
		logDet, again := make([]float64, n), make([]float64, n)
		must(t, f.Forward(z, logDet, x, nil))
		must(t, f.Inverse(back, again, z, nil))
		for i, v := range x {
			if math.Abs(back[i]-v) > 5e-5*(1+math.Abs(v)) {
				t.Errorf("%d columns: value %d comes back as %v, was %v", d, i, back[i], v)
			}
		}
		for i, l := range logDet {
			if math.Abs(l+again[i]) > 2e-3 {
				t.Errorf("%d columns: log-dets %v and %v do not cancel", d, l, again[i])
			}
		}
	}
}
