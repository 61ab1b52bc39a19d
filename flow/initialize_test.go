package flow_test

import (
	"math"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// TestFirstValues checks the bounds of the values that training begins with:
// 1/√inputs, 1/1000 at the end of a residual block, zero in the last layer.
func TestFirstValues(t *testing.T) {
	const d, contexts = 6, 3
	affine := &autograd.Affine{Bound: 1}
	units := nn.EvenUnits(d, 200, true)
	for _, residual := range []bool{false, true} {
		var network nn.Spec = &nn.MLPSpec{Hidden: []int{100, 200, 50}}
		if residual {
			network = &nn.ResidualSpec{Hidden: []int{100, 200, 50}, Gated: true}
		}
		made := nn.MADESpec{Units: [][]int{units, units, units}, Residual: residual, Gated: residual}
		c := flow.Config{
			Features: names("x", d), Context: names("c", contexts), Base: &base.StandardNormalSpec{},
			Transforms: []transform.Spec{
				&transform.CouplingSpec{Mask: []bool{true, true, false, false, false, false}, Univariate: affine, Conditioner: network},
				&transform.AutoregressiveSpec{Order: []int{0, 1, 2, 3, 4, 5}, Univariate: affine, Conditioner: made},
			},
		}
		f, err := flow.New(c, 5)
		must(t, err)
		layer := func(p *autograd.Parameter) string { return p.Name[:strings.LastIndex(p.Name, ".")] }
		inputs := map[string]int{}
		for _, l := range f.Model().Parameters().Linears() {
			inputs[layer(l.Weight)] = l.In()
		}
		for _, l := range f.Model().Parameters().Masked() {
			inputs[layer(l.Weight)] = l.In()
		}
		last := ".layers.3"
		if residual {
			last = ".layers.5" // two blocks of two, and the first and the last layer
		}
		for _, p := range f.Model().Parameters().All() {
			want, name := 1/math.Sqrt(float64(inputs[layer(p)])), layer(p)
			switch {
			case strings.HasSuffix(name, last):
				want = 0
			case residual && (strings.HasSuffix(name, ".layers.2") || strings.HasSuffix(name, ".layers.4")):
				want = 1e-3
			}
			var most float64
			for _, v := range p.Values() {
				most = max(most, math.Abs(float64(v)))
			}
			if most > want*(1+1e-6) || most < 0.9*want {
				t.Errorf("residual %v: the values of %s reach %v, want %v", residual, p.Name, most, want)
			}
		}
	}
}
