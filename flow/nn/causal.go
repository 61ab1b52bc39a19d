package nn

import "github.com/seed-192fdf7a/nf/flow/autograd"

// CausalSpec is a [Spec] whose network may be [Causal].
type CausalSpec interface {
	Spec
	// CheckCausal tells why the network that is described is not causal.
	CheckCausal() error
	// StepValues returns how many values its steps keep of each event of the
	// given shape.
	StepValues(in autograd.Shape) int
}

// Causal is a conditioner whose parameters of a site depend on the sites before
// it, in the order of rows, and on the context alone.
type Causal interface {
	Conditioner
	// Steps begins to compute the parameters of the pass's events site by site.
	Steps(p *autograd.Pass) Steps
}

// Steps computes the parameters of one site after the other, in all about as
// much as Compute does.
type Steps interface {
	// Next returns the parameters of the next site, a row for each event, given
	// the values of the site before, or at first the zero Value. They have the
	// bits that Compute gives them on the built-in matmul.
	Next(x autograd.Value) autograd.Value
	// End gives back what the steps held besides the memory of the graph. The
	// steps are of no use then.
	End()
}
