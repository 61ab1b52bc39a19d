package kernels

import (
	"math"
	"testing"
)

// TestSigmoidIsBounded sweeps for what Sigmoid and LogSigmoid promise beside
// their accuracy.
func TestSigmoidIsBounded(t *testing.T) {
	for bits := uint64(0); bits < 1<<32; bits += 4001 {
		x := math.Float32frombits(uint32(bits))
		if x != x {
			continue
		}
		if y := sigmoidRef(x); !(y >= 0 && y <= 1) {
			t.Fatalf("sigmoid(%v) = %v", x, y)
		}
		if y := logSigmoidRef(x); !sameBits(y, -softplusRef(-x)) || !(y <= 0) {
			t.Fatalf("logsigmoid(%v) = %v, softplus(%v) = %v", x, y, -x, softplusRef(-x))
		}
	}
}
