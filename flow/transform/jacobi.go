package transform

import (
	"math"

	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// iterate returns the parameters of all sites as the pass's Jacobi iterations find
// them. A block of n sites is exact after n iterations, for each of them makes one
// more site final, so that there are never more.
func (t *sequential) iterate(p *autograd.Pass, z autograd.Value) autograd.Value {
	each := z.Cols * t.univariate.ParametersPerElement()
	x, parameters := p.Input(z.Rows, z.Cols, false), p.Input(z.Rows, each, false)
	unused := p.Sums(len(p.LogDet.Values))
	p.Put(x, z, autograd.Part{})
	blocks := min(max(1, p.Jacobi.Blocks), len(t.sites))
	for b := range blocks {
		sites := t.sites[len(t.sites)*b/blocks : len(t.sites)*(b+1)/blocks]
		block := autograd.Part{Sites: sites}
		iterations := min(p.Jacobi.Iterations, len(sites))
		for i := range iterations {
			step := p.Mark()
			p.Put(parameters, p.Take(t.compute(p, x), block), block)
			next := p.Apply(t.univariate, true, p.Take(z, block), p.Take(parameters, block), autograd.Part{}, unused)
			if i == iterations-1 && iterations < len(sites) {
				p.Jacobi.Residual = max(p.Jacobi.Residual, furthest(next, p.Take(x, block)))
			}
			p.Put(x, next, block)
			p.Release(step)
		}
	}
	return parameters
}

// compute returns the parameters of all sites that x gives.
func (t *sequential) compute(p *autograd.Pass, x autograd.Value) autograd.Value {
	in := p.Take(x, t.order)
	parameters := p.Take(t.conditioner.Compute(p, in, x.Rows), t.order)
	if p.Guidance.Weight == 0 {
		return parameters
	}
	var without autograd.Value
	unguided(p, func() { without = p.Take(t.conditioner.Compute(p, in, x.Rows), t.order) })
	guided := p.Input(parameters.Rows, parameters.Cols, false)
	for i := range t.sites {
		site := t.site(i)
		p.Put(guided, p.Extrapolate(p.Take(parameters, site), p.Take(without, site), p.Guidance.At(i, len(t.sites))), site)
	}
	return guided
}

// furthest returns the largest difference of two values, and infinity where one
// of them is not a number.
func furthest(a, b autograd.Value) float64 {
	most := 0.0
	for r := range a.Rows {
		for c := range a.Cols {
			d := math.Abs(a.At(r, c) - b.At(r, c))
			if d != d {
				return math.Inf(1)
			}
			most = max(most, d)
		}
	}
	return most
}
