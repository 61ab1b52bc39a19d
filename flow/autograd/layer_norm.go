package autograd

import "math"

// LayerNorm returns, for each row, gain·(x − m)/√(v + ε) + shift, with the mean m
// and the population variance v of the row (Ba, Kiros and Hinton, 2016). gain and
// shift have a value for each column.
//
// Backward, with x̂ = (x − m)/√(v + ε) and g = gain·dy: dx = (g − mean g −
// x̂·mean(g·x̂))/√(v + ε), dgain = Σ dy·x̂ and dshift = Σ dy over rows.
func (g *Graph) LayerNorm(x Value, gain, shift *Parameter, epsilon float64) Value {
	y := g.newValue(x.Rows, x.Cols, true)
	n := norm{x.data(), g.parameterValues(gain), g.take(x.Rows), g.take(x.Rows)}
	g.do.layerNorm(n, y.data(), g.parameterValues(shift), epsilon)
	if g.recording {
		kept := n
		g.recordMade(y, func() {
			var dGain, dShift matrix
			if !g.inputs {
				dGain, dShift = g.parameterGradient(gain), g.parameterGradient(shift)
			}
			g.do.layerNormBackward(kept, g.gradient(y), g.gradientIfWanted(x), dGain, dShift)
		})
	}
	return y
}

// norm is what the backward of LayerNorm needs; inverse is 1/√(v + ε).
type norm struct {
	x, gain       matrix
	mean, inverse storage
}

// normed is a norm in one precision.
type normed[T float32 | float64] struct {
	x             grid[T]
	gain          []T
	mean, inverse []T
}

func (n norm) narrow() normed[float32] {
	return normed[float32]{n.x.grid32(), n.gain.narrow().only(), n.mean.narrow, n.inverse.narrow}
}

func (n norm) wide() normed[float64] {
	return normed[float64]{n.x.grid64(), n.gain.wide().only(), n.mean.wide, n.inverse.wide}
}

// only returns the row of a matrix of one row, or nothing of none.
func (v view[T]) only() []T {
	if v.Rows == 0 {
		return nil
	}
	return v.row(0)
}

func (n *normed[T]) forward(m rowMath[T], y grid[T], shift []T, epsilon float64) {
	m.moments(n.mean, n.inverse, n.x)
	for r := range y.rows {
		n.inverse[r] = 1 / T(math.Sqrt(float64(n.inverse[r]+T(epsilon))))
		m.standardize(y.row(r), n.x.row(r), n.mean[r], n.inverse[r])
	}
	m.multiply(y, y, dense(n.gain, 1, y.cols))
	for r := range y.rows {
		m.add(y.row(r), y.row(r), shift)
	}
}

// backward adds to dx, which may be empty, and to dGain and dShift, which may be
// nil.
func (n *normed[T]) backward(m rowMath[T], memory *arena[T], dy, dx grid[T], dGain, dShift []T) {
	mark, size := memory.mark(), dy.rows*dy.cols
	hat, work := dense(memory.take(size), dy.rows, dy.cols), dense(memory.take(size), dy.rows, dy.cols)
	for r := range dy.rows {
		m.standardize(hat.row(r), n.x.row(r), n.mean[r], n.inverse[r])
	}
	if dGain != nil {
		m.multiply(work, dy, hat)
		m.addColumns(dGain, work)
		m.addColumns(dShift, dy)
	}
	if dx.data != nil {
		m.multiply(work, dy, dense(n.gain, 1, dy.cols))
		sums, dots, count := memory.take(dy.rows), memory.take(dy.rows), T(dy.cols)
		m.sums(sums, work)
		m.dots(dots, work, hat)
		for r := range dy.rows {
			along, rest := hat.row(r), work.row(r)
			m.standardize(rest, rest, sums[r]/count, 1)
			m.scale(along, along, -(dots[r] / count))
			m.add(rest, rest, along)
			m.addScaled(dx.row(r), rest, n.inverse[r])
		}
	}
	memory.release(mark)
}
