package blas

import (
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/kernels"
)

// Mask says which inputs each output of a masked linear layer sees: always a
// prefix of them. The other weights are absent, which is not the same as zero:
// an input that an output does not see cannot reach it, not even as NaN or
// infinity. A network whose units are sorted by degree (MADE: Germain et al.,
// 2015) has such layers.
//
// The outputs are Blocks blocks of the same structure, in each of which the
// number of inputs seen ascends.
//
// The packed form of the weights holds only what exists, as the rows of the
// full in by out matrix without the gaps: all outputs that see input 0, in
// order, then those that see input 1, ….
type Mask struct {
	In     int
	Runs   []Run // of one block
	Blocks int
}

// Run is neighbouring outputs, at least one, that see the same inputs: the
// first Inputs ones, possibly none.
type Run struct{ Inputs, Outputs int32 }

// Block returns the number of outputs of a block.
func (m Mask) Block() int {
	n := 0
	for _, r := range m.Runs {
		n += int(r.Outputs)
	}
	return n
}

// Out returns the number of outputs.
func (m Mask) Out() int { return m.Blocks * m.Block() }

// Weights returns the number of weights that exist, the length of the packed
// form.
func (m Mask) Weights() int {
	n := 0
	for _, r := range m.Runs {
		n += int(r.Inputs) * int(r.Outputs)
	}
	return m.Blocks * n
}

// Seen returns how many inputs each output of a block sees.
func (m Mask) Seen() []int32 {
	seen := make([]int32, 0, m.Block())
	for _, r := range m.Runs {
		for range r.Outputs {
			seen = append(seen, r.Inputs)
		}
	}
	return seen
}

// Order returns the outputs in the order in which they can be computed when
// the inputs become known one after the other: the first one of each block,
// the second one of each, ….
func (m Mask) Order() []int32 {
	n := m.Block()
	order := make([]int32, 0, m.Out())
	for i := range n {
		for b := range m.Blocks {
			order = append(order, int32(b*n+i))
		}
	}
	return order
}

// Full writes the packed form w as the full in by out matrix, row-major, and
// leaves the elements of absent weights alone.
func (m Mask) Full(full, w []float32) {
	out := m.Out()
	m.each(func(k, j, n, at int) { copy(full[k*out+j:][:n], w[at:]) })
}

// Packed is the inverse of Full.
func (m Mask) Packed(w, full []float32) {
	out := m.Out()
	m.each(func(k, j, n, at int) { copy(w[at:at+n], full[k*out+j:]) })
}

// each calls f for every stretch of the packed form: n weights from at on,
// which belong to input k and the outputs from j on.
func (m Mask) each(f func(k, j, n, at int)) {
	at := 0
	for k := range m.In {
		j := 0
		for range m.Blocks {
			for _, r := range m.Runs {
				if int(r.Inputs) > k {
					f(k, j, int(r.Outputs), at)
					at += int(r.Outputs)
				}
				j += int(r.Outputs)
			}
		}
	}
}

// Check panics unless the mask describes a layer.
func (m Mask) Check() {
	if m.In < 0 || m.In > math.MaxInt32 || len(m.Runs) == 0 || m.Blocks < 1 {
		panic(fmt.Sprintf("blas: a masked layer cannot have %d inputs and %d blocks of %d runs of outputs", m.In, m.Blocks, len(m.Runs)))
	}
	least := int32(0)
	for _, r := range m.Runs {
		if r.Inputs < least || int(r.Inputs) > m.In || r.Outputs < 1 {
			panic(fmt.Sprintf("blas: a run of %d outputs that see %d of %d inputs, after one that sees %d", r.Outputs, r.Inputs, m.In, least))
		}
		least = r.Inputs
	}
}

// MaskedWeights are the parameters of a masked linear layer in a backend's own
// form. Concurrency, strides, scratch and panics are as for [Weights]. On the
// built-in backend each result is one chain of fused multiply-adds over the
// terms that exist, in ascending order, whichever method computes it.
type MaskedWeights interface {
	// Set copies w, in packed form, and the bias, of length out.
	Set(w, bias []float32)
	// Forward writes y = act(bias + x·w). x is rows by in, y is rows by out and
	// does not overlap x.
	Forward(y, x kernels.Matrix, act Activation)
	// BackwardInput writes dx = dy·wᵀ, or with accumulate dx += dy·wᵀ; its terms
	// ascend in [Mask.Order].
	BackwardInput(dx, dy kernels.Matrix, accumulate bool)
	// GradientWeights writes the packed form of dw = xᵀ·dy, or with accumulate
	// adds it.
	GradientWeights(dw []float32, x, dy kernels.Matrix, accumulate bool)

	// Advance is Forward for a few outputs whose inputs have become known:
	// those from number from on in [Mask.Order], all of which see exactly
	// x.Rows inputs. Here units are rows and the rows of a batch are columns,
	// a multiple of [kernels.PanelWidth] of them: x is inputs by batch, y is
	// outputs by batch, and its rows do not overlap x's. Each result has the
	// bits that Forward gives it.
	Advance(y, x kernels.Matrix, from int, act Activation)
	// Retreat is the backward of Advance for a few inputs, when the gradients
	// of all outputs that see them are known: dx += w·dy for the dx.Rows inputs
	// from number from on, which the same outputs see. dy holds all outputs in
	// [Mask.Order]; units are rows as in Advance.
	Retreat(dx, dy kernels.Matrix, from int)
}
