package transform_test

import (
	"testing"

	"github.com/seed-192fdf7a/nf/flow/transform"
)

// TestFloat32OfEveryFamily is the comparison of float32 with float64 of the
// conformance test, one small case a family: what is left of it where a
// processor is emulated. Its seven features fill no vector.
func TestFloat32OfEveryFamily(t *testing.T) {
	check := func(name string, spec transform.Spec, shape transform.Shape, context int, bound32 float64) {
		t.Run(name, func(t *testing.T) {
			s := build(t, spec, shape, context)
			rows := 2 * shape.Sites()
			check32(t, s, noise(rows*shape.Features, 1, 2.5), noise(2*context, 2, 2), bound32)
		})
	}
	for _, f := range families {
		context := 0
		if gated[f.name] {
			context = 2
		}
		check(f.name, f.spec(7), transform.Shape{Features: 7}, context, f.bound32)
	}
	for _, f := range gridFamilies {
		check(f.name, f.spec, f.shape, 0, f.bound32)
	}
}
