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
	return &exact{f, autograd.Bind64(f.Parameters()).NewGraph()}
}

// row puts a row of a matrix on the graph, value i in column columns[i].
func (e *exact) row(rows []float64, row, width int, columns []int) autograd.Value {
	if width == 0 {
		return autograd.Value{}
	}
	v := e.graph.Input(1, width, false)
	for i := range width {
		column := i
		if columns != nil {
			column = columns[i]
		}
		v.Set(0, column, rows[row*width+i])
	}
	return v
}

// pass begins a pass of a row of the check.
func (e *exact) pass(c *Check, row int) *autograd.Pass {
	p := e.graph.Pass(1)
	p.Context = e.row(c.Context, row, e.flow.ContextFeatures(), nil)
	return p
}

// logProb returns log p of a row of the check.
func (e *exact) logProb(c *Check, row int) []float64 {
	e.graph.Reset(autograd.Evaluate)
	p := e.pass(c, row)
	e.flow.LogDensity(p, e.row(c.X, row, e.flow.Features(), nil))
	return []float64{p.LogDet.Values[0]}
}

// noise returns what becomes of a row of the check's samples.
func (e *exact) noise(c *Check, row int) []float64 {
	e.graph.Reset(autograd.Evaluate)
	p := e.pass(c, row)
	z := e.flow.Chain().Forward(p, e.row(c.Samples, row, e.flow.Features(), nil))
	out := make([]float64, z.Cols)
	for i, column := range e.flow.NoiseColumns() {
		out[i] = z.At(0, column)
	}
	return out
}

// sample returns what becomes of a row of noise.
func (e *exact) sample(c *Check, noise []float64, row int) []float64 {
	e.graph.Reset(autograd.Evaluate)
	p := e.pass(c, row)
	x := e.flow.Chain().Inverse(p, e.row(noise, row, e.flow.Features(), e.flow.NoiseColumns()))
	out := make([]float64, x.Cols)
	for i := range out {
		out[i] = x.At(0, i)
	}
	return out
}
