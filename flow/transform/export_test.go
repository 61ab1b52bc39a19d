package transform

import "github.com/seed-192fdf7a/nf/flow/autograd"

// InverseByPasses states the inverse of an autoregressive layer by its forward
// alone: after pass i the features up to number i of the order are right,
// whatever the others hold, and the last pass has the parameters of all.
func InverseByPasses(layer Transform, g *autograd.Graph, z, context autograd.Value, total autograd.Sums) autograd.Value {
	t := layer.(*autoregressive)
	x := z
	for pass := range t.columns {
		sums := total
		if pass < len(t.columns)-1 {
			sums = g.Sums(len(total.Values))
		}
		x = g.Apply(t.univariate, true, g.Copy(z), t.parameters(g, x, context), t.columns, sums)
	}
	return x
}
