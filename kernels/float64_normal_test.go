package kernels

import (
	"math"
	"testing"
)

// TestLogNormalCDF64 holds it against math.Erfc, and far out against the
// asymptotic series.
func TestLogNormalCDF64(t *testing.T) {
	worst := 0.0
	for z := -37.0; z < 8; z += 0.0371 {
		want := math.Log(0.5 * math.Erfc(-z/math.Sqrt2))
		if z > 0 {
			want = math.Log1p(-0.5 * math.Erfc(z/math.Sqrt2))
		}
		got := LogNormalCDF64(z)
		worst = max(worst, math.Abs(got/want-1))
	}
	t.Logf("largest relative error %.2g", worst)
	if worst > 1e-14 {
		t.Errorf("a relative error of %.2g", worst)
	}
	for _, z := range []float64{-60, -1e3, -1e8, -1e140} {
		r := 1 / (z * z)
		want := -z*z/2 - math.Log(-z) - HalfLog2Pi + math.Log(1-r*(1-r*(3-r*15)))
		if got := LogNormalCDF64(z); math.Abs(got/want-1) > 1e-15 {
			t.Errorf("log Φ(%v) is %v, want %v", z, got, want)
		}
	}
	for z, want := range map[float64]float64{math.Inf(1): 0, math.Inf(-1): math.Inf(-1), 40: 0} {
		if got := LogNormalCDF64(z); got != want {
			t.Errorf("log Φ(%v) is %v, want %v", z, got, want)
		}
	}
	if got := LogNormalCDF64(math.NaN()); got == got {
		t.Errorf("log Φ(NaN) is %v", got)
	}
}

// TestNormalQuantileLog64 brings values back, and holds some against scipy's
// ndtri_exp.
func TestNormalQuantileLog64(t *testing.T) {
	for z := -200.0; z <= 0; z += 0.0937 {
		if got := NormalQuantileLog64(LogNormalCDF64(z)); math.Abs(got-z) > 2e-15*(1+math.Abs(z)) {
			t.Fatalf("from log Φ(%v) comes %v", z, got)
		}
	}
	for z := 0.0; z < 4; z += 0.0937 {
		if got := NormalQuantileLog64(LogNormalCDF64(z)); math.Abs(got-z) > 1e-12*math.Exp(z*z/2) {
			t.Fatalf("from log Φ(%v) comes %v", z, got)
		}
	}
	softplus := func(x float64) float64 { return math.Log1p(math.Exp(x)) }
	for x, want := range map[float64]float64{0: 0, -1: -0.616017693, -10: -3.913957197, -40: -8.592675718, -80: -12.374088191} {
		if got := NormalQuantileLog64(-softplus(-x)); math.Abs(got-want) > 1e-9 {
			t.Errorf("of log σ(%v): %v, want %v", x, got, want)
		}
	}
	for l, want := range map[float64]float64{0: math.Inf(1), math.Inf(-1): math.Inf(-1)} {
		if got := NormalQuantileLog64(l); got != want {
			t.Errorf("of %v: %v, want %v", l, got, want)
		}
	}
	for _, l := range []float64{0.5, math.NaN()} {
		if got := NormalQuantileLog64(l); got == got {
			t.Errorf("of %v: %v, want NaN", l, got)
		}
	}
}
