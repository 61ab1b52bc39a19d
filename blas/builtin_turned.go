package blas

import "github.com/seed-192fdf7a/nf/kernels"

// Where few outputs see the same inputs, the staircase of a masked product has
// more steps than a panel has room for, each of them a product of a few columns,
// which idle lanes make dear. Turned, with outputs as rows and the rows of the
// batch as columns, every step fills its lanes, and what is left is to turn the
// operands. The chains are the same.
const (
	// turnedOutputs is how many outputs see the same inputs, on average, below
	// which products are turned.
	turnedOutputs = 8
	// turnedRows are the rows from which they are, since lanes are rows then.
	turnedRows = 32
	// turnedGroup is the outputs of a group, which meet the terms that all of them
	// have in one product: a tile's rows.
	turnedGroup = 6
	// turnedSteps is how many inputs and outputs a step must save the turning of.
	turnedSteps = 12
	// turnedWidth bounds inputs and outputs: wide products hide their steps.
	turnedWidth = 512
)

// turn prepares for turned products, where they are of use.
func (w *builtinMasked) turn(mask Mask) {
	few := len(mask.Runs)*turnedOutputs >= w.out && len(w.forward)*turnedSteps >= w.in+w.out
	if !few || w.in > turnedWidth || w.out > turnedWidth || w.in == 0 {
		return
	}
	w.starts = make([]float32, w.out*maskedRows)
	for from := 0; from < w.out; {
		to := min(from+turnedGroup, w.out, (from/kernels.PanelWidth+1)*kernels.PanelWidth)
		reached := w.stepSeen(from)
		first := min(reached, maskedTerms)
		w.turned = append(w.turned, piece{int32(from), int32(to), 0, first, true})
		w.turned = terms(w.turned, from, to, first, reached)
		for i := from + 1; i < to; i++ {
			w.turned = terms(w.turned, i, to, reached, w.stepSeen(i))
			reached = w.stepSeen(i)
		}
		from = to
	}
}

// setStarts spreads the biases over the rows of a turned product.
func (w *builtinMasked) setStarts() {
	for i := 0; i < len(w.starts); i += maskedRows {
		fillRow(w.starts[i:i+maskedRows], w.bias[i/maskedRows])
	}
}

// forwardTurned is Forward for up to maskedRows rows.
func (w *builtinMasked) forwardTurned(y, x kernels.Matrix, act Activation) {
	rows, lanes := x.Rows, wholePanels(x.Rows)
	in, out := wholePanels(w.in), wholePanels(w.out)
	panels := max(kernels.PanelsSize(lanes, in), kernels.PanelsSize(out, lanes))
	turned := max(kernels.PanelsSize(in, lanes), kernels.PanelsSize(lanes, out))
	buffer := scratch.Borrow(panels + turned + w.out*lanes)
	defer scratch.Return(buffer)
	forPanels, forTurned, rest := (*buffer)[:panels], (*buffer)[panels:panels+turned], (*buffer)[panels+turned:]

	// What lies beyond the rows, inputs and outputs is turned with them, whatever
	// it is: nothing is computed of it that is used.
	packed, inputs := kernels.PanelsOf(forPanels, lanes, w.in), kernels.PanelsOf(forTurned, in, lanes)
	w.tier.PackPanels(packed.Slice(0, rows), x)
	packed.Cols = in
	w.tier.TransposePanels(inputs, packed)
	outputs := kernels.Dense(rest[:w.out*lanes], w.out, lanes)
	starts := columns(kernels.Dense(w.starts, w.out, maskedRows), 0, lanes)
	for _, p := range w.turned {
		from, to, first, last := int(p.from), int(p.to), int(p.first), int(p.last)
		c := outputs.Slice(from, to)
		start := c
		if p.begins {
			start = starts.Slice(from, to)
		}
		left := kernels.Strided{Rows: to - from, Cols: last - first, RowStride: 1, ColumnStride: kernels.PanelWidth}
		if first < last {
			left.Data = w.panels.Data[from/kernels.PanelWidth*w.panels.PanelStride+first*kernels.PanelWidth+from%kernels.PanelWidth:]
		}
		w.tier.Matmul(c, left, inputs.Slice(first, last), start, false)
	}
	if act == ReLU {
		w.tier.ReLU(outputs.Data, outputs.Data)
	}

	packed, back := kernels.PanelsOf(forPanels, out, lanes), kernels.PanelsOf(forTurned, lanes, out)
	w.tier.PackPanels(packed.Slice(0, w.out), outputs)
	w.tier.TransposePanels(back, packed)
	into := y
	if w.blocks > 1 {
		into = kernels.Dense(rest[:rows*w.out], rows, w.out)
	}
	for from := 0; from < w.out; from += kernels.PanelWidth {
		panel := back.Data[from/kernels.PanelWidth*back.PanelStride:]
		n := min(kernels.PanelWidth, w.out-from)
		for r := range rows {
			copy(into.Row(r)[from:from+n], panel[r*kernels.PanelWidth:])
		}
	}
	if w.blocks > 1 {
		w.separate(y, into)
	}
}

// wholePanels rounds n up to whole panels.
func wholePanels(n int) int {
	return (n + kernels.PanelWidth - 1) / kernels.PanelWidth * kernels.PanelWidth
}
