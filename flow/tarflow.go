package flow

import (
	"fmt"
	"slices"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// TarFlowOptions say how large a [TarFlow] is; zeros take the defaults, which are
// [TarFlowDefaults].
type TarFlowOptions struct {
	// Patch is the sites of a patch along each dimension of the grid: a patch is
	// one token.
	Patch int
	// Blocks is the number of transformers, each a map, and Layers that of the
	// layers of each.
	Blocks, Layers int
	// Width is that of the transformers, Heads how many parts of it attend on
	// their own.
	Width, Heads int
	// Bound is b of the scale map exp(b·tanh(u/b)); 0 is that of the paper, exp(u),
	// which has no bound.
	Bound float64
	// VolumePreserving makes blocks only shift tokens, and lets the base have a learned
	// standard deviation of each value: the paper's variant without scales.
	VolumePreserving bool
}

// TarFlowDefaults returns what the zero TarFlowOptions mean: patches of 4, and 4
// blocks of 2 layers with 64 columns in 2 heads, for some 50 tokens on two cores.
func TarFlowDefaults() TarFlowOptions {
	return TarFlowOptions{Patch: 4, Blocks: 4, Layers: 2, Width: 64, Heads: 2}
}

// TarFlow is the transformer autoregressive flow of Zhai et al. (2025), for events
// on a grid of one or two dimensions whose sites have the named features: their
// patches are tokens, and each block maps a token by z = (x − t)·exp(−u), where a
// causal transformer computes u and t from the tokens before it; every other
// block goes the other way round. The transformers have GELU and hidden layers four
// times as wide; the first token of a block stays as it is.
func TarFlow(grid []int, features, context []string, o TarFlowOptions) (Config, error) {
	o.fill()
	if err := o.check(grid); err != nil {
		return Config{}, fmt.Errorf("tarflow: %w", err)
	}
	c := Config{Features: features, Context: context, Grid: grid, Base: &base.StandardNormalSpec{}}
	patches := &transform.SqueezeSpec{Block: slices.Repeat([]int{o.Patch}, len(grid))}
	sites := 1
	for _, b := range patches.Block {
		sites *= b
	}
	patches.Order = transform.BySites(sites, len(features))
	if o.Patch > 1 {
		c.Transforms = append(c.Transforms, patches)
	}
	var univariate autograd.Univariate = &autograd.Affine{Scale: autograd.Exp}
	switch {
	case o.VolumePreserving:
		univariate = &autograd.Additive{}
		c.Base = &base.DiagonalNormalSpec{Bound: siteBound, Sites: patches.Output(c.Shape(), false).Sites()}
	case o.Bound > 0:
		univariate = &autograd.Affine{Bound: o.Bound}
	}
	for block := range o.Blocks {
		c.Transforms = append(c.Transforms, &transform.SequentialSpec{
			Univariate: &autograd.Inverse{Of: univariate},
			Conditioner: &nn.TransformerSpec{
				Width: o.Width, Heads: o.Heads, Hidden: 4 * o.Width, Layers: o.Layers, Epsilon: 1e-5, Causal: true,
				Activation: autograd.Activation{Name: autograd.GELUActivation},
			},
			Reverse: block%2 == 1,
		})
	}
	return c, c.Check()
}

// siteBound bounds the log standard deviations of the base.
const siteBound = 8

// headColumns is the width of a head of the transformers of images.
const headColumns = 32

// headsOf returns how many heads divide so many columns.
func headsOf(columns int) int {
	heads := max(1, columns/headColumns)
	for columns%heads != 0 {
		heads--
	}
	return heads
}

// TarFlowImage is [TarFlow] for images: patches of 2^Scales pixels a side and Steps
// blocks of 2 layers with Columns columns, 32 of them a head where that divides them.
func TarFlowImage(o ImageOptions) (Config, error) {
	if err := o.fill(PresetTarFlow); err != nil {
		return Config{}, fmt.Errorf("tarflow: %w", err)
	}
	config := o.beginNormalized()
	blocks, err := TarFlow(config.Grid, config.Features, config.Context, TarFlowOptions{
		Patch: 1 << o.Scales, Blocks: o.Steps, Width: o.Columns, Heads: headsOf(o.Columns), Bound: o.Bound, VolumePreserving: o.VolumePreserving,
	})
	if err != nil {
		return Config{}, err
	}
	config.Base = blocks.Base
	config.Transforms = append(config.Transforms, blocks.Transforms...)
	return config, config.Check()
}

func (o *TarFlowOptions) fill() {
	d := TarFlowDefaults()
	for _, v := range []struct{ given, usual *int }{
		{&o.Patch, &d.Patch}, {&o.Blocks, &d.Blocks}, {&o.Layers, &d.Layers}, {&o.Width, &d.Width}, {&o.Heads, &d.Heads},
	} {
		if *v.given == 0 {
			*v.given = *v.usual
		}
	}
}

func (o *TarFlowOptions) check(grid []int) error {
	if len(grid) < 1 || len(grid) > 2 {
		return fmt.Errorf("a grid of %d dimensions, want one or two", len(grid))
	}
	for _, n := range grid {
		if o.Patch < 1 || n%o.Patch != 0 {
			return fmt.Errorf("patches of %d sites do not fill a grid of %v", o.Patch, grid)
		}
	}
	switch {
	case o.Blocks < 1 || o.Blocks > MaxLayers:
		return fmt.Errorf("%d blocks, want 1 to %d", o.Blocks, MaxLayers)
	case o.Width > nn.MaxWidth/4:
		return fmt.Errorf("a width of %d, want at most %d", o.Width, nn.MaxWidth/4)
	case o.VolumePreserving && o.Bound > 0:
		return fmt.Errorf("a bound of %v of log-scales, where there are none", o.Bound)
	case o.Bound < 0:
		return fmt.Errorf("the bound of the log-scale is %v, want a positive number, or 0 for none", o.Bound)
	}
	return nil
}
