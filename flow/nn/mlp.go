package nn

import (
	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// MLPSpec describes a multi-layer perceptron, with an activation between its
// layers.
type MLPSpec struct {
	// Hidden is the width of each hidden layer; none makes a linear map.
	Hidden []int `json:"hidden"`
	autograd.Activation
}

// Check implements [Spec].
func (s *MLPSpec) Check(autograd.Shape, int) error { return checkHidden(s.Hidden, s.Activation) }

// Build implements [Spec]: the parameters are layers.0, layers.1, … each with
// weight [inputs, outputs] and bias. The inputs are the features, then the
// context.
func (s *MLPSpec) Build(shape autograd.Shape, context, out int, scope autograd.Scope) Conditioner {
	in := shape.Features + context
	if in == 0 {
		return Constant(out, scope)
	}
	return newMLP(in, s.Hidden, out, s.Activation, scope)
}

func newMLP(in int, hidden []int, out int, a autograd.Activation, scope autograd.Scope) *mlp {
	m := &mlp{activation: a}
	widths := append(append([]int{in}, hidden...), out)
	for i := range widths[1:] {
		m.layers = append(m.layers, scope.At("layers", i).NewLinear(widths[i], widths[i+1]))
	}
	return m
}

type mlp struct {
	activation autograd.Activation
	layers     []*autograd.Linear
}

func (m *mlp) Compute(p *autograd.Pass, x autograd.Value, rows int) autograd.Value {
	return m.forward(p, seen(p, x, rows))
}

func (m *mlp) forward(p *autograd.Pass, x autograd.Value) autograd.Value {
	last := len(m.layers) - 1
	for _, l := range m.layers[:last] {
		x = linear(p.Graph, x, l, m.activation)
	}
	return p.Linear(x, m.layers[last], blas.None)
}

// Initialize draws hidden weights and biases from U(−1/√in, 1/√in).
func (m *mlp) Initialize(seed uint64) {
	last := len(m.layers) - 1
	for _, l := range m.layers[:last] {
		draw(seed, inverseRoot(l.In()), l.Weight, l.Bias)
	}
	clear(m.layers[last].Weight.Values())
	clear(m.layers[last].Bias.Values())
}
