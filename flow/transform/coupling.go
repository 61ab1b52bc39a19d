package transform

import (
	"fmt"
	"slices"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
)

// CouplingSpec describes a coupling layer: the features outside the mask are
// kept, and a conditioner computes from them (and the context) the parameters
// by which a univariate changes the others. The Jacobian is triangular, both
// directions cost one pass of the conditioner (NICE: Dinh et al., 2015;
// RealNVP: Dinh et al., 2017). Where nothing is kept and there is no context,
// the parameters are learned constants.
type CouplingSpec struct {
	// Mask tells of each feature whether it is changed.
	Mask        []bool     `json:"mask"`
	Univariate  Univariate `json:"univariate"`
	Conditioner nn.MLPSpec `json:"conditioner"`
}

// Check implements [Spec].
func (s *CouplingSpec) Check(shape Shape, context int) error {
	if len(s.Mask) != shape.Features {
		return fmt.Errorf("coupling: the mask is for %d features, there are %d", len(s.Mask), shape.Features)
	}
	if !slices.Contains(s.Mask, true) {
		return fmt.Errorf("coupling: the mask changes no feature")
	}
	if err := s.Univariate.check(); err != nil {
		return fmt.Errorf("coupling: %w", err)
	}
	if err := s.Conditioner.Check(); err != nil {
		return fmt.Errorf("coupling: conditioner: %w", err)
	}
	if s.Conditioner.Gated && context == 0 {
		return fmt.Errorf("coupling: conditioner: it is gated by a context, and there is none")
	}
	return nil
}

// Output implements [Spec].
func (s *CouplingSpec) Output(shape Shape) Shape { return shape }

// Build implements [Spec].
func (s *CouplingSpec) Build(shape Shape, context int, scope autograd.Scope) Transform {
	t := &coupling{mask: s.Mask, univariate: s.Univariate.Univariate}
	n := changed(s.Mask)
	t.conditioner = s.Conditioner.BuildConditional(shape.Features-n+context, context, n*t.univariate.ParametersPerElement(), scope.At("conditioner"))
	return t
}

// changed returns how many features a mask changes.
func changed(mask []bool) int {
	n := 0
	for _, m := range mask {
		if m {
			n++
		}
	}
	return n
}

// ElementwiseSpec describes a univariate with learned constants for each
// feature, as the diagonal scaling at the end of NICE (Dinh et al., 2015).
type ElementwiseSpec struct {
	// Mask tells of each feature whether it is changed; nil means all.
	Mask       []bool     `json:"mask,omitempty"`
	Univariate Univariate `json:"univariate"`
}

// Check implements [Spec].
func (s *ElementwiseSpec) Check(shape Shape, _ int) error {
	if s.Mask != nil && len(s.Mask) != shape.Features {
		return fmt.Errorf("elementwise: the mask is for %d features, there are %d", len(s.Mask), shape.Features)
	}
	if s.Mask != nil && !slices.Contains(s.Mask, true) {
		return fmt.Errorf("elementwise: the mask changes no feature")
	}
	if err := s.Univariate.check(); err != nil {
		return fmt.Errorf("elementwise: %w", err)
	}
	return nil
}

// Output implements [Spec].
func (s *ElementwiseSpec) Output(shape Shape) Shape { return shape }

// Build implements [Spec].
func (s *ElementwiseSpec) Build(shape Shape, _ int, scope autograd.Scope) Transform {
	t := &coupling{mask: s.Mask, univariate: s.Univariate.Univariate, blind: true}
	if t.mask == nil {
		t.mask = slices.Repeat([]bool{true}, shape.Features)
	}
	t.conditioner = nn.Constant(changed(t.mask)*t.univariate.ParametersPerElement(), scope.At("conditioner"))
	return t
}

type coupling struct {
	mask        []bool
	univariate  autograd.Univariate
	conditioner nn.Conditioner
	blind       bool // the conditioner sees no context either

	kept, changed []int // data columns, ascending
}

func (t *coupling) Bind(columns []int, _ bool) []int {
	t.kept, t.changed = nil, nil
	for feature, changes := range t.mask {
		if changes {
			t.changed = append(t.changed, columns[feature])
		} else {
			t.kept = append(t.kept, columns[feature])
		}
	}
	slices.Sort(t.kept)
	slices.Sort(t.changed)
	return columns
}

func (t *coupling) Initialize(seed uint64) { t.conditioner.Initialize(seed) }

func (t *coupling) Forward(g *autograd.Graph, x, context autograd.Value, total autograd.Sums) autograd.Value {
	return t.apply(g, x, context, total, false)
}

func (t *coupling) Inverse(g *autograd.Graph, z, context autograd.Value, total autograd.Sums) autograd.Value {
	return t.apply(g, z, context, total, true)
}

func (t *coupling) apply(g *autograd.Graph, x, context autograd.Value, total autograd.Sums, inverse bool) autograd.Value {
	mark := g.Mark()
	var seen autograd.Value
	switch {
	case t.blind:
	case len(t.kept) > 0:
		seen = g.Concat(g.Columns(x, t.kept), context)
	default:
		seen = context
	}
	parameters := t.conditioner.Compute(g, seen, x.Rows)
	y := g.Apply(t.univariate, inverse, x, parameters, t.changed, total)
	g.Release(mark)
	return y
}
