package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// arithmetic32 is the arithmetic of float32 graphs: kernels where there are any.
type arithmetic32 struct{ *Graph }

func (arithmetic32) hold(values []float32) storage { return storage{narrow: values} }

func (arithmetic32) allocate(n int) storage { return storage{narrow: make([]float32, n)} }

func (a arithmetic32) values(p *Parameter) storage {
	a.binding.own(p.owner)
	return storage{narrow: p.Values()}
}

func (a arithmetic32) prepared(q prepared) []float64 {
	return a.binding.at(q.place).(*preparedValues).need(a.Graph, q)
}

func (arithmetic32) zero(dst matrix) {
	if dst.flat() {
		clear(flat32(dst))
		return
	}
	zeroRows(dst.narrow())
}

func (arithmetic32) copy(dst, src matrix) {
	if dst.flat() && src.flat() {
		copy(flat32(dst), flat32(src))
		return
	}
	copyRows(dst.narrow(), src.narrow())
}

func (arithmetic32) accumulate(dst, src matrix) { binary32(dst, dst, src, kernels.Add) }
func (arithmetic32) add(dst, a, b matrix)       { binary32(dst, a, b, kernels.Add) }
func (arithmetic32) multiply(dst, a, b matrix) {
	kernels.MultiplyRuns(dst.kernel(), a.kernel(), b.kernel())
}
func (arithmetic32) relu(dst, x matrix)        { unary32(dst, x, kernels.ReLU) }
func (arithmetic32) sigmoid(dst, x matrix)     { unary32(dst, x, kernels.Sigmoid) }
func (arithmetic32) reluBackward(dy, y matrix) { binary32(dy, y, dy, kernels.ReLUBackward) }

func (arithmetic32) addScaled(dst, src matrix, factor float64) {
	into, from := dst.narrow(), src.narrow()
	for r := range into.Rows {
		kernels.AddScaled(into.row(r), from.row(r), float32(factor))
	}
}

func (arithmetic32) addColumnSums(dst, src matrix, factor float64) {
	if factor == 1 {
		kernels.AddColumnSums(flat32(dst), src.kernel())
		return
	}
	addColumnSums(flat32(dst), src.narrow(), float32(factor))
}

func (arithmetic32) complement(dst, _, y matrix) {
	d, ys := dst.narrow(), y.narrow()
	for r := range d.Rows {
		into := d.row(r)
		for c, v := range ys.row(r) {
			into[c] = 1 - v
		}
	}
}

// flat32 returns all of a matrix without gaps, row after row.
func flat32(m matrix) []float32 {
	if m.rows == 0 {
		return nil
	}
	return m.of.narrow[m.from:][:m.rows*m.cols]
}

// unary32 calls an elementwise kernel for as many values at once as there are
// side by side.
func unary32(dst, x matrix, f func(dst, x []float32)) {
	if dst.flat() && x.flat() {
		f(flat32(dst), flat32(x))
		return
	}
	d, xs := dst.narrow(), x.narrow()
	for r := range d.Rows {
		f(d.row(r), xs.row(r))
	}
}

// binary32 does so for two operands.
func binary32(dst, a, b matrix, f func(dst, a, b []float32)) {
	if dst.flat() && a.flat() && b.flat() {
		f(flat32(dst), flat32(a), flat32(b))
		return
	}
	d, as, bs := dst.narrow(), a.narrow(), b.narrow()
	for r := range d.Rows {
		f(d.row(r), as.row(r), bs.row(r))
	}
}

func (arithmetic32) activate(dst, x matrix, f *activation, slope float64) {
	unary32(dst, x, func(dst, x []float32) { f.forward32(dst, x, float32(slope)) })
}

func (a arithmetic32) activateBackward(dx, x, y, dy matrix, f *activation, slope float64) {
	mark := a.floats.mark()
	d, s := a.floats.take(dx.cols), a.floats.take(dx.cols)
	into, xs, ys, from := dx.narrow(), x.narrow(), y.narrow(), dy.narrow()
	for r := range into.Rows {
		f.backward32(into.row(r), xs.row(r), ys.row(r), from.row(r), d, s, float32(slope))
	}
	a.floats.release(mark)
}

func (a arithmetic32) slope(dst, x, y matrix, f *activation) {
	mark := a.floats.mark()
	scratch := a.floats.take(dst.rows * dst.cols)
	binary32(dst, x, y, func(dst, x, y []float32) { f.curve.slope32(dst, x, y, scratch[:len(dst)]) })
	a.floats.release(mark)
}

func (a arithmetic32) slopeBackward(dx, x, y, s, ds matrix, f *activation) {
	mark := a.floats.mark()
	bend := a.floats.take(dx.cols)
	into, xs, ys, ss, from := dx.narrow(), x.narrow(), y.narrow(), s.narrow(), ds.narrow()
	for r := range into.Rows {
		f.curve.bend32(bend, xs.row(r), ys.row(r), ss.row(r))
		row, d := into.row(r), from.row(r)
		for c, b := range bend {
			row[c] = float32(d[c] * b)
		}
	}
	a.floats.release(mark)
}

func (arithmetic32) addScaledRuns(dst, src matrix, factors []float64) {
	addScaledRuns(dst.narrow(), src.narrow(), factors)
}

func (arithmetic32) addColumnDots(dst []float64, a, b matrix) {
	addColumnDots(dst, a.narrow(), b.narrow())
}

func (arithmetic32) dots(dst storage, a, b matrix) {
	kernels.RowDots(dst.narrow, a.kernel(), b.kernel())
}

func (a arithmetic32) univariate(u Univariate, inverse bool, dst, src, params matrix, logDet storage) {
	if affine, ok := u.(*Affine); ok && a.affineOfConstants(affine, inverse, dst, src, params, logDet) {
		return
	}
	if inverse {
		u.Inverse32(dst.kernel(), src.kernel(), params.kernel(), logDet.narrow)
	} else {
		u.Forward32(dst.kernel(), src.kernel(), params.kernel(), logDet.narrow)
	}
}

func (arithmetic32) univariateBackward(u Univariate, inverse bool, dSrc, dParams, src, dst, params, dDst matrix, dLogDet storage) {
	if inverse {
		u.InverseBackward32(dSrc.kernel(), dParams.kernel(), dst.kernel(), src.kernel(), params.kernel(), dDst.kernel(), dLogDet.narrow)
	} else {
		u.ForwardBackward32(dSrc.kernel(), dParams.kernel(), src.kernel(), dst.kernel(), params.kernel(), dDst.kernel(), dLogDet.narrow)
	}
}

func (arithmetic32) standardNormal(logDensity []float64, z matrix) {
	kernels.StandardNormalLogDensity(logDensity, z.kernel())
}

func (arithmetic32) standardNormalBackward(dz, z matrix, d storage) {
	standardNormalBackward(dz.narrow(), z.narrow(), d.narrow)
}

// fewRows are those whose columns a loop has moved before a kernel is ready.
const fewRows = 4

// forKernels tells whether the kernels that move columns take a part of so many
// rows.
func (p Part) forKernels(rows int) bool {
	return p.Sites == nil && p.Columns != nil && rows > fewRows
}

func (a arithmetic32) takePart(dst, src matrix, part Part, sites int) {
	if part.forKernels(dst.rows) {
		kernels.GatherColumns(dst.kernel(), src.kernel(), a.indices(part.Columns))
		return
	}
	takePart(dst.narrow(), src.narrow(), part, sites)
}

func (arithmetic32) takePartAdd(dst, src matrix, part Part, sites int) {
	takePartAdd(dst.narrow(), src.narrow(), part, sites)
}

func (a arithmetic32) putPart(dst, src matrix, part Part, sites int) {
	if part.forKernels(src.rows) {
		kernels.ScatterColumns(dst.kernel(), src.kernel(), a.indices(part.Columns))
		return
	}
	putPart(dst.narrow(), src.narrow(), part, sites)
}

func (arithmetic32) putPartAdd(dst, src matrix, part Part, sites int) {
	putPartAdd(dst.narrow(), src.narrow(), part, sites)
}

func (arithmetic32) keepPart(dst, src matrix, part Part, sites int) {
	keepPart(dst.narrow(), src.narrow(), part, sites)
}

func (arithmetic32) keepPartAdd(dst, src matrix, part Part, sites int) {
	keepPartAdd(dst.narrow(), src.narrow(), part, sites)
}

func (arithmetic32) spread(dst, src matrix, times int) { spread(dst.narrow(), src.narrow(), times) }

func (arithmetic32) spreadBackward(dst, src matrix, times int) {
	spreadBackward(dst.narrow(), src.narrow(), times)
}

func (arithmetic32) takeTransposed(dst, src matrix, columns []int32) {
	takeTransposed(dst.narrow(), src.narrow(), columns)
}

func (arithmetic32) takeTransposedAdd(dst, src matrix, columns []int32) {
	takeTransposedAdd(dst.narrow(), src.narrow(), columns)
}

func (arithmetic32) putTransposed(dst, src matrix, columns []int32) {
	putTransposed(dst.narrow(), src.narrow(), columns)
}

func (arithmetic32) putTransposedAdd(dst, src matrix, columns []int32) {
	putTransposedAdd(dst.narrow(), src.narrow(), columns)
}

func (arithmetic32) move(b Blocks, many, few matrix, inverse, add bool) {
	move(&b, many.narrow(), few.narrow(), inverse, add)
}
