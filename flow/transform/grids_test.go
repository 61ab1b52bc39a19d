package transform_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// gridFamilies are rows of the conformance table for maps that need a grid.
var gridFamilies = []struct {
	name    string
	shape   transform.Shape
	spec    transform.Spec
	bound32 float64
}{
	{"squeeze-and-back", transform.Shape{Grid: []int{2, 4}, Features: 3}, squeezed([]int{2, 4}, 3, transform.ByFeatures, coupling(12, affine, 1)), 5e-6},
	{"squeeze-by-sites", transform.Shape{Grid: []int{4, 2}, Features: 1}, squeezed([]int{4, 2}, 1, transform.BySites, coupling(4, affine, 0)), 5e-6},
	{"squeeze-a-line", transform.Shape{Grid: []int{6}, Features: 2}, squeezed([]int{6}, 2, transform.ByDiagonals, coupling(4, affine, 0)), 5e-6},
	{"squeeze-by-diagonals", transform.Shape{Grid: []int{2, 2}, Features: 2}, squeezed([]int{2, 2}, 2, transform.ByDiagonals, convolutional(8)), 5e-6},
	{"inverted-squeeze-first", transform.Shape{Grid: []int{1, 3}, Features: 8}, &transform.ChainSpec{Transforms: []transform.Spec{
		shuffled(8),
		&transform.InvertSpec{Transform: &transform.SqueezeSpec{Block: []int{2, 2}, Order: shuffled(8).Order}},
		coupling(2, affine, 0), transform.Reverse(2),
		&transform.SqueezeSpec{Block: []int{2, 2}, Order: transform.ByFeatures(4, 2)},
		coupling(8, affine, 1),
	}}, 5e-6},
	{"checkerboard-convolution", transform.Shape{Grid: []int{3, 3}, Features: 2}, checkerboards(&nn.ConvolutionSpec{Hidden: []int{6}, Kernels: []int{3, 3}}), 5e-6},
	{"checkerboard-residual", transform.Shape{Grid: []int{2, 3}, Features: 1}, checkerboards(&nn.ResidualConvolutionSpec{Hidden: []int{5, 4}, Kernels: []int{3, 3, 1}}), 5e-6},
	{"coupling-convolution-actnorm", transform.Shape{Grid: []int{2, 3}, Features: 3}, normalized(3), 5e-6},
	{"coupling-sites", transform.Shape{Grid: []int{2, 3}, Features: 2}, ofSites(2), 5e-6},
	{"coupling-sites-line", transform.Shape{Grid: []int{3}, Features: 1}, ofSites(1), 5e-6},
	{"checkerboard-line", transform.Shape{Grid: []int{5}, Features: 2}, checkerboards(&nn.ConvolutionSpec{Hidden: []int{4}, Kernels: []int{5, 3}, Outside: []float64{0, 1}}), 5e-6},
	{"masked-convolution", transform.Shape{Grid: []int{3, 4}, Features: 2}, masked(3, 0.9, false), 2e-6},
	{"masked-convolution-reversed", transform.Shape{Grid: []int{3, 2}, Features: 3}, &transform.ChainSpec{Transforms: []transform.Spec{
		shuffled(3), masked(3, 0.9, true), shuffled(3), masked(5, 0.5, false)}}, 4e-6},
	{"masked-convolution-line", transform.Shape{Grid: []int{5}, Features: 1}, masked(5, 0.9, true), 2e-6},
	{"periodic-convolution", transform.Shape{Grid: []int{3, 4}, Features: 2}, &transform.PeriodicConvolutionSpec{Kernel: 3}, 2e-5},
	{"periodic-convolution-even", transform.Shape{Grid: []int{4, 4}, Features: 1}, &transform.PeriodicConvolutionSpec{Kernel: 3}, 2e-5},
	{"periodic-convolution-line", transform.Shape{Grid: []int{5}, Features: 3}, &transform.ChainSpec{Transforms: []transform.Spec{
		shuffled(3), &transform.PeriodicConvolutionSpec{Kernel: 5}, shuffled(3), &transform.PeriodicConvolutionSpec{Kernel: 1}}}, 4e-5},
	{"mintnet", transform.Shape{Grid: []int{3, 3}, Features: 2}, mintNet(3, 2, false), 4e-6},
	{"mintnet-reversed", transform.Shape{Grid: []int{2, 3}, Features: 2}, &transform.ChainSpec{Transforms: []transform.Spec{
		shuffled(2), mintNet(3, 3, true), shuffled(2), mintNet(3, 1, false)}}, 8e-6},
	{"mintnet-line", transform.Shape{Grid: []int{4}, Features: 1}, mintNet(5, 2, true), 4e-6},
	{solved + "convolutions", transform.Shape{Grid: []int{2, 3}, Features: 2}, continuous(transform.SolverSpec{Method: transform.RK4, Steps: 4},
		nn.VelocitySpec{Hidden: []int{3}, Kernels: []int{3, 1}, Frequencies: 1, Activation: autograd.Activation{Name: autograd.SiLUActivation}}), 4e-6},
	{solved + "convolutions-adaptive", transform.Shape{Grid: []int{3}, Features: 1}, continuous(transform.SolverSpec{Method: transform.Dopri5, Tolerance: 1e-7},
		nn.VelocitySpec{Hidden: []int{3, 2}, Kernels: []int{3, 3, 1}, Gated: true, Activation: autograd.Activation{Name: autograd.TanhActivation}}), 4e-6},
	{solved + "residual-convolutions", transform.Shape{Grid: []int{2, 2}, Features: 1}, continuous(transform.SolverSpec{Method: transform.Dopri5, Tolerance: 1e-7}, nn.VelocitySpec{
		Network: &nn.ResidualConvolutionSpec{Hidden: []int{2, 2}, Kernels: []int{3, 3, 1}, Gated: true, ContextGated: true, Scaled: true, Activation: autograd.Activation{Name: autograd.SiLUActivation}}}), 8e-6},
	{solved + "transformer", transform.Shape{Grid: []int{3}, Features: 1}, continuous(transform.SolverSpec{Method: transform.Dopri5, Tolerance: 1e-7}, nn.VelocitySpec{
		Network: &nn.TransformerSpec{Width: 3, Heads: 1, Hidden: 2, Layers: 1, Epsilon: 0.1, Modulated: true, Activation: autograd.Activation{Name: autograd.GELUActivation}}}), 2e-5},
	{"steps-of-glow", transform.Shape{Grid: []int{2, 2}, Features: 1}, squeezed([]int{2, 2}, 1, transform.ByFeatures,
		&transform.ActNormSpec{Bound: 3}, &transform.MatrixSpec{}, convolutional(4), &transform.BatchNormSpec{Epsilon: 1e-4, Momentum: 0.1}, &transform.LUSpec{Bound: 2}), 3e-5},
}

// squeezed puts maps between a squeeze and its inverse, and permutations around
// both.
func squeezed(grid []int, features int, order func(sites, features int) []int, inside ...transform.Spec) transform.Spec {
	s := transform.Squeeze(grid, features, order)
	n := len(s.Order)
	all := append([]transform.Spec{shuffled(features), s, shuffled(n)}, inside...)
	return &transform.ChainSpec{Transforms: append(all, &transform.InvertSpec{Transform: s}, shuffled(features))}
}

// normalized is a coupling by a network with ActNorm in its hidden layers.
func normalized(d int) *transform.CouplingSpec {
	s := coupling(d, affine, 0)
	s.Conditioner = &nn.ConvolutionSpec{Hidden: []int{5, 4}, Kernels: []int{3, 1, 3}, ActNorm: true, LogScale: 3}
	return s
}

// ofSites is a coupling of the last feature by what their sites have.
func ofSites(d int) *transform.CouplingSpec {
	return &transform.CouplingSpec{Mask: append(make([]bool, d-1), true), Univariate: affine, Conditioner: &nn.SitesSpec{}}
}

func masked(kernel int, ratio float64, reverse bool) *transform.MaskedConvolutionSpec {
	return &transform.MaskedConvolutionSpec{Kernel: kernel, Bound: 1.5, Ratio: ratio, Reverse: reverse}
}

func mintNet(kernel, copies int, reverse bool) *transform.MintNetSpec {
	return &transform.MintNetSpec{Kernel: kernel, Copies: copies, Bound: 1.5, Steps: 500, Tolerance: 1e-13, Reverse: reverse}
}

func convolutional(d int) *transform.CouplingSpec {
	s := coupling(d, affine, 0)
	s.Conditioner = &nn.ConvolutionSpec{Hidden: []int{7, 6}, Kernels: []int{3, 1, 3}, LogScale: 3}
	return s
}

func checkerboards(network nn.Spec) transform.Spec {
	s := &transform.ChainSpec{}
	for _, sites := range []transform.Checkerboard{transform.Even, transform.Odd} {
		s.Transforms = append(s.Transforms, &transform.CouplingSpec{Sites: sites, Univariate: affine, Conditioner: network})
	}
	return s
}

func TestGridConformance(t *testing.T) {
	for _, f := range gridFamilies {
		for _, context := range []int{0, 2} {
			if testing.Short() && context > 0 {
				continue // for emulated processors, which are slow
			}
			t.Run(fmt.Sprintf("%s/context=%d", f.name, context), func(t *testing.T) {
				t.Parallel()
				conforms(t, f.spec, f.shape, context, f.bound32)
			})
		}
	}
}

// TestGridSpecsAreChecked gives specs that do not fit their grid.
func TestGridSpecsAreChecked(t *testing.T) {
	image, rk4 := transform.Shape{Grid: []int{4, 6}, Features: 2}, transform.SolverSpec{Method: transform.RK4, Steps: 1}
	network := func(n nn.Spec) transform.Spec {
		return &transform.CouplingSpec{Mask: []bool{false, true}, Univariate: affine, Conditioner: n}
	}
	for name, bad := range map[string]struct {
		shape transform.Shape
		spec  transform.Spec
	}{
		"blocks that do not fill the grid":   {image, &transform.SqueezeSpec{Block: []int{2, 4}, Order: transform.BySites(8, 2)}},
		"a block of one dimension":           {image, &transform.SqueezeSpec{Block: []int{2}, Order: transform.BySites(2, 2)}},
		"no grid":                            {transform.Shape{Features: 2}, &transform.SqueezeSpec{Block: []int{}, Order: []int{0, 1}}},
		"a block of nothing":                 {image, &transform.SqueezeSpec{Block: []int{0, 2}, Order: nil}},
		"a short order":                      {image, &transform.SqueezeSpec{Block: []int{2, 2}, Order: []int{0, 1}}},
		"an order with a value twice":        {image, &transform.SqueezeSpec{Block: []int{1, 2}, Order: []int{0, 1, 2, 2}}},
		"an inverse of other features":       {transform.Shape{Grid: []int{2, 2}, Features: 5}, &transform.InvertSpec{Transform: &transform.SqueezeSpec{Block: []int{2, 2}, Order: []int{3, 1, 2, 0}}}},
		"an unknown color":                   {image, &transform.CouplingSpec{Sites: "black", Univariate: affine, Conditioner: &nn.MLPSpec{}}},
		"a color and a mask":                 {image, &transform.CouplingSpec{Sites: transform.Odd, Mask: []bool{true, false}, Univariate: affine, Conditioner: &nn.MLPSpec{}}},
		"a checkerboard of one site":         {transform.Shape{Features: 2}, &transform.CouplingSpec{Sites: transform.Even, Univariate: affine, Conditioner: &nn.MLPSpec{}}},
		"few kernels":                        {image, network(&nn.ConvolutionSpec{Hidden: []int{3}, Kernels: []int{3}})},
		"an even kernel":                     {image, network(&nn.ConvolutionSpec{Kernels: []int{2}})},
		"a grid of three dimensions":         {transform.Shape{Grid: []int{2, 2, 2}, Features: 2}, network(&nn.ConvolutionSpec{Kernels: []int{3}})},
		"few values outside":                 {image, network(&nn.ConvolutionSpec{Kernels: []int{3}, Outside: []float64{1, 1}})},
		"an infinite value outside":          {image, network(&nn.ConvolutionSpec{Kernels: []int{3}, Outside: []float64{math.Inf(1)}})},
		"a negative dilation":                {image, network(&nn.ConvolutionSpec{Kernels: []int{3}, Dilation: -1})},
		"a log-scale below 0":                {image, network(&nn.ConvolutionSpec{Kernels: []int{3}, LogScale: -1})},
		"a velocity of a ReLU network":       {image, continuous(rk4, nn.VelocitySpec{Network: &nn.ResidualConvolutionSpec{Hidden: []int{3}, Kernels: []int{3, 3, 1}}})},
		"a velocity of a causal network":     {image, continuous(rk4, nn.VelocitySpec{Network: &nn.TransformerSpec{Width: 4, Heads: 1, Hidden: 3, Layers: 1, Epsilon: 0.5, Causal: true, Activation: tanh}})},
		"a velocity of a perceptron":         {image, continuous(rk4, nn.VelocitySpec{Network: &nn.MLPSpec{Activation: tanh}})},
		"a velocity of layers and a network": {image, continuous(rk4, nn.VelocitySpec{Hidden: []int{3}, Network: &nn.ResidualConvolutionSpec{Hidden: []int{3}, Kernels: []int{3, 3, 1}, Activation: tanh}})},
		"a gate of no context":               {image, network(&nn.ResidualConvolutionSpec{Hidden: []int{3}, Kernels: []int{3, 3, 1}, ContextGated: true})},
		"a modulation of no context":         {image, network(&nn.TransformerSpec{Width: 4, Heads: 1, Hidden: 3, Layers: 1, Epsilon: 0.5, Modulated: true})},
		"no stream":                          {image, network(&nn.ResidualConvolutionSpec{Kernels: []int{3, 3, 1}})},
		"two kernels":                        {image, network(&nn.ResidualConvolutionSpec{Hidden: []int{3}, Kernels: []int{3, 1}})},
		"a large matrix":                     {transform.Shape{Features: 2000}, &transform.MatrixSpec{}},
	} {
		if err := bad.spec.Check(bad.shape, 0); err == nil {
			t.Errorf("%s is no error", name)
		} else {
			t.Log(err)
		}
	}
}
