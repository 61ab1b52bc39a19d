package autograd_test

import (
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// TestMatricesOfFewValues asks for matrices whose weights do not exist: 2^26
// cells of memory are free, and four more for each value.
func TestMatricesOfFewValues(t *testing.T) {
	const out = 1 << 13 // values of the bias
	for in, allowed := range map[int]bool{1 << 13: true, 1<<13 + 4: true, 1<<13 + 5: false} {
		p := autograd.NewParameters(0)
		p.Root().NewMasked(blas.Mask{In: in, Blocks: 1, Runs: []blas.Run{{Inputs: 0, Outputs: out}}})
		if err := p.Err(); (err == nil) != allowed {
			t.Errorf("%d x %d cells for %d values: error %v", in, out, p.Len(), err)
		}
	}
}

// TestCountParameters counts more values than an int has.
func TestCountParameters(t *testing.T) {
	got := autograd.CountParameters(func(s autograd.Scope) {
		s.New("a", 1<<32, 1<<32)
		s.New("b", 2, 3)
	})
	if want := 0x1p64 + 6; got != want {
		t.Errorf("%v parameters, want %v", got, want)
	}
}
