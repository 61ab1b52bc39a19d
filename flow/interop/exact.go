package interop

import (
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// exact computes single rows of a flow in float64, from the same parameters.
type exact struct {
	flow  *flow.Flow
	graph *autograd.Graph
}

func newExact(f *flow.Flow) *exact {
	return &exact{f, autograd.Bind64(f.Model().Parameters()).NewGraph()}
}

// standardized puts a row on the graph as the first stage makes it: a row of it
// for each site.
func (e *exact) standardized(row []float64, sites int, s flow.Standardization) autograd.Value {
	if len(row) == 0 {
		return autograd.Value{}
	}
	columns := len(row) / sites
	v := e.graph.Input(sites, columns, false)
	for i, x := range row {
		if c := i % columns; len(s.Mean) > 0 {
			x = (x - s.Mean[c]) / s.Std[c]
		}
		v.Set(i/columns, i%columns, x)
	}
	return v
}

// data is standardized for a row of the flow's data.
func (e *exact) data(row []float64) autograd.Value {
	return e.standardized(row, e.flow.Model().Sites(), e.flow.Config().Standardize)
}

// pass begins a pass of a row of the check.
func (e *exact) pass(c *Check, row int) *autograd.Pass {
	e.graph.Reset(autograd.Evaluate)
	p, n := e.graph.Pass(1), e.flow.ContextFeatures()
	p.Context = e.standardized(c.Context[row*n:][:n], 1, e.flow.Config().StandardizeContext)
	return p
}

// logProb returns log p of x under the context of a row of the check.
func (e *exact) logProb(c *Check, x []float64, row int) []float64 {
	p := e.pass(c, row)
	e.flow.Model().LogDensity(p, e.data(x))
	return []float64{p.LogDet.Values[0] + e.flow.Model().StandardizationLogDet()}
}

// noise returns what becomes of a row of the check's samples.
func (e *exact) noise(c *Check, row int) []float64 {
	p, n := e.pass(c, row), e.flow.Dim()
	z := e.flow.Model().Forward(p, e.data(c.Samples[row*n:][:n]))
	var out []float64
	for _, v := range p.Parts() {
		for i := range v.Rows * v.Cols {
			out = append(out, v.At(i/v.Cols, i%v.Cols))
		}
	}
	for site := range z.Rows {
		for _, column := range e.flow.Model().NoiseColumns() {
			out = append(out, z.At(site, column))
		}
	}
	return out
}

// sample returns what becomes of noise under the context of a row of the check.
func (e *exact) sample(c *Check, noise []float64, row int) []float64 {
	p, config := e.pass(c, row), e.flow.Config()
	left, rest, _ := transform.Parts(&transform.ChainSpec{Transforms: config.Transforms}, config.Shape())
	for _, shape := range left {
		n := shape.Dim()
		p.Give(e.standardized(noise[:n], shape.Sites(), flow.Standardization{}))
		noise = noise[n:]
	}
	z := e.graph.Input(rest.Sites(), rest.Features, false)
	for site := range z.Rows {
		for i, column := range e.flow.Model().NoiseColumns() {
			z.Set(site, column, noise[site*z.Cols+i])
		}
	}
	x := e.flow.Model().Inverse(p, z)
	s := config.Standardize
	out := make([]float64, x.Rows*x.Cols)
	for i := range out {
		c := i % x.Cols
		out[i] = x.At(i/x.Cols, c)
		if len(s.Mean) > 0 {
			out[i] = float64(out[i]*s.Std[c]) + s.Mean[c]
		}
	}
	return out
}
