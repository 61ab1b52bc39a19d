package kernels

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestAffineStrides gives every matrix of the affine kernels a stride of its
// own, so that a kernel that steps through one by the stride of another is
// seen, and raw scales of -0 alone in some rows, whose log-det is that of a sum
// that starts at +0.
func TestAffineStrides(t *testing.T) {
	for _, tier := range Tiers()[1:] {
		for _, m := range scaleMaps {
			for _, rows := range []int{1, 2, 3, 5} {
				for cols := 1; cols <= 40; cols++ {
					got, want := runAffineStrides(tier, m, rows, cols), runAffineStrides(&reference, m, rows, cols)
					for i := range want {
						if c := firstDifference(got[i], want[i]); c >= 0 {
							t.Fatalf("%s, %v, %d rows of %d columns, result %d: value %d is %x, the reference has %x", tier.name, m, rows, cols, i, c,
								math.Float32bits(got[i][c]), math.Float32bits(want[i][c]))
						}
					}
				}
			}
		}
	}
}

// runAffineStrides returns everything that the affine kernels write, gaps
// between rows included.
func runAffineStrides(tier *Tier, m ScaleMap, rows, cols int) [][]float32 {
	random := rand.New(rand.NewPCG(uint64(rows), uint64(cols)))
	var written [][]float32
	gap := 0
	matrix := func(cols int) Matrix {
		gap++
		data := make([]float32, rows*(cols+gap))
		for i := range data {
			data[i] = float32(random.NormFloat64())
		}
		return Matrix{Data: data, Rows: rows, Cols: cols, Stride: cols + gap}
	}
	output := func(cols int) Matrix {
		m := matrix(cols)
		written = append(written, m.Data)
		return m
	}
	vector := func() []float32 { return matrix(1).Data[:rows] }

	x, params, gradient := matrix(cols), matrix(2*cols), matrix(cols)
	for r := range rows {
		if r%3 < 2 {
			for c := range cols {
				params.Row(r)[c] = float32(math.Copysign(0, -1))
			}
		}
	}
	forward, inverse := vector(), vector()
	written = append(written, forward, inverse)
	tier.AffineForward(output(cols), x, params, forward, m)
	tier.AffineInverse(output(cols), x, params, inverse, m)
	tier.AffineForwardBackward(output(cols), output(2*cols), x, params, gradient, vector(), m)
	tier.AffineInverseBackward(output(cols), output(2*cols), x, params, gradient, vector(), m)
	return written
}
