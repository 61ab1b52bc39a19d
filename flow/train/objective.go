package train

import (
	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// Objective is what training minimizes: the mean of a loss over events, which
// are numbered from 0. An Objective is used by several goroutines at once, each
// with a pass of its own.
type Objective interface {
	// Events is the number of events of an epoch.
	Events() int
	// Sites is the number of graph rows that an event takes, by which a
	// minibatch is cut into tiles.
	Sites() int
	// Loss computes the loss of each of the given events on a pass of as many,
	// whose Events, Epoch and Seed key whatever is drawn.
	Loss(p *autograd.Pass, events []int) autograd.Sums
	// Constant is added to the mean loss that is reported; it has no gradient.
	Constant() float64
}

// Explainer is an [Objective] that may know why a loss is not finite, and what
// to do about it; nil if it does not.
type Explainer interface {
	Objective
	Explain(loss float64) error
}

// Model is what [Minimize] trains: a [flow.Model], or several networks and flows
// on one set of parameters.
type Model interface {
	// Parameters are the values to be learned.
	Parameters() *autograd.Parameters
	// Bind prepares them for a matmul backend, or with nil for the default one.
	Bind(blas.Backend) (*autograd.Binding, error)
}
