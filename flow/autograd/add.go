package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// Add returns a + b, of equal shapes.
//
// Backward: the gradient goes to both.
func (g *Graph) Add(a, b Value) Value {
	y := g.newValue(a.Rows, a.Cols, a.wanted() || b.wanted())
	if g.Float64() {
		as, aStride := a.rows64()
		bs, bStride := b.rows64()
		for r := range y.Rows {
			for c := range y.Cols {
				y.node.data64[r*y.Cols+c] = as[r*aStride+c] + bs[r*bStride+c]
			}
		}
	} else if as, bs := a.whole32(), b.whole32(); as != nil && bs != nil {
		kernels.Add(y.node.data32, as, bs)
	} else {
		for r := range y.Rows {
			kernels.Add(y.Row32(r), a.Row32(r), b.Row32(r))
		}
	}
	if y.wanted() {
		g.tape = append(g.tape, func() {
			if y.untouched() {
				return
			}
			g.addBlock(a, y, 0)
			g.addBlock(b, y, 0)
		})
	}
	return y
}

// ReLU returns x where x > 0 or x is NaN, else +0.
//
// Backward: the gradient where the result is positive.
func (g *Graph) ReLU(x Value) Value {
	y := g.newValue(x.Rows, x.Cols, x.wanted())
	if g.Float64() {
		copyRows(y.node.data64, x.node.data64, x)
		relu64(y.node.data64)
	} else if all := x.whole32(); all != nil {
		kernels.ReLU(y.node.data32, all)
	} else {
		for r := range y.Rows {
			kernels.ReLU(y.Row32(r), x.Row32(r))
		}
	}
	if y.wanted() {
		g.tape = append(g.tape, func() {
			switch {
			case y.untouched():
				return
			case g.Float64():
				for i, v := range y.node.data64 {
					if v <= 0 {
						y.node.grad64[i] = 0
					}
				}
			default:
				kernels.ReLUBackward(y.node.grad32, y.node.data32, y.node.grad32)
			}
			g.addBlock(x, y, 0)
		})
	}
	return y
}

// Copy returns x in memory of its own, so that an operation may rewrite it.
//
// Backward: the gradient goes to x.
func (g *Graph) Copy(x Value) Value {
	y := g.newValue(x.Rows, x.Cols, x.wanted())
	copyRows(y.node.data32, x.node.data32, x)
	copyRows(y.node.data64, x.node.data64, x)
	if y.wanted() {
		g.tape = append(g.tape, func() {
			if !y.untouched() {
				g.addBlock(x, y, 0)
			}
		})
	}
	return y
}
