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
	Mask        []bool              `json:"mask"`
	Univariate  autograd.Univariate `json:"univariate"`
	Conditioner nn.Spec             `json:"conditioner"`
}

// Check implements [Spec].
func (s *CouplingSpec) Check(shape Shape, context int) error {
	if len(s.Mask) != shape.Features {
		return fmt.Errorf("coupling: the mask is for %d features, there are %d", len(s.Mask), shape.Features)
	}
	if !slices.Contains(s.Mask, true) {
		return fmt.Errorf("coupling: the mask changes no feature")
	}
	if err := checkUnivariate(s.Univariate); err != nil {
		return fmt.Errorf("coupling: %w", err)
	}
	if _, err := nn.Kinds.Name(s.Conditioner); err != nil {
		return fmt.Errorf("coupling: %w", err)
	}
	if err := s.Conditioner.Check(s.kept(shape), context); err != nil {
		return fmt.Errorf("coupling: conditioner: %w", err)
	}
	return nil
}

// Output implements [Spec].
func (s *CouplingSpec) Output(in Shape, _ bool) Shape { return in }

// Build implements [Spec].
func (s *CouplingSpec) Build(shape Shape, context int, scope autograd.Scope) Transform {
	t := &coupling{mask: s.Mask, univariate: s.Univariate}
	out := changed(s.Mask) * t.univariate.ParametersPerElement()
	t.conditioner = s.Conditioner.Build(s.kept(shape), context, out, scope.At("conditioner"))
	return t
}

// kept returns the shape of what the conditioner sees of an event.
func (s *CouplingSpec) kept(shape Shape) Shape {
	return Shape{Grid: shape.Grid, Features: shape.Features - changed(s.Mask)}
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
	Mask       []bool              `json:"mask,omitempty"`
	Univariate autograd.Univariate `json:"univariate"`
}

// Check implements [Spec].
func (s *ElementwiseSpec) Check(shape Shape, _ int) error {
	if s.Mask != nil && len(s.Mask) != shape.Features {
		return fmt.Errorf("elementwise: the mask is for %d features, there are %d", len(s.Mask), shape.Features)
	}
	if s.Mask != nil && !slices.Contains(s.Mask, true) {
		return fmt.Errorf("elementwise: the mask changes no feature")
	}
	if err := checkUnivariate(s.Univariate); err != nil {
		return fmt.Errorf("elementwise: %w", err)
	}
	return nil
}

// Output implements [Spec].
func (s *ElementwiseSpec) Output(in Shape, _ bool) Shape { return in }

// Build implements [Spec].
func (s *ElementwiseSpec) Build(shape Shape, _ int, scope autograd.Scope) Transform {
	t := &coupling{mask: s.Mask, univariate: s.Univariate, blind: true}
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
	blind       bool // the conditioner looks at nothing

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

func (t *coupling) Forward(p *autograd.Pass, x autograd.Value) autograd.Value {
	return t.apply(p, x, false)
}

func (t *coupling) Inverse(p *autograd.Pass, z autograd.Value) autograd.Value {
	return t.apply(p, z, true)
}

func (t *coupling) apply(p *autograd.Pass, x autograd.Value, inverse bool) autograd.Value {
	mark := p.Mark()
	var seen autograd.Value
	if len(t.kept) > 0 && !t.blind {
		seen = p.Columns(x, t.kept)
	}
	parameters := t.conditioner.Compute(p, seen, x.Rows)
	y := p.Apply(t.univariate, inverse, x, parameters, autograd.Columns(t.changed), p.LogDet)
	p.Release(mark)
	return y
}

// Reversible implements [Reversible].
func (*coupling) Reversible() bool { return true }
