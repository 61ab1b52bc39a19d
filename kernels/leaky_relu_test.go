package kernels

import (
	"math"
	"testing"
)

// TestLeakyReLUSpecialValues pins the rules for zeros, infinities and NaN.
func TestLeakyReLUSpecialValues(t *testing.T) {
	nan, inf, minusZero := float32(math.NaN()), float32(math.Inf(1)), float32(math.Copysign(0, -1))
	const tiny = math.SmallestNonzeroFloat32
	for _, tier := range Tiers() {
		in := []float32{minusZero, 0, nan, -8, 2, inf, -inf, tiny, -tiny}
		got := make([]float32, len(in))
		tier.LeakyReLU(got, in, 0.25)
		expectBits(t, tier.Name()+" LeakyReLU", got, []float32{minusZero, 0, nan, -2, 2, inf, -inf, tiny, minusZero})

		dy := []float32{1, 2, 3, 4, minusZero, nan, nan, inf, 8}
		dx := make([]float32, len(in))
		tier.LeakyReLUBackward(dx, got, dy, 0.25)
		expectBits(t, tier.Name()+" LeakyReLUBackward", dx, []float32{0.25, 0.5, 3, 1, minusZero, nan, nan, inf, 2})

		tier.LeakyReLU(got, in, 0)
		expectBits(t, tier.Name()+" LeakyReLU of slope 0", got, []float32{minusZero, 0, nan, minusZero, 2, inf, nan, tiny, minusZero})
		tier.LeakyReLU(got[:2], []float32{-2, 3}, 2)
		expectBits(t, tier.Name()+" LeakyReLU of slope 2", got[:2], []float32{-4, 3})

		y := []float32{-9, nan, 1, -1}
		tier.AddBiasLeakyReLU(Dense(y, 1, 4), []float32{1, 1, 2, 1}, 0.25)
		expectBits(t, tier.Name()+" AddBiasLeakyReLU", y, []float32{-2, nan, 3, 0})
	}
}
