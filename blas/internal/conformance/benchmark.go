package conformance

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
)

// Benchmark measures the products of typical layers in GFLOP/s.
func Benchmark(b *testing.B, backend blas.Backend) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, rows := range []int{1, 8, 64, 512} {
		for _, size := range [][2]int{{3, 128}, {16, 128}, {128, 6}, {128, 128}, {256, 256}, {512, 512}} {
			in, out := size[0], size[1]
			x, dy := Matrix(rng, rows, in, 0), Matrix(rng, rows, out, 0)
			y, dx, dw := Matrix(rng, rows, out, 0), Matrix(rng, rows, in, 0), Normal(rng, in*out)
			values, bias := Normal(rng, in*out), Normal(rng, out)
			w := backend.NewWeights(in, out)
			w.Set(values, bias)
			run := func(name string, f func()) {
				b.Run(fmt.Sprintf("%s/rows=%d/in=%d/out=%d", name, rows, in, out), func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						f()
					}
					flops := 2 * float64(rows) * float64(in) * float64(out)
					b.ReportMetric(flops*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
				})
			}
			run("forward", func() { w.Forward(y, x, blas.ReLU) })
			if rows == 1 {
				run("set", func() { w.Set(values, bias); w.BackwardInput(dx, dy, false) })
				continue
			}
			run("backward", func() { w.BackwardInput(dx, dy, false) })
			// Without accumulation, so that the values stay in range.
			run("gradient", func() { blas.GradientWeights(backend, dw, x, dy, false) })
		}
	}
}
