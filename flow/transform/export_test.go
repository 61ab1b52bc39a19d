package transform

import "github.com/seed-192fdf7a/nf/flow/autograd"

// InverseByPasses states the inverse of an autoregressive layer by its forward
// alone: after pass i the features up to number i of the order are right,
// whatever the others hold, and the last pass has the parameters of all.
func InverseByPasses(layer Transform, p *autograd.Pass, z autograd.Value) autograd.Value {
	t := layer.(*autoregressive)
	x := z
	for pass := range t.columns {
		sums := p.LogDet
		if pass < len(t.columns)-1 {
			sums = p.Sums(len(sums.Values))
		}
		x = p.Apply(t.univariate, true, p.Copy(z), t.parameters(p, x), autograd.Columns(t.columns), sums)
	}
	return x
}
