package transform

import (
	"fmt"
	"slices"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/limits"
)

// ChainSpec describes maps applied one after another, the first one first on
// the way from data to noise.
type ChainSpec struct {
	Transforms []Spec `json:"transforms"`
}

// count returns the number of transforms in a description.
func count(s Spec) int {
	switch s := s.(type) {
	case *ChainSpec:
		n := 1
		for _, t := range s.Transforms {
			n += count(t)
		}
		return n
	case *InvertSpec:
		return 1 + count(s.Transform)
	}
	return 1
}

// Check implements [Spec].
func (s *ChainSpec) Check(shape Shape, context int) error {
	if n := count(s); n > limits.Transforms {
		return fmt.Errorf("chain: %d transforms, at most %d are supported", n, limits.Transforms)
	}
	for i, t := range s.Transforms {
		if _, err := Kinds.Name(t); err != nil {
			return fmt.Errorf("transform %d: %w", i, err)
		}
		if err := t.Check(shape, context); err != nil {
			return fmt.Errorf("transform %d: %w", i, err)
		}
		shape = t.Output(shape, false)
	}
	return nil
}

// Output implements [Spec].
func (s *ChainSpec) Output(in Shape, inverse bool) Shape {
	for i := range s.Transforms {
		at := i
		if inverse {
			at = len(s.Transforms) - 1 - i
		}
		in = s.Transforms[at].Output(in, inverse)
	}
	return in
}

// Build implements [Spec].
func (s *ChainSpec) Build(shape Shape, context int, scope autograd.Scope) Transform {
	return s.BuildChain(shape, context, scope)
}

// BuildChain is Build with the type that tells its parts.
func (s *ChainSpec) BuildChain(shape Shape, context int, scope autograd.Scope) *Chain {
	c := &Chain{}
	for i, t := range s.Transforms {
		if scope.Err() != nil {
			break // the set of parameters is refused; build no more
		}
		c.transforms = append(c.transforms, t.Build(shape, context, scope.At("transforms", i)))
		shape = t.Output(shape, false)
	}
	return c
}

// Chain is a sequence of maps.
type Chain struct{ transforms []Transform }

// Sequence returns the chain of maps that are built and bound already.
func Sequence(transforms ...Transform) *Chain { return &Chain{transforms} }

// Transforms returns the parts, in the order of Forward.
func (c *Chain) Transforms() []Transform { return c.transforms }

// Bind implements [Transform].
func (c *Chain) Bind(columns []int, inverse bool) []int {
	for i := range c.transforms {
		columns = c.at(i, inverse).Bind(columns, inverse)
	}
	return columns
}

// at returns the i-th map to be applied in the given direction.
func (c *Chain) at(i int, inverse bool) Transform {
	if inverse {
		return c.transforms[len(c.transforms)-1-i]
	}
	return c.transforms[i]
}

// Initialize implements [Transform].
func (c *Chain) Initialize(seed uint64) {
	for _, t := range c.transforms {
		t.Initialize(seed)
	}
}

// Forward implements [Transform].
func (c *Chain) Forward(p *autograd.Pass, x autograd.Value) autograd.Value {
	for i, t := range c.transforms {
		x = run(p, x, i, t, false)
	}
	return x
}

// run applies the i-th map that a pass comes to, in one direction, and keeps of it
// what the pass wants.
func run(p *autograd.Pass, x autograd.Value, i int, t Transform, inverse bool) autograd.Value {
	m := &p.Memory
	if !p.Recording() || !m.Replay && !m.Reversible || inParts(t) {
		if inverse {
			return t.Inverse(p, x)
		}
		return t.Forward(p, x)
	}
	f := t.Forward
	if inverse {
		f = t.Inverse
	}
	if !m.Reversible || !reversible(t) || m.Every > 0 && i > 0 && i%m.Every == 0 {
		return p.Segment(x, f, nil)
	}
	return p.Segment(x, f, again(t, inverse))
}

// inParts tells whether a map is kept in parts rather than as a whole: a chain,
// whose maps are, and those which only move values.
func inParts(t Transform) bool {
	switch t := t.(type) {
	case *Chain, *augment, *split, *squeeze:
		return true
	case inverted:
		return inParts(t.t)
	}
	return false
}

// anyMap tells whether a map is one of a kind, or a chain or an inverse that has one.
func anyMap(t Transform, is func(Transform) bool) bool {
	switch t := t.(type) {
	case *Chain:
		return slices.ContainsFunc(t.transforms, func(t Transform) bool { return anyMap(t, is) })
	case inverted:
		return anyMap(t.t, is)
	}
	return is(t)
}

// Reversible is a map whose inverse is closed and costs about as much as the
// map, so that training may compute its input from its output.
type Reversible interface {
	Transform
	Reversible() bool
}

// retracer is a Reversible that computes its input from its output, and then the
// output from that on the tape, at less than the cost of both.
type retracer interface {
	// retrace takes y, leaves in its memory the x that the map, or with inverse its
	// inverse, made it of, and returns what it makes of that.
	retrace(p *autograd.Pass, y autograd.Value, inverse bool) autograd.Value
}

// again returns what computes the input of a map, or with inverse of its inverse,
// from its output, and then the output on the tape.
func again(t Transform, inverse bool) func(*autograd.Pass, autograd.Value) autograd.Value {
	switch t := t.(type) {
	case inverted:
		return again(t.t, !inverse)
	case retracer:
		return func(p *autograd.Pass, y autograd.Value) autograd.Value { return t.retrace(p, y, inverse) }
	}
	if inverse {
		return autograd.Rebuild(t.Inverse, t.Forward)
	}
	return autograd.Rebuild(t.Forward, t.Inverse)
}

func reversible(t Transform) bool {
	r, ok := t.(Reversible)
	return ok && r.Reversible()
}

// Inverse implements [Transform].
func (c *Chain) Inverse(p *autograd.Pass, z autograd.Value) autograd.Value {
	for i := range c.transforms {
		z = run(p, z, i, c.at(i, true), true)
	}
	return z
}

// InvertSpec describes a map used the other way round: its forward is the
// other's inverse.
type InvertSpec struct {
	Transform Spec `json:"transform"`
}

// Check implements [Spec].
func (s *InvertSpec) Check(shape Shape, context int) error {
	if _, err := Kinds.Name(s.Transform); err != nil {
		return fmt.Errorf("invert: %w", err)
	}
	if _, err := Augmented(s); err != nil {
		return fmt.Errorf("invert: %w", err)
	}
	before := s.Transform.Output(shape, true)
	if err := s.Transform.Check(before, context); err != nil {
		return fmt.Errorf("invert: %w", err)
	}
	if after := s.Transform.Output(before, false); !slices.Equal(after.Grid, shape.Grid) || after.Features != shape.Features {
		return fmt.Errorf("invert: its map ends with %d features on the grid %v, and there are %d on %v", after.Features, after.Grid, shape.Features, shape.Grid)
	}
	return nil
}

// Output implements [Spec].
func (s *InvertSpec) Output(in Shape, inverse bool) Shape { return s.Transform.Output(in, !inverse) }

// Build implements [Spec].
func (s *InvertSpec) Build(shape Shape, context int, scope autograd.Scope) Transform {
	return Invert(s.Transform.Build(s.Transform.Output(shape, true), context, scope.At("transform")))
}

// Invert returns t used the other way round.
func Invert(t Transform) Transform { return inverted{t} }

type inverted struct{ t Transform }

func (i inverted) Forward(p *autograd.Pass, x autograd.Value) autograd.Value {
	return i.t.Inverse(p, x)
}

func (i inverted) Inverse(p *autograd.Pass, z autograd.Value) autograd.Value {
	return i.t.Forward(p, z)
}

func (i inverted) Reversible() bool                       { return reversible(i.t) }
func (i inverted) Bind(columns []int, inverse bool) []int { return i.t.Bind(columns, !inverse) }
func (i inverted) Initialize(seed uint64)                 { i.t.Initialize(seed) }
