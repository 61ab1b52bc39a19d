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
	data32       []float32
	data64       []float64
	grad32       []float32
	grad64       []float64
}

// NewUnits returns units with undefined values, and gradients of zero if the
// graph records.
func (g *Graph) NewUnits(count, batch int) Units {
	u := Units{Count: count, Batch: batch}
	u.lanes = (batch + kernels.PanelWidth - 1) / kernels.PanelWidth * kernels.PanelWidth
	n := count * u.lanes
	if g.Float64() {
		u.data64 = g.doubles.take(n)
		if g.recording {
			u.grad64 = g.doubles.takeZeroed(n)
		}
		return u
	}
	u.data32 = g.floats.take(n)
	if g.recording {
		u.grad32 = g.floats.takeZeroed(n)
	}
	return u
}

// Slice returns the units [from, to) as a view.
func (u Units) Slice(from, to int) Units {
	u.Count = to - from
	from, to = from*u.lanes, to*u.lanes
	if u.data64 != nil {
		u.data64 = u.data64[from:to]
	} else {
		u.data32 = u.data32[from:to]
	}
	if u.grad64 != nil {
		u.grad64 = u.grad64[from:to]
	}
	if u.grad32 != nil {
		u.grad32 = u.grad32[from:to]
	}
	return u
}

func (u Units) matrix32() kernels.Matrix   { return kernels.Dense(u.data32, u.Count, u.lanes) }
func (u Units) gradient32() kernels.Matrix { return kernels.Dense(u.grad32, u.Count, u.lanes) }

// Load sets u to the given columns of x.
func (g *Graph) Load(u Units, x Value, columns []int) {
	if g.Float64() {
		from, stride := x.rows64()
		for i, c := range columns {
			row := u.data64[i*u.lanes : (i+1)*u.lanes]
			for r := range u.Batch {
				row[r] = from[r*stride+c]
			}
			clear(row[u.Batch:])
		}
		return
	}
	loadColumns(u.data32, u.lanes, x.matrix32(), columns)
}

// loadColumns transposes the given columns of m; the lanes beyond the rows
// become zero.
func loadColumns(units []float32, lanes int, m kernels.Matrix, columns []int) {
	for i, c := range columns {
		row := units[i*lanes : (i+1)*lanes]
		at := c
		for r := range m.Rows {
			row[r] = m.Data[at]
			at += m.Stride
		}
		clear(row[m.Rows:])
	}
}

// LoadGradient adds the gradient of the given columns of x to u's.
func (g *Graph) LoadGradient(u Units, x Value, columns []int) {
	if x.untouched() {
		return
	}
	for i, c := range columns {
		for r := range u.Batch {
			if g.Float64() {
				u.grad64[i*u.lanes+r] += x.node.grad.wide[r*x.node.cols+x.from+c]
			} else {
				u.grad32[i*u.lanes+r] += x.node.grad.narrow[r*x.node.cols+x.from+c]
			}
		}
	}
}

// StoreGradient adds u's gradient to that of the given columns of x.
func (g *Graph) StoreGradient(x Value, columns []int, u Units) {
	if !x.wanted() {
		return
	}
	if g.Float64() {
		dx, stride := g.grad64(x)
		for i, c := range columns {
			for r := range u.Batch {
				dx[r*stride+c] += u.grad64[i*u.lanes+r]
			}
		}
		return
	}
	dx, _ := g.grad32(x, false)
	for i, c := range columns {
		for r := range u.Batch {
			dx.Data[r*dx.Stride+c] += u.grad32[i*u.lanes+r]
		}
	}
}

// Advance computes y, the outputs of l from number from on in [blas.Mask.Order],
// which all see the same inputs in x.
func (g *Graph) Advance(y, x Units, l *Masked, from int, act blas.Activation) {
	if y.Count == 0 {
		return
	}
	if !g.Float64() {
		x = x.Slice(0, int(l.seen[from/l.Mask.Blocks]))
		g.binding.maskedWeights(l).Advance(y.matrix32(), x.matrix32(), from, act)
		return
	}
	l.prepare64()
	w, bias, out := g.binding.value64(l.Weight), g.binding.value64(l.Bias), l.Out()
	for i := range y.Count {
		j := int(l.order[from+i])
		row := y.data64[i*y.lanes : (i+1)*y.lanes]
		for r := range row {
			row[r] = bias[j]
		}
		for k := range x.Count {
			at := l.entries[k*out+j]
			if at < 0 {
				break
			}
			for r, v := range x.data64[k*x.lanes : (k+1)*x.lanes] {
				row[r] += float64(v * w[at])
			}
		}
		if act == blas.ReLU {
			relu64(row)
		}
	}
}

// Retreat is the backward of Advance for x, inputs of l from number from on
// that the same outputs see: it adds what y, all outputs of l in that order,
// pass back.
func (g *Graph) Retreat(x, y Units, l *Masked, from int) {
	if x.Count == 0 {
		return
	}
	if !g.Float64() {
		g.binding.maskedWeights(l).Retreat(x.gradient32(), y.gradient32(), from)
		return
	}
	w, out := g.binding.value64(l.Weight), l.Out()
	for k := range x.Count {
		row := x.grad64[k*x.lanes : (k+1)*x.lanes]
		for i, j := range l.order {
			if at := l.entries[(from+k)*out+int(j)]; at >= 0 {
				for r, v := range y.grad64[i*y.lanes : (i+1)*y.lanes] {
					row[r] += float64(v * w[at])
				}
			}
		}
	}
}

// MaskedGradients adds the gradients of l's parameters, for inputs x and
// outputs y in [blas.Mask.Order].
func (g *Graph) MaskedGradients(l *Masked, x, y Units) {
	if g.inputs {
		return
	}
	order := l.order
	if g.Float64() {
		dw, dbias, out := g.gradient64(l.Weight), g.gradient64(l.Bias), l.Out()
		for i, j := range order {
			dy := y.grad64[i*y.lanes:][:y.Batch]
			for _, d := range dy {
				dbias[j] += d
			}
			for k := range x.Count {
				if at := l.entries[k*out+int(j)]; at >= 0 {
					for r, d := range dy {
						dw[at] += float64(x.data64[k*x.lanes+r] * d)
					}
				}
			}
		}
		return
	}
	rows := kernels.Dense(g.floats.take(x.Batch*x.Count), x.Batch, x.Count)
	for k := range x.Count {
		for r, v := range x.data32[k*x.lanes:][:x.Batch] {
			rows.Data[r*x.Count+k] = v
		}
	}
	dz := kernels.Dense(g.floats.take(y.Batch*y.Count), y.Batch, y.Count)
	for i, j := range order {
		for r, v := range y.grad32[i*y.lanes:][:y.Batch] {
			dz.Data[r*y.Count+int(j)] = v
		}
	}
	g.maskedGradients32(l, rows, dz)
}

// ReLUUnits sets y to the positive part of x, as [Graph.ReLU].
func (g *Graph) ReLUUnits(y, x Units) {
	if g.Float64() {
		copy(y.data64, x.data64)
		relu64(y.data64)
		return
	}
	kernels.ReLU(y.data32, x.data32)
}

// ReLUUnitsBackward adds y's gradient to x's where y is positive; x may be y,
// which is then only cleared elsewhere.
func (g *Graph) ReLUUnitsBackward(x, y Units) {
	if g.Float64() {
		for i, v := range y.data64 {
			if v <= 0 {
				y.grad64[i] = 0
			}
		}
		if len(x.grad64) > 0 && &x.grad64[0] != &y.grad64[0] {
			for i, d := range y.grad64 {
				x.grad64[i] += d
			}
		}
		return
	}
	kernels.ReLUBackward(y.grad32, y.data32, y.grad32)
	if len(x.grad32) > 0 && &x.grad32[0] != &y.grad32[0] {
		kernels.Add(x.grad32, x.grad32, y.grad32)
	}
}

// AddUnits adds x to y; AddUnitsBackward passes y's gradient to x.
func (g *Graph) AddUnits(y, x Units) {
	for i, v := range x.data64 {
		y.data64[i] += v
	}
	kernels.Add(y.data32, x.data32, y.data32)
}

// AddUnitsBackward adds y's gradient to x's.
func (g *Graph) AddUnitsBackward(x, y Units) {
	for i, d := range y.grad64 {
		x.grad64[i] += d
	}
	kernels.Add(x.grad32, x.grad32, y.grad32)
}

// InvertUnit sets the unit x to u's inverse of the unit z with the parameters
// params, a unit each.
func (g *Graph) InvertUnit(u Univariate, x, z, params Units) {
	if g.Float64() {
		mark := g.doubles.mark()
		p := g.doubles.take(params.Count)
		for r := range x.Batch {
			for j := range p {
				p[j] = params.data64[j*params.lanes+r]
			}
			x.data64[r], _ = u.Inverse64(z.data64[r], p)
		}
		clear(x.data64[x.Batch:])
		g.doubles.release(mark)
		return
	}
	// One row of as many elements as there are lanes: the blocks of its
	// parameters are the units.
	mark := g.floats.mark()
	logDet := g.floats.take(1)
	u.Inverse32(x.matrix32(), z.matrix32(), kernels.Dense(params.data32, 1, params.Count*params.lanes), logDet)
	g.floats.release(mark)
}

// InvertUnitBackward writes the gradients of z and params, given x's and that
// of each event's log-det.
func (g *Graph) InvertUnitBackward(u Univariate, x, z, params Units, total Sums) {
	n, each := x.Batch, params.Count
	if g.Float64() {
		mark := g.doubles.mark()
		p, dp := g.doubles.take(each), g.doubles.take(each)
		sites := total.sites(n)
		for r := range n {
			for j := range p {
				p[j] = params.data64[j*params.lanes+r]
			}
			z.grad64[r] = u.InverseBackward64(dp, x.data64[r], z.data64[r], p, x.grad64[r], total.Gradient[r/sites])
			for j, d := range dp {
				params.grad64[j*params.lanes+r] = d
			}
		}
		g.doubles.release(mark)
		return
	}
	mark := g.floats.mark()
	dLogDet := g.narrowRows(total, n)
	p, dp := kernels.Dense(g.floats.take(n*each), n, each), kernels.Dense(g.floats.take(n*each), n, each)
	for j := range each {
		for r, v := range params.data32[j*params.lanes:][:n] {
			p.Data[r*each+j] = v
		}
	}
	u.InverseBackward32(kernels.Dense(z.grad32[:n], n, 1), dp, kernels.Dense(x.data32[:n], n, 1), kernels.Dense(z.data32[:n], n, 1), p,
		kernels.Dense(x.grad32[:n], n, 1), dLogDet)
	for j := range each {
		for r := range n {
			params.grad32[j*params.lanes+r] = dp.Data[r*each+j]
		}
	}
	g.floats.release(mark)
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
	for i := range columns {
		for p := range each {
			unit, at := (i*each+p)*params.lanes, p*w+i
			if g.Float64() {
				for _, v := range params.data64[unit:][:params.Batch] {
					rows.node.data.wide[at] = v
					at += params.Count
				}
				continue
			}
			for _, v := range params.data32[unit:][:params.Batch] {
				rows.node.data.narrow[at] = v
				at += params.Count
			}
		}
	}
	g.apply(u, true, x, rows, Columns(columns), total)
	g.Release(mark)
	return x
}
