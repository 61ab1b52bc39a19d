package nn

import (
	"errors"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// ResidualSpec describes a residual network with the activation before each
// layer of a block (He et al., 2016), as the conditioners of neural spline flows
// (Durkan et al., 2019):
//
//	h = W₀·x + b₀
//	h = h + W₂·ReLU(W₁·ReLU(h) + b₁) + b₂          for each block
//	y = W·h + b
//
// If it is gated, what a block adds is multiplied by σ(V·c + a), of the
// context c, which is the end of x.
//
// ReLU stands for the activation, whichever it is.
type ResidualSpec struct {
	// Hidden is the width of the stream h, then that of the inner layer of each
	// block.
	Hidden []int `json:"hidden"`
	// Gated tells that the context gates the blocks.
	Gated bool `json:"gated,omitempty"`
	autograd.Activation
}

// Check implements [Spec].
func (s *ResidualSpec) Check(_ autograd.Shape, context int) error {
	switch err := checkHidden(s.Hidden, s.Activation); {
	case err != nil:
		return err
	case len(s.Hidden) == 0:
		return errors.New("a residual network needs a hidden layer")
	case s.Gated && context == 0:
		return errNoContext
	}
	return nil
}

type residual struct {
	activation autograd.Activation

	layers  []*autograd.Linear
	gates   []*autograd.Linear // one for each block, or none
	context []int              // its columns of x
}

// Build implements [Spec]: the parameters are layers.0, …, two for each block,
// and gates.0, …. The inputs are the features, then the context.
func (s *ResidualSpec) Build(shape autograd.Shape, context, out int, scope autograd.Scope) Conditioner {
	in := shape.Features + context
	if in == 0 {
		return Constant(out, scope)
	}
	m := &residual{activation: s.Activation}
	for c := range context {
		m.context = append(m.context, in-context+c)
	}
	add := func(in, out int) { m.layers = append(m.layers, scope.At("layers", len(m.layers)).NewLinear(in, out)) }
	stream := s.Hidden[0]
	add(in, stream)
	for b, inner := range s.Hidden[1:] {
		add(stream, inner)
		add(inner, stream)
		if s.Gated {
			m.gates = append(m.gates, scope.At("gates", b).NewLinear(context, stream))
		}
	}
	add(stream, out)
	return m
}

func (m *residual) Compute(p *autograd.Pass, x autograd.Value, rows int) autograd.Value {
	g := p.Graph
	x = seen(p, x, rows)
	last := len(m.layers) - 1
	h := g.Linear(x, m.layers[0], blas.None)
	for l := 1; l < last; l += 2 {
		inner := linear(g, g.Activate(h, m.activation), m.layers[l], m.activation)
		inner = g.Linear(inner, m.layers[l+1], blas.None)
		if m.gates != nil {
			inner = g.Gate(inner, g.Linear(g.Columns(x, m.context), m.gates[l/2], blas.None))
		}
		h = g.Add(h, inner)
	}
	return g.Linear(h, m.layers[last], blas.None)
}

// Initialize draws weights and biases from U(−1/√in, 1/√in), those that end a
// block from U(−1/1000, 1/1000), and sets the last layer to zero.
func (m *residual) Initialize(seed uint64) {
	last := len(m.layers) - 1
	for i, l := range m.layers[:last] {
		bound := inverseRoot(l.In())
		if i > 0 && i%2 == 0 {
			bound = 1e-3
		}
		draw(seed, bound, l.Weight, l.Bias)
	}
	for _, l := range m.gates {
		draw(seed, inverseRoot(l.In()), l.Weight, l.Bias)
	}
	clear(m.layers[last].Weight.Values())
	clear(m.layers[last].Bias.Values())
}
