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
	few                           = 4
)

// piece is a dense product: the columns [from, to) of the result gain the terms
// [first, last). The piece that begins a group starts its chains.
type piece struct {
	from, to, first, last int32
	begins                bool
}

// builtinMasked holds the weights of each block in panels, and from their
// first use on the transposes and, where there are several blocks, the weights
// of all outputs in the order in which they become known.
type builtinMasked struct {
	tier    *kernels.Tier
	in, out int
	width   int // outputs of a block
	count   int // weights that exist
	seen    []int32
	since   []int32 // the first output of a block that sees each input
	at      []int   // where the weights of each input begin in the packed form
	bias    []float32

	forward, forwardOfFew, backward, backwardOfFew []piece

	panels []kernels.Panels // of each block, in by width

	transposedValid, stepsValid, stepsTransposedValid lazy

	transposed []kernels.Panels // of each block, width by in

	// What Advance and Retreat read; where there is one block, its panels.
	steps, stepsTransposed kernels.Panels
	stepsBias              []float32
}

func (b builtin) NewMasked(mask Mask) MaskedWeights {
	mask.Check()
	w := &builtinMasked{
		tier: b.kernels(), in: mask.In, out: mask.Out(), width: mask.Block(), count: mask.Weights(),
		seen: mask.Seen(), since: make([]int32, mask.In), at: make([]int, mask.In), bias: make([]float32, mask.Out()),
	}
	for range mask.Blocks {
		w.panels = append(w.panels, kernels.NewPanels(w.in, w.width))
	}
	first, at := 0, 0
	for k := range w.in {
		for first < w.width && int(w.seen[first]) <= k {
			first++
		}
		w.since[k], w.at[k] = int32(first), at
		at += mask.Blocks * (w.width - first)
	}
	w.forward, w.forwardOfFew = ascending(w.seen, groupPanels), ascending(w.seen, groupPanelsOfFew)
	w.backward, w.backwardOfFew = descending(w.since, w.width, groupPanels), descending(w.since, w.width, groupPanelsOfFew)
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

// lazy guards what is made of the weights at its first use after Set: weights
// that only score need no transposes.
type lazy struct {
	lock  sync.Mutex
	valid atomic.Bool
}

func (l *lazy) forget() { l.valid.Store(false) }

// ensure makes it, unless it is there.
func (l *lazy) ensure(w *builtinMasked, make func(*builtinMasked)) {
	if l.valid.Load() {
		return
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	if !l.valid.Load() {
		make(w)
		l.valid.Store(true)
	}
}

func (w *builtinMasked) Set(weights, bias []float32) {
	checkLength("w", weights, w.count)
	checkLength("bias", bias, w.out)
	copy(w.bias, bias)
	for i, panels := range w.panels {
		for k, first := range w.since {
			setRow(panels, k, int(first), weights[w.of(i, k):][:w.width-int(first)])
		}
	}
	w.transposedValid.forget()
	w.stepsValid.forget()
	w.stepsTransposedValid.forget()
}

// of returns where the weights of block i and input k begin in the packed form.
func (w *builtinMasked) of(i, k int) int { return w.at[k] + i*(w.width-int(w.since[k])) }

// setRow copies values to row k of packed panels, from column c on.
func setRow(p kernels.Panels, k, c int, values []float32) {
	for len(values) > 0 {
		lane := c % kernels.PanelWidth
		n := min(kernels.PanelWidth-lane, len(values))
		copy(p.Data[c/kernels.PanelWidth*p.PanelStride+k*p.Stride+lane:], values[:n])
		c, values = c+n, values[n:]
	}
}

// part returns the columns [from, to) and the rows [first, last) of packed
// panels. Columns that do not begin a panel must end within it; the lanes
// beyond them reach into the next row, which a product reads but never uses
// (see [kernels.Panels]); behind the last row lies the gap between panels.
func part(p kernels.Panels, from, to, first, last int) kernels.Panels {
	lane := from % kernels.PanelWidth
	p = p.Slice(first, last)
	p.Cols -= from - lane
	if p.Rows > 0 {
		p.Data = p.Data[(from-lane)/kernels.PanelWidth*p.PanelStride+lane:]
	}
	p.Cols = to - from
	return p
}

// startingAt returns a bias as the first rows of a product.
func startingAt(bias []float32, rows, from, to int) kernels.Matrix {
	return kernels.Matrix{Data: bias[from:to], Rows: rows, Cols: to - from}
}

func (w *builtinMasked) Forward(y, x kernels.Matrix, act Activation) {
	checkShape("x", x, x.Rows, w.in)
	checkShape("y", y, x.Rows, w.out)
	for top := 0; top < x.Rows; top += maskedRows {
		bottom := min(top+maskedRows, x.Rows)
		left, into := x.Slice(top, bottom).Strided(), y.Slice(top, bottom)
		pieces := w.forward
		if x.Rows <= few {
			pieces = w.forwardOfFew
		}
		for i, panels := range w.panels {
			base := i * w.width
			for _, p := range pieces {
				from, to, first, last := int(p.from), int(p.to), int(p.first), int(p.last)
				c := columns(into, base+from, base+to)
				start := c
				if p.begins {
					start = startingAt(w.bias, c.Rows, base+from, base+to)
				}
				w.tier.Matmul(c, left.Columns(first, last), part(panels, from, to, first, last), start, false)
			}
		}
		if act == ReLU {
			for r := range into.Rows {
				w.tier.ReLU(into.Row(r), into.Row(r))
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
	w.transposedValid.ensure(w, (*builtinMasked).transpose)
	for top := 0; top < dy.Rows; top += maskedRows {
		bottom := min(top+maskedRows, dy.Rows)
		into := dx.Slice(top, bottom)
		if !accumulate {
			for r := range into.Rows {
				clear(into.Row(r))
			}
		}
		pieces := w.backward
		if dy.Rows <= few {
			pieces = w.backwardOfFew
		}
		for i, panels := range w.transposed {
			left := columns(dy.Slice(top, bottom), i*w.width, (i+1)*w.width).Strided()
			for _, p := range pieces {
				from, to, first, last := int(p.from), int(p.to), int(p.first), int(p.last)
				c := columns(into, from, to)
				w.tier.Matmul(c, left.Columns(first, last), part(panels, from, to, first, last), c, false)
			}
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
	need := w.in*width + kernels.PanelsSize(x.Rows, width)
	buffer := scratch.Get().(*[]float32)
	defer scratch.Put(buffer)
	if len(*buffer) < need {
		*buffer = make([]float32, need)
	}
	left := x.Transposed()
	for i := range w.panels {
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

func (w *builtinMasked) transpose() {
	if w.transposed == nil {
		for range w.panels {
			w.transposed = append(w.transposed, kernels.NewPanels(w.width, w.in))
		}
	}
	for i, panels := range w.panels {
		w.tier.TransposePanels(w.transposed[i], panels)
	}
}

// order makes the panels whose columns are the outputs in [Mask.Order].
func (w *builtinMasked) order() {
	blocks := len(w.panels)
	if blocks == 1 {
		w.steps, w.stepsBias = w.panels[0], w.bias
		return
	}
	if w.stepsBias == nil {
		w.steps, w.stepsBias = kernels.NewPanels(w.in, w.out), make([]float32, w.out)
	}
	for i, panels := range w.panels {
		for j, seen := range w.seen {
			to := j*blocks + i
			w.stepsBias[to] = w.bias[i*w.width+j]
			into := w.steps.Data[to/kernels.PanelWidth*w.steps.PanelStride+to%kernels.PanelWidth:]
			from := panels.Data[j/kernels.PanelWidth*panels.PanelStride+j%kernels.PanelWidth:]
			for k := range int(seen) {
				into[k*kernels.PanelWidth] = from[k*kernels.PanelWidth]
			}
		}
	}
}

func (w *builtinMasked) transposeSteps() {
	w.stepsValid.ensure(w, (*builtinMasked).order)
	if len(w.panels) == 1 {
		w.transposedValid.ensure(w, (*builtinMasked).transpose)
		w.stepsTransposed = w.transposed[0]
		return
	}
	if w.stepsTransposed.Data == nil {
		w.stepsTransposed = kernels.NewPanels(w.out, w.in)
	}
	w.tier.TransposePanels(w.stepsTransposed, w.steps)
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
	w.stepsValid.ensure(w, (*builtinMasked).order)
	for r := range y.Rows {
		fill(y.Row(r), w.stepsBias[from+r])
	}
	w.units(y, kernels.FullPanels(x), w.steps, from, 0, act == ReLU)
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
	since *= len(w.panels)
	w.stepsTransposedValid.ensure(w, (*builtinMasked).transposeSteps)
	w.units(dx, kernels.FullPanels(dy.Slice(since, w.out)), w.stepsTransposed, from, since, false)
}

// stepSeen returns how many inputs output number i of [Mask.Order] sees.
func (w *builtinMasked) stepSeen(i int) int32 { return w.seen[i/len(w.panels)] }

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

func fill(dst []float32, v float32) {
	for i := range dst {
		dst[i] = v
	}
}
