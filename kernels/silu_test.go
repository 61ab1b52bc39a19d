package kernels

import (
	"math"
	"testing"
)

// TestSiLUBackward holds the derivative to float64 math. It has a zero, near
// which only its absolute error is small.
func TestSiLUBackward(t *testing.T) {
	const n = 4096
	x, dx, dy := make([]float32, n), make([]float32, n), make([]float32, n)
	for i := range x {
		x[i] = float32(i-n/2) / 64
		dy[i] = 1
	}
	for _, tier := range Tiers() {
		tier.SiLUBackward(dx, x, dy)
		worst, at := 0.0, float32(0)
		for i, v := range x {
			s, c := sigmoid(float64(v)), sigmoid(-float64(v))
			want := s * (1 + float64(v)*c)
			// The sum of the sizes of its two terms is what it is accurate to.
			if e := math.Abs(float64(dx[i])-want) / (s * (1 + math.Abs(float64(v))*c)) * 0x1p23; e > worst {
				worst, at = e, v
			}
		}
		t.Logf("%s: largest error %.3f·2^-23 at %v", tier.Name(), worst, at)
		if worst > 2.5 {
			t.Errorf("%s: SiLUBackward is wrong by %.3f·2^-23 of its terms at %v, want at most 2.5", tier.Name(), worst, at)
		}
	}
}

func TestSiLUSpecialValues(t *testing.T) {
	inf, nan, minusZero := float32(math.Inf(1)), float32(math.NaN()), float32(math.Copysign(0, -1))
	for _, tier := range Tiers() {
		x := []float32{0, minusZero, inf, -inf, nan, math.MaxFloat32, -math.MaxFloat32, 1, 1, -110}
		dy := []float32{2, 2, 3, 3, 1, 5, 5, nan, inf, 1}
		dx := make([]float32, len(x))
		tier.SiLUBackward(dx, x, dy)
		expectBits(t, tier.Name()+" SiLUBackward", dx, []float32{1, 1, 3, minusZero, nan, 5, minusZero, nan, inf, minusZero})

		y := []float32{-1, nan, 1, inf, inf}
		tier.AddBiasSiLU(Dense(y, 1, 5), []float32{1, 1, -1, -1, -inf})
		expectBits(t, tier.Name()+" AddBiasSiLU", y, []float32{0, nan, 0, inf, nan})
	}
}

// TestAddBiasSiLUIsSiLU compares the fused kernel with its two steps.
func TestAddBiasSiLUIsSiLU(t *testing.T) {
	const rows, cols = 37, 21
	for _, tier := range Tiers() {
		fused, bias := make([]float32, rows*cols), make([]float32, cols)
		for i := range fused {
			fused[i] = float32(i%200-100) / 8
		}
		for i := range bias {
			bias[i] = float32(i-10) / 3
		}
		steps := append([]float32(nil), fused...)
		tier.AddBiasSiLU(Dense(fused, rows, cols), bias)
		tier.AddBias(Dense(steps, rows, cols), bias)
		tier.SiLU(steps, steps)
		expectBits(t, tier.Name(), fused, steps)
	}
}
