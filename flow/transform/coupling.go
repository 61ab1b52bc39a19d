package transform

import (
	"errors"
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
	// Mask tells of each feature whether it is changed; nil where Sites says what
	// is.
	Mask []bool `json:"mask,omitempty"`
	// Sites is the color of a checkerboard, "even" or "odd": all features are
	// changed of the sites whose coordinates have such a sum. The conditioner sees
	// the others on the whole grid, with zeros at the sites that are changed.
	Sites Checkerboard `json:"sites,omitempty"`
	// Angles says which of the kept features are angles, each of which the
	// conditioner sees as a cosine and a sine; nil for none.
	Angles      *Angles             `json:"angles,omitempty"`
	Univariate  autograd.Univariate `json:"univariate"`
	Conditioner nn.Spec             `json:"conditioner"`
}

// FormatVersion returns the version of the model file that has the layer.
func (s *CouplingSpec) FormatVersion() int {
	if s.Sites != "" || s.Angles != nil {
		return 2
	}
	return 1
}

// checkMask tells what is wrong with what is changed.
func (s *CouplingSpec) checkMask(shape Shape) error {
	switch {
	case s.Sites != "" && s.Mask != nil:
		return errors.New("there is a mask of features and one of sites; want one")
	case s.Sites != "":
		return s.Sites.check(shape)
	case len(s.Mask) != shape.Features:
		return fmt.Errorf("the mask is for %d features, there are %d", len(s.Mask), shape.Features)
	case !slices.Contains(s.Mask, true):
		return errors.New("the mask changes no feature")
	}
	return nil
}

// Check implements [Spec].
func (s *CouplingSpec) Check(shape Shape, context int) error {
	if err := s.checkMask(shape); err != nil {
		return fmt.Errorf("coupling: %w", err)
	}
	if s.Angles != nil {
		if err := s.Angles.check(s.Mask, shape.Features); err != nil {
			return fmt.Errorf("coupling: %w", err)
		}
	}
	if err := autograd.CheckUnivariate(s.Univariate); err != nil {
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
	t := &coupling{mask: s.Mask, angles: s.Angles, univariate: s.Univariate}
	out := changed(s.Mask) * t.univariate.ParametersPerElement()
	if s.Sites != "" {
		changes, keeps := s.Sites.split(shape)
		t.keptPart, t.changedPart = autograd.Part{Sites: keeps}, autograd.Part{Sites: changes}
		out = shape.Features * t.univariate.ParametersPerElement()
	}
	t.conditioner = s.Conditioner.Build(s.kept(shape), context, out, scope.At("conditioner"))
	return t
}

// kept returns the shape of what the conditioner sees of an event.
func (s *CouplingSpec) kept(shape Shape) Shape {
	kept := shape.Features - changed(s.Mask)
	if s.Angles != nil {
		kept += len(s.Angles.Features)
	}
	return Shape{Grid: shape.Grid, Features: kept}
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
	if err := autograd.CheckUnivariate(s.Univariate); err != nil {
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
	angles      *Angles // nil for none
	univariate  autograd.Univariate
	conditioner nn.Conditioner
	blind       bool // the conditioner looks at nothing

	keptPart, changedPart autograd.Part // data columns, ascending; or sites
	isAngle               []bool        // of each kept column
}

func (t *coupling) Bind(columns []int, _ bool) []int {
	if t.ofSites() {
		return columns
	}
	var kept, changed []int
	for feature, changes := range t.mask {
		if changes {
			changed = append(changed, columns[feature])
		} else {
			kept = append(kept, columns[feature])
		}
	}
	slices.Sort(kept)
	slices.Sort(changed)
	t.keptPart, t.changedPart = autograd.Columns(kept), autograd.Columns(changed)
	if t.angles != nil {
		t.isAngle = t.angles.among(kept, columns)
	}
	return columns
}

// ofSites tells whether sites are changed rather than features.
func (t *coupling) ofSites() bool { return t.changedPart.Sites != nil }

func (t *coupling) Initialize(seed uint64) { t.conditioner.Initialize(seed) }

func (t *coupling) Forward(p *autograd.Pass, x autograd.Value) autograd.Value {
	return t.apply(p, x, false)
}

func (t *coupling) Inverse(p *autograd.Pass, z autograd.Value) autograd.Value {
	return t.apply(p, z, true)
}

func (t *coupling) apply(p *autograd.Pass, x autograd.Value, inverse bool) autograd.Value {
	mark := p.Mark()
	y := p.Apply(t.univariate, inverse, x, t.parameters(p, x), t.changedPart, p.LogDet)
	p.Release(mark)
	return y
}

// parameters returns those of the univariate, which are the same for what the
// coupling maps and for what it makes of it.
func (t *coupling) parameters(p *autograd.Pass, x autograd.Value) autograd.Value {
	var seen autograd.Value
	switch {
	case t.ofSites():
		seen = p.Keep(x, t.keptPart)
	case t.angles != nil:
		seen = p.Angles(x, t.keptPart.Columns, t.isAngle, t.angles.Bound)
	case len(t.keptPart.Columns) > 0 && !t.blind:
		seen = p.Columns(x, t.keptPart.Columns)
	}
	parameters := t.conditioner.Compute(p, seen, x.Rows)
	if t.ofSites() {
		parameters = p.Take(parameters, t.changedPart)
	}
	return parameters
}

// Reversible implements [Reversible].
func (*coupling) Reversible() bool { return true }

// retrace implements [retracer]: the conditioner computes once.
func (t *coupling) retrace(p *autograd.Pass, y autograd.Value, inverse bool) autograd.Value {
	parameters := t.parameters(p, y)
	p.Still(func() { p.Apply(t.univariate, !inverse, y, parameters, t.changedPart, p.LogDet) })
	return p.Apply(t.univariate, inverse, y, parameters, t.changedPart, p.LogDet)
}
