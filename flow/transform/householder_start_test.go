package transform_test

import (
	"slices"
	"testing"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// TestHouseholderStart: reflections begin in equal pairs, which undo each other;
// one that is left over has no pair.
func TestHouseholderStart(t *testing.T) {
	const d = 3
	for k := 1; k <= 5; k++ {
		parameters := autograd.NewParameters(0)
		h := (&transform.HouseholderSpec{Reflections: k}).Build(transform.Shape{Features: d}, 0, parameters.Root())
		h.Initialize(7)
		var vectors []float32
		for _, p := range parameters.All() {
			if p.Rows == k && p.Name == "vectors" {
				vectors = p.Values()
			}
		}
		for i := 0; i < k; i++ {
			v, pair := vectors[i*d:(i+1)*d], i^1
			drawn := slices.ContainsFunc(v, func(x float32) bool { return x != 0 })
			if !drawn || pair < k && !slices.Equal(v, vectors[pair*d:(pair+1)*d]) {
				t.Errorf("%d reflections: number %d of %v is not drawn, or not as its pair", k, i, vectors)
			}
		}
	}
}
