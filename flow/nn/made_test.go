package nn_test

import (
	"testing"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
)

// TestEvenUnits checks that units are all there, spread evenly, over degrees
// that are of use.
func TestEvenUnits(t *testing.T) {
	for _, features := range []int{1, 2, 7, 64, 100} {
		for _, width := range []int{1, 3, 64, 100, 513} {
			for _, context := range []bool{false, true} {
				units := nn.EvenUnits(features, width, context)
				lowest := 1
				if context || features == 1 {
					lowest = 0
				}
				total, least, most := 0, width, 0
				for d, n := range units {
					total += n
					if d >= lowest {
						least, most = min(least, n), max(most, n)
					} else if n != 0 {
						t.Errorf("D=%d, width %d, context %v: %d units of degree %d", features, width, context, n, d)
					}
				}
				if total != width || most > least+1 || units[features-1] == 0 {
					t.Errorf("D=%d, width %d, context %v: units %v", features, width, context, units)
				}
			}
		}
	}
}

// TestMADEParameters counts the weights that exist.
func TestMADEParameters(t *testing.T) {
	// Degrees 0,1,2 see 2 contexts and 0, 1, 2 features.
	s := nn.MADESpec{Units: [][]int{{1, 0, 2}, {0, 3, 1}}}
	if err := s.Check(3, 2); err != nil {
		t.Fatal(err)
	}
	p := autograd.NewParameters(0)
	s.Build(3, 2, 2, p.Root())
	var got []int
	for _, l := range p.Masked() {
		got = append(got, l.In(), l.Out(), l.Weight.Size())
	}
	want := []int{
		5, 3, 2 + 2*4, // 1 unit sees 2 inputs, 2 see 4
		3, 4, 3*1 + 1*3, // 3 units of degree 1 see the one of degree 0
		4, 6, 2 * (0 + 3 + 4),
	}
	for i := range want {
		if len(got) != len(want) || got[i] != want[i] {
			t.Fatalf("inputs, outputs, weights of the layers: %v, want %v", got, want)
		}
	}
}
