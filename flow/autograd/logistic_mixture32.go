package autograd

import (
	"github.com/seed-192fdf7a/nf/kernels"
)

// Forward32 implements [Univariate].
func (m *LogisticMixture) Forward32(y, x, params kernels.Matrix, logDet []float32) {
	space := parameterSpace.Borrow(m.ParametersPerElement())
	defer parameterSpace.Return(space)
	p := (*space)[:m.ParametersPerElement()]
	b := m.mixtureBands(len(logDet), x.Cols, params)
	for b.next(len(logDet)) {
		b.read(x)
		b.evaluate()
		out, logDensity := b.other[:b.n], b.more[:b.n]
		b.forward(out)
		kernels.Log(logDensity, b.density[:b.n])
		for r := range b.n / b.cols {
			var sum float64
			into := y.Row(b.from + r)
			for c := range into {
				i := r*b.cols + c
				var l float64
				if b.tail(i) {
					var v float64
					v, l = m.Forward(float64(b.at[i]), b.parameters(p, i))
					into[c] = float32(v)
				} else {
					into[c] = out[i]
					l = float64(logDensity[i]) + b.lift(i, float64(out[i]))
				}
				sum += l
			}
			logDet[b.from+r] = float32(sum)
		}
	}
	b.end()
}

// forward sets out to y, where it is not in the tails.
func (b *mixtureBand) forward(out []float32) {
	if b.m.Logit {
		right := b.more[:b.n]
		kernels.Log(out, b.left[:b.n])
		kernels.Log(right, b.right[:b.n])
		for i, v := range right {
			out[i] -= v
		}
		return
	}
	for i := range out {
		out[i] = min(b.left[i], b.right[i])
	}
	kernels.NormalQuantile(out, out)
	for i := range out {
		if b.left[i] > b.right[i] {
			out[i] = -out[i]
		}
	}
}

// lift returns log dy/dF of an element that becomes y.
func (b *mixtureBand) lift(i int, y float64) float64 {
	if b.m.Logit {
		return -kernels.Log64(float64(float64(b.left[i]) * float64(b.right[i])))
	}
	return float64(0.5*float64(y*y)) + kernels.HalfLog2Pi
}

// Inverse32 implements [Univariate].
func (m *LogisticMixture) Inverse32(x, y, params kernels.Matrix, logDet []float32) {
	space := parameterSpace.Borrow(m.ParametersPerElement())
	defer parameterSpace.Return(space)
	p := (*space)[:m.ParametersPerElement()]
	s := mixtureSearches.Borrow()
	defer mixtureSearches.Return(s)
	b := m.mixtureBands(len(logDet), y.Cols, params)
	for b.next(len(logDet)) {
		s.begin(&b, y)
		for s.active > 0 {
			b.evaluate()
			s.step(&b)
		}
		b.evaluate()
		logDensity := b.more[:b.n]
		kernels.Log(logDensity, b.density[:b.n])
		for r := range b.n / b.cols {
			var sum float64
			into := x.Row(b.from + r)
			for c := range into {
				i := r*b.cols + c
				var l float64
				if s.tails[i] || b.tail(i) {
					var v float64
					v, l = m.Inverse(float64(s.y[i]), b.parameters(p, i))
					into[c] = float32(v)
				} else {
					into[c] = b.at[i]
					l = -(float64(logDensity[i]) + b.lift(i, float64(s.y[i])))
				}
				sum += l
			}
			logDet[b.from+r] = float32(sum)
		}
	}
	b.end()
}

// ForwardBackward32 implements [Univariate].
func (m *LogisticMixture) ForwardBackward32(dx, dparams, x, y, params, dy kernels.Matrix, dLogDet []float32) {
	m.backward32(dx, dparams, x, y, params, dy, dLogDet, false)
}

// InverseBackward32 implements [Univariate].
func (m *LogisticMixture) InverseBackward32(dy, dparams, x, y, params, dx kernels.Matrix, dLogDet []float32) {
	m.backward32(dy, dparams, x, y, params, dx, dLogDet, true)
}

// backward32 is the gradient of the map from x to y, or with inverse of that
// from y to x by the implicit function, see [Widened.InverseBackward64].
func (m *LogisticMixture) backward32(dIn, dparams, x, y, params, dOut kernels.Matrix, dLogDet []float32, inverse bool) {
	per := m.ParametersPerElement()
	space := parameterSpace.Borrow(2 * per)
	defer parameterSpace.Return(space)
	p, dp := (*space)[:per], (*space)[per:2*per]
	b := m.mixtureBands(len(dLogDet), x.Cols, params)
	for b.next(len(dLogDet)) {
		b.read(x)
		b.evaluate()
		byF, byDensity := b.pulls.Row(0), b.pulls.Row(1)
		for r := range b.n / b.cols {
			into, from, ys, l := dIn.Row(b.from+r), dOut.Row(b.from+r), y.Row(b.from+r), float64(dLogDet[b.from+r])
			for c := range into {
				i := r*b.cols + c
				if b.tail(i) {
					continue
				}
				v := float64(ys[c])
				logSlope := b.lift(i, v)
				bySlope := m.logSlopeByY(v)
				bent := float64(b.leans[i]) / float64(b.density[i])
				perF := kernels.Exp64(logSlope) // dy/dF
				d := float64(from[c])
				g := d + float64(l*bySlope)
				if inverse {
					slope := float64(perF * float64(b.density[i]))
					d = (d - float64(l*(float64(bySlope*slope)+bent))) / slope
					g = -(d + float64(l*bySlope))
				}
				pull := float64(g * perF)
				byF[i] = float32(pull)
				if inverse {
					into[c] = float32(d)
					byDensity[i] = float32(-l / float64(b.density[i]))
				} else {
					into[c] = float32(float64(pull*float64(b.density[i])) + float64(l*bent))
					byDensity[i] = float32(l / float64(b.density[i]))
				}
			}
		}
		b.parameterGradients(dparams)
		for i := range b.n {
			if !b.tail(i) {
				continue
			}
			r, c := b.from+i/b.cols, i%b.cols
			d, l := float64(dOut.Row(r)[c]), float64(dLogDet[r])
			if inverse {
				d = m.InverseBackward64(dp, float64(b.at[i]), float64(y.Row(r)[c]), b.parameters(p, i), d, l)
			} else {
				d = m.Backward(dp, float64(b.at[i]), b.parameters(p, i), d, l)
			}
			dIn.Row(r)[c] = float32(d)
			row := dparams.Row(r)
			for j, v := range dp {
				row[j*b.cols+c] = float32(v)
			}
		}
	}
	b.end()
}

// parameterGradients writes the gradients of the parameters of the band's rows,
// given what each element pulls.
func (b *mixtureBand) parameterGradients(dparams kernels.Matrix) {
	cols, per := b.cols, b.m.ParametersPerElement()
	if b.group == 1 {
		b.groups(func(from, to int, constants kernels.Matrix) {
			into := kernels.Dense(dparams.Row(b.from+from/cols), per, cols)
			kernels.LogisticMixtureBackward(into, b.at[from:to], constants, columnsOf(b.sums, from, to), columnsOf(b.pulls, from, to))
		})
		return
	}
	b.groups(func(from, to int, constants kernels.Matrix) {
		out := kernels.Dense(b.gradients[:per*(to-from)], per, to-from)
		kernels.LogisticMixtureBackward(out, b.at[from:to], constants, columnsOf(b.sums, from, to), columnsOf(b.pulls, from, to))
		for r := range (to - from) / cols {
			row := dparams.Row(b.from + from/cols + r)
			for j := range per {
				copy(row[j*cols:(j+1)*cols], out.Row(j)[r*cols:])
			}
		}
	})
}
