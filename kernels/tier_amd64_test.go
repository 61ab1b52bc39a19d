//go:build !noasm

package kernels

import (
	"slices"
	"testing"
)

// TestLadder has every combination of the extensions that choose a tier.
func TestLadder(t *testing.T) {
	for _, c := range []struct {
		avx2, fma, avx512 bool
		want              []string
	}{
		{false, false, false, nil},
		{true, false, false, nil},
		{false, true, false, nil},
		{true, true, false, []string{"avx2"}},
		{false, false, true, nil},
		{true, false, true, nil},
		{false, true, true, nil},
		{true, true, true, []string{"avx2", "avx512"}},
	} {
		var names []string
		for _, tier := range ladder(c.avx2, c.fma, c.avx512) {
			names = append(names, tier.Name())
		}
		if !slices.Equal(names, c.want) {
			t.Errorf("AVX2 %v, FMA %v, AVX-512 %v: %v, want %v", c.avx2, c.fma, c.avx512, names, c.want)
		}
	}
}
