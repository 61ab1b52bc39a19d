package transform

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// PermutationSpec describes a new order of the features: feature i of z is
// feature Order[i] of x. It moves no data and its log-det is 0.
type PermutationSpec struct {
	Order []int `json:"order"`
}

// Reverse returns the permutation that turns the order of n features round.
func Reverse(n int) *PermutationSpec {
	s := &PermutationSpec{Order: make([]int, n)}
	for i := range s.Order {
		s.Order[i] = n - 1 - i
	}
	return s
}

// Check implements [Spec].
func (s *PermutationSpec) Check(shape Shape, _ int) error {
	if err := checkOrder(s.Order, shape.Features); err != nil {
		return fmt.Errorf("permutation: %w", err)
	}
	return nil
}

// checkOrder tells what keeps order from being one of n features.
func checkOrder(order []int, n int) error {
	if len(order) != n {
		return fmt.Errorf("the order is of %d features, there are %d", len(order), n)
	}
	seen := make([]bool, n)
	for i, o := range order {
		if o < 0 || o >= n || seen[o] {
			return fmt.Errorf("entry %d of the order is %d: each of 0 to %d must occur once", i, o, n-1)
		}
		seen[o] = true
	}
	return nil
}

// Relabel returns the data column of each feature of z, given those of x.
func (s *PermutationSpec) Relabel(columns []int) []int {
	return permutation{s.Order}.Bind(columns, false)
}

// Output implements [Spec].
func (s *PermutationSpec) Output(in Shape, _ bool) Shape { return in }

// Build implements [Spec].
func (s *PermutationSpec) Build(Shape, int, autograd.Scope) Transform {
	return permutation{s.Order}
}

type permutation struct{ order []int }

func (p permutation) Bind(columns []int, inverse bool) []int {
	out := make([]int, len(columns))
	for i, o := range p.order {
		if inverse {
			out[o] = columns[i]
		} else {
			out[i] = columns[o]
		}
	}
	return out
}

func (permutation) Forward(p *autograd.Pass, x autograd.Value) autograd.Value {
	return x
}

func (permutation) Inverse(p *autograd.Pass, z autograd.Value) autograd.Value {
	return z
}

func (permutation) Initialize(uint64) {}

// Reversible implements [Reversible].
func (permutation) Reversible() bool { return true }
