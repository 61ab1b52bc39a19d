package flow

import (
	"math"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/kernels"
)

// uniform is the density (2b)^−D on the box [−b, b], and zero outside.
type uniform struct{ bound, logDensity float64 }

func newUniform(b Base, _ int, scope autograd.Scope) base {
	return newRowBase(&uniform{b.Bound, -kernels.Log64(2 * b.Bound)}, nil, scope)
}

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
