package transform_test

import (
	"fmt"
	"hash/fnv"
	"math"
	"testing"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// TestMaskedMapsHaveFrozenBits holds results and gradients, of
// grids that fill groups of sites and do not, whatever order products are computed in.
func TestMaskedMapsHaveFrozenBits(t *testing.T) {
	for _, c := range []struct {
		grid     []int
		features int
		spec     func(reverse bool) transform.Spec
		want     [2]uint64 // forward and backward in order, and in reverse
	}{
		{[]int{5, 9}, 1, func(r bool) transform.Spec { return mintNet(3, 8, r) }, [2]uint64{0x241fc13b47d3255c, 0x2caa2311c1c2aa2e}},
		{[]int{6, 7}, 4, func(r bool) transform.Spec { return mintNet(3, 2, r) }, [2]uint64{0xee90c88575ce8a1a, 0x72864563b2a784b}},
		{[]int{3, 3}, 16, func(r bool) transform.Spec { return mintNet(3, 1, r) }, [2]uint64{0x8302ff480af9fb07, 0x5e45770b34ef6517}},
		{[]int{2, 11}, 3, func(r bool) transform.Spec { return mintNet(5, 5, r) }, [2]uint64{0x1a18e815b11f45c6, 0xe02338c392eb65fa}},
		{[]int{13}, 2, func(r bool) transform.Spec { return mintNet(5, 7, r) }, [2]uint64{0xff15f1e4b17e9f6f, 0x90eea037e1827ad2}},
		{[]int{5, 6}, 4, func(r bool) transform.Spec { return masked(3, 0.9, r) }, [2]uint64{0x1a06a70c515aa48a, 0xc53a917466ee1355}},
		{[]int{3, 7}, 14, func(r bool) transform.Spec { return masked(3, 0.9, r) }, [2]uint64{0x4c835325c69e30f, 0x70b8ece9c1ac4956}},
		{[]int{1, 2}, 25, func(r bool) transform.Spec { return masked(5, 0.9, r) }, [2]uint64{0xac4ebb54f1f18e79, 0x66e9d42f2db4a4c9}},
	} {
		for i, reverse := range []bool{false, true} {
			shape := transform.Shape{Grid: c.grid, Features: c.features}
			s := build(t, c.spec(reverse), shape, 0)
			h := fnv.New64a()
			note := func(values []float64) {
				for _, v := range values {
					if v != v {
						v = math.NaN()
					}
					fmt.Fprintf(h, "%016x", math.Float64bits(v))
				}
			}
			x := noise(2*shape.Dim(), 1, 2)
			x[1], x[len(x)-1] = 0, math.Copysign(0, -1)
			wide := autograd.Bind64(s.parameters)
			g := wide.NewGraph()
			in, _ := s.differentiate(g, false, x, nil)
			note(gradients(in))
			note(g.Gradients64())
			_, _, out, total := s.run(g, autograd.Evaluate, false, x, nil)
			note(values(out))
			note(total.Values)
			in, _ = s.differentiate(g, true, x, nil)
			note(gradients(in))
			note(g.Gradients64())
			if got := h.Sum64(); got != c.want[i] {
				t.Errorf("%v sites of %d features, %T, reverse %v: the bits are %#x, want %#x", c.grid, c.features, c.spec(reverse), reverse, got, c.want[i])
			}
		}
	}
}
