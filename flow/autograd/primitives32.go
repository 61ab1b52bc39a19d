package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// arithmetic32 is the arithmetic of float32 graphs: kernels where there are any.
type arithmetic32 struct{ *Graph }

func (a arithmetic32) take(n int) storage          { return storage{narrow: a.floats.take(n)} }
func (arithmetic32) hold(values []float32) storage { return storage{narrow: values} }
func (arithmetic32) zero(s storage)                { clear(s.narrow) }

func (arithmetic32) copy(dst, src matrix) {
	if dst.flat() && src.flat() {
		copy(flat32(dst), flat32(src))
		return
	}
	copyRows(dst.narrow(), src.narrow())
}

func (arithmetic32) accumulate(dst, src matrix) { binary32(dst, dst, src, kernels.Add) }
func (arithmetic32) add(dst, a, b matrix)       { binary32(dst, a, b, kernels.Add) }
func (arithmetic32) multiply(dst, a, b matrix)  { multiply(dst.narrow(), a.narrow(), b.narrow()) }
func (arithmetic32) relu(dst, x matrix)         { unary32(dst, x, kernels.ReLU) }
func (arithmetic32) sigmoid(dst, x matrix)      { unary32(dst, x, kernels.Sigmoid) }
func (arithmetic32) reluBackward(dy, y matrix)  { binary32(dy, y, dy, kernels.ReLUBackward) }
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
func flat32(m matrix) []float32 { return m.of.narrow[m.from:][:m.rows*m.cols] }

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
	if dst.flat() && x.flat() {
		f.forward32(flat32(dst), flat32(x), float32(slope))
		return
	}
	d, xs := dst.narrow(), x.narrow()
	for r := range d.Rows {
		f.forward32(d.row(r), xs.row(r), float32(slope))
	}
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

func (a arithmetic32) takePart(dst, src matrix, part Part, sites int) {
	if part.Sites == nil && part.Columns != nil {
		kernels.GatherColumns(dst.kernel(), src.kernel(), a.indices(part.Columns))
		return
	}
	takePart(dst.narrow(), src.narrow(), part, sites)
}

func (arithmetic32) takePartAdd(dst, src matrix, part Part, sites int) {
	takePartAdd(dst.narrow(), src.narrow(), part, sites)
}

func (a arithmetic32) putPart(dst, src matrix, part Part, sites int) {
	if part.Sites == nil && part.Columns != nil {
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
