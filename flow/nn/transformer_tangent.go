package nn

import (
	"errors"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// transformerTangents are the layers of a transformer's layer, of tangents.
type transformerTangents struct{ queries, attended, hidden, computed *autograd.Unbiased }

// CheckDirectional implements [DirectionalSpec].
func (s *TransformerSpec) CheckDirectional() error {
	if s.Causal {
		return errors.New("the transformer of a velocity is causal: all sites move together")
	}
	return checkSmooth(s.Activation)
}

// BuildDirectional implements [DirectionalSpec].
func (s *TransformerSpec) BuildDirectional(in autograd.Shape, context, out int, scope autograd.Scope) Directional {
	t := s.Build(in, context, out, scope).(*transformer)
	if scope.Err() != nil {
		return t
	}
	t.inputTangent, t.outputTangent = scope.NewTangent(t.input), scope.NewTangent(t.output)
	for i := range t.layers {
		l := &t.layers[i]
		l.tangents = &transformerTangents{scope.NewTangent(l.queries), scope.NewTangent(l.attended), scope.NewTangent(l.hidden), scope.NewTangent(l.computed)}
	}
	return t
}

// ComputeDual implements [Directional].
func (t *transformer) ComputeDual(p *autograd.Pass, x autograd.Value, tangents []autograd.Value) autograd.Value {
	if len(tangents) == 0 {
		return t.Compute(p, x, x.Rows)
	}
	var context autograd.Value
	if t.context != nil {
		context = p.Spread(p.Linear(p.Context, t.context, blas.None), x.Rows)
	}
	for k, d := range tangents {
		tangents[k] = p.Unbiased(d, t.inputTangent)
	}
	h := t.embed(p.Graph, x, context, 0, t.sites)
	borrowed := tangentLists.Borrow(len(tangents))
	defer tangentLists.Return(borrowed)
	within := (*borrowed)[:len(tangents)] // those of a part of a layer
	for i := range t.layers {
		l := &t.layers[i]
		copy(within, tangents)
		qkv := linearDual(p, t.normalizeDual(p, h, l.normAttention, within), l.queries, l.tangents.queries, within)
		var q [3]autograd.Value
		for part, columns := range t.parts {
			q[part] = p.Columns(qkv, columns)
		}
		for k, d := range within {
			within[k] = p.AttentionTangent(q[0], q[1], q[2], p.Columns(d, t.parts[0]), p.Columns(d, t.parts[1]), p.Columns(d, t.parts[2]), t.Heads)
		}
		a := p.Attention(q[0], q[1], q[2], t.Heads, false)
		h = addDual(p, h, linearDual(p, a, l.attended, l.tangents.attended, within), tangents, within)
		copy(within, tangents)
		inner := linearDual(p, t.normalizeDual(p, h, l.normNetwork, within), l.hidden, l.tangents.hidden, within)
		inner = activateDual(p, inner, t.Activation, within)
		h = addDual(p, h, linearDual(p, inner, l.computed, l.tangents.computed, within), tangents, within)
	}
	return linearDual(p, h, t.output, t.outputTangent, tangents)
}

// normalizeDual returns the norm, modulated, and takes tangents along.
func (t *transformer) normalizeDual(p *autograd.Pass, h autograd.Value, n norm, tangents []autograd.Value) autograd.Value {
	y := p.LayerNorm(h, n.gain, n.shift, t.Epsilon)
	for k, d := range tangents {
		tangents[k] = p.LayerNormTangent(h, d, n.gain, t.Epsilon)
	}
	if n.context == nil {
		return y
	}
	factor, term := t.modulation(p, n)
	for k, d := range tangents {
		tangents[k] = p.Add(d, p.MultiplyRuns(d, factor))
	}
	return p.AddRuns(p.Add(y, p.MultiplyRuns(y, factor)), term)
}
