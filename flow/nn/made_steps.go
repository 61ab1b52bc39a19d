package nn

import (
	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// steps is where the values of a network lie that is computed step by step:
// the inputs, and then, for each layer, its outputs. Before the blocks of a
// residual network, unless they are plain, lie the activations of their inputs;
// and so they do before the other layers if matmuls do not compute them. After a block's
// outputs lie those of its gate, if it has one, and then the gated stream. Behind
// all of this lie the terms of the context, and before that of the first layer
// what its activation is of.
type steps struct {
	sources, outputs []int // for each layer, its first input and output
	terms            []int // for each layer, its term of the context
	streams          []int // for each layer, the first output with what it is added to
	end              int   // of what the layers compute
	size             int
}

// place lays out the values of all layers.
func (m *MADE) place() {
	source := m.context - m.seen
	m.steps.size = m.context + m.features
	for l, layer := range m.layers {
		if m.separate(l) {
			source = m.steps.size
			m.steps.size += layer.In()
		}
		m.steps.sources = append(m.steps.sources, source)
		m.steps.outputs = append(m.steps.outputs, m.steps.size)
		if m.endsBlock(l) && m.gates != nil {
			m.steps.size += 2 * layer.Out()
		}
		source = m.steps.size
		m.steps.streams = append(m.steps.streams, source)
		m.steps.size += layer.Out()
	}
	m.steps.end = m.steps.size
	for l, term := range m.terms {
		if l == 0 && term != nil {
			m.steps.size += term.Out()
		}
		m.steps.terms = append(m.steps.terms, m.steps.size)
		if term != nil {
			m.steps.size += term.Out()
		}
	}
}

// term returns the term of the context of layer l.
func (m *MADE) term(all autograd.Units, l int) autograd.Units {
	return all.Slice(m.steps.terms[l], m.steps.terms[l]+m.terms[l].Out())
}

// encoded returns what the activation of the first layer's term is of.
func (m *MADE) encoded(all autograd.Units) autograd.Units {
	return all.Slice(m.steps.end, m.steps.terms[0])
}

// gate returns the outputs of the gate of the block that layer l ends.
func (m *MADE) gate(all autograd.Units, l int) autograd.Units {
	at := m.steps.outputs[l] + m.layers[l].Out()
	return all.Slice(at, at+m.layers[l].Out())
}

// stream returns the units of degree d of the residual stream after layer l.
func (m *MADE) stream(all autograd.Units, l, d int) autograd.Units {
	at := m.steps.streams[l]
	return all.Slice(at+m.degrees[l][d], at+m.degrees[l][d+1])
}

// startsBlock and endsBlock tell whether layer l is the first or the second of
// a residual block.
func (m *MADE) startsBlock(l int) bool { return m.residual && l%2 == 1 && l < len(m.layers)-1 }
func (m *MADE) endsBlock(l int) bool   { return m.residual && l%2 == 0 && l > 0 && l < len(m.layers)-1 }

// activated tells whether the outputs of layer l go through the activation
// before the next layer and nothing else.
func (m *MADE) activated(l int) bool {
	return l < len(m.layers)-1 && (!m.residual || m.startsBlock(l))
}

// separate tells whether what layer l sees are activations that are kept beside
// their inputs.
func (m *MADE) separate(l int) bool {
	return m.startsBlock(l) && !m.plain || l > 0 && m.activated(l-1) && !(fused(m.activation) && m.terms[l-1] == nil)
}

// fused returns what the matmul of layer l does with its outputs.
func (m *MADE) fused(l int) blas.Activation {
	if m.activated(l) && fused(m.activation) && m.terms[l] == nil {
		return blas.ReLU
	}
	return blas.None
}

// of returns the outputs of layer l that have degree d.
func (m *MADE) of(all autograd.Units, l, d int) autograd.Units {
	at := m.steps.outputs[l]
	return all.Slice(at+m.degrees[l][d], at+m.degrees[l][d+1])
}

// step computes all outputs of degree d, for which feature d−1 must be known.
func (m *MADE) step(g *autograd.Graph, all autograd.Units, d int) {
	for l, layer := range m.layers {
		source := all.Slice(m.steps.sources[l], m.steps.sources[l]+layer.In())
		if m.separate(l) {
			from, to := m.degrees[l-1][d], m.degrees[l-1][d+1]
			g.ActivateUnits(source.Slice(from, to), m.stream(all, l-1, d), m.activation)
		}
		y := m.of(all, l, d)
		g.Advance(y, source, layer, m.degrees[l][d], m.fused(l))
		if m.terms[l] != nil {
			g.AddUnits(y, m.term(all, l).Slice(m.degrees[l][d], m.degrees[l][d+1]))
		}
		if !m.endsBlock(l) {
			continue
		}
		if m.gates != nil {
			h := m.stream(all, l, d)
			g.GateUnits(h, y, m.gate(all, l).Slice(m.degrees[l][d], m.degrees[l][d+1]))
			y = h
		}
		g.AddUnits(y, m.stream(all, l-2, d))
	}
}

// begin computes what sees nothing but the context: all gates and terms.
func (m *MADE) begin(g *autograd.Graph, all autograd.Units) {
	context := all.Slice(0, m.context)
	for b, gate := range m.gates {
		g.Advance(m.gate(all, 2*b+2), context, gate, 0, blas.None)
	}
	for l, term := range m.terms {
		switch {
		case term == nil:
		case l == 0:
			g.Advance(m.encoded(all), context, term, 0, blas.None)
			g.ActivateUnits(m.term(all, 0), m.encoded(all), m.activation)
		default:
			g.Advance(m.term(all, l), context, term, 0, blas.None)
		}
	}
}

// beginBackward is the backward of begin, with the gradients of its layers.
func (m *MADE) beginBackward(g *autograd.Graph, all autograd.Units) {
	context := all.Slice(0, m.context)
	back := func(outputs autograd.Units, layer *autograd.Masked) {
		g.Retreat(context, outputs, layer, 0)
		g.MaskedGradients(layer, context, outputs)
	}
	for b, gate := range m.gates {
		back(m.gate(all, 2*b+2), gate)
	}
	for l, term := range m.terms {
		switch {
		case term == nil:
		case l == 0:
			g.ActivateUnitsBackward(m.encoded(all), m.term(all, 0), m.activation)
			back(m.encoded(all), term)
		default:
			back(m.term(all, l), term)
		}
	}
}

// stepBackward is the backward of step; it ends with the gradient of feature
// d−1, or with that of the context.
func (m *MADE) stepBackward(g *autograd.Graph, all autograd.Units, d int) {
	for l := len(m.layers) - 1; l >= 0; l-- {
		layer := m.layers[l]
		outputs := all.Slice(m.steps.outputs[l], m.steps.outputs[l]+layer.Out())
		source := all.Slice(m.steps.sources[l], m.steps.sources[l]+layer.In())
		if m.endsBlock(l) {
			h := m.stream(all, l, d)
			g.AddUnitsBackward(m.stream(all, l-2, d), h)
			if m.gates != nil {
				g.GateUnitsBackward(m.of(all, l, d), m.gate(all, l).Slice(m.degrees[l][d], m.degrees[l][d+1]), h)
			}
		}
		if m.terms[l] != nil {
			g.AddUnitsBackward(m.term(all, l).Slice(m.degrees[l][d], m.degrees[l][d+1]), m.of(all, l, d))
		}
		if l == 0 {
			if d == 0 {
				g.Retreat(source.Slice(0, m.seen), outputs, layer, 0)
			} else {
				g.Retreat(source.Slice(m.seen+d-1, m.seen+d), outputs, layer, m.seen+d-1)
			}
			return
		}
		from, to := m.degrees[l-1][d], m.degrees[l-1][d+1]
		before := source.Slice(from, to)
		g.Retreat(before, outputs, layer, from)
		switch {
		case m.separate(l):
			g.ActivateUnitsBackward(m.stream(all, l-1, d), before, m.activation)
		case m.activated(l - 1):
			g.ReLUUnitsBackward(before, before)
		}
	}
}

// Invert returns the x that u maps to z with the parameters that the network
// computes of x: for i = 0, 1, … the units of degree i, the parameters of the
// i-th of the given columns, and that column of x. Each unit is computed once,
// so all of x costs about one pass of the network. It adds the log-det to
// total and rewrites z unless g records.
//
// Every value has the bits that Compute gives it on the built-in matmul, and x
// and the log-det those of applying u's inverse with the parameters that
// Compute gives of x.
//
// Backward goes the same way back, from the last column to the first.
func (m *MADE) Invert(p *autograd.Pass, u autograd.Univariate, z autograd.Value, columns []int) autograd.Value {
	g, context, total := p.Graph, p.SiteContext(z.Rows), p.LogDet
	mark := g.Mark()
	all, noise := g.NewUnits(m.steps.size, z.Rows), g.NewUnits(m.features, z.Rows)
	g.Load(noise, z, columns)
	if m.context > 0 {
		g.Load(all.Slice(0, m.context), context, m.contextColumns)
		m.begin(g, all)
	}
	features := all.Slice(m.context, m.context+m.features)
	params := m.unitParameters(p, all, z.Rows)
	for i := range m.features {
		m.step(g, all, i)
		params.load(g, i)
		g.InvertUnit(u, features.Slice(i, i+1), noise.Slice(i, i+1), params.of(i))
	}
	x := g.InvertColumns(u, z, params.all, columns, total)
	if g.Recording() {
		g.Record(func() {
			g.LoadGradient(features, x, columns)
			for i := m.features - 1; i >= 0; i-- {
				g.InvertUnitBackward(u, features.Slice(i, i+1), noise.Slice(i, i+1), params.of(i), total)
				params.loadBackward(g, i)
				m.stepBackward(g, all, i)
			}
			for l, layer := range m.layers {
				source, outputs := m.steps.sources[l], m.steps.outputs[l]
				g.MaskedGradients(layer, all.Slice(source, source+layer.In()), all.Slice(outputs, outputs+layer.Out()))
			}
			m.beginBackward(g, all)
			g.StoreGradient(z, columns, noise)
			if m.context > 0 {
				g.StoreGradient(context, m.contextColumns, all.Slice(0, m.context))
			}
		})
	}
	g.Release(mark)
	return x
}

// unitParameters are the parameters of all features as units, all of the first one,
// then all of the second one, ….
type unitParameters struct {
	made      *MADE
	all       autograd.Units
	computed  autograd.Units // the outputs of the last layer, which are all unless there are constants
	constants autograd.Value
}

func (m *MADE) unitParameters(p *autograd.Pass, all autograd.Units, rows int) unitParameters {
	outputs := all.Slice(m.steps.outputs[len(m.layers)-1], m.steps.end)
	q := unitParameters{made: m, all: outputs, computed: outputs}
	if m.constants != nil {
		q.all, q.constants = p.NewUnits(outputs.Count+m.constants.Cols, rows), p.Repeat(m.constants, rows)
	}
	return q
}

// of returns the parameters of feature i.
func (q unitParameters) of(i int) autograd.Units { return share(q.all, i, q.made.features) }

// share returns part number i of equal ones.
func share(u autograd.Units, i, parts int) autograd.Units {
	n := u.Count / parts
	return u.Slice(i*n, (i+1)*n)
}

// load brings what the network has computed of feature i to its parameters.
func (q unitParameters) load(g *autograd.Graph, i int) {
	if m := q.made; m.constants != nil {
		to, from := q.of(i), share(q.computed, i, m.features)
		g.CopyUnits(to.Slice(0, from.Count), from)
		g.Load(to.Slice(from.Count, to.Count), q.constants, m.ofConstants[i])
	}
}

// loadBackward is the backward of load.
func (q unitParameters) loadBackward(g *autograd.Graph, i int) {
	if m := q.made; m.constants != nil {
		to, from := q.of(i), share(q.computed, i, m.features)
		g.AddUnitsBackward(from, to.Slice(0, from.Count))
		g.StoreGradient(q.constants, m.ofConstants[i], to.Slice(from.Count, to.Count))
	}
}
