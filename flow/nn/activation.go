package nn

import (
	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// Activation is the function between the layers of a network, ReLU where no
// name is given.
type Activation struct {
	Name autograd.ActivationName `json:"activation,omitempty"`
	// Slope is that of leaky-relu below 0.
	Slope float64 `json:"slope,omitempty"`
}

func (a Activation) function() autograd.Activation {
	return autograd.Activation{Name: a.Name, Slope: a.Slope}
}

// fused tells whether linear layers compute the activation themselves.
func (a Activation) fused() bool { return a.Name == autograd.ReLUActivation }

// linear returns the activation of a linear layer's output.
func (a Activation) linear(g *autograd.Graph, x autograd.Value, l *autograd.Linear) autograd.Value {
	if a.fused() {
		return g.Linear(x, l, blas.ReLU)
	}
	return g.Activate(g.Linear(x, l, blas.None), a.function())
}

// masked is linear for a masked layer.
func (a Activation) masked(g *autograd.Graph, x autograd.Value, l *autograd.Masked) autograd.Value {
	if a.fused() {
		return g.Masked(x, l, blas.ReLU)
	}
	return g.Activate(g.Masked(x, l, blas.None), a.function())
}
