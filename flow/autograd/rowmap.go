package autograd

import "math"

// RowMap is an invertible map of one row of values, or of all values of one event,
// under learned parameters, stated in float64, for maps whose Jacobian is a
// simple matrix, or a triangular one of a grid. A value of this type is shared by graphs and keeps no state.
type RowMap interface {
	RowConstants
	// Forward sets y = f(x) and returns log|det J|, J = ∂y/∂x. y is not x.
	Forward(y, prepared, x []float64) (logDet float64)
	// Inverse sets x = f⁻¹(y), to about 1e-12. x is not y.
	Inverse(x, prepared, y []float64)
	// Backward adds Jᵀ·dy + dLogDet·∂log|det J|/∂x to dx and the same by p to dp,
	// unless that is nil.
	Backward(dx, dp, prepared, x, dy []float64, dLogDet float64)
	// SolveTransposed sets v to the solution of Jᵀ·v = g at x.
	SolveTransposed(v, prepared, x, g []float64)
}

// Iterated is a [RowMap] whose inverse iterates: how far what it finds is from an
// inverse is worth telling, see [Graph.Residual].
type Iterated interface {
	RowMap
	Iterates()
}

// Remembering is a [RowMap] whose Forward finds what Backward would have to find again.
type Remembering interface {
	RowMap
	// Kept is the number of values that ForwardKept, which is Forward, keeps of what it
	// maps, for BackwardKept, which is Backward.
	Kept() int
	ForwardKept(kept, y, prepared, x []float64) (logDet float64)
	BackwardKept(dx, dp, prepared, kept, x, dy []float64, dLogDet float64)
}

// Residual returns how far inverses that iterate were from their end since the last
// Reset: the largest |f(x) − z|/(1 + |z|), infinite where that is not a number, and 0
// where none iterated.
func (g *Graph) Residual() float64 { return g.residual }

// keepResidual notes how far y is from what it was to be.
func (g *Graph) keepResidual(y, wanted []float64) {
	for i, z := range wanted {
		r := math.Abs(y[i]-z) / (1 + math.Abs(z))
		if r != r {
			r = math.Inf(1)
		}
		g.residual = max(g.residual, r)
	}
}

// LearnedMap is a [RowMap] with its parameter.
type LearnedMap struct {
	rows   RowMap
	events bool // it maps all sites of an event, row after row, as one
	prepared
}

// NewLearnedMap makes a map of a parameter that belongs to the same set.
func (s Scope) NewLearnedMap(rows RowMap, p *Parameter) *LearnedMap {
	return &LearnedMap{rows, false, s.newPrepared(rows, p)}
}

// NewEventMap is NewLearnedMap for a map of whole events, site after site.
func (s Scope) NewEventMap(events RowMap, p *Parameter) *LearnedMap {
	return &LearnedMap{events, true, s.newPrepared(events, p)}
}

// rowsAtOnce returns how many rows are mapped as one, of events of so many sites.
func (m *LearnedMap) rowsAtOnce(sites int) int {
	if m.events {
		return sites
	}
	return 1
}

// readRows reads rows from number first on into values, one after the other.
func readRows(values []float64, v Value, first int) []float64 {
	for r := range len(values) / max(1, v.Cols) {
		readRow(values[r*v.Cols:(r+1)*v.Cols], v, first+r)
	}
	return values
}

// writeRows writes values to the rows of v from number first on.
func writeRows(v Value, first int, values []float64) {
	for r := first; len(values) > 0; r++ {
		row := values[:v.Cols]
		values = values[v.Cols:]
		if v.node.data.wide != nil {
			copy(v.node.data.wide[r*v.node.cols+v.from:], row)
			continue
		}
		into := v.Row32(r)
		for c, x := range row {
			into[c] = float32(x)
		}
	}
}

// readGradients reads the gradients of the rows of v from number first on.
func readGradients(dst []float64, v Value, first int) {
	if v.untouched() {
		clear(dst)
		return
	}
	for r := first; len(dst) > 0; r++ {
		row, at := dst[:v.Cols], r*v.node.cols+v.from
		dst = dst[v.Cols:]
		if v.node.grad.wide != nil {
			copy(row, v.node.grad.wide[at:])
			continue
		}
		for c, d := range v.node.grad.narrow[at:][:len(row)] {
			row[c] = float64(d)
		}
	}
}

// addGradientRows adds to the gradients of the rows of v from number first on.
func (g *Graph) addGradientRows(v Value, first int, values []float64) {
	grad := g.gradient(v)
	for r := first; len(values) > 0; r++ {
		row, at := values[:v.Cols], grad.from+r*grad.stride
		values = values[v.Cols:]
		if grad.of.wide != nil {
			into := grad.of.wide[at:][:len(row)]
			for c, d := range row {
				into[c] += d
			}
			continue
		}
		into := grad.of.narrow[at:][:len(row)]
		for c, d := range row {
			into[c] += float32(d)
		}
	}
}

// MapRows applies a map, or with inverse its inverse, to each row of x, or to all
// rows of an event as one, and adds
// each event's log-det to total. Without a tape it rewrites x in place and
// returns it.
//
// Backward of the inverse, by the implicit function: with g = dx −
// dLogDet·∂log|det J|/∂x, dy solves Jᵀ·dy = g, and dp is that of −dy and
// −dLogDet.
func (g *Graph) MapRows(learned *LearnedMap, inverse bool, x Value, total Sums) Value {
	y := x
	if g.recording {
		y = g.clone(x)
	}
	m, prepared := learned.rows, g.do.prepared(learned.prepared)
	sites := total.sites(x.Rows)
	rows := learned.rowsAtOnce(sites)
	remembering, kept := learned.keeping(g, inverse, x.Rows/rows)
	mark := g.Mark()
	in, out := g.doubles.take(rows*x.Cols), g.doubles.take(rows*x.Cols)
	_, iterates := m.(Iterated)
	var wanted []float64
	if iterates {
		wanted = g.doubles.take(rows * x.Cols)
	}
	for r := 0; r < x.Rows; r += rows {
		readRows(in, x, r)
		if remembering != nil {
			n := remembering.Kept()
			total.Values[r/sites] += remembering.ForwardKept(kept[r/rows*n:][:n], out, prepared, in)
		} else if inverse {
			m.Inverse(out, prepared, in)
			total.Values[r/sites] -= m.Forward(in, prepared, out)
			if iterates {
				g.keepResidual(in, readRows(wanted, x, r))
			}
		} else {
			total.Values[r/sites] += m.Forward(out, prepared, in)
		}
		writeRows(y, r, out)
	}
	g.Release(mark)
	if g.recording {
		g.Record(func() { g.mapRowsBackward(learned, inverse, x, y, total, kept) })
	}
	return y
}

// keeping returns the map and memory for what it keeps of so many events or rows, where
// it does and there is a backward pass that needs it.
func (m *LearnedMap) keeping(g *Graph, inverse bool, n int) (Remembering, []float64) {
	r, ok := m.rows.(Remembering)
	if !ok || inverse || !g.recording {
		return nil, nil
	}
	return r, g.doubles.take(n * r.Kept())
}

func (g *Graph) mapRowsBackward(learned *LearnedMap, inverse bool, x, y Value, total Sums, kept []float64) {
	m, prepared, p := learned.rows, g.do.prepared(learned.prepared), learned.parameter
	sites := total.sites(x.Rows)
	rows := learned.rowsAtOnce(sites)
	n := rows * x.Cols
	at, dOut, dIn, pull := g.doubles.take(n), g.doubles.take(n), g.doubles.take(n), g.doubles.take(n)
	var dp []float64
	if !g.inputs {
		dp = g.doubles.takeZeroed(p.Size())
	}
	for r := 0; r < x.Rows; r += rows {
		readGradients(dOut, y, r)
		clear(dIn)
		dLogDet := total.Gradient[r/sites]
		if inverse {
			// y is where the map itself begins.
			readRows(at, y, r)
			clear(pull)
			m.Backward(dOut, nil, prepared, at, pull, -dLogDet)
			m.SolveTransposed(dIn, prepared, at, dOut)
			for c, d := range dIn {
				pull[c] = -d
			}
			if dp != nil {
				m.Backward(dOut, dp, prepared, at, pull, -dLogDet)
			}
		} else if kept != nil {
			m, n := m.(Remembering), len(kept)/(x.Rows/rows)
			m.BackwardKept(dIn, dp, prepared, kept[r/rows*n:][:n], readRows(at, x, r), dOut, dLogDet)
		} else {
			m.Backward(dIn, dp, prepared, readRows(at, x, r), dOut, dLogDet)
		}
		if x.wanted() {
			g.addGradientRows(x, r, dIn)
		}
	}
	g.addParameterGradient(p, dp)
}

// addParameterGradient adds dp to the gradient of p; both may be nil.
func (g *Graph) addParameterGradient(p *Parameter, dp []float64) {
	if len(dp) == 0 {
		return
	}
	gradient := g.parameterGradient(p)
	if g.wide {
		for i, d := range dp {
			gradient.of.wide[gradient.from+i] += d
		}
		return
	}
	into := gradient.of.narrow[gradient.from:][:len(dp)]
	for i, d := range dp {
		into[i] += float32(d)
	}
}
