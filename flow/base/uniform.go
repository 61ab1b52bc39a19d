package base

import (
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/kernels"
)

// Uniform is constant on a box and zero outside, for flows that end on one.
const Uniform = "uniform"

// UniformSpec describes [Uniform].
type UniformSpec struct {
	// Bound is half the width of the box [−Bound, Bound].
	Bound float64 `json:"bound,omitempty"`
}

const minUniformBound, maxUniformBound = 1e-6, 1e6

// Default implements [Spec].
func (s *UniformSpec) Default() { s.Bound = 3 }

// Check implements [Spec].
func (s *UniformSpec) Check(int) error {
	if !(s.Bound >= minUniformBound && s.Bound <= maxUniformBound) {
		return fmt.Errorf("the bound is %v, want %v to %v", s.Bound, minUniformBound, float64(maxUniformBound))
	}
	return nil
}

// Build implements [Spec].
func (s *UniformSpec) Build(_ int, scope autograd.Scope) Density {
	return newRowBase(&uniform{s.Bound, -kernels.Log64(2 * s.Bound)}, nil, scope)
}

// Tempered tells that a box has no scale to multiply.
func (*UniformSpec) Tempered() bool { return false }

// uniform is the density (2b)^−D on the box [−b, b], and zero outside.
type uniform struct{ bound, logDensity float64 }

func (u *uniform) Prepared() int          { return 0 }
func (u *uniform) Scratch() int           { return 0 }
func (u *uniform) Prepare(_, _ []float64) {}
func (u *uniform) words(features int) int { return features }

func (u *uniform) LogDensity(_, _, z []float64) float64 {
	for _, v := range z {
		switch {
		case v != v:
			return v
		case math.Abs(v) > u.bound:
			return math.Inf(-1)
		}
	}
	return float64(float64(len(z)) * u.logDensity)
}

// Gradient is zero wherever there is one.
func (u *uniform) Gradient(_, _, _, _, _ []float64, _ float64) {}

func (u *uniform) sampleRow(z, _ []float64, words []uint32, _ float64) {
	for c := range z {
		z[c] = float64((float64(2*unit(words[c])) - 1) * u.bound)
	}
}
