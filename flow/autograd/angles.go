package autograd

import (
	"math"

	"github.com/seed-192fdf7a/nf/kernels"
)

// Angles returns the given columns of x, in that order, where one that is an angle
// becomes two, cos(πx/bound) and sin(πx/bound): what a network should see of a value
// whose ends −bound and bound are one point (Rezende et al., 2020). angle has an
// entry for each of the columns.
//
// Backward: the gradient of an angle is (π/bound)·(dsin·cos − dcos·sin).
func (g *Graph) Angles(x Value, columns []int, angle []bool, bound float64) Value {
	width := len(columns)
	for _, a := range angle {
		if a {
			width++
		}
	}
	y := g.newValue(x.Rows, width, x.wanted())
	for r := range x.Rows {
		at := 0
		for i, c := range columns {
			v := x.At(r, c)
			if !angle[i] {
				y.Set(r, at, v)
				at++
				continue
			}
			sin, cos := kernels.SinCos2Pi64(v / (2 * bound))
			y.Set(r, at, cos)
			y.Set(r, at+1, sin)
			at += 2
		}
	}
	if y.wanted() {
		g.record(y, func() { g.anglesBackward(x, y, columns, angle, bound) })
	}
	return y
}

func (g *Graph) anglesBackward(x, y Value, columns []int, angle []bool, bound float64) {
	for r := range x.Rows {
		at := 0
		for i, c := range columns {
			d := y.Gradient(r, at)
			if at++; angle[i] {
				d = float64(y.Gradient(r, at)*y.At(r, at-1)) - float64(d*y.At(r, at))
				d = float64(math.Pi/bound) * d
				at++
			}
			g.addGradient(x, r, c, d)
		}
	}
}
