package transform

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
)

// SequentialSpec describes a layer that is autoregressive over the sites of an
// event: all features of a site are changed by a univariate whose parameters a
// causal conditioner computes from the sites before it, in the order of rows, or
// with Reverse from those behind it, and from the context. Its Jacobian is
// triangular. Forward costs one pass of the conditioner for all sites; Inverse
// finds one site after the other, and computes in all about as much (TarFlow: Zhai et
// al., 2025; WaveNet: van den Oord et al., 2016).
type SequentialSpec struct {
	Univariate  autograd.Univariate `json:"univariate"`
	Conditioner nn.Spec             `json:"conditioner"`
	Reverse     bool                `json:"reverse,omitempty"`
}

// Check implements [Spec].
func (s *SequentialSpec) Check(shape Shape, context int) error {
	if err := autograd.CheckUnivariate(s.Univariate); err != nil {
		return fmt.Errorf("sequential: %w", err)
	}
	name, err := nn.Kinds.Name(s.Conditioner)
	if err != nil {
		return fmt.Errorf("sequential: %w", err)
	}
	causal, ok := s.Conditioner.(nn.CausalSpec)
	if !ok {
		return fmt.Errorf("sequential: the conditioner %s cannot be causal; take a transformer", name)
	}
	if err := causal.CheckCausal(); err != nil {
		return fmt.Errorf("sequential: conditioner: %w", err)
	}
	if err := causal.Check(shape, context); err != nil {
		return fmt.Errorf("sequential: conditioner: %w", err)
	}
	return nil
}

// Output implements [Spec].
func (s *SequentialSpec) Output(in Shape, _ bool) Shape { return in }

// Build implements [Spec].
func (s *SequentialSpec) Build(shape Shape, context int, scope autograd.Scope) Transform {
	t := &sequential{univariate: s.Univariate, sites: make([]int, shape.Sites())}
	for i := range t.sites {
		t.sites[i] = i
		if s.Reverse {
			t.sites[i] = len(t.sites) - 1 - i
		}
	}
	if s.Reverse {
		t.order.Sites = t.sites
	}
	t.stepValues = s.Conditioner.(nn.CausalSpec).StepValues(shape)
	t.conditioner = s.Conditioner.Build(shape, context, shape.Features*t.univariate.ParametersPerElement(), scope.At("conditioner")).(nn.Causal)
	return t
}

type sequential struct {
	univariate  autograd.Univariate
	conditioner nn.Causal
	sites       []int         // in the order in which they depend on each other
	order       autograd.Part // all sites in that order
	stepValues  int           // see nn.CausalSpec
}

// Bind implements [Transform]: a site's features are taken in ascending data
// column, and none depends on another of its site.
func (t *sequential) Bind(columns []int, _ bool) []int { return columns }

func (t *sequential) Initialize(seed uint64) { t.conditioner.Initialize(seed) }

// Conditional is a map that changes each site by a univariate whose parameters the
// sites before it alone decide: the map of a value is then its conditional
// density, and one may ask for those of other values than the event's own.
type Conditional interface {
	Transform
	// Conditionals returns the univariate and its parameters, a row for each site
	// of x, which is data.
	Conditionals(p *autograd.Pass, x autograd.Value) (autograd.Univariate, autograd.Value)
}

// Conditionals implements [Conditional].
func (t *sequential) Conditionals(p *autograd.Pass, x autograd.Value) (autograd.Univariate, autograd.Value) {
	return t.univariate, p.Take(t.conditioner.Compute(p, p.Take(x, t.order), x.Rows), t.order)
}

// Inverted returns the map that t is the [Invert] of, or nil.
func Inverted(t Transform) Transform {
	if i, ok := t.(inverted); ok {
		return i.t
	}
	return nil
}

func (t *sequential) Forward(p *autograd.Pass, x autograd.Value) autograd.Value {
	mark := p.Mark()
	u, parameters := t.Conditionals(p, x)
	z := p.Apply(u, false, x, parameters, autograd.Part{}, p.LogDet)
	p.Release(mark)
	return z
}

// Inverse finds one site after the other, or all at once where the pass asks for
// Jacobi iterations. The univariate's inverse is applied to all sites at once when
// the parameters of all are known, so that log-dets are added in the order of
// sites.
func (t *sequential) Inverse(p *autograd.Pass, z autograd.Value) autograd.Value {
	mark := p.Mark()
	var parameters autograd.Value
	if p.Jacobi.Iterations > 0 {
		parameters = t.iterate(p, z)
	} else {
		parameters = t.walk(p, z)
	}
	found := p.Apply(t.univariate, true, z, parameters, autograd.Part{}, p.LogDet)
	p.Release(mark)
	return found
}

// walk returns the parameters of all sites, computed one after the other.
func (t *sequential) walk(p *autograd.Pass, z autograd.Value) autograd.Value {
	each := z.Cols * t.univariate.ParametersPerElement()
	x, parameters := p.Input(z.Rows, z.Cols, true), p.Input(z.Rows, each, true)
	unused := p.Sums(len(p.LogDet.Values))
	steps := t.conditioner.Steps(p)
	var without nn.Steps
	guided := p.Guidance.Weight != 0
	if guided {
		unguided(p, func() { without = t.conditioner.Steps(p) })
	}
	for i := range t.sites {
		step := p.Mark()
		var before autograd.Value
		if i > 0 {
			before = p.Take(x, t.site(i-1))
		}
		at := t.site(i)
		next := steps.Next(before)
		if guided {
			var other autograd.Value
			unguided(p, func() { other = without.Next(before) })
			next = p.Extrapolate(next, other, p.Guidance.At(i, len(t.sites)))
		}
		p.Put(parameters, next, at)
		if i+1 < len(t.sites) {
			p.Put(x, p.Apply(t.univariate, true, p.Take(z, at), next, autograd.Part{}, unused), at)
		}
		p.Release(step)
	}
	steps.End()
	if guided {
		without.End()
	}
	return parameters
}

// unguided computes what the pass's guidance leads away from: do sees its context and
// its temperature of attention as those of the pass.
func unguided(p *autograd.Pass, do func()) {
	context, temperature := p.Context, p.AttentionTemperature
	p.Context, p.AttentionTemperature = p.Guidance.Without, p.Guidance.Temperature
	do()
	p.Context, p.AttentionTemperature = context, temperature
}

// site is the part of an event that is the i-th site.
func (t *sequential) site(i int) autograd.Part { return autograd.Part{Sites: t.sites[i : i+1]} }

// StepValues implements [Stepwise].
func (t *sequential) StepValues(inverse bool) int {
	if inverse {
		return t.stepValues
	}
	return 0
}
