//go:build openblas && cgo

package openblas

import (
	"fmt"
	"sort"

	gonum "gonum.org/v1/gonum/blas"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/internal/freelist"
	"github.com/seed-192fdf7a/nf/kernels"
)

func (backend) NewMasked(mask blas.Mask) blas.MaskedWeights {
	mask.Check()
	w := &masked{mask: mask, order: mask.Order(), in: mask.In, out: mask.Out()}
	w.full, w.bias = make([]float32, w.in*w.out), make([]float32, w.out)
	w.ordered, w.orderedBias = make([]float32, w.in*w.out), make([]float32, w.out)
	for _, seen := range mask.Seen() {
		for range mask.Blocks {
			w.orderSeen = append(w.orderSeen, seen)
		}
	}
	return w
}

// masked holds the full matrix, with zeros for absent weights, and the
// transpose of that with its outputs in order. Zeros stand for absence only
// before finite numbers; where others come in, each run of outputs meets its
// own inputs alone.
type masked struct {
	mask                 blas.Mask
	in, out              int
	full, bias           []float32
	order, orderSeen     []int32
	ordered, orderedBias []float32 // out by in
}

func (w *masked) Set(values, bias []float32) {
	if len(values) != w.mask.Weights() || len(bias) != w.out {
		panic(fmt.Sprintf("openblas: %d weights and %d biases for a masked layer of %d and %d",
			len(values), len(bias), w.mask.Weights(), w.out))
	}
	w.mask.Full(w.full, values)
	copy(w.bias, bias)
	for i, j := range w.order {
		for k := range w.in {
			w.ordered[i*w.in+k] = w.full[k*w.out+int(j)]
		}
		w.orderedBias[i] = bias[j]
	}
}

func (w *masked) Forward(y, x kernels.Matrix, act blas.Activation) {
	checkShape("x", x, x.Rows, w.in)
	checkShape("y", y, x.Rows, w.out)
	full := kernels.Dense(w.full, w.in, w.out)
	if finite(x) {
		product(y, gonum.NoTrans, x, gonum.NoTrans, full, false)
	} else {
		w.runs(func(from, to, seen int) {
			product(columns(y, from, to), gonum.NoTrans, columns(x, 0, seen), gonum.NoTrans, block(full, seen, from, to), false)
		})
	}
	if x.Rows == 0 {
		return
	}
	if act == blas.ReLU {
		kernels.AddBiasReLU(y, w.bias)
	} else {
		kernels.AddBias(y, w.bias)
	}
}

func (w *masked) BackwardInput(dx, dy kernels.Matrix, accumulate bool) {
	checkShape("dy", dy, dy.Rows, w.out)
	checkShape("dx", dx, dy.Rows, w.in)
	full := kernels.Dense(w.full, w.in, w.out)
	if finite(dy) {
		product(dx, gonum.NoTrans, dy, gonum.Trans, full, accumulate)
		return
	}
	if !accumulate {
		for r := range dx.Rows {
			clear(dx.Row(r))
		}
	}
	w.runs(func(from, to, seen int) {
		product(columns(dx, 0, seen), gonum.NoTrans, columns(dy, from, to), gonum.Trans, block(full, seen, from, to), true)
	})
}

func (w *masked) GradientWeights(dw []float32, x, dy kernels.Matrix, accumulate bool) {
	checkShape("x", x, x.Rows, w.in)
	checkShape("dy", dy, x.Rows, w.out)
	if len(dw) != w.mask.Weights() {
		panic(fmt.Sprintf("openblas: dw has %d values, want %d", len(dw), w.mask.Weights()))
	}
	buffer := scratch.Borrow(w.in * w.out)
	defer scratch.Return(buffer)
	full := (*buffer)[:w.in*w.out]
	// What absent weights gather here is left behind, whatever it is.
	if accumulate {
		w.mask.Full(full, dw)
	}
	product(kernels.Dense(full, w.in, w.out), gonum.Trans, x, gonum.NoTrans, dy, accumulate)
	w.mask.Packed(dw, full)
}

func (w *masked) Advance(y, x kernels.Matrix, from int, act blas.Activation) {
	checkShape("y", y, y.Rows, x.Cols)
	if from < 0 || from+y.Rows > w.out || y.Rows > 0 && (int(w.orderSeen[from]) != x.Rows || int(w.orderSeen[from+y.Rows-1]) != x.Rows) {
		panic(fmt.Sprintf("openblas: outputs %d to %d do not see exactly %d inputs", from, from+y.Rows, x.Rows))
	}
	left := columns(kernels.Dense(w.ordered, w.out, w.in).Slice(from, from+y.Rows), 0, x.Rows)
	for r := range y.Rows {
		row := y.Row(r)
		for i := range row {
			row[i] = w.orderedBias[from+r]
		}
	}
	product(y, gonum.NoTrans, left, gonum.NoTrans, x, true)
	if act == blas.ReLU {
		for r := range y.Rows {
			kernels.ReLU(y.Row(r), y.Row(r))
		}
	}
}

func (w *masked) Retreat(dx, dy kernels.Matrix, from int) {
	checkShape("dy", dy, w.out, dy.Cols)
	checkShape("dx", dx, dx.Rows, dy.Cols)
	if from < 0 || from+dx.Rows > w.in {
		panic(fmt.Sprintf("openblas: inputs %d to %d of %d", from, from+dx.Rows, w.in))
	}
	since := sort.Search(w.out, func(j int) bool { return int(w.orderSeen[j]) > from })
	left := columns(kernels.Dense(w.ordered, w.out, w.in).Slice(since, w.out), from, from+dx.Rows)
	product(dx, gonum.Trans, left, gonum.NoTrans, dy.Slice(since, w.out), true)
}

// scratch recycles the full matrices of GradientWeights.
var scratch freelist.Slices[float32]

// runs calls f for the outputs [from, to) of each run, which see the first
// inputs.
func (w *masked) runs(f func(from, to, seen int)) {
	from := 0
	for range w.mask.Blocks {
		for _, r := range w.mask.Runs {
			to := from + int(r.Outputs)
			f(from, to, int(r.Inputs))
			from = to
		}
	}
}

// block returns the first rows of m and its columns [from, to).
func block(m kernels.Matrix, rows, from, to int) kernels.Matrix {
	return columns(m.Slice(0, rows), from, to)
}

// columns returns the columns [from, to) of m as a view.
func columns(m kernels.Matrix, from, to int) kernels.Matrix {
	m.Data = m.Data[min(from, len(m.Data)):]
	m.Cols = to - from
	return m
}

// finite tells whether m holds neither NaN nor infinity: then the sum of its
// values times zero is zero.
func finite(m kernels.Matrix) bool {
	rows := m.Rows
	if m.Stride == 0 {
		rows = min(rows, 1)
	}
	for r := range rows {
		var sums [4]float32
		row := m.Row(r)
		for ; len(row) >= len(sums); row = row[len(sums):] {
			for i := range sums {
				sums[i] += row[i] * 0
			}
		}
		for _, v := range row {
			sums[0] += v * 0
		}
		if !(sums[0]+sums[1]+sums[2]+sums[3] == 0) {
			return false
		}
	}
	return true
}
