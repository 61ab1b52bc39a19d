package bench

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/kernels"
)

// Gemm measures the forward product of a linear layer, y = x·w + b, and both
// products of its backward, on each backend, one core, as GFLOP/s.
func Gemm(o Options, backends []blas.Backend, shapes [][2]int, rowCounts []int, backward bool, report func(Result)) {
	for _, s := range shapes {
		in, out := s[0], s[1]
		w, bias := fill(in*out, 1, 0.5), fill(out, 2, 0.5)
		for _, rows := range rowCounts {
			x := kernels.Dense(fill(rows*in, 3, 1), rows, in)
			y := kernels.Dense(fill(rows*out, 4, 1), rows, out)
			dx := kernels.Dense(make([]float32, rows*in), rows, in)
			dw := make([]float32, in*out)
			flops := 2 * float64(rows) * float64(in) * float64(out)
			for _, b := range backends {
				weights := b.NewWeights(in, out)
				weights.Set(w, bias)
				measure := func(what string, do func()) {
					ns, calls := o.median(do)
					report(Result{
						Name: fmt.Sprintf("gemm/%s/%s/rows=%d/%s", what, b.Name(), rows, shape(in, out)), Runs: calls, Ns: ns,
						Figures: []Figure{{"GFLOP/s", flops / ns}},
					})
				}
				scratch := kernels.Dense(make([]float32, rows*out), rows, out)
				measure("forward", func() { weights.Forward(scratch, x, blas.ReLU) })
				if backward {
					measure("input", func() { weights.BackwardInput(dx, y, false) })
					measure("weights", func() { b.GradientWeights(dw, x, y, false) })
				}
			}
		}
	}
}
