package autograd

import "math"

// LayerNorm returns, for each row, gain·(x − m)/√(v + ε) + shift, with the mean m
// and the population variance v of the row (Ba, Kiros and Hinton, 2016). gain and
// shift have a value for each column.
//
// Backward, with x̂ = (x − m)/√(v + ε) and g = gain·dy: dx = (g − mean g −
// x̂·mean(g·x̂))/√(v + ε), dgain = Σ dy·x̂ and dshift = Σ dy over rows.
func (g *Graph) LayerNorm(x Value, gain, shift *Parameter, epsilon float64) Value {
	g.binding.own(gain.owner)
	y := g.newValue(x.Rows, x.Cols, true)
	if g.Float64() {
		n := normed[float64]{grid64(x), g.binding.value64(gain), g.doubles.take(x.Rows), g.doubles.take(x.Rows)}
		n.forward(math64{}, grid64(y), g.binding.value64(shift), epsilon)
		if g.recording {
			g.Record(func() {
				if y.untouched() {
					return
				}
				var dGain, dShift []float64
				if !g.inputs {
					dGain, dShift = g.parameterGradient(gain).wide().row(0), g.parameterGradient(shift).wide().row(0)
				}
				n.backward(math64{}, &g.doubles, g.gradientGrid64(y), g.gradientGrid64(x), dGain, dShift)
			})
		}
		return y
	}
	n := normed[float32]{grid32(x), gain.Values(), g.floats.take(x.Rows), g.floats.take(x.Rows)}
	n.forward(math32{g}, grid32(y), shift.Values(), epsilon)
	if g.recording {
		g.Record(func() {
			if y.untouched() {
				return
			}
			var dGain, dShift []float32
			if !g.inputs {
				dGain, dShift = g.parameterGradient(gain).narrow().row(0), g.parameterGradient(shift).narrow().row(0)
			}
			n.backward(math32{g}, &g.floats, g.gradientGrid32(y), g.gradientGrid32(x), dGain, dShift)
		})
	}
	return y
}

// normed is what the backward of LayerNorm needs; inverse is 1/√(v + ε).
type normed[T float32 | float64] struct {
	x             grid[T]
	gain          []T
	mean, inverse []T
}

func (n *normed[T]) forward(m rowMath[T], y grid[T], shift []T, epsilon float64) {
	m.moments(n.mean, n.inverse, n.x)
	for r := range y.rows {
		n.inverse[r] = 1 / T(math.Sqrt(float64(n.inverse[r]+T(epsilon))))
		row, mean, inverse := y.row(r), n.mean[r], n.inverse[r]
		for c, v := range n.x.row(r) {
			row[c] = T(T((v-mean)*inverse)*n.gain[c]) + shift[c]
		}
	}
}

// backward adds to dx, which may be empty, and to dGain and dShift, which may be
// nil.
func (n *normed[T]) backward(m rowMath[T], memory *arena[T], dy, dx grid[T], dGain, dShift []T) {
	mark, size := memory.mark(), dy.rows*dy.cols
	hat, work := dense(memory.take(size), dy.rows, dy.cols), dense(memory.take(size), dy.rows, dy.cols)
	for r := range dy.rows {
		out, mean, inverse := hat.row(r), n.mean[r], n.inverse[r]
		for c, v := range n.x.row(r) {
			out[c] = T((v - mean) * inverse)
		}
	}
	if dGain != nil {
		for r := range dy.rows {
			out, row := work.row(r), hat.row(r)
			for c, d := range dy.row(r) {
				out[c] = T(d * row[c])
			}
		}
		m.addColumns(dGain, work)
		m.addColumns(dShift, dy)
	}
	if dx.data != nil {
		for r := range dy.rows {
			out := work.row(r)
			for c, d := range dy.row(r) {
				out[c] = T(d * n.gain[c])
			}
		}
		sums, dots, count := memory.take(dy.rows), memory.take(dy.rows), T(dy.cols)
		m.sums(sums, work)
		m.dots(dots, work, hat)
		for r := range dy.rows {
			row, scaled, mean, slope := dx.row(r), work.row(r), sums[r]/count, dots[r]/count
			for c, v := range hat.row(r) {
				row[c] += T((scaled[c] - mean - T(v*slope)) * n.inverse[r])
			}
		}
	}
	memory.release(mark)
}
