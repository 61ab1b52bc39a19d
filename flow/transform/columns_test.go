package transform_test

import (
	"slices"
	"testing"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// TestColumns holds layers among permutations against the same layers for the
// columns that the permutations mean. Round trips and derivatives cannot tell:
// a layer that ignores a permutation is invertible too.
func TestColumns(t *testing.T) {
	const d = 7
	order := []int{2, 0, 3, 6, 1, 5, 4} // not its own inverse
	natural := autoregressive(d, affine, true, "natural")
	reordered := *natural
	reordered.Order = order
	first := coupling(d, affine, 0)
	moved := *first
	moved.Mask = make([]bool, d)
	for i, o := range order {
		moved.Mask[o] = first.Mask[i]
	}
	permuted := func(layer transform.Spec) transform.Spec {
		p := &transform.PermutationSpec{Order: order}
		return &transform.ChainSpec{Transforms: []transform.Spec{p, layer, &transform.InvertSpec{Transform: p}}}
	}
	inverse := func(layer transform.Spec) transform.Spec {
		return &transform.InvertSpec{Transform: layer}
	}
	for _, c := range []struct {
		name       string
		chain, one transform.Spec
	}{
		{"autoregressive", permuted(natural), &reordered},
		{"coupling", permuted(first), &moved},
		{"inverse autoregressive", permuted(inverse(natural)), inverse(&reordered)},
		{"inverse of all", inverse(permuted(first)), inverse(&moved)},
	} {
		x := noise(5*d, 1, 2)
		var results [2][]float64
		for i, spec := range []transform.Spec{c.chain, c.one} {
			s := build(t, spec, transform.Shape{Features: d}, 0)
			for feature, column := range s.outputs {
				if column != feature {
					t.Errorf("%s: feature %d of z is column %d", c.name, feature, column)
				}
			}
			g := autograd.Bind64(s.parameters).NewGraph()
			_, _, z, total := s.run(g, autograd.Evaluate, false, x, nil)
			results[i] = append(values(z), total.Values...)
		}
		if !slices.Equal(results[0], results[1]) {
			t.Errorf("%s: with permutations %v, without %v", c.name, results[0][:d], results[1][:d])
		}
	}
}
