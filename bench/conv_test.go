package bench

import (
	"math"
	"testing"
)

// TestConvShare pins the bars of convolutions: 0.8 of the bare product forward with
// 64 columns or more, and OpenBLAS's speed in the weights' gradients of 1,024 sites.
func TestConvShare(t *testing.T) {
	product := func(what string, in, rows int) ConvProduct {
		return ConvProduct{ConvLayer: ConvLayer{Grid: [2]int{4, 4}, Kernel: 3, In: in, Out: 8}, What: what, Rows: rows,
			Timings: []Timing{{Name: "builtin", Ns: 100}, {Name: "builtin bare", Ns: 72}, {Name: "openblas", Ns: 110}, {Name: "openblas bare", Ns: 60}}}
	}
	for name, test := range map[string]struct {
		p     ConvProduct
		share float64
		bar   string
	}{
		"forward":  {product("forward", 64, 16), 0.9, "0.8 of the bare product"},
		"narrow":   {product("forward", 63, 16), 0, ""},
		"input":    {product("input", 64, 2048), 0, ""},
		"weights":  {product("weights", 2, 1024), 1.1, "OpenBLAS"},
		"few rows": {product("weights", 64, 1008), 0, ""},
	} {
		share, bar, ok := test.p.Share()
		if ok != (test.bar != "") || math.Abs(share-test.share) > 1e-9 || bar != test.bar {
			t.Errorf("%s: %v of %s, %v, want %v of %s", name, share, bar, ok, test.share, test.bar)
		}
	}
	if _, _, ok := (ConvProduct{What: "weights", Rows: 1024, Timings: product("", 1, 1).Timings[:2]}).Share(); ok {
		t.Error("without OpenBLAS a gradient has a bar")
	}
}
