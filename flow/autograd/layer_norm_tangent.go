package autograd

import "math"

// LayerNormTangent returns the derivative of [Graph.LayerNorm] at x along a tangent
// of it, gain·J·ẋ with
//
//	J·v = (v − mean v − x̂·mean(x̂·v))/√(v + ε),  x̂ = (x − m)/√(v + ε)
//
// Backward, with g = gain·dẏ, u = ẋ − mean ẋ, c = mean(x̂·u), r = 1/√(v + ε) and N columns:
// dẋ = J·g, dgain = Σ dẏ·J·ẋ over rows, and dx = J·w − x̂·r²·(Σ g·u − c·Σ g·x̂)/N of
// w = −r·(u·mean(g·x̂) + c·g).
func (g *Graph) LayerNormTangent(x, tangent Value, gain *Parameter, epsilon float64) Value {
	y := g.newValue(x.Rows, x.Cols, true)
	n := norm{x.data(), g.parameterValues(gain), g.take(x.Rows), g.take(x.Rows)}
	g.do.layerNormTangent(n, y.data(), tangent.data(), epsilon)
	if g.recording {
		kept := n
		g.recordMade(y, func() {
			var dGain matrix
			if !g.inputs {
				dGain = g.parameterGradient(gain)
			}
			g.do.layerNormTangentBackward(kept, g.gradient(y), tangent.data(), g.gradientIfWanted(x), g.gradientIfWanted(tangent), dGain)
		})
	}
	return y
}

// differentiate sets v to J·v.
func (n *normed[T]) differentiate(m rowMath[T], memory *arena[T], v, hat grid[T]) {
	mark := memory.mark()
	sums, dots, count := memory.take(v.rows), memory.take(v.rows), T(v.cols)
	m.sums(sums, v)
	m.dots(dots, v, hat)
	for r := range v.rows {
		row := v.row(r)
		m.standardize(row, row, sums[r]/count, 1)
		m.addScaled(row, hat.row(r), -(dots[r] / count))
		m.scale(row, row, n.inverse[r])
	}
	memory.release(mark)
}

// normalized returns x̂, in memory that is lent.
func (n *normed[T]) normalized(m rowMath[T], memory *arena[T]) grid[T] {
	hat := dense(memory.take(n.x.rows*n.x.cols), n.x.rows, n.x.cols)
	for r := range hat.rows {
		m.standardize(hat.row(r), n.x.row(r), n.mean[r], n.inverse[r])
	}
	return hat
}

func (n *normed[T]) tangent(m rowMath[T], memory *arena[T], y, v grid[T], epsilon float64) {
	mark := memory.mark()
	m.moments(n.mean, n.inverse, n.x)
	for r := range y.rows {
		n.inverse[r] = 1 / T(math.Sqrt(float64(n.inverse[r]+T(epsilon))))
		copy(y.row(r), v.row(r))
	}
	n.differentiate(m, memory, y, n.normalized(m, memory))
	m.multiply(y, y, dense(n.gain, 1, y.cols))
	memory.release(mark)
}

// tangentBackward adds to dx and dv, each of which may be empty, and to dGain, which
// may be nil.
func (n *normed[T]) tangentBackward(m rowMath[T], memory *arena[T], dy, v, dx, dv grid[T], dGain []T) {
	mark := memory.mark()
	rows, cols, count := dy.rows, dy.cols, T(dy.cols)
	lend := func() grid[T] { return dense(memory.take(rows*cols), rows, cols) }
	hat, work, weighed := n.normalized(m, memory), lend(), lend()
	m.multiply(weighed, dy, dense(n.gain, 1, cols))
	reset := func(from grid[T]) {
		for r := range rows {
			copy(work.row(r), from.row(r))
		}
	}
	if dGain != nil {
		reset(v)
		n.differentiate(m, memory, work, hat)
		m.multiply(work, work, dy)
		m.addColumns(dGain, work)
	}
	if dv.data != nil {
		reset(weighed)
		n.differentiate(m, memory, work, hat)
		addScaled(m, dv, work, 1)
	}
	if dx.data != nil {
		sums, c, gu, gx := memory.take(rows), memory.take(rows), memory.take(rows), memory.take(rows)
		reset(v)
		m.sums(sums, work)
		for r := range rows {
			m.standardize(work.row(r), work.row(r), sums[r]/count, 1)
		}
		m.dots(c, work, hat)
		m.dots(gu, weighed, work)
		m.dots(gx, weighed, hat)
		for r := range rows {
			inverse := n.inverse[r]
			c[r] /= count
			m.scale(work.row(r), work.row(r), -(inverse * (gx[r] / count)))
			m.addScaled(work.row(r), weighed.row(r), -(inverse * c[r]))
			gu[r] = -(T(inverse*inverse) * ((gu[r] - T(c[r]*gx[r])) / count))
		}
		n.differentiate(m, memory, work, hat)
		for r := range rows {
			m.addScaled(work.row(r), hat.row(r), gu[r])
		}
		addScaled(m, dx, work, 1)
	}
	memory.release(mark)
}
