//go:build openblas && cgo

package openblas

/*
#cgo LDFLAGS: -lopenblas
#cgo nocallback openblas_set_num_threads
#cgo nocallback openblas_get_config
#cgo nocallback openblas_get_corename
extern void openblas_set_num_threads(int n);
extern char *openblas_get_config(void);
extern char *openblas_get_corename(void);
*/
import "C"

import (
	"fmt"
	"runtime"
	"strings"

	gonum "gonum.org/v1/gonum/blas"
	"gonum.org/v1/netlib/blas/netlib"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/kernels"
)

func init() {
	C.openblas_set_num_threads(1)
	blas.Register(backend{})
}

// Backend returns the OpenBLAS backend.
func Backend() blas.Backend { return backend{} }

type backend struct{}

// library is OpenBLAS behind gonum's interface.
var library netlib.Implementation

func (backend) Name() string { return "openblas" }

// Description reads like "OpenBLAS 0.3.21, core SkylakeX, 1 thread".
func (backend) Description() string {
	words := strings.Fields(C.GoString(C.openblas_get_config()))
	version := strings.Join(words[:min(2, len(words))], " ")
	return fmt.Sprintf("%s, core %s, 1 thread", version, C.GoString(C.openblas_get_corename()))
}

func (backend) NewWeights(in, out int) blas.Weights {
	if in < 0 || out < 1 {
		panic(fmt.Sprintf("openblas: a linear layer cannot have %d inputs and %d outputs", in, out))
	}
	return &weights{in: in, out: out, w: make([]float32, in*out), bias: make([]float32, out)}
}

// weights holds w as it is: in by out, row-major.
type weights struct {
	in, out int
	w, bias []float32
}

func (w *weights) Set(values, bias []float32) {
	if len(values) != w.in*w.out || bias != nil && len(bias) != w.out {
		panic(fmt.Sprintf("openblas: %d weights and %d biases for a layer of %d inputs and %d outputs",
			len(values), len(bias), w.in, w.out))
	}
	copy(w.w, values)
	clear(w.bias)
	copy(w.bias, bias)
}

func (w *weights) Forward(y, x kernels.Matrix, act blas.Activation) {
	checkShape("x", x, x.Rows, w.in)
	checkShape("y", y, x.Rows, w.out)
	product(y, gonum.NoTrans, x, gonum.NoTrans, kernels.Dense(w.w, w.in, w.out), false)
	if x.Rows == 0 {
		return
	}
	if act == blas.ReLU {
		kernels.AddBiasReLU(y, w.bias)
	} else {
		kernels.AddBias(y, w.bias)
	}
}

func (w *weights) BackwardInput(dx, dy kernels.Matrix, accumulate bool) {
	checkShape("dy", dy, dy.Rows, w.out)
	checkShape("dx", dx, dy.Rows, w.in)
	product(dx, gonum.NoTrans, dy, gonum.Trans, kernels.Dense(w.w, w.in, w.out), accumulate)
}

// Product copies an operand none of whose strides is 1.
func (backend) Product(c kernels.Matrix, a, b kernels.Strided, start kernels.Matrix) {
	if a.Rows != c.Rows || a.Cols != b.Rows || b.Cols != c.Cols {
		panic(fmt.Sprintf("openblas: c is %dx%d, a %dx%d and b %dx%d", c.Rows, c.Cols, a.Rows, a.Cols, b.Rows, b.Cols))
	}
	accumulate := start.Data != nil
	if accumulate {
		checkShape("start", start, c.Rows, c.Cols)
		if len(c.Data) > 0 && &start.Data[0] != &c.Data[0] {
			for r := range c.Rows {
				copy(c.Row(r), start.Row(r))
			}
		}
	}
	transposeA, x := operand(a)
	transposeB, y := operand(b)
	product(c, transposeA, x, transposeB, y, accumulate)
}

// operand returns s as BLAS takes it: a matrix, or the transpose of one.
func operand(s kernels.Strided) (gonum.Transpose, kernels.Matrix) {
	switch {
	case s.ColumnStride == 1 || s.Rows == 0 || s.Cols == 0:
		return gonum.NoTrans, kernels.Matrix{Data: s.Data, Rows: s.Rows, Cols: s.Cols, Stride: s.RowStride}
	case s.RowStride == 1:
		return gonum.Trans, kernels.Matrix{Data: s.Data, Rows: s.Cols, Cols: s.Rows, Stride: s.ColumnStride}
	}
	m := kernels.Dense(make([]float32, s.Rows*s.Cols), s.Rows, s.Cols)
	for r := range m.Rows {
		for c := range m.Cols {
			m.Data[r*m.Cols+c] = s.Data[r*s.RowStride+c*s.ColumnStride]
		}
	}
	return gonum.NoTrans, m
}

// callers bounds the calls under way: OpenBLAS has a fixed table of buffers and
// corrupts memory when more threads than that enter it.
var callers = make(chan struct{}, runtime.GOMAXPROCS(0))

// product writes c = op(a)·op(b), or with accumulate c += op(a)·op(b).
func product(c kernels.Matrix, transposeA gonum.Transpose, a kernels.Matrix, transposeB gonum.Transpose, b kernels.Matrix, accumulate bool) {
	if c.Rows == 0 || c.Cols == 0 {
		return
	}
	depth := a.Cols
	if transposeA == gonum.Trans {
		depth = a.Rows
	}
	var beta float32
	if accumulate {
		beta = 1
	}
	if depth == 0 {
		if !accumulate {
			for r := range c.Rows {
				clear(c.Row(r))
			}
		}
		return
	}
	a, b = materialise(a), materialise(b)
	callers <- struct{}{}
	defer func() { <-callers }()
	library.Sgemm(transposeA, transposeB, c.Rows, c.Cols, depth,
		1, a.Data, leading(a), b.Data, leading(b), beta, c.Data, leading(c))
}

// leading returns the stride as BLAS wants it, at least the number of columns
// even where there is but one row.
func leading(m kernels.Matrix) int { return max(m.Stride, m.Cols) }

// materialise returns m with its one row repeated where its stride is 0, which
// BLAS cannot express; other matrices are returned as they are.
func materialise(m kernels.Matrix) kernels.Matrix {
	if m.Stride != 0 || m.Rows <= 1 {
		return m
	}
	full := kernels.Dense(make([]float32, m.Rows*m.Cols), m.Rows, m.Cols)
	for r := range m.Rows {
		copy(full.Row(r), m.Row(0))
	}
	return full
}

func checkShape(name string, m kernels.Matrix, rows, cols int) {
	if m.Rows != rows || m.Cols != cols {
		panic(fmt.Sprintf("openblas: %s is %dx%d, want %dx%d", name, m.Rows, m.Cols, rows, cols))
	}
}
