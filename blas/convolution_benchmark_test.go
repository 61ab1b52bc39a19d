package blas_test

import (
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/blas/internal/conformance"
	"github.com/seed-192fdf7a/nf/kernels"
)

// BenchmarkConvolution measures 3x3 convolutions beside the bare product of as
// many operations.
func BenchmarkConvolution(b *testing.B) {
	for _, c := range []conformance.ConvolutionCase{
		{Grid: [2]int{14, 14}, Window: blas.Window{Height: 3, Width: 3, Dilation: 1}, In: 2, Out: 64},
		{Grid: [2]int{7, 7}, Window: blas.Window{Height: 3, Width: 3, Dilation: 1}, In: 64, Out: 64},
		{Grid: [2]int{14, 14}, Window: blas.Window{Height: 3, Width: 3, Dilation: 1}, In: 64, Out: 8},
		{Grid: [2]int{32, 32}, Window: blas.Window{Height: 3, Width: 3, Dilation: 1}, In: 64, Out: 64},
		{Grid: [2]int{16, 16}, Window: blas.Window{Height: 3, Width: 3, Dilation: 1}, In: 512, Out: 24},
	} {
		l := newConvolutionLayer(c, max(1, 1024/(c.Grid[0]*c.Grid[1])), 0)
		rows, terms := l.x.Rows, c.Window.Taps()*c.In
		conv := blas.NewConvolution(blas.Builtin(), c.Grid, c.Window, c.In, c.Out)
		conv.Set(l.values, l.bias)
		bare := blas.Builtin().NewWeights(terms, c.Out)
		bare.Set(l.values, l.bias)
		seen := l.windows(l.x, 0)
		y, dx, dw := kernels.Dense(make([]float32, rows*c.Out), rows, c.Out), kernels.Dense(make([]float32, rows*c.In), rows, c.In), make([]float32, terms*c.Out)
		for _, f := range []struct {
			name string
			do   func()
		}{
			{"forward", func() { conv.Forward(y, l.x, blas.ReLU) }},
			{"bare", func() { bare.Forward(y, seen, blas.ReLU) }},
			{"backward", func() { conv.BackwardInput(dx, l.dy) }},
			{"gradient", func() { conv.GradientWeights(dw, l.x, l.dy, false) }},
			{"bare-gradient", func() { blas.GradientWeights(blas.Builtin(), dw, seen, l.dy, false) }},
		} {
			b.Run(c.String()+"/"+f.name, func(b *testing.B) {
				for b.Loop() {
					f.do()
				}
				b.ReportMetric(2*float64(rows)*float64(terms)*float64(c.Out)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}
