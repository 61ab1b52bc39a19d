package flow

import (
	"fmt"
	"slices"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// The constants of masked and periodic convolutions in presets.
const (
	maskedKernel     = 3
	maskedBound      = 1
	maskedRatio      = 0.9
	mintNetSteps     = 1000
	mintNetTolerance = 1e-9
)

// Emerging is [Glow] with an emerging convolution (Hoogeboom, van den Berg and
// Welling, 2019) in the place of each 1x1 convolution: two masked convolutions of 3 x
// 3 around it, one of what is before a site and one of what is behind. Its log-det is
// exact, and so is its inverse, which goes site by site.
func Emerging(o ImageOptions) (Config, error) {
	masked := func(reverse bool) transform.Spec {
		return &transform.MaskedConvolutionSpec{Kernel: maskedKernel, Bound: maskedBound, Ratio: maskedRatio, Reverse: reverse}
	}
	return glow(o, PresetEmerging, func(transform.Shape) []transform.Spec {
		return []transform.Spec{masked(false), &transform.MatrixSpec{}, masked(true)}
	})
}

// Periodic is [Glow] with a periodic convolution of 3 x 3 (Hoogeboom, van den Berg and
// Welling, 2019) behind each 1x1 convolution, which is one periodic convolution that
// begins as a random rotation of the channels. A grid that such a window goes round has
// the 1x1 convolution alone. Its log-det and its inverse are exact, by a matrix for each
// frequency.
func Periodic(o ImageOptions) (Config, error) {
	return glow(o, PresetPeriodic, func(shape transform.Shape) []transform.Spec {
		mix := []transform.Spec{&transform.MatrixSpec{}}
		if slices.Min(shape.Grid) >= maskedKernel {
			mix = append(mix, &transform.PeriodicConvolutionSpec{Kernel: maskedKernel})
		}
		return mix
	})
}

// MintNet is the flow of Song, Meng and Ermon (2019): pairs of masked convolutional
// networks, one that sees what is before and one that sees what is behind, and
// squeezes between them; nothing leaves. The paper has 20 pairs with up to 45 hidden
// values of each channel for 28 x 28 pixels, and a logit with α = 1e-6; the defaults
// are a pair before and behind each of 2 squeezes, with 8 hidden values of each site, at
// least one of each channel. A context scales and shifts the channels before the pairs of
// each scale; behind a logit comes an ActNorm. Its inverse iterates for all pixels at once.
func MintNet(o ImageOptions) (Config, error) {
	if err := o.fill(PresetMintNet); err != nil {
		return Config{}, fmt.Errorf("mintnet: %w", err)
	}
	config := o.beginNormalized()
	c := &imageChain{shape: config.Shape(), transforms: config.Transforms}
	pairs := func() {
		if len(o.Context) > 0 {
			c.add(&transform.CouplingSpec{
				Mask: slices.Repeat([]bool{true}, c.shape.Features), Univariate: &autograd.Affine{Bound: o.Bound}, Conditioner: &nn.ConvolutionSpec{Kernels: []int{1}},
			})
		}
		for range o.Steps {
			for _, reverse := range []bool{false, true} {
				c.add(&transform.MintNetSpec{
					Kernel: maskedKernel, Copies: max(1, o.Columns/c.shape.Features), Bound: o.Bound,
					Steps: mintNetSteps, Tolerance: mintNetTolerance, Reverse: reverse,
				})
			}
		}
	}
	pairs()
	for range o.Scales {
		c.squeeze(transform.BySites)
		pairs()
	}
	c.end()
	config.Transforms = c.transforms
	return config, config.Check()
}
