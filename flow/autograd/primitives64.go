package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// arithmetic64 is the arithmetic of float64 graphs: plain loops, to be read
// beside the formulas.
type arithmetic64 struct{ *Graph }

func (a arithmetic64) take(n int) storage { return storage{wide: a.doubles.take(n)} }

func (a arithmetic64) hold(values []float32) storage {
	s := a.take(len(values))
	for i, v := range values {
		s.wide[i] = float64(v)
	}
	return s
}

func (arithmetic64) zero(s storage) { clear(s.wide) }

func (arithmetic64) copy(dst, src matrix)         { copyRows(dst.wide(), src.wide()) }
func (a arithmetic64) accumulate(dst, src matrix) { a.add(dst, dst, src) }
func (arithmetic64) multiply(dst, a, b matrix)    { multiply(dst.wide(), a.wide(), b.wide()) }

func (arithmetic64) add(dst, a, b matrix) {
	d, as, bs := dst.wide(), a.wide(), b.wide()
	for r := range d.Rows {
		into, other := d.row(r), bs.row(r)
		for c, v := range as.row(r) {
			into[c] = v + other[c]
		}
	}
}

// map64 sets dst = f(x).
func map64(dst, x matrix, f func(float64) float64) {
	d, xs := dst.wide(), x.wide()
	for r := range d.Rows {
		into := d.row(r)
		for c, v := range xs.row(r) {
			into[c] = f(v)
		}
	}
}

func (arithmetic64) relu(dst, x matrix) {
	map64(dst, x, func(v float64) float64 {
		if v <= 0 {
			return 0
		}
		return v
	})
}

func (arithmetic64) reluBackward(dy, y matrix) {
	d, ys := dy.wide(), y.wide()
	for r := range d.Rows {
		into := d.row(r)
		for c, v := range ys.row(r) {
			if v <= 0 {
				into[c] = 0
			}
		}
	}
}

func (arithmetic64) sigmoid(dst, x matrix) { map64(dst, x, kernels.Sigmoid64) }

func (arithmetic64) complement(dst, x, _ matrix) {
	map64(dst, x, func(v float64) float64 { return kernels.Sigmoid64(-v) })
}

func (arithmetic64) activate(dst, x matrix, f *activation, slope float64) {
	map64(dst, x, func(v float64) float64 {
		y, _ := f.at64(v, slope)
		return y
	})
}

func (arithmetic64) activateBackward(dx, x, _, dy matrix, f *activation, slope float64) {
	into, xs, from := dx.wide(), x.wide(), dy.wide()
	for r := range into.Rows {
		row, d := into.row(r), from.row(r)
		for c, v := range xs.row(r) {
			_, derivative := f.at64(v, slope)
			row[c] = float64(d[c] * derivative)
		}
	}
}

func (arithmetic64) takePart(dst, src matrix, part Part, sites int) {
	takePart(dst.wide(), src.wide(), part, sites)
}

func (arithmetic64) takePartAdd(dst, src matrix, part Part, sites int) {
	takePartAdd(dst.wide(), src.wide(), part, sites)
}

func (arithmetic64) putPart(dst, src matrix, part Part, sites int) {
	putPart(dst.wide(), src.wide(), part, sites)
}

func (arithmetic64) putPartAdd(dst, src matrix, part Part, sites int) {
	putPartAdd(dst.wide(), src.wide(), part, sites)
}

func (arithmetic64) keepPart(dst, src matrix, part Part, sites int) {
	keepPart(dst.wide(), src.wide(), part, sites)
}

func (arithmetic64) keepPartAdd(dst, src matrix, part Part, sites int) {
	keepPartAdd(dst.wide(), src.wide(), part, sites)
}

func (arithmetic64) spread(dst, src matrix, times int) { spread(dst.wide(), src.wide(), times) }

func (arithmetic64) spreadBackward(dst, src matrix, times int) {
	spreadBackward(dst.wide(), src.wide(), times)
}
