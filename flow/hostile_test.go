package flow_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// TestHostileMatrices describes matrices of gigabytes by few values: a
// reflection for each of many rotations, and units that see no others. They are
// refused when the flow is built, and modest ones are not.
func TestHostileMatrices(t *testing.T) {
	affine := transform.Univariate{Univariate: &autograd.Affine{Bound: 1}}
	units := func(width int) transform.Spec {
		return &transform.AutoregressiveSpec{Order: []int{0, 1}, Univariate: affine, Conditioner: nn.MADESpec{Units: [][]int{{0, width}, {width, 0}}}}
	}
	for _, c := range []struct {
		name     string
		features int
		layers   int
		spec     transform.Spec
		refused  bool
	}{
		{"rotations", 2048, 100, &transform.HouseholderSpec{Reflections: 1}, true},
		{"a rotation", 256, 20, &transform.HouseholderSpec{Reflections: 1}, false},
		{"LU layers", 256, 20, &transform.LUSpec{Bound: 1}, false},
		{"separate units", 2, 1, units(30000), true},
		{"few separate units", 2, 1, units(300), false},
	} {
		config := flow.Config{Features: names("x", c.features), Base: flow.Base{Type: flow.StandardNormal}}
		for range c.layers {
			config.Transforms = append(config.Transforms, transform.Tagged{Spec: c.spec})
		}
		_, err := flow.New(config, 1)
		if refused := err != nil && strings.Contains(err.Error(), "memory"); refused != c.refused {
			t.Errorf("%s: the error is %v", c.name, err)
		}
	}
}

// TestReadRefusesValuesThatAreNotFinite damages one value of each tensor.
func TestReadRefusesValuesThatAreNotFinite(t *testing.T) {
	f := randomFlow(t, "nsf-ar", 3, 1, flow.Options{Layers: 2, Hidden: []int{3}, Base: flow.Mixture, BatchNorm: true})
	for _, p := range f.Parameters().All() {
		if p.Size() == 0 {
			continue
		}
		at := &p.Values()[p.Size()-1]
		whole := *at
		for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			*at = float32(bad)
			var file bytes.Buffer
			must(t, f.Write(&file))
			if _, err := flow.Read(&file, int64(file.Len())); err == nil || !strings.Contains(err.Error(), p.Name) {
				t.Errorf("%s with the value %v: the error is %v", p.Name, bad, err)
			}
		}
		*at = whole
	}
}
