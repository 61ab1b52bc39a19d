package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// arithmetic64 is the arithmetic of float64 graphs: plain loops, to be read
// beside the formulas.
type arithmetic64 struct{ *Graph }

func (a arithmetic64) hold(values []float32) storage {
	s := a.take(len(values))
	for i, v := range values {
		s.wide[i] = float64(v)
	}
	return s
}

func (arithmetic64) allocate(n int) storage { return storage{wide: make([]float64, n)} }

func (a arithmetic64) values(p *Parameter) storage { return storage{wide: a.binding.value64(p)} }

// prepared makes the constants anew, because tests change single parameters.
func (a arithmetic64) prepared(q prepared) []float64 {
	a.binding.own(q.owner)
	values := a.doubles.take(q.constants.Prepared())
	q.constants.Prepare(values, a.widen(q.parameter))
	return values
}

func (arithmetic64) zero(dst matrix) { zeroRows(dst.wide()) }

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
	d, xs := dst.wide(), x.wide()
	for r := range d.Rows {
		copy(d.row(r), xs.row(r))
		relu64(d.row(r))
	}
}

func relu64(row []float64) {
	for i, v := range row {
		if v <= 0 {
			row[i] = 0
		}
	}
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

func (arithmetic64) addScaled(dst, src matrix, factor float64) {
	addScaledRows(dst.wide(), src.wide(), factor)
}

func (arithmetic64) slope(dst, x, _ matrix, f *activation) {
	map64(dst, x, func(v float64) float64 {
		_, d := f.at64(v, 0)
		return d
	})
}

func (arithmetic64) slopeBackward(dx, x, _, _, ds matrix, f *activation) {
	into, xs, from := dx.wide(), x.wide(), ds.wide()
	for r := range into.Rows {
		row, d := into.row(r), from.row(r)
		for c, v := range xs.row(r) {
			row[c] = float64(d[c] * f.curve.bend64(v))
		}
	}
}

func (arithmetic64) addScaledRuns(dst, src matrix, factors []float64) {
	addScaledRuns(dst.wide(), src.wide(), factors)
}

func (arithmetic64) addColumnDots(dst []float64, a, b matrix) {
	addColumnDots(dst, a.wide(), b.wide())
}

func (arithmetic64) dots(dst storage, a, b matrix) {
	as, bs := a.wide(), b.wide()
	for r := range as.Rows {
		other := bs.row(r)
		dst.wide[r] = 0
		for c, v := range as.row(r) {
			dst.wide[r] += float64(v * other[c])
		}
	}
}

func (arithmetic64) addColumnSums(dst, src matrix, factor float64) {
	addColumnSums(dst.wide().Data, src.wide(), factor)
}

func (a arithmetic64) univariate(u Univariate, inverse bool, dst, src, params matrix, logDet storage) {
	mark := a.doubles.mark()
	p, d, s, ps := a.doubles.take(u.ParametersPerElement()), dst.wide(), src.wide(), params.wide()
	f := u.Forward64
	if inverse {
		f = u.Inverse64
	}
	for r := range d.Rows {
		into, sum := d.row(r), 0.0
		for c, v := range s.row(r) {
			for j := range p {
				p[j] = ps.row(r)[j*len(into)+c]
			}
			y, l := f(v, p)
			into[c] = y
			sum += l
		}
		logDet.wide[r] = sum
	}
	a.doubles.release(mark)
}

func (a arithmetic64) univariateBackward(u Univariate, inverse bool, dSrc, dParams, src, dst, params, dDst matrix, dLogDet storage) {
	mark, per := a.doubles.mark(), u.ParametersPerElement()
	p, dp := a.doubles.take(per), a.doubles.take(per)
	into, dps, xs, ys, ps, from := dSrc.wide(), dParams.wide(), src.wide(), dst.wide(), params.wide(), dDst.wide()
	for r := range into.Rows {
		x, y, l := xs.row(r), ys.row(r), dLogDet.wide[r]
		for c, d := range from.row(r) {
			for j := range p {
				p[j] = ps.row(r)[j*len(x)+c]
			}
			if inverse {
				d = u.InverseBackward64(dp, y[c], x[c], p, d, l)
			} else {
				d = u.ForwardBackward64(dp, x[c], y[c], p, d, l)
			}
			into.row(r)[c] = d
			for j, d := range dp {
				dps.row(r)[j*len(x)+c] = d
			}
		}
	}
	a.doubles.release(mark)
}

func (arithmetic64) standardNormal(logDensity []float64, z matrix) {
	zs := z.wide()
	for r := range zs.Rows {
		var squares float64
		for _, v := range zs.row(r) {
			squares += float64(v * v)
		}
		logDensity[r] = -float64(0.5*squares) - float64(float64(zs.Cols)*kernels.HalfLog2Pi)
	}
}

func (arithmetic64) standardNormalBackward(dz, z matrix, d storage) {
	standardNormalBackward(dz.wide(), z.wide(), d.wide)
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

func (arithmetic64) takeTransposed(dst, src matrix, columns []int32) {
	takeTransposed(dst.wide(), src.wide(), columns)
}

func (arithmetic64) takeTransposedAdd(dst, src matrix, columns []int32) {
	takeTransposedAdd(dst.wide(), src.wide(), columns)
}

func (arithmetic64) putTransposed(dst, src matrix, columns []int32) {
	putTransposed(dst.wide(), src.wide(), columns)
}

func (arithmetic64) putTransposedAdd(dst, src matrix, columns []int32) {
	putTransposedAdd(dst.wide(), src.wide(), columns)
}

func (arithmetic64) move(b Blocks, many, few matrix, inverse, add bool) {
	move(&b, many.wide(), few.wide(), inverse, add)
}
