package autograd

import "github.com/seed-192fdf7a/nf/blas"

// weights are the weight and the bias of a layer y = act(x·weight + bias), in the
// form of an arithmetic.
type weights interface {
	// forward sets y.
	forward(y, x Value, act blas.Activation)
	// backwardInput sets dx = dy·weightᵀ, or with accumulate adds that; g lends
	// memory.
	backwardInput(g *Graph, dx, dy matrix, accumulate bool)
	// gradientWeights sets dw to what exists of xᵀ·dy, or with accumulate adds that.
	gradientWeights(dw, x, dy matrix, accumulate bool)
}

// maskedWeights are those of a [Masked], which can also be computed unit by unit:
// see [Graph.Advance].
type maskedWeights interface {
	weights
	advance(y, x matrix, from int, act blas.Activation)
	retreat(dx, dy matrix, from int)
}

// learned is what a layer with weights has among the parameters, its number among
// the layers, and its outputs.
type learned struct {
	weight, bias *Parameter // no bias is nil
	layer, out   int
}

// product returns y = act(x·weight + bias) for each row.
//
// Backward, with dz = dy where the activation let the value pass:
// dweight = xᵀ·dz, dbias = Σ dz over rows, dx = dz·weightᵀ.
func (g *Graph) product(x Value, w weights, p learned, act blas.Activation) Value {
	y := g.newValue(x.Rows, p.out, true)
	w.forward(y, x, act)
	if g.recording {
		g.recordMade(y, func() {
			dz := g.gradient(y)
			if act == blas.ReLU {
				g.do.reluBackward(dz, y.data())
			}
			g.learn(w, p, x.data(), dz)
			if x.wanted() {
				dx, accumulate := g.gradientTo(x)
				w.backwardInput(g, dx, dz, accumulate)
			}
		})
	}
	return y
}

// learn adds the gradients of the weight and the bias.
func (g *Graph) learn(w weights, p learned, x, dz matrix) {
	if g.inputs {
		return
	}
	dw, accumulate := g.weightGradient(p)
	w.gradientWeights(dw, x, dz, accumulate)
	if p.bias != nil {
		g.do.addColumnSums(g.parameterGradient(p.bias), dz, 1)
	}
}
