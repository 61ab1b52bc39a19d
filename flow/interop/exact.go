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

// standardized puts a row on the graph as the first stage makes it.
func (e *exact) standardized(row []float64, s flow.Standardization) autograd.Value {
	if len(row) == 0 {
		return autograd.Value{}
	}
	v := e.graph.Input(1, len(row), false)
	for i, x := range row {
		if len(s.Mean) > 0 {
			x = (x - s.Mean[i]) / s.Std[i]
		}
		v.Set(0, i, x)
	}
	return v
}

// pass begins a pass of a row of the check.
func (e *exact) pass(c *Check, row int) *autograd.Pass {
	e.graph.Reset(autograd.Evaluate)
	p, n := e.graph.Pass(1), e.flow.ContextFeatures()
	p.Context = e.standardized(c.Context[row*n:][:n], e.flow.Config().StandardizeContext)
	return p
}

// logProb returns log p of x under the context of a row of the check.
func (e *exact) logProb(c *Check, x []float64, row int) []float64 {
	p := e.pass(c, row)
	e.flow.Model().LogDensity(p, e.standardized(x, e.flow.Config().Standardize))
	return []float64{p.LogDet.Values[0] + e.flow.Model().StandardizationLogDet()}
}

// noise returns what becomes of a row of the check's samples.
func (e *exact) noise(c *Check, row int) []float64 {
	p, n := e.pass(c, row), e.flow.Dim()
	z := e.flow.Model().Forward(p, e.standardized(c.Samples[row*n:][:n], e.flow.Config().Standardize))
	out := make([]float64, z.Cols)
	for i, column := range e.flow.Model().NoiseColumns() {
		out[i] = z.At(0, column)
	}
	return out
}

// sample returns what becomes of noise under the context of a row of the check.
func (e *exact) sample(c *Check, noise []float64, row int) []float64 {
	p := e.pass(c, row)
	z := e.graph.Input(1, len(noise), false)
	for i, column := range e.flow.Model().NoiseColumns() {
		z.Set(0, column, noise[i])
	}
	x := e.flow.Model().Inverse(p, z)
	s := e.flow.Config().Standardize
	out := make([]float64, x.Cols)
	for i := range out {
		out[i] = x.At(0, i)
		if len(s.Mean) > 0 {
			out[i] = float64(out[i]*s.Std[i]) + s.Mean[i]
		}
	}
	return out
}
