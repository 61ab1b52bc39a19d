package autograd

import (
	"math"
	"testing"

	"github.com/seed-192fdf7a/nf/kernels"
)

// What follows is all that an activation and the float64 side of a scale map
// need. Their lines make the table of operations try them too.
func init() {
	activations = append(activations, struct {
		name    ActivationName
		version int
		activation
	}{"test-square", 2, square})
	scaleMaps = append(scaleMaps, struct {
		name    ScaleMap
		version int
		scaleMap
	}{"test-exp", 2, scaleMap{
		narrow: func(float32) kernels.ScaleMap { return kernels.ExpScale() },
		wide:   func(u, _ float64) scale64 { return scale64{true, u, 1} },
	}})
}

// square is x², below 0 too.
var square = activation{
	at64: func(x, _ float64) (y, dy float64) { return x * x, 2 * x },
	forward32: func(y, x []float32, _ float32) {
		for i, v := range x {
			y[i] = v * v
		}
	},
	backward32: func(dx, x, _, dy, _, _ []float32, _ float32) {
		for i, v := range x {
			dx[i] = 2 * v * dy[i]
		}
	},
}

func TestAdditions(t *testing.T) {
	a := Activation{Name: "test-square"}
	if err := a.Check(); err != nil || a.Value64(-3) != 9 || a.FormatVersion() != 2 {
		t.Errorf("x² of −3 is %v, of version %d, %v", a.Value64(-3), a.FormatVersion(), err)
	}
	affine := Affine{Scale: "test-exp"}
	if y, logDet := affine.Forward64(2, []float64{1, 5}); affine.Check() != nil || math.Abs(y-(2*math.E+5)) > 1e-12 || logDet != 1 {
		t.Errorf("2·e + 5 is %v, its log-det %v, %v", y, logDet, affine.Check())
	}
	text, err := Univariates.Marshal(&affine)
	if err != nil || string(text) != `{"type":"affine","scale_map":"test-exp"}` {
		t.Errorf("it is written as %s, %v", text, err)
	}
	for name, version := range map[ScaleMap]int{"test-exp": 2, Exp: 1, "": 1} {
		if got := (&Affine{Scale: name}).FormatVersion(); got != version {
			t.Errorf("scale map %q has version %d, want %d", name, got, version)
		}
	}
	for name, version := range map[ActivationName]int{"test-square": 2, GELUActivation: 1, ReLUActivation: 1, "none such": 1} {
		if got := (Activation{Name: name}).FormatVersion(); got != version {
			t.Errorf("activation %q has version %d, want %d", name, got, version)
		}
	}
}
