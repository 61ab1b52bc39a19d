// Package nn holds the conditioners: networks that compute the parameters of a
// univariate map from what its structure lets them see.
package nn

import (
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/random"
)

// Conditioner computes out parameters for each row of x. x may be the zero
// Value when there is nothing to look at; rows says how many rows are asked
// for.
type Conditioner interface {
	Compute(g *autograd.Graph, x autograd.Value, rows int) autograd.Value
	// Initialize sets the learned values for the start of training: the last
	// layer is zero, so that a univariate whose zero parameters are the
	// identity begins as the identity.
	Initialize(seed uint64)
}

// MLPSpec describes the network of a coupling: a multi-layer perceptron with an
// activation between its layers, or a residual network (see residual.go).
type MLPSpec struct {
	// Type is Perceptron or Residual.
	Type string `json:"type,omitempty"`
	// Hidden is the width of each hidden layer; none makes a linear map. In a
	// residual network the first one is that of the stream, every other one that
	// of the inner layer of a block.
	Hidden []int `json:"hidden"`
	// Gated tells that the context gates the blocks of a residual network.
	Gated bool `json:"gated,omitempty"`
	Activation
}

// The types of [MLPSpec].
const (
	Perceptron = ""
	Residual   = "residual"
)

// MaxWidth bounds the width of a layer, so that a hostile file cannot ask for
// more memory than there is.
const MaxWidth = 1 << 16

// Check tells what is wrong with the description.
func (s MLPSpec) Check() error {
	if err := s.Activation.function().Check(); err != nil {
		return err
	}
	if len(s.Hidden) > 64 {
		return fmt.Errorf("%d hidden layers, at most 64 are supported", len(s.Hidden))
	}
	for i, w := range s.Hidden {
		if w < 1 || w > MaxWidth {
			return fmt.Errorf("hidden layer %d has width %d, want 1 to %d", i, w, MaxWidth)
		}
	}
	switch {
	case s.Type == Residual && len(s.Hidden) == 0:
		return fmt.Errorf("a residual network needs a hidden layer")
	case s.Type != Perceptron && s.Type != Residual:
		return fmt.Errorf("type %q is not known to this version, which knows %q; a perceptron has none", s.Type, Residual)
	case s.Type == Perceptron && s.Gated:
		return fmt.Errorf("a perceptron has no gates")
	}
	return nil
}

// Build creates the conditioner's parameters: layers.0, layers.1, … each with
// weight [in, out] and bias. Without inputs a network could only compute
// constants, so they are learned directly, as the parameter constant.
func (s MLPSpec) Build(in, out int, scope autograd.Scope) Conditioner {
	return s.BuildConditional(in, 0, out, scope)
}

// BuildConditional is Build for a network the last context of whose inputs are
// the context, which is all that the gates look at.
func (s MLPSpec) BuildConditional(in, context, out int, scope autograd.Scope) Conditioner {
	if in == 0 {
		return &constant{scope.New("constant", 1, out)}
	}
	if s.Type == Residual {
		return s.buildResidual(in, context, out, scope)
	}
	m := &mlp{activation: s.Activation}
	widths := append(append([]int{in}, s.Hidden...), out)
	for i := range widths[1:] {
		m.layers = append(m.layers, scope.At("layers", i).NewLinear(widths[i], widths[i+1]))
	}
	return m
}

type mlp struct {
	activation Activation
	layers     []*autograd.Linear
}

func (m *mlp) Compute(g *autograd.Graph, x autograd.Value, _ int) autograd.Value {
	last := len(m.layers) - 1
	for _, l := range m.layers[:last] {
		x = m.activation.linear(g, x, l)
	}
	return g.Linear(x, m.layers[last], blas.None)
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

// inverseRoot returns 1/√n.
func inverseRoot(n int) float32 { return float32(1 / math.Sqrt(float64(n))) }

// draw fills the parameters from U(−bound, bound).
func draw(seed uint64, bound float32, parameters ...*autograd.Parameter) {
	for _, p := range parameters {
		random.Uniform(p.Values(), seed, random.Initialization, uint64(p.Offset()), bound)
	}
}

type constant struct{ parameter *autograd.Parameter }

func (c *constant) Compute(g *autograd.Graph, _ autograd.Value, rows int) autograd.Value {
	return g.Repeat(c.parameter, rows)
}

func (c *constant) Initialize(uint64) { clear(c.parameter.Values()) }

// Constant returns the conditioner that looks at nothing.
func Constant(out int, scope autograd.Scope) Conditioner { return MLPSpec{}.Build(0, out, scope) }
