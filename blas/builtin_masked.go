package blas

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/seed-192fdf7a/nf/kernels"
)

// A masked product is cut into pieces, each a dense product over some columns
// and some terms: for a group of panels first the terms that all of its columns
// have, then the staircase. Every chain meets its own terms in ascending order
// and no others, whatever the groups.
const (
	// maskedRows is how many rows meet all pieces before the next rows do, so
	// that a block of the left operand stays in the second-level cache.
	maskedRows = 96
	// maskedTerms bounds the terms of one piece, so that a group of panels
	// stays in the first-level cache while the rows pass.
	maskedTerms = 256
	// groupPanels is the panels of a group; few rows have wider groups, so that
	// there are chains enough to hide the latency of FMA.
	groupPanels, groupPanelsOfFew = 3, 8
	fewRows                       = 4
)

// piece is a dense product: the columns [from, to) of the result gain the terms
// [first, last). The piece that begins a group starts its chains.
type piece struct {
	from, to, first, last int32
	begins                bool
}

// builtinMasked holds the weights in panels whose columns are the outputs in
// [Mask.Order], so that what a panel's columns see differs little; Forward and
// BackwardInput bring several blocks into their own order through scratch.
type builtinMasked struct {
	tier    *kernels.Tier
	in, out int
	blocks  int
	width   int     // outputs of a block
	count   int     // weights that exist
	seen    []int32 // inputs seen by each output of a block
	since   []int32 // the first output of a block that sees each input
	at      []int   // where the weights of each input begin in the packed form

	panels kernels.Panels // in by out
	bias   []float32      // in the order of the panels

	forward, forwardOfFew, backward, backwardOfFew []piece

	turned []piece   // of a turned product, or none
	starts []float32 // the bias of each output, once for each row

	transposedLock  sync.Mutex
	transposedValid atomic.Bool
	transposed      kernels.Panels // out by in
}

func (b builtin) NewMasked(mask Mask) MaskedWeights {
	mask.Check()
	w := &builtinMasked{
		tier: b.kernels(), in: mask.In, out: mask.Out(), blocks: mask.Blocks, width: mask.Block(), count: mask.Weights(),
		seen: mask.Seen(), since: make([]int32, mask.In), at: make([]int, mask.In),
		panels: kernels.NewPanels(mask.In, mask.Out()), bias: make([]float32, mask.Out()),
	}
	first, at := 0, 0
	for k := range w.in {
		for first < w.width && int(w.seen[first]) <= k {
			first++
		}
		w.since[k], w.at[k] = int32(first), at
		at += w.blocks * (w.width - first)
	}
	seen := make([]int32, w.out)
	for i := range seen {
		seen[i] = w.seen[i/w.blocks]
	}
	since := make([]int32, w.in)
	for k, j := range w.since {
		since[k] = j * int32(w.blocks)
	}
	w.forward, w.forwardOfFew = ascending(seen, groupPanels), ascending(seen, groupPanelsOfFew)
	w.backward, w.backwardOfFew = descending(since, w.out, groupPanels), descending(since, w.out, groupPanelsOfFew)
	w.turn(mask)
	return w
}

// ascending cuts the product whose column c has the terms [0, seen[c]), seen
// ascending. The first piece of a group covers all of it, even without terms:
// it is the one that starts from the bias.
func ascending(seen []int32, panels int) []piece {
	var pieces []piece
	for from := 0; from < len(seen); from += panels * kernels.PanelWidth {
		to := min(from+panels*kernels.PanelWidth, len(seen))
		depth, first := seen[from], min(seen[from], maskedTerms)
		pieces = append(pieces, piece{int32(from), int32(to), 0, first, true})
		pieces = terms(pieces, from, to, first, depth)
		for panel := from; panel < to; panel += kernels.PanelWidth {
			pieces = terms(pieces, panel, to, depth, seen[panel])
			depth = seen[panel]
			end, reached := min(panel+kernels.PanelWidth, to), depth
			for c := panel + 1; c < end; c++ {
				pieces = terms(pieces, c, end, reached, seen[c])
				reached = seen[c]
			}
		}
	}
	return pieces
}

// descending cuts the product whose column c has the terms [since[c], depth),
// since ascending.
func descending(since []int32, depth, panels int) []piece {
	var pieces []piece
	for from := 0; from < len(since); from += panels * kernels.PanelWidth {
		to := min(from+panels*kernels.PanelWidth, len(since))
		reached := int32(0) // since when the panels before are whole
		for panel := from; panel < to; panel += kernels.PanelWidth {
			end := min(panel+kernels.PanelWidth, to)
			whole := since[end-1]
			if panel > from {
				pieces = terms(pieces, from, panel, reached, whole)
			}
			for c := panel + 1; c < end; c++ {
				pieces = terms(pieces, panel, c, since[c-1], since[c])
			}
			reached = whole
		}
		pieces = terms(pieces, from, to, reached, int32(depth))
	}
	return pieces
}

// terms appends the product of the columns [from, to) over the terms [first,
// last), cut at maskedTerms.
func terms(pieces []piece, from, to int, first, last int32) []piece {
	for ; first < last; first += maskedTerms {
		pieces = append(pieces, piece{int32(from), int32(to), first, min(first+maskedTerms, last), false})
	}
	return pieces
}

func (w *builtinMasked) Set(weights, bias []float32) {
	checkLength("w", weights, w.count)
	checkLength("bias", bias, w.out)
	for i := range w.blocks {
		for j, v := range bias[i*w.width : (i+1)*w.width] {
			w.bias[j*w.blocks+i] = v
		}
		for k, first := range w.since {
			into := w.panels.Data[k*w.panels.Stride:]
			to := int(first)*w.blocks + i
			for _, v := range weights[w.of(i, k):][:w.width-int(first)] {
				into[to/kernels.PanelWidth*w.panels.PanelStride+to%kernels.PanelWidth] = v
				to += w.blocks
			}
		}
	}
	w.setStarts()
	w.transposedValid.Store(false)
}

// of returns where the weights of block i and input k begin in the packed form.
func (w *builtinMasked) of(i, k int) int { return w.at[k] + i*(w.width-int(w.since[k])) }

// transposedPanels returns the transpose of the panels, which it makes on the
// first call after Set: weights that only score never need it.
func (w *builtinMasked) transposedPanels() kernels.Panels {
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
	return w.transposed
}

// interleave writes rows of blocks to rows in [Mask.Order].
func (w *builtinMasked) interleave(dst, src kernels.Matrix) {
	for r := range src.Rows {
		into, from := dst.Row(r), src.Row(r)
		for i := range w.blocks {
			to := i
			for _, v := range from[i*w.width : (i+1)*w.width] {
				into[to] = v
				to += w.blocks
			}
		}
	}
}

// separate is the inverse of interleave.
func (w *builtinMasked) separate(dst, src kernels.Matrix) {
	for r := range src.Rows {
		into, from := dst.Row(r), src.Row(r)
		for i := range w.blocks {
			at := i
			block := into[i*w.width : (i+1)*w.width]
			for j := range block {
				block[j] = from[at]
				at += w.blocks
			}
		}
	}
}

// panelsPart returns the columns [from, to) and the rows [first, last) of packed
// panels. Columns that do not begin a panel must end within it; the lanes
// beyond them reach into the next row, which a product reads but never uses
// (see [kernels.Panels]); behind the last row lies the gap between panels.
func panelsPart(p kernels.Panels, from, to, first, last int) kernels.Panels {
	lane := from % kernels.PanelWidth
	p = p.Slice(first, last)
	p.Cols -= from - lane
	if p.Rows > 0 {
		p.Data = p.Data[(from-lane)/kernels.PanelWidth*p.PanelStride+lane:]
	}
	p.Cols = to - from
	return p
}

func (w *builtinMasked) Forward(y, x kernels.Matrix, act Activation) {
	checkShape("x", x, x.Rows, w.in)
	checkShape("y", y, x.Rows, w.out)
	if x.Rows >= turnedRows && w.turned != nil {
		for top := 0; top < x.Rows; top += maskedRows {
			bottom := min(top+maskedRows, x.Rows)
			w.forwardTurned(y.Slice(top, bottom), x.Slice(top, bottom), act)
		}
		return
	}
	pieces := w.forward
	if x.Rows <= fewRows {
		pieces = w.forwardOfFew
	}
	var buffer *[]float32
	if w.blocks > 1 {
		buffer = scratch.Borrow(min(x.Rows, maskedRows) * w.out)
		defer scratch.Return(buffer)
	}
	for top := 0; top < x.Rows; top += maskedRows {
		bottom := min(top+maskedRows, x.Rows)
		left, rows := x.Slice(top, bottom).Strided(), y.Slice(top, bottom)
		into := rows
		if w.blocks > 1 {
			into = kernels.Dense((*buffer)[:rows.Rows*w.out], rows.Rows, w.out)
		}
		for _, p := range pieces {
			from, to, first, last := int(p.from), int(p.to), int(p.first), int(p.last)
			c := columns(into, from, to)
			start := c
			if p.begins {
				start = kernels.Matrix{Data: w.bias[from:to], Rows: c.Rows, Cols: c.Cols}
			}
			w.tier.Matmul(c, left.Columns(first, last), panelsPart(w.panels, from, to, first, last), start, false)
		}
		if w.blocks > 1 {
			w.separate(rows, into)
		}
		if act == ReLU {
			for r := range rows.Rows {
				w.tier.ReLU(rows.Row(r), rows.Row(r))
			}
		}
	}
}

func (w *builtinMasked) BackwardInput(dx, dy kernels.Matrix, accumulate bool) {
	checkShape("dy", dy, dy.Rows, w.out)
	checkShape("dx", dx, dy.Rows, w.in)
	if w.in == 0 {
		return
	}
	panels, pieces := w.transposedPanels(), w.backward
	if dy.Rows <= fewRows {
		pieces = w.backwardOfFew
	}
	var buffer *[]float32
	if w.blocks > 1 {
		buffer = scratch.Borrow(min(dy.Rows, maskedRows) * w.out)
		defer scratch.Return(buffer)
	}
	for top := 0; top < dy.Rows; top += maskedRows {
		bottom := min(top+maskedRows, dy.Rows)
		into, rows := dx.Slice(top, bottom), dy.Slice(top, bottom)
		if w.blocks > 1 {
			interleaved := kernels.Dense((*buffer)[:rows.Rows*w.out], rows.Rows, w.out)
			w.interleave(interleaved, rows)
			rows = interleaved
		}
		if !accumulate {
			for r := range into.Rows {
				clear(into.Row(r))
			}
		}
		left := rows.Strided()
		for _, p := range pieces {
			from, to, first, last := int(p.from), int(p.to), int(p.first), int(p.last)
			c := columns(into, from, to)
			w.tier.Matmul(c, left.Columns(first, last), panelsPart(panels, from, to, first, last), c, false)
		}
	}
}

// GradientWeights computes whole groups of columns in scratch and keeps what
// exists.
func (w *builtinMasked) GradientWeights(dw []float32, x, dy kernels.Matrix, accumulate bool) {
	checkLength("dw", dw, w.count)
	checkShape("x", x, x.Rows, w.in)
	checkShape("dy", dy, x.Rows, w.out)
	const width = groupPanels * kernels.PanelWidth
	buffer := scratch.Borrow(w.in*width + kernels.PanelsSize(x.Rows, width))
	defer scratch.Return(buffer)
	left := x.Transposed()
	for i := range w.blocks {
		for from := 0; from < w.width; from += width {
			to := min(from+width, w.width)
			depth := int(w.seen[to-1])
			if depth == 0 {
				continue
			}
			c := kernels.Dense((*buffer)[:depth*(to-from)], depth, to-from)
			start := kernels.Matrix{}
			if accumulate {
				w.unpack(c, dw, i, from)
				start = c
			}
			block := columns(dy, i*w.width+from, i*w.width+to)
			right := kernels.FullPanels(block)
			if right.Cols < block.Cols {
				right = kernels.PanelsOf((*buffer)[w.in*width:], block.Rows, block.Cols)
				w.tier.PackPanels(right, block)
			}
			for top := 0; top < depth; top += maskedRows {
				bottom := min(top+maskedRows, depth)
				rows, init := c.Slice(top, bottom), start
				if accumulate {
					init = rows
				}
				for first := 0; ; first += maskedTerms {
					last := min(first+maskedTerms, x.Rows)
					w.tier.Matmul(rows, left.Slice(top, bottom).Columns(first, last), right.Slice(first, last), init, false)
					if last == x.Rows {
						break
					}
					init = rows
				}
			}
			w.pack(dw, c, i, from)
		}
	}
}

// unpack reads the columns of c, which are those of block i from from on, from
// the packed form; elements of absent weights are left alone.
func (w *builtinMasked) unpack(c kernels.Matrix, packed []float32, i, from int) {
	for k := range c.Rows {
		skip := max(0, int(w.since[k])-from)
		copy(c.Row(k)[skip:], packed[w.of(i, k)+from+skip-int(w.since[k]):])
	}
}

// pack is the inverse of unpack.
func (w *builtinMasked) pack(packed []float32, c kernels.Matrix, i, from int) {
	for k := range c.Rows {
		skip := max(0, int(w.since[k])-from)
		copy(packed[w.of(i, k)+from+skip-int(w.since[k]):], c.Row(k)[skip:])
	}
}

func (w *builtinMasked) Advance(y, x kernels.Matrix, from int, act Activation) {
	checkUnits("x", x)
	checkUnits("y", y)
	checkShape("y", y, y.Rows, x.Cols)
	if y.Rows == 0 {
		return
	}
	if from < 0 || from+y.Rows > w.out || int(w.stepSeen(from)) != x.Rows || int(w.stepSeen(from+y.Rows-1)) != x.Rows {
		panic(fmt.Sprintf("blas: outputs %d to %d do not see exactly %d inputs", from, from+y.Rows, x.Rows))
	}
	for r := range y.Rows {
		fillRow(y.Row(r), w.bias[from+r])
	}
	w.units(y, kernels.FullPanels(x), w.panels, from, 0, act == ReLU)
}

func (w *builtinMasked) Retreat(dx, dy kernels.Matrix, from int) {
	checkUnits("dx", dx)
	checkUnits("dy", dy)
	checkShape("dx", dx, dx.Rows, dy.Cols)
	if from < 0 || from+dx.Rows > w.in {
		panic(fmt.Sprintf("blas: inputs %d to %d of %d", from, from+dx.Rows, w.in))
	}
	if dx.Rows == 0 {
		return
	}
	since := int(w.since[from])
	if int(w.since[from+dx.Rows-1]) != since {
		panic(fmt.Sprintf("blas: the inputs %d to %d are not all seen by the same outputs", from, from+dx.Rows))
	}
	since *= w.blocks
	w.units(dx, kernels.FullPanels(dy.Slice(since, w.out)), w.transposedPanels(), from, since, false)
}

// stepSeen returns how many inputs output number i of [Mask.Order] sees.
func (w *builtinMasked) stepSeen(i int) int32 { return w.seen[i/w.blocks] }

// units adds to the rows of c, which are the columns of the panels p from from
// on, their products with b, whose rows are those of p from first on. The
// columns of a panel lie side by side, so a panel is a left operand as it is.
func (w *builtinMasked) units(c kernels.Matrix, b, p kernels.Panels, from, first int, relu bool) {
	for row := 0; row < c.Rows; {
		lane := (from + row) % kernels.PanelWidth
		n := min(kernels.PanelWidth-lane, c.Rows-row)
		rows := c.Slice(row, row+n)
		for k := 0; ; k += maskedTerms {
			end := min(k+maskedTerms, b.Rows)
			left := kernels.Strided{Rows: n, Cols: end - k, RowStride: 1, ColumnStride: kernels.PanelWidth}
			if k < end {
				left.Data = p.Data[(from+row)/kernels.PanelWidth*p.PanelStride+(first+k)*kernels.PanelWidth+lane:]
			}
			w.tier.Matmul(rows, left, b.Slice(k, end), rows, relu && end == b.Rows)
			if end == b.Rows {
				break
			}
		}
		row += n
	}
}

// checkUnits panics unless the rows of m are whole panels.
func checkUnits(name string, m kernels.Matrix) {
	if m.Cols%kernels.PanelWidth != 0 {
		panic(fmt.Sprintf("blas: %s has units of %d values, want a multiple of %d", name, m.Cols, kernels.PanelWidth))
	}
	checkShape(name, m, m.Rows, m.Cols)
}

func fillRow(dst []float32, v float32) {
	for i := range dst {
		dst[i] = v
	}
}
