package flow

import (
	"testing"

	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// TestCountParameters holds the number that is known before a flow is made
// against that of the flow, for every preset, base and kind of layer in them.
func TestCountParameters(t *testing.T) {
	for _, name := range Presets() {
		var hidden []int
		context := []string{"d"}
		switch hidden = Defaults(name).Hidden; {
		case hidden == nil:
			context = nil // it has no networks of one
		default:
			hidden = []int{7, 5}
		}
		for _, o := range []Options{{}, {Layers: 3, Hidden: hidden, Base: base.Mixture}, {Base: base.FullNormal, BatchNorm: name != PresetHouseholder, Embedding: 3 * len(context)}} {
			c, err := name.Config([]string{"a", "b", "c"}, context, o)
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.CountParameters()
			if err != nil {
				t.Fatal(err)
			}
			f, err := New(c, 1)
			if err != nil {
				t.Fatal(err)
			}
			if int(got) != f.Model().Parameters().Len() {
				t.Errorf("%s %+v: %v parameters are counted, the flow has %d", name, o, got, f.Model().Parameters().Len())
			}
		}
	}
}

// TestCountParametersOfNoMachine counts what no machine could hold.
func TestCountParametersOfNoMachine(t *testing.T) {
	for _, name := range Presets() {
		if Defaults(name).Hidden == nil || name == PresetGaussianization || name == PresetResidual || name == PresetBNAF {
			continue // it has no networks, or small ones
		}
		c, err := name.Config([]string{"a", "b"}, nil, Options{Layers: 100, Hidden: []int{65536, 65536, 65536}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.CountParameters()
		// 100 layers with two products of 65536 units; of a MADE whose units are of
		// half as many degrees, half of that.
		if most := 100 * 2 * float64(1<<32); err != nil || got < most/2 || got > 2*most {
			t.Errorf("%s: %v parameters, %v", name, got, err)
		}
	}
	if _, err := (&Config{}).CountParameters(); err == nil {
		t.Error("a config of nothing is counted")
	}
}

// TestCountParametersOfParts counts the bases of parts that leave on the way.
func TestCountParametersOfParts(t *testing.T) {
	c := Config{
		Features: []string{"a", "b", "c"}, Grid: []int{2}, Base: &base.DiagonalNormalSpec{Bound: 1},
		Transforms: []transform.Spec{&transform.SplitSpec{Leave: []int{0}}, &transform.LUSpec{Bound: 1}},
	}
	got, err := c.CountParameters()
	if err != nil {
		t.Fatal(err)
	}
	f, err := New(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	if n := f.Model().Parameters().Len(); got != float64(n) || n != 2*1+6+2*2 {
		t.Errorf("%v parameters are counted, the flow has %d", got, n)
	}
}
