package kernels

import (
	"math"
	"math/rand/v2"
	"testing"
)

// ulps returns the distance of got from want in units of want's last place.
func ulps64(got, want float64) float64 {
	if got == want || got != got && want != want {
		return 0
	}
	unit := math.Abs(math.Nextafter(want, math.Inf(1)) - want)
	return math.Abs(got-want) / unit
}

// TestFloat64Twins holds the twins against math, itself good to an ULP.
func TestFloat64Twins(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, f := range []struct {
		name       string
		twin, math func(float64) float64
		from, to   float64
		bound      float64
	}{
		{"Exp64", Exp64, math.Exp, -745, 709, 2},
		{"Exp64 near 0", Exp64, math.Exp, -1, 1, 2},
		{"Tanh64", Tanh64, math.Tanh, -22, 22, 3.5}, // math.Tanh itself is good to 2 only
		{"Log64", Log64, math.Log, 0, 10, 2},
		{"Log64 of large", Log64, math.Log, 1, 1e300, 2},
	} {
		var worst, at float64
		for range 200000 {
			x := f.from + (f.to-f.from)*random.Float64()
			if e := ulps64(f.twin(x), f.math(x)); e > worst {
				worst, at = e, x
			}
		}
		t.Logf("%s: %.3f ULP at %v", f.name, worst, at)
		if worst > f.bound {
			t.Errorf("%s is %.3f ULP from math at %v, want at most %v", f.name, worst, at, f.bound)
		}
	}
	for range 200000 {
		u := 4*random.Float64() - 2
		sin, cos := SinCos2Pi64(u)
		wantSin, wantCos := math.Sincos(2 * math.Pi * u)
		// The product 2πu is itself rounded, by up to 4.5e-16·2π.
		if math.Abs(sin-wantSin) > 2e-15 || math.Abs(cos-wantCos) > 2e-15 {
			t.Fatalf("SinCos2Pi64(%v) = %v, %v, want %v, %v", u, sin, cos, wantSin, wantCos)
		}
	}
}

func TestFloat64SpecialValues(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct{ got, want float64 }{
		{Exp64(inf), inf}, {Exp64(-inf), 0}, {Exp64(nan), nan}, {Exp64(0), 1}, {Exp64(710), inf}, {Exp64(-746), 0}, {Exp64(-745), 5e-324},
		{Log64(inf), inf}, {Log64(0), -inf}, {Log64(-1), nan}, {Log64(nan), nan}, {Log64(1), 0}, {Log64(5e-324), -744.4400719213812},
		{Tanh64(inf), 1}, {Tanh64(-inf), -1}, {Tanh64(nan), nan}, {Tanh64(0), 0}, {Tanh64(1e-300), 1e-300},
	} {
		if c.got != c.want && !(c.got != c.got && c.want != c.want) {
			t.Errorf("got %v, want %v", c.got, c.want)
		}
	}
	if v := Tanh64(math.Copysign(0, -1)); v != 0 || !math.Signbit(v) {
		t.Errorf("Tanh64(-0) = %v", v)
	}
	for quarter, want := range [][2]float64{{0, 1}, {1, 0}, {0, -1}, {-1, 0}} {
		if sin, cos := SinCos2Pi64(float64(quarter) / 4); sin != want[0] || cos != want[1] {
			t.Errorf("SinCos2Pi64(%d/4) = %v, %v", quarter, sin, cos)
		}
	}
}
