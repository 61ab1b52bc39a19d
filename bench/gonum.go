package bench

import (
	gonumblas "gonum.org/v1/gonum/blas"
	gonum "gonum.org/v1/gonum/blas/gonum"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/kernels"
)

// multiplier is what Gemm measures of a backend: the products of dense layers.
type multiplier interface {
	Name() string
	NewWeights(in, out int) blas.Weights
	blas.Multiplier
}

// gonumBackend is gonum's Sgemm in Go and SSE, for comparison alone: no model
// runs on it. Bias and ReLU are added by one pass of our own kernels, as with
// OpenBLAS.
type gonumBackend struct{}

// gonumWeights are a layer's weights, in by out.
type gonumWeights struct {
	w    kernels.Matrix
	bias []float32
}

var gonumLibrary gonum.Implementation

func (gonumBackend) Name() string { return "gonum" }

func (gonumBackend) NewWeights(in, out int) blas.Weights {
	return &gonumWeights{kernels.Dense(make([]float32, in*out), in, out), make([]float32, out)}
}

// Product takes what [blas.GradientWeights] gives it: the transpose of rows, and
// rows.
func (gonumBackend) Product(c kernels.Matrix, a, b kernels.Strided, start kernels.Matrix) {
	var beta float32
	if start.Data != nil {
		beta = 1
	}
	gonumLibrary.Sgemm(gonumblas.Trans, gonumblas.NoTrans, c.Rows, c.Cols, a.Cols, 1, a.Data, a.ColumnStride, b.Data, b.RowStride, beta, c.Data, c.Stride)
}

func (g *gonumWeights) Set(w, bias []float32) {
	copy(g.w.Data, w)
	copy(g.bias, bias)
}

func (g *gonumWeights) Forward(y, x kernels.Matrix, act blas.Activation) {
	gonumLibrary.Sgemm(gonumblas.NoTrans, gonumblas.NoTrans, x.Rows, g.w.Cols, g.w.Rows, 1, x.Data, x.Stride, g.w.Data, g.w.Stride, 0, y.Data, y.Stride)
	if act == blas.ReLU {
		kernels.AddBiasReLU(y, g.bias)
	} else {
		kernels.AddBias(y, g.bias)
	}
}

func (g *gonumWeights) BackwardInput(dx, dy kernels.Matrix, accumulate bool) {
	var beta float32
	if accumulate {
		beta = 1
	}
	gonumLibrary.Sgemm(gonumblas.NoTrans, gonumblas.Trans, dy.Rows, g.w.Rows, dy.Cols, 1, dy.Data, dy.Stride, g.w.Data, g.w.Stride, beta, dx.Data, dx.Stride)
}
