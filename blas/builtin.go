package blas

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/seed-192fdf7a/nf/internal/freelist"
	"github.com/seed-192fdf7a/nf/kernels"
)

// Builtin returns the built-in backend on the best kernels of this processor.
func Builtin() Backend { return builtin{} }

// BuiltinOn returns the built-in backend on the given kernels, for tests and
// benchmarks.
func BuiltinOn(tier *kernels.Tier) Backend { return builtin{tier} }

// builtin is the built-in backend; a nil tier is the active one.
type builtin struct{ tier *kernels.Tier }

func (b builtin) kernels() *kernels.Tier {
	if b.tier != nil {
		return b.tier
	}
	return kernels.Active()
}

func (builtin) Name() string { return "builtin" }

func (b builtin) Description() string {
	return "built-in kernels, " + b.kernels().Name()
}

func (b builtin) NewWeights(in, out int) Weights {
	if in < 0 || out < 1 {
		panic(fmt.Sprintf("blas: a linear layer cannot have %d inputs and %d outputs", in, out))
	}
	return &builtinWeights{
		tier: b.kernels(), in: in, out: out,
		panels: kernels.NewPanels(in, out),
		bias:   make([]float32, out),
	}
}

// builtinWeights holds w in panels along its outputs, for Forward, and from the
// first BackwardInput on also wᵀ in panels along its inputs.
type builtinWeights struct {
	tier    *kernels.Tier
	in, out int
	panels  kernels.Panels
	bias    []float32

	transposedLock  sync.Mutex
	transposedValid atomic.Bool
	transposed      kernels.Panels
}

func (w *builtinWeights) Set(weights, bias []float32) {
	checkLength("w", weights, w.in*w.out)
	w.tier.PackPanels(w.panels, kernels.Dense(weights, w.in, w.out))
	if bias == nil {
		clear(w.bias)
	} else {
		checkLength("bias", bias, w.out)
		copy(w.bias, bias)
	}
	w.transposedValid.Store(false)
}

func (w *builtinWeights) Forward(y, x kernels.Matrix, act Activation) {
	if x.Cols != w.in || y.Rows != x.Rows || y.Cols != w.out {
		checkShape("x", x, x.Rows, w.in)
		checkShape("y", y, x.Rows, w.out)
	}
	// Field by field: see kernels.Tier.MatmulReferences.
	var a kernels.Strided
	a.Data, a.Rows, a.Cols, a.RowStride, a.ColumnStride = x.Data, x.Rows, x.Cols, x.Stride, 1
	w.multiply(&y, &a, act)
}

// multiply is Forward of any strides.
func (w *builtinWeights) multiply(y *kernels.Matrix, x *kernels.Strided, act Activation) {
	var bias kernels.Matrix
	bias.Data, bias.Rows, bias.Cols = w.bias, x.Rows, w.out
	w.tier.MatmulReferences(y, x, &w.panels, &bias, act == ReLU)
}

func (w *builtinWeights) BackwardInput(dx, dy kernels.Matrix, accumulate bool) {
	if dy.Cols != w.out || dx.Rows != dy.Rows || dx.Cols != w.in {
		checkShape("dy", dy, dy.Rows, w.out)
		checkShape("dx", dx, dy.Rows, w.in)
	}
	if w.in == 0 {
		return
	}
	var a kernels.Strided
	a.Data, a.Rows, a.Cols, a.RowStride, a.ColumnStride = dy.Data, dy.Rows, dy.Cols, dy.Stride, 1
	start := &kernels.Matrix{}
	if accumulate {
		start = &dx
	}
	w.tier.MatmulReferences(&dx, &a, w.transposedPanels(), start, false)
}

// transposedPanels returns wᵀ in panels, which it packs on the first call after
// Set: weights that only score never need it.
func (w *builtinWeights) transposedPanels() *kernels.Panels {
	if !w.transposedValid.Load() {
		w.transposedLock.Lock()
		defer w.transposedLock.Unlock()
		if !w.transposedValid.Load() {
			if w.transposed.Data == nil {
				w.transposed = kernels.NewPanels(w.out, w.in)
			}
			w.tier.TransposePanels(w.transposed, w.panels)
			w.transposedValid.Store(true)
		}
	}
	return &w.transposed
}

// scratch recycles what products keep between their steps: a buffer per
// concurrent caller.
var scratch freelist.Slices[float32]
