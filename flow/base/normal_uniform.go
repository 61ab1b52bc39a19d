package base

import (
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/kernels"
)

// NormalUniform is independent columns, some standard normal and some uniform, as
// the noise of flows of which some columns are circular.
const NormalUniform = "normal-uniform"

// NormalUniformSpec describes [NormalUniform].
type NormalUniformSpec struct {
	// Columns are those that are uniform on [−Bound, Bound], ascending; the others
	// are standard normal.
	Columns []int   `json:"columns,omitempty"`
	Bound   float64 `json:"bound,omitempty"`
}

// Default implements [Spec].
func (s *NormalUniformSpec) Default() { s.Bound = 3 }

// Check implements [Spec].
func (s *NormalUniformSpec) Check(features int) error {
	for i, c := range s.Columns {
		if c < 0 || c >= features || i > 0 && c <= s.Columns[i-1] {
			return fmt.Errorf("entry %d of the uniform columns is %d, want ascending ones of 0 to %d", i, c, features-1)
		}
	}
	return (&UniformSpec{Bound: s.Bound}).Check(features)
}

// Build implements [Spec].
func (s *NormalUniformSpec) Build(features int, scope autograd.Scope) Density {
	n := &normalUniform{uniform: make([]bool, features), bound: s.Bound, logDensity: -kernels.Log64(2 * s.Bound)}
	for _, c := range s.Columns {
		n.uniform[c] = true
	}
	return newRowBase(n, nil, scope)
}

// Tempered tells that a box has no scale to multiply.
func (s *NormalUniformSpec) Tempered() bool { return len(s.Columns) == 0 }

type normalUniform struct {
	uniform           []bool // of each column
	bound, logDensity float64
}

func (n *normalUniform) Prepared() int          { return 0 }
func (n *normalUniform) Scratch() int           { return 0 }
func (n *normalUniform) Prepare(_, _ []float64) {}
func (n *normalUniform) words(features int) int { return features }

func (n *normalUniform) LogDensity(_, _, z []float64) float64 {
	var total float64
	outside := false
	for c, v := range z {
		switch {
		case !n.uniform[c]:
			total -= float64(0.5*float64(v*v)) + kernels.HalfLog2Pi
		case v != v:
			return v
		default:
			total += n.logDensity
			outside = outside || math.Abs(v) > n.bound
		}
	}
	if outside && total == total {
		return math.Inf(-1)
	}
	return total
}

// Gradient is zero in uniform columns.
func (n *normalUniform) Gradient(dz, _, _, _, z []float64, d float64) {
	for c, v := range z {
		if !n.uniform[c] {
			dz[c] -= float64(d * v)
		}
	}
}

func (n *normalUniform) sampleRow(z, _ []float64, words []uint32, _ float64) {
	for c := range z {
		if n.uniform[c] {
			z[c] = float64((float64(2*unit(words[c])) - 1) * n.bound)
		}
	}
}
