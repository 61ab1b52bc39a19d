package transform_test

import (
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// circulant is the dense matrix of a periodic convolution of a grid of lines, which
// its kernel, the identity in the middle and the remainders of positions make: the
// kernel is stored line by line, by the feature that comes in and the one that goes out.
func circulant(weights []float32, lines, sites, features, kernel int) *mat.Dense {
	n := lines * sites * features
	m := mat.NewDense(n, n, nil)
	add := func(row, column int, v float64) { m.Set(row, column, m.At(row, column)+v) }
	reach := [2]int{kernel / 2, kernel / 2}
	if lines == 1 {
		reach[0] = 0
	}
	for line := range lines {
		for site := range sites {
			out := (line*sites + site) * features
			for i := range features {
				add(out+i, out+i, 1)
			}
			at := 0
			for dl := -reach[0]; dl <= reach[0]; dl++ {
				for ds := -reach[1]; ds <= reach[1]; ds++ {
					in := ((line+dl+lines)%lines*sites + (site+ds+sites)%sites) * features
					for j := range features {
						for i := range features {
							add(out+i, in+j, float64(weights[at]))
							at++
						}
					}
				}
			}
		}
	}
	return m
}

// TestPeriodicConvolutionIsCirculant compares what comes out, the log-det and what goes
// back with the dense matrix, on grids of odd and of even sides and on a line; in
// float32 with the rounding of that alone, for the layer computes in float64.
func TestPeriodicConvolutionIsCirculant(t *testing.T) {
	for _, c := range []struct {
		grid             []int
		features, kernel int
	}{
		{[]int{5, 4}, 2, 3}, {[]int{3, 4}, 3, 3}, {[]int{6, 7}, 1, 5}, {[]int{5}, 3, 5}, {[]int{5}, 2, 3}, {[]int{4}, 1, 1},
	} {
		shape := transform.Shape{Grid: c.grid, Features: c.features}
		s := build(t, &transform.PeriodicConvolutionSpec{Kernel: c.kernel}, shape, 0)
		lines := 1
		if len(c.grid) == 2 {
			lines = c.grid[0]
		}
		dense := circulant(s.parameters.Values(), lines, shape.Sites()/lines, c.features, c.kernel)
		x := noise(shape.Dim(), 1, 2)
		var want, back mat.VecDense
		want.MulVec(dense, mat.NewVecDense(len(x), x))
		var lu mat.LU
		lu.Factorize(dense)
		logDet, _ := lu.LogDet()
		if err := lu.SolveVecTo(&back, false, mat.NewVecDense(len(x), x)); err != nil {
			t.Fatal(err)
		}
		for bound, g := range map[float64]*autograd.Graph{
			1e-9: autograd.Bind64(s.parameters).NewGraph(),
			2e-6: autograd.Bind32(s.parameters, blas.Builtin()).NewGraph(),
		} {
			for inverse, want := range map[bool]*mat.VecDense{false: &want, true: &back} {
				logDet := logDet
				if inverse {
					logDet = -logDet
				}
				_, _, out, total := s.run(g, autograd.Evaluate, inverse, x, nil)
				for i, v := range values(out) {
					if !near(v, want.AtVec(i), bound) {
						t.Errorf("%+v, inverse %v, to %v: value %d is %v, by the dense matrix %v", c, inverse, bound, i, v, want.AtVec(i))
					}
				}
				if got := total.Values[0]; !near(got, logDet, bound) {
					t.Errorf("%+v, inverse %v, to %v: the log-det is %v, by the dense matrix %v", c, inverse, bound, got, logDet)
				}
			}
		}
	}
}
