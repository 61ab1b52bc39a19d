package nn

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// SitesSpec describes a conditioner that looks at no feature, even where some are
// kept, and knows where it is: at site s of the grid the parameters are
//
//	y = Wₛ·c + bₛ
//
// of the context c, or without one the constants bₛ. It is the mean and the
// log-scale of a base whose pixels differ, as normflows has it for each class.
type SitesSpec struct{}

// Check implements [Spec].
func (s *SitesSpec) Check(in autograd.Shape, _ int) error {
	if len(in.Grid) > 2 {
		return fmt.Errorf("sites: the grid has %d dimensions, want at most two", len(in.Grid))
	}
	return nil
}

// Build implements [Spec]: the parameters are weight [context, sites·out] and bias
// of layer, or without a context constant, each site by site.
func (s *SitesSpec) Build(shape autograd.Shape, context, out int, scope autograd.Scope) Conditioner {
	grid := convolutionsOn(shape.Grid, 1).grid
	m := &sites{blocks: autograd.Blocks{Grid: grid, Block: grid}}
	if n := shape.Sites() * out; context > 0 {
		m.layer = scope.At("layer").NewLinear(context, n)
	} else {
		m.constant = scope.New("constant", 1, n)
	}
	return m
}

type sites struct {
	blocks   autograd.Blocks     // the whole grid is one
	layer    *autograd.Linear    // nil where there is no context
	constant *autograd.Parameter // nil where there is one
}

func (m *sites) Compute(p *autograd.Pass, _ autograd.Value, rows int) autograd.Value {
	if m.layer != nil {
		return p.Squeeze(p.Linear(p.Context, m.layer, blas.None), m.blocks, true)
	}
	return p.Squeeze(p.Repeat(m.constant, rows/(m.blocks.Grid[0]*m.blocks.Grid[1])), m.blocks, true)
}

// Initialize sets all values to zero.
func (m *sites) Initialize(uint64) {
	if m.layer != nil {
		clear(m.layer.Weight.Values())
		clear(m.layer.Bias.Values())
		return
	}
	clear(m.constant.Values())
}
