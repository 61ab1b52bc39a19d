package autograd

import (
	"math"
	"testing"

	"github.com/seed-192fdf7a/nf/kernels"
)

// TestELUBits holds what chooses without branches to the definition.
func TestELUBits(t *testing.T) {
	var x []float32
	for _, v := range []float32{0, math.SmallestNonzeroFloat32, 1e-20, 0.3, 1, 7, 1e30, math.MaxFloat32, float32(math.Inf(1))} {
		x = append(x, v, -v)
	}
	n := len(x)
	e, y, s, b, dx, one := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
	for i := range one {
		one[i] = 1
	}
	kernels.Expm1(e, x)
	elu.forward32(y, x, 0)
	elu.curve.slope32(s, x, y, nil)
	elu.curve.bend32(b, x, y, s)
	elu.backward32(dx, x, y, one, nil, nil, 0)
	for i, v := range x {
		want, slope, bend := v, float32(1), float32(0)
		if !(v > 0) {
			want, slope, bend = e[i], e[i]+1, e[i]+1
		}
		for _, c := range [][2]float32{{y[i], want}, {s[i], slope}, {dx[i], slope}, {b[i], bend}} {
			if math.Float32bits(c[0]) != math.Float32bits(c[1]) {
				t.Errorf("at %v: value %v, slope %v and %v, bend %v; want %v, %v, %v", v, y[i], s[i], dx[i], b[i], want, slope, bend)
			}
		}
	}
	x[0] = float32(math.NaN())
	elu.forward32(y, x, 0)
	if y[0] == y[0] {
		t.Errorf("a NaN becomes %v", y[0])
	}
}
