package kernels

import (
	"math"
	"testing"
)

// TestErfIsOddAndBounded sweeps for what Erf promises beside its accuracy.
func TestErfIsOddAndBounded(t *testing.T) {
	for bits := uint32(0); bits <= math.Float32bits(float32(math.Inf(1))); bits += 997 {
		x := math.Float32frombits(bits)
		if y := erfRef(x); !sameBits(erfRef(-x), -y) || y > 1 {
			t.Fatalf("erf(%v) = %v, erf(%v) = %v", x, y, -x, erfRef(-x))
		}
	}
}

// TestNormalSymmetry sweeps for the symmetries of NormalQuantile and GELU.
func TestNormalSymmetry(t *testing.T) {
	for bits := math.Float32bits(0.5); bits < math.Float32bits(1); bits += 997 {
		p := math.Float32frombits(bits) // 1 − p has no rounding
		if above, below := normalQuantileRef(p), normalQuantileRef(1-p); !sameBits(above, -below) && p != 0.5 {
			t.Fatalf("quantile(%v) = %v, quantile(%v) = %v", p, above, 1-p, below)
		}
	}
	for bits := math.Float32bits(15); bits <= math.Float32bits(float32(math.Inf(1))); bits += 9973 {
		x := math.Float32frombits(bits)
		if y := geluRef(x); y != x {
			t.Fatalf("GELU(%v) = %v", x, y)
		}
		if y := geluRef(-x); !sameBits(y, float32(math.Copysign(0, -1))) {
			t.Fatalf("GELU(%v) = %v", -x, y)
		}
	}
}
