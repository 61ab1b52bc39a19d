package base

import (
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/kernels"
)

// StudentT is independent Student t densities of given degrees of freedom: heavy
// tails, which no map with bounded slopes makes out of normal ones (Jaini,
// Kobyzev, Yu and Brubaker, 2020).
const StudentT = "student-t"

// StudentTSpec describes [StudentT].
type StudentTSpec struct {
	// DegreesOfFreedom is ν.
	DegreesOfFreedom float64 `json:"degrees_of_freedom,omitempty"`
}

const minDegrees, maxDegrees = 0.01, 1e6

// Default implements [Spec].
func (s *StudentTSpec) Default() { s.DegreesOfFreedom = 5 }

// Check implements [Spec].
func (s *StudentTSpec) Check(int) error {
	if !(s.DegreesOfFreedom >= minDegrees && s.DegreesOfFreedom <= maxDegrees) {
		return fmt.Errorf("it has %v degrees of freedom, want %v to %v", s.DegreesOfFreedom, minDegrees, float64(maxDegrees))
	}
	return nil
}

// Build implements [Spec].
func (s *StudentTSpec) Build(_ int, scope autograd.Scope) Density {
	nu := s.DegreesOfFreedom
	normalizer := logGamma(0.5*(nu+1)) - logGamma(0.5*nu) - float64(0.5*kernels.Log64(float64(nu*math.Pi)))
	return newRowBase(&studentT{nu, normalizer}, nil, scope)
}

// studentT is independent Student t densities,
//
//	log p(z) = Σ_c log Γ((ν+1)/2) − log Γ(ν/2) − ½ log(νπ) − (ν+1)/2·log(1 + z_c²/ν)
type studentT struct{ degrees, normalizer float64 }

func (t *studentT) Prepared() int          { return 0 }
func (t *studentT) Scratch() int           { return 0 }
func (t *studentT) Prepare(_, _ []float64) {}
func (t *studentT) words(features int) int { return 2 * features }
func (t *studentT) exponent() float64      { return 0.5 * (t.degrees + 1) }

func (t *studentT) LogDensity(_, _, z []float64) float64 {
	var sum float64
	for _, v := range z {
		sum += t.normalizer - float64(t.exponent()*kernels.Log64(1+float64(v*v)/t.degrees))
	}
	return sum
}

func (t *studentT) Gradient(dz, _, _, _, z []float64, d float64) {
	for c, v := range z {
		dz[c] -= float64(d*(t.degrees+1)) * v / (t.degrees + float64(v*v))
	}
}

// sampleRow is the polar method: √(ν(U^(−2/ν) − 1))·cos 2πV has the Student t
// distribution (Bailey, 1994).
func (t *studentT) sampleRow(z, _ []float64, words []uint32, temperature float64) {
	for c := range z {
		power := kernels.Exp64(-2 / t.degrees * kernels.Log64(unit(words[2*c])))
		_, cos := kernels.SinCos2Pi64(unit(words[2*c+1]))
		z[c] = float64(float64(temperature*math.Sqrt(float64(t.degrees*(power-1)))) * cos)
	}
}

// logGamma returns log Γ(x) for x > 0: Stirling's series from 20 on, below it
// the recurrence Γ(x) = Γ(x+1)/x. The error is below 1e-13.
func logGamma(x float64) float64 {
	var below float64
	for ; x < 20; x++ {
		below += kernels.Log64(x)
	}
	r := 1 / x
	s := float64(r * r)
	series := float64(r * (1.0/12 - float64(s*(1.0/360-float64(s*(1.0/1260-float64(s*(1.0/1680-float64(s/1188)))))))))
	return float64((x-0.5)*kernels.Log64(x)) - x + kernels.HalfLog2Pi + series - below
}
