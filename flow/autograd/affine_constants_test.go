package autograd_test

import (
	"math"
	"slices"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/kernels"
)

// TestAffineOfConstantsBits compares rows side by side with rows by themselves.
func TestAffineOfConstantsBits(t *testing.T) {
	for _, cols := range []int{1, 2, 3, 4, 6, 8, 12, 15, 16, 17} {
		parameters := autograd.NewParameters(0)
		constant := parameters.Root().New("constant", 1, 2*cols)
		for i := range constant.Values() {
			constant.Values()[i] = float32(i%7) - 2.5
		}
		g := autograd.Bind32(parameters, blas.Builtin()).NewGraph()
		for _, rows := range []int{1, 7, 37} {
			for _, inverse := range []bool{false, true} {
				x, want, sums := make([]float32, rows*cols), make([]float32, rows*cols), make([]float32, rows)
				for i := range x {
					x[i] = float32(i%11) - 4
				}
				x[len(x)-1] = float32(math.NaN())
				u := &autograd.Affine{Bound: 2}
				same := kernels.Matrix{Data: constant.Values(), Rows: rows, Cols: 2 * cols}
				apply := u.Forward32
				if inverse {
					apply = u.Inverse32
				}
				apply(kernels.Dense(want, rows, cols), kernels.Dense(x, rows, cols), same, sums)

				g.Reset(autograd.Evaluate)
				v, total := g.Wrap(slices.Clone(x), cols), g.Sums(rows)
				got := g.Apply(u, inverse, v, g.Repeat(constant, rows), autograd.Part{}, total)
				for r := range rows {
					if total.Values[r] != float64(sums[r]) {
						t.Fatalf("%d columns, %d rows: log-det %d is %v, want %v", cols, rows, r, total.Values[r], sums[r])
					}
					for c, y := range got.Row32(r) {
						if w := want[r*cols+c]; math.Float32bits(y) != math.Float32bits(w) && y == y {
							t.Fatalf("%d columns, %d rows: value %d, %d is %v, want %v", cols, rows, r, c, y, w)
						}
					}
				}
			}
		}
	}
}
