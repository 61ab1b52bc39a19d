package transform

import (
	"fmt"
	"slices"

	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// SplitSpec describes where a part of each event leaves the way to the noise
// (Dinh et al., 2017, §3.6): at every site the features of Leave are noise
// already, and the others go on. The log-det is 0.
type SplitSpec struct {
	// Leave lists the features that leave, ascending; some must stay.
	Leave []int `json:"leave"`
}

// Check implements [Spec].
func (s *SplitSpec) Check(in Shape, _ int) error {
	if len(s.Leave) == 0 || len(s.Leave) >= in.Features {
		return fmt.Errorf("split: %d of %d features leave; want at least one, and one that stays", len(s.Leave), in.Features)
	}
	for i, f := range s.Leave {
		if f < 0 || f >= in.Features || i > 0 && f <= s.Leave[i-1] {
			return fmt.Errorf("split: entry %d of those that leave is feature %d: want features 0 to %d, ascending", i, f, in.Features-1)
		}
	}
	return nil
}

// Output implements [Spec].
func (s *SplitSpec) Output(in Shape, inverse bool) Shape {
	if inverse {
		in.Features += len(s.Leave)
	} else {
		in.Features -= len(s.Leave)
	}
	return in
}

// Build implements [Spec].
func (s *SplitSpec) Build(in Shape, _ int, _ autograd.Scope) Transform {
	return &split{leave: s.Leave, features: in.Features}
}

type split struct {
	leave    []int
	features int

	left, kept []int // data columns of x, ascending
}

// Bind gives what stays the columns that it has without the others.
func (t *split) Bind(columns []int, inverse bool) []int {
	x := columns
	if inverse {
		// Any columns do for x; what stays goes first, in the columns of z.
		x = make([]int, t.features)
		z, last := columns, len(columns)
		for f := range x {
			if slices.Contains(t.leave, f) {
				x[f] = last
				last++
			} else {
				x[f], z = z[0], z[1:]
			}
		}
	}
	t.left, t.kept = nil, nil
	for f, c := range x {
		if slices.Contains(t.leave, f) {
			t.left = append(t.left, c)
		} else {
			t.kept = append(t.kept, c)
		}
	}
	out := slices.Clone(t.kept)
	slices.Sort(t.left)
	slices.Sort(t.kept)
	if inverse {
		return x
	}
	for i, c := range out {
		out[i], _ = slices.BinarySearch(t.kept, c)
	}
	return out
}

func (t *split) Initialize(uint64) {}

func (t *split) Forward(p *autograd.Pass, x autograd.Value) autograd.Value {
	p.Leave(p.Take(x, autograd.Columns(t.left)))
	return p.Copy(p.Take(x, autograd.Columns(t.kept)))
}

func (t *split) Inverse(p *autograd.Pass, z autograd.Value) autograd.Value {
	return p.Merge(z, autograd.Columns(t.kept), p.Return(), autograd.Columns(t.left))
}

// Parts returns the shapes of the parts of an event that leave on the way to the
// noise through s, in order of leaving, and the shape of what arrives; or an
// error if something returns that did not leave.
func Parts(s Spec, in Shape) (left []Shape, rest Shape, err error) { return parts(s, in, false, nil) }

func parts(s Spec, in Shape, inverse bool, left []Shape) ([]Shape, Shape, error) {
	switch s := s.(type) {
	case *ChainSpec:
		var err error
		for i := range s.Transforms {
			at := i
			if inverse {
				at = len(s.Transforms) - 1 - i
			}
			if left, in, err = parts(s.Transforms[at], in, inverse, left); err != nil {
				return nil, in, fmt.Errorf("transform %d: %w", at, err)
			}
		}
		return left, in, nil
	case *InvertSpec:
		return parts(s.Transform, in, !inverse, left)
	case *SplitSpec:
		part := Shape{Grid: in.Grid, Features: len(s.Leave)}
		if !inverse {
			return append(left, part), s.Output(in, false), nil
		}
		last := len(left) - 1
		if last < 0 {
			return nil, in, fmt.Errorf("an inverted split wants a part back, and none has left")
		}
		if !slices.Equal(left[last].Grid, part.Grid) || left[last].Features != part.Features {
			return nil, in, fmt.Errorf("an inverted split wants a part of %d features on the grid %v back, and the last that left has %d on %v",
				part.Features, part.Grid, left[last].Features, left[last].Grid)
		}
		return left[:last], s.Output(in, true), nil
	}
	return left, s.Output(in, inverse), nil
}
