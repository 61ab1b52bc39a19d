package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// ScaleColumns returns y = x·exp(factor·p), a scale for each column, where p is
// one row (the last layer of Glow's networks: Kingma and Dhariwal, 2018).
//
// Backward: dx = dy·exp(factor·p), dp = factor·Σ dy·y over rows.
func (g *Graph) ScaleColumns(x Value, p *Parameter, factor float64) Value {
	g.binding.own(p.owner)
	y := g.newValue(x.Rows, x.Cols, true)
	scales := g.columnScales(p, factor)
	if g.Float64() {
		xs, stride := x.rows64()
		ys, yStride := y.rows64()
		for r := range x.Rows {
			for c, s := range scales {
				ys[r*yStride+c] = float64(xs[r*stride+c] * s)
			}
		}
	} else {
		narrow := g.narrow(scales)
		for r := range x.Rows {
			into := y.Row32(r)
			for c, v := range x.Row32(r) {
				into[c] = float32(v * narrow[c])
			}
		}
	}
	if g.recording {
		g.Record(func() {
			if !y.untouched() {
				g.scaleColumnsBackward(x, y, p, factor)
			}
		})
	}
	return y
}

// columnScales returns exp(factor·p).
func (g *Graph) columnScales(p *Parameter, factor float64) []float64 {
	scales := g.doubles.take(p.Cols)
	for c, v := range g.widen(p) {
		scales[c] = kernels.Exp64(float64(factor * v))
	}
	return scales
}

// narrow returns values in float32.
func (g *Graph) narrow(values []float64) []float32 {
	out := g.floats.take(len(values))
	for i, v := range values {
		out[i] = float32(v)
	}
	return out
}

func (g *Graph) scaleColumnsBackward(x, y Value, p *Parameter, factor float64) {
	scales := g.columnScales(p, factor)
	if !g.inputs {
		dp := g.doubles.takeZeroed(p.Cols)
		for r := range y.Rows {
			for c := range dp {
				dp[c] += float64(y.Gradient(r, c) * y.At(r, c))
			}
		}
		for c := range dp {
			dp[c] *= factor
		}
		g.addParameterGradient(p, dp)
	}
	if !x.wanted() {
		return
	}
	if g.Float64() {
		dx, stride := g.grad64(x)
		dy, dyStride := g.grad64(y)
		for r := range x.Rows {
			for c, s := range scales {
				dx[r*stride+c] += float64(dy[r*dyStride+c] * s)
			}
		}
		return
	}
	narrow := g.narrow(scales)
	dx, _ := g.grad32(x, false)
	dy, _ := g.grad32(y, false)
	for r := range x.Rows {
		into := dx.Row(r)
		for c, d := range dy.Row(r) {
			into[c] += float32(d * narrow[c])
		}
	}
}
