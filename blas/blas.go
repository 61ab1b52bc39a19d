// Package blas is the matrix product of linear layers behind one interface:
// the built-in kernels, and OpenBLAS where package blas/openblas is linked.
//
// The built-in backend computes every output as one chain of fused
// multiply-adds, acc = bias; acc = fma(x[k], w[k], acc) with k ascending, so
// its results have the same bits for every instruction set, batch size, stride
// and number of workers. OpenBLAS promises accuracy only.
//
// A model uses one backend for all of its products; Default chooses it.
package blas

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/seed-192fdf7a/nf/kernels"
)

// Activation is the function that a linear layer applies to its outputs.
type Activation int

// The activations. ReLU is x where x > 0 or x is NaN, else +0.
const (
	None Activation = iota
	ReLU
)

// Backend computes the matrix products of linear layers and of values. Its methods may be
// called concurrently.
type Backend interface {
	// Name is the name that NF_BLAS selects the backend by, such as "builtin".
	Name() string
	// Description names the version, the processor core or instruction set in
	// use, for reports.
	Description() string
	// NewWeights returns the weights of a linear layer, zero at first, with in
	// inputs and out outputs; in may be 0, and out at least 1.
	NewWeights(in, out int) Weights
	// Product writes c = start + a·b. c is n by m, a is n by k, b is k by m. start
	// is n by m, or the zero Matrix, which stands for zeros; it may be c itself.
	// Otherwise c must not overlap anything. Scratch is recycled: nothing is
	// allocated once warm.
	Product(c kernels.Matrix, a, b kernels.Strided, start kernels.Matrix)

	// NewMasked returns the weights of a masked linear layer, zero at first.
	NewMasked(mask Mask) MaskedWeights
}

// Weights are a linear layer's parameters in a backend's own form. Forward and
// BackwardInput may be called concurrently with each other, allocate nothing
// once warm and take matrices with any row stride, of which they touch nothing
// but the elements. Shapes that do not fit are programmer errors and panic.
type Weights interface {
	// Set copies w, in by out row-major, and the bias, of length out; a nil
	// bias is zero. It must not be called concurrently with any other method.
	Set(w, bias []float32)
	// Forward writes y = act(bias + x·w). x is rows by in, y is rows by out and
	// does not overlap x.
	Forward(y, x kernels.Matrix, act Activation)
	// BackwardInput writes dx = dy·wᵀ, or with accumulate dx += dy·wᵀ. dy is
	// rows by out, dx is rows by in and does not overlap dy.
	BackwardInput(dx, dy kernels.Matrix, accumulate bool)
}

// GradientWeights writes dw = xᵀ·dy, or with accumulate dw += xᵀ·dy, by one
// Product. x is rows by in, dy is rows by out, dw is in by out, row-major
// without gaps.
func GradientWeights(b Multiplier, dw []float32, x, dy kernels.Matrix, accumulate bool) {
	checkLength("dw", dw, x.Cols*dy.Cols)
	c := kernels.Dense(dw, x.Cols, dy.Cols)
	start := kernels.Matrix{}
	if accumulate {
		start = c
	}
	b.Product(c, x.Transposed(), dy.Strided(), start)
}

// Multiplier is the part of a [Backend] that multiplies values.
type Multiplier interface {
	Product(c kernels.Matrix, a, b kernels.Strided, start kernels.Matrix)
}

var (
	registryLock sync.Mutex
	registry     = map[string]Backend{}
)

func init() { Register(Builtin()) }

// Register makes a backend available to Default under its name. Packages that
// link a library call it from init.
func Register(b Backend) {
	registryLock.Lock()
	defer registryLock.Unlock()
	registry[b.Name()] = b
}

// Linked returns the backends of this program, by name.
func Linked() []Backend {
	registryLock.Lock()
	defer registryLock.Unlock()
	names := slices.Sorted(maps.Keys(registry))
	backends := make([]Backend, len(names))
	for i, name := range names {
		backends[i] = registry[name]
	}
	return backends
}

// Default returns the backend that the environment variable NF_BLAS names; if
// it is unset or empty, OpenBLAS where that is linked, else the built-in one.
// A name that is unknown or not linked into this program is an error.
func Default() (Backend, error) {
	registryLock.Lock()
	defer registryLock.Unlock()
	name := os.Getenv("NF_BLAS")
	if name == "" {
		if b, ok := registry["openblas"]; ok {
			return b, nil
		}
		return registry["builtin"], nil
	}
	if b, ok := registry[name]; ok {
		return b, nil
	}
	if name == "openblas" {
		return nil, fmt.Errorf("blas: NF_BLAS=openblas, but this program is not linked with OpenBLAS: " +
			"build it with cgo and -tags openblas, or set NF_BLAS=builtin")
	}
	names := make([]string, 0, len(registry))
	for known := range registry {
		names = append(names, known)
	}
	sort.Strings(names)
	return nil, fmt.Errorf("blas: NF_BLAS=%q is not a backend of this program; it has: %s", name, strings.Join(names, ", "))
}

// checkShape panics unless m is rows by cols and holds as many values.
func checkShape(name string, m kernels.Matrix, rows, cols int) {
	if m.Rows != rows || m.Cols != cols {
		panic(fmt.Sprintf("blas: %s is %dx%d, want %dx%d", name, m.Rows, m.Cols, rows, cols))
	}
	if rows > 0 && cols > 0 && len(m.Data) < (rows-1)*m.Stride+cols {
		panic(fmt.Sprintf("blas: %s holds %d values, too few for %dx%d with stride %d", name, len(m.Data), rows, cols, m.Stride))
	}
}

// checkLength panics unless data has length want.
func checkLength(name string, data []float32, want int) {
	if len(data) != want {
		panic(fmt.Sprintf("blas: %s has %d values, want %d", name, len(data), want))
	}
}

// checkProduct panics unless the operands of a Product fit.
func checkProduct(c kernels.Matrix, a, b kernels.Strided, start kernels.Matrix) {
	checkShape("c", c, a.Rows, b.Cols)
	if a.Cols != b.Rows {
		panic(fmt.Sprintf("blas: a is %dx%d and b %dx%d", a.Rows, a.Cols, b.Rows, b.Cols))
	}
	for _, s := range [2]*kernels.Strided{&a, &b} {
		if s.Rows > 0 && s.Cols > 0 && len(s.Data) <= (s.Rows-1)*s.RowStride+(s.Cols-1)*s.ColumnStride {
			panic(fmt.Sprintf("blas: an operand holds %d values, too few for %dx%d with strides %d and %d", len(s.Data), s.Rows, s.Cols, s.RowStride, s.ColumnStride))
		}
	}
	if start.Data != nil {
		checkShape("start", start, c.Rows, c.Cols)
	}
}
