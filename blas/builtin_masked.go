package blas

import (
	"fmt"
	"sort"
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

// segment is outputs [from, to) in ascending number of inputs seen.
type segment struct {
	from, to int
	seen     []int32 // inputs seen by each output
	since    []int32 // the first output, counted from from, that sees each input
	at       []int   // where its weights begin in the packed form, for each input

	panels        kernels.Panels // in by outputs
	forward       []piece
	forwardOfFew  []piece
	transposed    kernels.Panels // outputs by in
	backward      []piece
	backwardOfFew []piece
}

// builtinMasked holds the weights of each segment in panels, and from their
// first use on the transposes and, where there are several segments, the
// weights of all outputs in ascending order.
type builtinMasked struct {
	tier     *kernels.Tier
	in, out  int
	count    int // weights that exist
	bias     []float32
	segments []segment

	order     []int32 // Mask.Order
	orderSeen []int32 // inputs seen by each output, in that order

	// What Advance and Retreat read; where there is one segment, its panels.
	transposed, ordered, orderedTransposed lazy
	steps, stepsTransposed                 kernels.Panels
	stepsBias                              []float32
}

func (b builtin) NewMasked(mask Mask) MaskedWeights {
	mask.Check()
	w := &builtinMasked{
		tier: b.kernels(), in: mask.In, out: mask.Out(), count: mask.Weights(), order: mask.Order(),
	}
	w.bias = make([]float32, w.out)
	seen := mask.Seen()
	for _, j := range w.order {
		w.orderSeen = append(w.orderSeen, seen[j])
	}
	for from := 0; from < w.out; {
		to := from + 1
		for to < w.out && seen[to] >= seen[to-1] {
			to++
		}
		w.segments = append(w.segments, newSegment(w.in, from, to, seen[from:to]))
		from = to
	}
	at := 0
	for k := range w.in {
		for i := range w.segments {
			s := &w.segments[i]
			s.at[k] = at
			at += s.to - s.from - int(s.since[k])
		}
	}
	return w
}

func newSegment(in, from, to int, seen []int32) segment {
	s := segment{from: from, to: to, seen: seen, since: make([]int32, in), at: make([]int, in), panels: kernels.NewPanels(in, to-from)}
	first := 0
	for k := range in {
		for first < len(seen) && int(seen[first]) <= k {
			first++
		}
		s.since[k] = int32(first)
	}
	s.forward, s.forwardOfFew = ascending(seen, groupPanels), ascending(seen, groupPanelsOfFew)
	s.backward, s.backwardOfFew = descending(s.since, len(seen), groupPanels), descending(s.since, len(seen), groupPanelsOfFew)
	return s
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
	for i := range w.segments {
		s := &w.segments[i]
		for k, first := range s.since {
			setRow(s.panels, k, int(first), weights[s.at[k]:][:s.to-s.from-int(first)])
		}
	}
	w.transposed.forget()
	w.ordered.forget()
	w.orderedTransposed.forget()
}

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
		for i := range w.segments {
			s := &w.segments[i]
			pieces := s.forward
			if x.Rows <= few {
				pieces = s.forwardOfFew
			}
			for _, p := range pieces {
				from, to, first, last := int(p.from), int(p.to), int(p.first), int(p.last)
				c := columns(into, s.from+from, s.from+to)
				start := c
				if p.begins {
					start = startingAt(w.bias, c.Rows, s.from+from, s.from+to)
				}
				w.tier.Matmul(c, left.Columns(first, last), part(s.panels, from, to, first, last), start, false)
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
	w.transposed.ensure(w, (*builtinMasked).transpose)
	for top := 0; top < dy.Rows; top += maskedRows {
		bottom := min(top+maskedRows, dy.Rows)
		into := dx.Slice(top, bottom)
		if !accumulate {
			for r := range into.Rows {
				clear(into.Row(r))
			}
		}
		for i := range w.segments {
			s := &w.segments[i]
			left := columns(dy.Slice(top, bottom), s.from, s.to).Strided()
			pieces := s.backward
			if dy.Rows <= few {
				pieces = s.backwardOfFew
			}
			for _, p := range pieces {
				from, to, first, last := int(p.from), int(p.to), int(p.first), int(p.last)
				c := columns(into, from, to)
				w.tier.Matmul(c, left.Columns(first, last), part(s.transposed, from, to, first, last), c, false)
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
	for i := range w.segments {
		s := &w.segments[i]
		for from := 0; from < s.to-s.from; from += width {
			to := min(from+width, s.to-s.from)
			depth := int(s.seen[to-1])
			if depth == 0 {
				continue
			}
			c := kernels.Dense((*buffer)[:depth*(to-from)], depth, to-from)
			start := kernels.Matrix{}
			if accumulate {
				s.unpack(c, dw, from)
				start = c
			}
			block := columns(dy, s.from+from, s.from+to)
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
			s.pack(dw, c, from)
		}
	}
}

// unpack reads the columns of c, which are the segment's from from on, from the
// packed form; elements of absent weights are left alone.
func (s *segment) unpack(c kernels.Matrix, packed []float32, from int) {
	for k := range c.Rows {
		skip := max(0, int(s.since[k])-from)
		copy(c.Row(k)[skip:], packed[s.at[k]+from+skip-int(s.since[k]):])
	}
}

// pack is the inverse of unpack.
func (s *segment) pack(packed []float32, c kernels.Matrix, from int) {
	for k := range c.Rows {
		skip := max(0, int(s.since[k])-from)
		copy(packed[s.at[k]+from+skip-int(s.since[k]):], c.Row(k)[skip:])
	}
}

func (w *builtinMasked) transpose() {
	for i := range w.segments {
		s := &w.segments[i]
		if s.transposed.Data == nil {
			s.transposed = kernels.NewPanels(s.to-s.from, w.in)
		}
		w.tier.TransposePanels(s.transposed, s.panels)
	}
}

// sort makes the panels whose columns are the outputs in order.
func (w *builtinMasked) sort() {
	if len(w.segments) == 1 {
		w.steps, w.stepsBias = w.segments[0].panels, w.bias
		return
	}
	if w.stepsBias == nil {
		w.steps, w.stepsBias = kernels.NewPanels(w.in, w.out), make([]float32, w.out)
	}
	i := 0
	for to, j := range w.order {
		w.stepsBias[to] = w.bias[j]
		for int(j) < w.segments[i].from {
			i--
		}
		for int(j) >= w.segments[i].to {
			i++
		}
		s := &w.segments[i]
		from := int(j) - s.from
		into := w.steps.Data[to/kernels.PanelWidth*w.steps.PanelStride+to%kernels.PanelWidth:]
		values := s.panels.Data[from/kernels.PanelWidth*s.panels.PanelStride+from%kernels.PanelWidth:]
		for k := range int(w.orderSeen[to]) {
			into[k*kernels.PanelWidth] = values[k*kernels.PanelWidth]
		}
	}
}

func (w *builtinMasked) transposeSteps() {
	w.ordered.ensure(w, (*builtinMasked).sort)
	if len(w.segments) == 1 {
		w.transposed.ensure(w, (*builtinMasked).transpose)
		w.stepsTransposed = w.segments[0].transposed
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
	if from < 0 || from+y.Rows > w.out || y.Rows > 0 && (int(w.orderSeen[from]) != x.Rows || int(w.orderSeen[from+y.Rows-1]) != x.Rows) {
		panic(fmt.Sprintf("blas: outputs %d to %d do not see exactly %d inputs", from, from+y.Rows, x.Rows))
	}
	w.ordered.ensure(w, (*builtinMasked).sort)
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
	since := w.since(from)
	if w.since(from+dx.Rows-1) != since {
		panic(fmt.Sprintf("blas: the inputs %d to %d are not all seen by the same outputs", from, from+dx.Rows))
	}
	w.orderedTransposed.ensure(w, (*builtinMasked).transposeSteps)
	w.units(dx, kernels.FullPanels(dy.Slice(since, w.out)), w.stepsTransposed, from, since, false)
}

// since returns the first output, in order, that sees input k.
func (w *builtinMasked) since(k int) int {
	return sort.Search(w.out, func(j int) bool { return int(w.orderSeen[j]) > k })
}

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
