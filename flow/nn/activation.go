package nn

import (
	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// fused tells whether linear layers compute an activation themselves.
func fused(a autograd.Activation) bool { return a.Name == autograd.ReLUActivation }

// linear returns the activation of a linear layer's output.
func linear(g *autograd.Graph, x autograd.Value, l *autograd.Linear, a autograd.Activation) autograd.Value {
	if fused(a) {
		return g.Linear(x, l, blas.ReLU)
	}
	return g.Activate(g.Linear(x, l, blas.None), a)
}

// masked is linear for a masked layer.
func masked(g *autograd.Graph, x autograd.Value, l *autograd.Masked, a autograd.Activation) autograd.Value {
	if fused(a) {
		return g.Masked(x, l, blas.ReLU)
	}
	return g.Activate(g.Masked(x, l, blas.None), a)
}
