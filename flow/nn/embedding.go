package nn

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// EmbeddingSpec describes a perceptron that computes, once for each event, what
// all layers of a flow see of the context instead of the context itself. A long
// context is so condensed by one network instead of by each layer's own.
type EmbeddingSpec struct {
	// Hidden is the width of each hidden layer; none makes a linear map.
	Hidden []int `json:"hidden"`
	// Features is the number of values that the layers see.
	Features int `json:"features"`
	autograd.Activation
}

// FormatVersion implements strictjson.Versioned.
func (s *EmbeddingSpec) FormatVersion() int { return 2 }

// Check tells what is wrong, for contexts of so many columns.
func (s *EmbeddingSpec) Check(context int) error {
	if context == 0 {
		return fmt.Errorf("there is no context to embed")
	}
	if s.Features < 1 || s.Features > MaxWidth {
		return fmt.Errorf("%d features of the context, want 1 to %d", s.Features, MaxWidth)
	}
	return checkHidden(s.Hidden, s.Activation)
}

// Build creates the network and its parameters layers.0, layers.1, … below
// scope, for contexts of so many columns. It is only called after Check.
func (s *EmbeddingSpec) Build(context int, scope autograd.Scope) *Embedding {
	return &Embedding{newMLP(context, s.Hidden, s.Features, s.Activation, scope)}
}

// Embedding is a network of the context.
type Embedding struct{ network *mlp }

// Compute returns what the network makes of the context of the pass.
func (e *Embedding) Compute(p *autograd.Pass) autograd.Value {
	return e.network.forward(p, p.Context)
}

// Initialize draws the weights and biases of all layers from U(−1/√in, 1/√in):
// what the layers see is not constant when training begins.
func (e *Embedding) Initialize(seed uint64) {
	for _, l := range e.network.layers {
		draw(seed, inverseRoot(l.In()), l.Weight, l.Bias)
	}
}
