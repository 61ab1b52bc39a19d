package autograd

import (
	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/kernels"
)

// Units is the units of a network in memory of their own, a row for each unit
// and a column for each row of the batch: the other way round than a [Value],
// so that a few units can be computed for the whole batch at once. A network
// whose inputs become known one after the other is computed on Units.
//
// The operations on Units leave nothing on the tape. What composes them calls
// their backward parts itself, from [Graph.Record].
type Units struct {
	Count, Batch int
	lanes        int // columns, Batch rounded up to whole panels
	first        int // first unit in node
	node         *node
}

// NewUnits returns units with undefined values, and gradients of zero if the
// graph records.
func (g *Graph) NewUnits(count, batch int) Units {
	lanes := (batch + kernels.PanelWidth - 1) / kernels.PanelWidth * kernels.PanelWidth
	v := g.newValue(count, lanes, true)
	if g.recording {
		g.gradient(v)
	}
	return Units{Count: count, Batch: batch, lanes: lanes, node: v.node}
}

// Slice returns the units [from, to) as a view.
func (u Units) Slice(from, to int) Units {
	u.Count, u.first = to-from, u.first+from
	return u
}

// data returns the values of u, a row for each unit.
func (u Units) data() matrix {
	return matrix{&u.node.data, u.first * u.lanes, u.Count, u.lanes, u.lanes}
}

// gradient returns the gradients of u.
func (u Units) gradient() matrix {
	return matrix{&u.node.grad, u.first * u.lanes, u.Count, u.lanes, u.lanes}
}

// batch returns of units, a matrix of them, the columns that are rows of the
// batch.
func (u Units) batch(units matrix) matrix { return units.columns(0, u.Batch) }

// values returns of a single unit, a matrix of it, a row for each row of the
// batch.
func (u Units) values(unit matrix) matrix {
	return matrix{of: unit.of, from: unit.from, rows: u.Batch, cols: 1, stride: 1}
}

// Load sets u to the given columns of x.
func (g *Graph) Load(u Units, x Value, columns []int) {
	g.do.zero(u.data().columns(u.Batch, u.lanes-u.Batch))
	g.do.takeTransposed(u.batch(u.data()), x.data(), g.indices(columns))
}

// LoadGradient adds the gradient of the given columns of x to u's.
func (g *Graph) LoadGradient(u Units, x Value, columns []int) {
	if !x.untouched() {
		g.do.takeTransposedAdd(u.batch(u.gradient()), g.gradient(x), g.indices(columns))
	}
}

// StoreGradient adds u's gradient to that of the given columns of x.
func (g *Graph) StoreGradient(x Value, columns []int, u Units) {
	if x.wanted() {
		g.do.putTransposedAdd(g.gradient(x), u.batch(u.gradient()), g.indices(columns))
	}
}

// Advance computes y, the outputs of l from number from on in [blas.Mask.Order],
// which all see the same inputs in x.
func (g *Graph) Advance(y, x Units, l *Masked, from int, act blas.Activation) {
	if y.Count == 0 {
		return
	}
	x = x.Slice(0, int(l.seen[from/l.Mask.Blocks]))
	g.do.masked(l).advance(y.data(), x.data(), from, act)
}

// Retreat is the backward of Advance for x, inputs of l from number from on
// that the same outputs see: it adds what y, all outputs of l in that order,
// pass back.
func (g *Graph) Retreat(x, y Units, l *Masked, from int) {
	if x.Count == 0 {
		return
	}
	g.do.masked(l).retreat(x.gradient(), y.gradient(), from)
}

// MaskedGradients adds the gradients of l's parameters, for inputs x and
// outputs y in [blas.Mask.Order].
func (g *Graph) MaskedGradients(l *Masked, x, y Units) {
	rows, dz := g.newValue(x.Batch, x.Count, false).data(), g.newValue(y.Batch, y.Count, false).data()
	g.do.putTransposed(rows, x.batch(x.data()), nil)
	g.do.putTransposed(dz, y.batch(y.gradient()), l.order)
	g.learn(g.do.masked(l), l.learned(), rows, dz)
}

// ReLUUnits sets y to the positive part of x, as [Graph.ReLU].
func (g *Graph) ReLUUnits(y, x Units) { g.do.relu(y.data(), x.data()) }

// ReLUUnitsBackward adds y's gradient to x's where y is positive; x may be y,
// which is then only cleared elsewhere.
func (g *Graph) ReLUUnitsBackward(x, y Units) {
	g.do.reluBackward(y.gradient(), y.data())
	if x != y {
		g.do.accumulate(x.gradient(), y.gradient())
	}
}

// CopyUnits sets y to x; its backward is that of AddUnits.
func (g *Graph) CopyUnits(y, x Units) { g.do.copy(y.data(), x.data()) }

// AddUnits adds x to y; AddUnitsBackward passes y's gradient to x.
func (g *Graph) AddUnits(y, x Units) { g.do.accumulate(y.data(), x.data()) }

// AddUnitsBackward adds y's gradient to x's.
func (g *Graph) AddUnitsBackward(x, y Units) { g.do.accumulate(x.gradient(), y.gradient()) }

// InvertUnit sets the unit x to u's inverse of the unit z with the parameters
// params, a unit each.
func (g *Graph) InvertUnit(u Univariate, x, z, params Units) {
	// One row of as many elements as there are lanes: the blocks of its
	// parameters are the units.
	mark := g.Mark()
	p := params.data()
	p.rows, p.cols, p.stride = 1, params.Count*params.lanes, params.Count*params.lanes
	g.do.univariate(u, true, x.data(), z.data(), p, g.take(1))
	g.Release(mark)
}

// InvertUnitBackward writes the gradients of z and params, given x's and that
// of each event's log-det.
func (g *Graph) InvertUnitBackward(u Univariate, x, z, params Units, total Sums) {
	mark, n := g.Mark(), x.Batch
	dLogDet := g.rowGradients(total, n)
	p, dp := g.newValue(n, params.Count, false).data(), g.newValue(n, params.Count, false).data()
	g.do.putTransposed(p, params.batch(params.data()), nil)
	g.do.univariateBackward(u, true, z.values(z.gradient()), dp, z.values(z.data()), x.values(x.data()), p, x.values(x.gradient()), dLogDet)
	g.do.takeTransposed(params.batch(params.gradient()), dp, nil)
	g.release(mark)
}

// InvertColumns applies u's inverse to the given columns of z and adds the
// log-det of each event to total, as [Graph.Apply] does, with parameters that
// are units: all of the first column, then all of the second one, …. It
// rewrites z unless the graph records.
func (g *Graph) InvertColumns(u Univariate, z Value, params Units, columns []int, total Sums) Value {
	x := z
	if g.recording {
		x = g.clone(z)
	}
	mark := g.Mark()
	rows := g.newValue(params.Batch, params.Count, false)
	each, w := u.ParametersPerElement(), len(columns)
	g.columns = g.columns[:0]
	for i := range columns {
		for p := range each {
			g.columns = append(g.columns, int32(p*w+i))
		}
	}
	g.do.putTransposed(rows.data(), params.batch(params.data()), g.columns)
	g.apply(u, true, x, rows, Columns(columns), total)
	g.Release(mark)
	return x
}
