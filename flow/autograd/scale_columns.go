package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// ScaleColumns returns y = x·exp(factor·p), a scale for each column, where p is
// one row (the last layer of Glow's networks: Kingma and Dhariwal, 2018).
//
// Backward: dx = dy·exp(factor·p), dp = factor·Σ dy·y over rows.
func (g *Graph) ScaleColumns(x Value, p *Parameter, factor float64) Value {
	y := g.newValue(x.Rows, x.Cols, true)
	g.do.multiply(y.data(), x.data(), g.columnScales(p, factor, x.Rows))
	if g.recording {
		g.record(y, func() { g.scaleColumnsBackward(x, y, p, factor) })
	}
	return y
}

// columnScales returns so many equal rows of exp(factor·p).
func (g *Graph) columnScales(p *Parameter, factor float64, rows int) matrix {
	scales := g.newValue(1, p.Cols, false)
	for c, v := range g.widen(p) {
		scales.Set(0, c, kernels.Exp64(float64(factor*v)))
	}
	m := scales.data()
	m.rows, m.stride = rows, 0
	return m
}

func (g *Graph) scaleColumnsBackward(x, y Value, p *Parameter, factor float64) {
	if !g.inputs {
		dp := g.doubles.takeZeroed(p.Cols)
		g.do.addColumnDots(dp, g.gradient(y), y.data())
		for c := range dp {
			dp[c] *= factor
		}
		g.addParameterGradient(p, dp)
	}
	// The gradient of y, scaled in place, is x's part.
	dy := g.gradient(y)
	g.do.multiply(dy, dy, g.columnScales(p, factor, y.Rows))
	g.passOn(x, dy)
}
