// Package nn holds the conditioners: networks that compute the parameters of a
// univariate map from what its structure lets them see.
package nn

import (
	"errors"
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/random"
)

// Spec describes a conditioner as plain data. Its fields are what the model
// file says of it.
type Spec interface {
	// Check tells what is wrong, where an event shows so many features at each
	// site of its grid, and the context has so many columns.
	Check(in autograd.Shape, context int) error
	// Build creates the network and its parameters below scope, for out
	// parameters at each site. It is only called after Check. Without features
	// and context a network could only compute constants, so they are learned
	// directly, as the parameter constant.
	Build(in autograd.Shape, context, out int, scope autograd.Scope) Conditioner
}

// Conditioner computes parameters for each row of x and the context of the
// pass. x is the zero Value when no feature is shown; rows says how many rows
// are asked for.
type Conditioner interface {
	Compute(p *autograd.Pass, x autograd.Value, rows int) autograd.Value
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

var errNoContext = errors.New("it is gated by a context, and there is none")

// MaxWidth bounds the width of a layer, so that a hostile file cannot ask for
// more memory than there is.
const MaxWidth = 1 << 16

// Check implements [Spec].
func (s MLPSpec) Check(_ autograd.Shape, context int) error {
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
	case s.Gated && context == 0:
		return errNoContext
	}
	return nil
}

// Build implements [Spec]: the parameters are layers.0, layers.1, … each with
// weight [inputs, outputs] and bias. The inputs are the features, then the
// context.
func (s MLPSpec) Build(shape autograd.Shape, context, out int, scope autograd.Scope) Conditioner {
	in := shape.Features + context
	if in == 0 {
		return Constant(out, scope)
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

func (m *mlp) Compute(p *autograd.Pass, x autograd.Value, rows int) autograd.Value {
	x = seen(p, x, rows)
	last := len(m.layers) - 1
	for _, l := range m.layers[:last] {
		x = m.activation.linear(p.Graph, x, l)
	}
	return p.Linear(x, m.layers[last], blas.None)
}

// seen returns the features followed by the context, where there is either.
func seen(p *autograd.Pass, x autograd.Value, rows int) autograd.Value {
	if x.IsZero() {
		return p.SiteContext(rows)
	}
	return p.Concat(x, p.SiteContext(rows))
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

func (c *constant) Compute(p *autograd.Pass, _ autograd.Value, rows int) autograd.Value {
	return p.Repeat(c.parameter, rows)
}

func (c *constant) Initialize(uint64) { clear(c.parameter.Values()) }

// Constant returns the conditioner that looks at nothing.
func Constant(out int, scope autograd.Scope) Conditioner {
	return &constant{scope.New("constant", 1, out)}
}
