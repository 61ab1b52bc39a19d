package transform

import (
	"fmt"
	"slices"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/limits"
)

// SqueezeSpec describes the squeezing of blocks of sites into features (Dinh et
// al., 2017, §3.6): an image of H x W sites of C features becomes one of H/2 x W/2
// sites of 4·C features, for blocks of 2 x 2. The log-det is 0.
//
// Papers and libraries differ in the order of the new features, which decides
// what a split or a mask of features takes: see [SqueezeSpec.Order].
type SqueezeSpec struct {
	// Block is the sites of a block along each dimension of the grid.
	Block []int `json:"block"`
	// Order says which value of a block each new feature is: feature c of the
	// block's site number s, counted line by line, is value s·C + c.
	Order []int `json:"order"`
}

// BySites is the order of a squeeze, of blocks with so many sites of so many
// features, that has the features of the first site, then those of the next, as
// RealNVP.
func BySites(sites, features int) []int { return ascending(sites * features) }

// ByFeatures is the order that has the first feature of each site, then the next,
// as Glow.
func ByFeatures(sites, features int) []int {
	order := make([]int, 0, sites*features)
	for c := range features {
		for s := range sites {
			order = append(order, s*features+c)
		}
	}
	return order
}

// ByDiagonals is BySites of the sites 0, 3, 1, 2 of a block of 2 x 2, so that the
// first half is one color of a checkerboard, as RealNVP has before its splits.
func ByDiagonals(sites, features int) []int {
	order := BySites(sites, features)
	if sites == 4 {
		for i, s := range [4]int{0, 3, 1, 2} {
			for c := range features {
				order[i*features+c] = s*features + c
			}
		}
	}
	return order
}

// ascending returns 0, 1, … n−1.
func ascending(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// Squeeze describes the squeezing of blocks of 2 x 2 sites (on a line, of 2) of so
// many features in an order.
func Squeeze(grid []int, features int, order func(sites, features int) []int) *SqueezeSpec {
	s := &SqueezeSpec{Block: slices.Repeat([]int{2}, len(grid))}
	s.Order = order(s.sites(), features)
	return s
}

// sites returns the number of sites of a block.
func (s *SqueezeSpec) sites() int {
	n := 1
	for _, b := range s.Block {
		n *= b
	}
	return n
}

// Check implements [Spec].
func (s *SqueezeSpec) Check(in Shape, _ int) error {
	if len(in.Grid) < 1 || len(in.Grid) > 2 || len(s.Block) != len(in.Grid) {
		return fmt.Errorf("squeeze: a block of %d dimensions on a grid of %d; want one or two of both", len(s.Block), len(in.Grid))
	}
	for i, b := range s.Block {
		if b < 1 || b > limits.Block || in.Grid[i]%b != 0 {
			return fmt.Errorf("squeeze: blocks of %v sites do not fill a grid of %v", s.Block, in.Grid)
		}
	}
	for _, shape := range []Shape{in, s.Output(in, false)} {
		if err := shape.Check(); err != nil {
			return fmt.Errorf("squeeze: %w", err)
		}
	}
	if err := checkOrder(s.Order, s.sites()*in.Features); err != nil {
		return fmt.Errorf("squeeze: %w", err)
	}
	return nil
}

// Output implements [Spec].
func (s *SqueezeSpec) Output(in Shape, inverse bool) Shape {
	out := Shape{Grid: slices.Clone(in.Grid), Features: in.Features * s.sites()}
	if inverse {
		out.Features = in.Features / s.sites()
	}
	for i, b := range s.Block[:min(len(s.Block), len(out.Grid))] {
		if inverse {
			out.Grid[i] *= b
		} else {
			out.Grid[i] /= b
		}
	}
	return out
}

// Build implements [Spec].
func (s *SqueezeSpec) Build(in Shape, _ int, _ autograd.Scope) Transform {
	t := &squeeze{order: s.Order, features: in.Features, blocks: autograd.Blocks{Grid: [2]int{1, 1}, Block: [2]int{1, 1}}}
	copy(t.blocks.Grid[2-len(in.Grid):], in.Grid)
	copy(t.blocks.Block[2-len(s.Block):], s.Block)
	return t
}

type squeeze struct {
	order    []int
	features int
	blocks   autograd.Blocks
}

// Bind keeps the columns of each site of a block together, in the order of the
// sites. Going back, the values come from wherever they are.
func (t *squeeze) Bind(columns []int, inverse bool) []int {
	t.blocks.At = nil
	if inverse {
		t.blocks.At = make([]int, len(t.order))
		for i, value := range t.order {
			t.blocks.At[value] = columns[i]
		}
		return ascending(t.features)
	}
	out := make([]int, len(t.order))
	for i, value := range t.order {
		out[i] = value/t.features*t.features + columns[value%t.features]
	}
	return out
}

func (t *squeeze) Initialize(uint64) {}

func (t *squeeze) Forward(p *autograd.Pass, x autograd.Value) autograd.Value {
	return p.Squeeze(x, t.blocks, false)
}

func (t *squeeze) Inverse(p *autograd.Pass, z autograd.Value) autograd.Value {
	return p.Squeeze(z, t.blocks, true)
}
