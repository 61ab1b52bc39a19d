package interop

import (
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// exact computes single rows of a flow in float64, from the same parameters.
type exact struct {
	flow  *flow.Flow
	graph *autograd.Graph
}

func newExact(f *flow.Flow) *exact {
	return &exact{f, autograd.Bind64(f.Model().Parameters()).NewGraph()}
}

// standardized puts an event, of sites of so many columns, on the graph as the
// first stage makes it.
func (e *exact) standardized(event []float64, columns int, s flow.Standardization) autograd.Value {
	if len(event) == 0 {
		return autograd.Value{}
	}
	v := e.graph.Input(len(event)/columns, columns, false)
	for i, x := range event {
		if len(s.Mean) > 0 {
			x = (x - s.Mean[i%columns]) / s.Std[i%columns]
		}
		v.Set(i/columns, i%columns, x)
	}
	return v
}

// data puts an event on the graph.
func (e *exact) data(x []float64) autograd.Value {
	config := e.flow.Config()
	return e.standardized(x, len(config.Features), config.Standardize)
}

// pass begins a pass of a row of the check.
func (e *exact) pass(c *Check, row int) *autograd.Pass {
	e.graph.Reset(autograd.Evaluate)
	p, n := e.graph.Pass(1), e.flow.ContextFeatures()
	p.Context = e.standardized(c.Context[row*n:][:n], n, e.flow.Config().StandardizeContext)
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
	for site := range z.Rows {
		for _, column := range e.flow.Model().NoiseColumns() {
			out = append(out, z.At(site, column))
		}
	}
	return out
}

// sample returns what becomes of noise under the context of a row of the check.
func (e *exact) sample(c *Check, noise []float64, row int) []float64 {
	p := e.pass(c, row)
	columns := e.flow.Model().NoiseColumns()
	z := e.graph.Input(len(noise)/len(columns), len(columns), false)
	for i, v := range noise {
		z.Set(i/len(columns), columns[i%len(columns)], v)
	}
	x := e.flow.Model().Inverse(p, z)
	s := e.flow.Config().Standardize
	out := make([]float64, len(noise))
	for i := range out {
		c := i % x.Cols
		out[i] = x.At(i/x.Cols, c)
		if len(s.Mean) > 0 {
			out[i] = float64(out[i]*s.Std[c]) + s.Mean[c]
		}
	}
	return out
}
