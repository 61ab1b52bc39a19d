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
// The packed form of the weights holds only what exists, as the rows of the
// full in by out matrix without the gaps: all outputs that see input 0, in
// order, then those that see input 1, ….
type Mask struct {
	In   int
	Runs []Run
}

// Run is neighbouring outputs, at least one, that see the same inputs: the
// first Inputs ones, possibly none.
type Run struct{ Inputs, Outputs int32 }

// Out returns the number of outputs.
func (m Mask) Out() int {
	n := 0
	for _, r := range m.Runs {
		n += int(r.Outputs)
	}
	return n
}

// Weights returns the number of weights that exist, the length of the packed
// form.
func (m Mask) Weights() int {
	n := 0
	for _, r := range m.Runs {
		n += int(r.Inputs) * int(r.Outputs)
	}
	return n
}

// Seen returns how many inputs each output sees.
func (m Mask) Seen() []int32 {
	seen := make([]int32, 0, m.Out())
	for _, r := range m.Runs {
		for range r.Outputs {
			seen = append(seen, r.Inputs)
		}
	}
	return seen
}

// Order returns the outputs in ascending number of inputs seen, those that see
// as many in their own order: the order in which they can be computed when the
// inputs become known one after the other.
func (m Mask) Order() []int32 {
	count := make([]int32, m.In+2)
	for _, r := range m.Runs {
		count[r.Inputs+1] += r.Outputs
	}
	for i := range m.In + 1 {
		count[i+1] += count[i]
	}
	order := make([]int32, m.Out())
	j := int32(0)
	for _, r := range m.Runs {
		for range r.Outputs {
			order[count[r.Inputs]] = j
			count[r.Inputs]++
			j++
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
		for _, r := range m.Runs {
			if int(r.Inputs) > k {
				f(k, j, int(r.Outputs), at)
				at += int(r.Outputs)
			}
			j += int(r.Outputs)
		}
	}
}

// Check panics unless the mask describes a layer.
func (m Mask) Check() {
	if m.In < 0 || m.In > math.MaxInt32 || len(m.Runs) == 0 {
		panic(fmt.Sprintf("blas: a masked layer cannot have %d inputs and %d runs of outputs", m.In, len(m.Runs)))
	}
	for _, r := range m.Runs {
		if r.Inputs < 0 || int(r.Inputs) > m.In || r.Outputs < 1 {
			panic(fmt.Sprintf("blas: %d outputs that see %d of %d inputs", r.Outputs, r.Inputs, m.In))
		}
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
	// BackwardInput writes dx = dy·wᵀ, or with accumulate dx += dy·wᵀ.
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
