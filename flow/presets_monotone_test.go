package flow_test

import (
	"math"
	"reflect"
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

// TestNAFOfSigmoidLayers: one layer of sigmoids is what there is by default, more are another map
// with its matrices as constants.
func TestNAFOfSigmoidLayers(t *testing.T) {
	config := func(layers int) flow.Config {
		c, err := flow.NAF(names("x", 3), nil, flow.Options{Layers: 1, Components: 4, SigmoidLayers: layers})
		must(t, err)
		return c
	}
	if !reflect.DeepEqual(config(0), config(1)) {
		t.Errorf("by default %+v, of one layer of sigmoids %+v", config(0), config(1))
	}
	one, err := flow.New(config(1), 1)
	must(t, err)
	deep := config(3)
	many, err := flow.New(deep, 1)
	must(t, err)
	// Of each column 4 matrices more, and 4 and 4 outputs of the network for each of 4 units of 2 layers.
	outputs := func(n int) int { return many.Model().Parameters().Len() - one.Model().Parameters().Len() - n }
	width := flow.Defaults(flow.PresetNAF).Hidden[1]
	if seen := width / 2 * (0 + 1 + 2); outputs(3*4*4*4) != 2*4*4*(seen+3) {
		t.Errorf("three layers have %d values more than one, want %d", outputs(0), 3*4*4*4+2*4*4*(seen+3))
	}
	if _, err := flow.PresetMAF.Config(names("x", 3), nil, flow.Options{SigmoidLayers: 2}); err == nil {
		t.Error("a maf has layers of sigmoids")
	}
}
