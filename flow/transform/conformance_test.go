package transform_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/kernels"
)

// family is one row of the conformance table: how to describe a transform of d
// features, and how far its float32 results may be from its float64 ones,
// relative to 1 + |value|.
type family struct {
	name    string
	spec    func(d int) transform.Spec
	bound32 float64
}

// gated has the families that need a context.
var gated = map[string]bool{
	"coupling-gated": true, "autoregressive-gated": true, activated + "coupling-context-gated-convolution": true,
	"autoregressive-encoder": true, activated + "encoder-tanh": true, activated + "encoder-residual": true, activated + "encoder-gated": true,
}

var families = []family{
	{"coupling-affine", func(d int) transform.Spec { return coupling(d, affine, 0) }, 2e-6},
	{"coupling-exp", func(d int) transform.Spec { return coupling(d, scaled(autograd.Affine{Scale: autograd.Exp}), 0) }, 2e-6},
	{"coupling-softclip", func(d int) transform.Spec {
		return coupling(d, scaled(autograd.Affine{Scale: autograd.Softclip, Bound: 6.907755278982137}), 0)
	}, 2e-6},
	{"coupling-sigmoid", func(d int) transform.Spec {
		return coupling(d, scaled(autograd.Affine{Scale: autograd.Sigmoid, Epsilon: 1e-3}), 0)
	}, 2e-6},
	{"coupling-sigmoid-without-epsilon", func(d int) transform.Spec {
		return coupling(d, scaled(autograd.Affine{Scale: autograd.Sigmoid}), 1)
	}, 2e-6},
	{"coupling-softplus", func(d int) transform.Spec {
		return coupling(d, scaled(autograd.Affine{Scale: autograd.Softplus, Epsilon: 1e-3}), 0)
	}, 2e-6},
	{"coupling-sigmoid-reciprocal", func(d int) transform.Spec {
		return coupling(d, scaled(autograd.Affine{Scale: autograd.SigmoidReciprocal}), 0)
	}, 2e-6},
	{"coupling-affine-alternating", func(d int) transform.Spec { return coupling(d, affine, 1) }, 2e-6},
	{"coupling-additive", func(d int) transform.Spec {
		return coupling(d, &autograd.Additive{}, 0)
	}, 2e-6},
	{"coupling-without-hidden-layers", func(d int) transform.Spec {
		s := coupling(d, affine, 0)
		s.Conditioner = &nn.MLPSpec{}
		return s
	}, 2e-6},
	{"coupling-residual", func(d int) transform.Spec {
		s := coupling(d, affine, 0)
		s.Conditioner = &nn.ResidualSpec{Hidden: []int{9, 17, 5}}
		return s
	}, 2e-6},
	{"coupling-gated", func(d int) transform.Spec {
		s := coupling(d, affine, 1)
		s.Conditioner = &nn.ResidualSpec{Hidden: []int{9, 17, 5}, Gated: true}
		return s
	}, 2e-6},
	{"coupling-convolution", func(d int) transform.Spec {
		s := coupling(d, affine, 0)
		s.Conditioner = &nn.ConvolutionSpec{Hidden: []int{9, 17}, Kernels: []int{3, 1, 3}, LogScale: 3}
		return s
	}, 4e-6},
	{activated + "coupling-convolution-without-hidden-layers", func(d int) transform.Spec {
		s := coupling(d, affine, 1)
		s.Conditioner = &nn.ConvolutionSpec{Kernels: []int{3}, Dilation: 2}
		return s
	}, 4e-6},
	{activated + "coupling-convolution-elu", func(d int) transform.Spec {
		s := coupling(d, affine, 1)
		s.Conditioner = &nn.ConvolutionSpec{Hidden: []int{8}, Kernels: []int{1, 3}, Outside: []float64{0, 1}, Activation: autograd.Activation{Name: autograd.ELUActivation}}
		return s
	}, 4e-6},
	{"coupling-residual-convolution", func(d int) transform.Spec {
		s := coupling(d, affine, 0)
		s.Conditioner = &nn.ResidualConvolutionSpec{Hidden: []int{9, 7, 5}, Kernels: []int{3, 3, 1}}
		return s
	}, 4e-6},
	{activated + "coupling-gated-convolution", func(d int) transform.Spec {
		s := coupling(d, affine, 1)
		s.Conditioner = &nn.ResidualConvolutionSpec{Hidden: []int{9, 5}, Kernels: []int{1, 3, 3}, Gated: true, Activation: autograd.Activation{Name: autograd.SiLUActivation}}
		return s
	}, 4e-6},
	{activated + "coupling-context-gated-convolution", func(d int) transform.Spec {
		s := coupling(d, affine, 0)
		s.Conditioner = &nn.ResidualConvolutionSpec{Hidden: []int{7, 5, 6}, Kernels: []int{1, 3, 1}, ContextGated: true, Scaled: true, Activation: autograd.Activation{Name: autograd.SiLUActivation}}
		return s
	}, 4e-6},
	{"autoregressive-gated", func(d int) transform.Spec {
		s := autoregressive(d, affine, true, "random")
		s.Conditioner.Gated = true
		s.Conditioner.Units = append(s.Conditioner.Units, nn.EvenUnits(d, 11, true))
		return s
	}, 4e-6},
	{"autoregressive-encoder", func(d int) transform.Spec {
		s := autoregressive(d, affine, false, "random")
		s.Conditioner.Encoder = true
		return s
	}, 4e-6},
	{activated + "encoder-tanh", func(d int) transform.Spec {
		s := autoregressive(d, affine, false, "reversed")
		s.Conditioner.Encoder = true
		s.Conditioner.Activation.Name = autograd.TanhActivation
		return s
	}, 4e-6},
	{activated + "encoder-residual", func(d int) transform.Spec {
		s := autoregressive(d, affine, true, "random")
		s.Conditioner.Encoder, s.Conditioner.BlockContext = true, true
		s.Conditioner.Units = append(s.Conditioner.Units, nn.EvenUnits(d, 11, true))
		return s
	}, 4e-6},
	{activated + "encoder-gated", func(d int) transform.Spec {
		s := autoregressive(d, affine, true, "random")
		s.Conditioner.BlockContext, s.Conditioner.Gated, s.Conditioner.Plain = true, true, true
		s.Conditioner.Activation.Name = autograd.ELUActivation
		return s
	}, 4e-6},
	{"autoregressive-plain", func(d int) transform.Spec {
		s := autoregressive(d, affine, true, "random")
		s.Conditioner.Plain = true
		s.Conditioner.Units = append(s.Conditioner.Units, nn.EvenUnits(d, 11, true))
		return s
	}, 4e-6},
	{"elementwise-normal-mixture", func(int) transform.Spec {
		return &transform.ElementwiseSpec{Univariate: autograd.Widen(&autograd.NormalMixture{Components: 3, Margin: 1e-6, Bound: 10})}
	}, 4e-6},
	{"coupling-sinh-arcsinh", func(d int) transform.Spec { return coupling(d, autograd.Widen(&autograd.SinhArcsinh{Bound: 1.5}), 0) }, 4e-6},
	{"autoregressive-sinh-arcsinh", func(d int) transform.Spec {
		return autoregressive(d, autograd.Widen(&autograd.SinhArcsinh{Bound: 0.5}), false, "random")
	}, 8e-6},
	{"coupling-mixture-logit", func(d int) transform.Spec {
		return coupling(d, &autograd.LogisticMixture{Components: 3, Bound: 3, Weights: true, Logit: true}, 0)
	}, 1e-5},
	{"autoregressive-mixture-logit", func(d int) transform.Spec {
		return autoregressive(d, &autograd.LogisticMixture{Components: 2, Bound: 3, Logit: true, Spread: 0.5}, false, "random")
	}, 1e-5},
	{"elementwise-mixture", func(int) transform.Spec {
		return &transform.ElementwiseSpec{Univariate: &autograd.LogisticMixture{Components: 3, Bound: 7}}
	}, 1e-5},
	{"coupling-mixture", func(d int) transform.Spec {
		return coupling(d, &autograd.LogisticMixture{Components: 2, Bound: 2, Weights: true}, 1)
	}, 1e-5},
	{"coupling-composed-mixture", func(d int) transform.Spec {
		return coupling(d, &autograd.Composed{First: &autograd.LogisticMixture{Components: 2, Bound: 2, Weights: true, Logit: true}, Second: affine}, 1)
	}, 1e-5},
	{"coupling-dense-sigmoidal", func(d int) transform.Spec {
		return coupling(d, autograd.Widen(&autograd.DenseSigmoidal{Hidden: 2, Layers: 3, Bound: 2, Tolerance: 1e-14}), 1)
	}, 8e-6},
	{"autoregressive-dense-sigmoidal-constants", func(d int) transform.Spec {
		u := &autograd.DenseSigmoidal{Hidden: 3, Layers: 2, Bound: 3, Spread: 0.5, Diagonal: 1.5, Tolerance: 1e-14}
		s := autoregressive(d, autograd.Widen(u), false, "random")
		s.Conditioner.Constants = u.Constants()
		return s
	}, 8e-6},
	{"elementwise-dense-sigmoidal", func(int) transform.Spec {
		return &transform.ElementwiseSpec{Univariate: autograd.Widen(&autograd.DenseSigmoidal{Hidden: 4, Layers: 2, Bound: 2, Tolerance: 1e-14})}
	}, 8e-6},
	{"coupling-bernstein-polynomial", func(d int) transform.Spec {
		return coupling(d, autograd.Widen(&autograd.Bernstein{Degree: 5, Bound: 2, MinSlope: 1e-3, Tolerance: 1e-14}), 1)
	}, 4e-6},
	{"autoregressive-bernstein-polynomial", func(d int) transform.Spec {
		return autoregressive(d, autograd.Widen(&autograd.Bernstein{Degree: 1, Bound: 1, MinSlope: 0.1, Tolerance: 1e-14}), false, "random")
	}, 4e-6},
	{"coupling-bounded-polynomial", func(d int) transform.Spec {
		return coupling(d, autograd.Widen(&autograd.BoundedBernstein{Parameters: 3, Bound: 2, Tolerance: 1e-14}), 1)
	}, 4e-6},
	{"autoregressive-bounded-polynomial", func(d int) transform.Spec {
		return autoregressive(d, autograd.Widen(&autograd.BoundedBernstein{Parameters: 5, Bound: 4, Tolerance: 1e-14}), false, "random")
	}, 4e-6},
	{"coupling-squared-polynomial", func(d int) transform.Spec {
		return coupling(d, autograd.Widen(&autograd.SquaredPolynomials{Polynomials: 3, Degree: 2, Scale: 2, MinSlope: 1e-2, Tolerance: 1e-14}), 0)
	}, 8e-6},
	{"autoregressive-squared-polynomial", func(d int) transform.Spec {
		return autoregressive(d, autograd.Widen(&autograd.SquaredPolynomials{Polynomials: 2, Degree: 1, Scale: 2, MinSlope: 1e-2, Tolerance: 1e-14}), false, "random")
	}, 8e-6},
	{"elementwise-softclip", func(int) transform.Spec {
		return &transform.ElementwiseSpec{Univariate: autograd.Widen(&autograd.SoftclipMap{Bound: 11})}
	}, 2e-6},
	{"coupling-composed-softclip", func(d int) transform.Spec {
		return coupling(d, &autograd.Composed{First: affine, Second: autograd.Widen(&autograd.SoftclipMap{Bound: 11})}, 1)
	}, 2e-6},
	{"autoregressive-monotonic-integral-constants", func(d int) transform.Spec {
		u := &autograd.MonotonicMLP{Hidden: []int{3, 4}, Tolerance: 1e-14}
		s := autoregressive(d, autograd.Widen(u), false, "random")
		s.Conditioner.Constants = u.Constants()
		return s
	}, 8e-6},
	{"autoregressive-integral-mlp-constants", func(d int) transform.Spec {
		u := &autograd.IntegralMLP{Hidden: []int{2, 3}, Activation: autograd.Activation{Name: autograd.TanhActivation}, Quadrature: autograd.GaussLegendre, Points: 48, Tolerance: 1e-14}
		s := autoregressive(d, autograd.Widen(u), false, "random")
		s.Conditioner.Constants = u.Constants()
		return s
	}, 8e-6},
	{"coupling-integral-mlp", func(d int) transform.Spec {
		return coupling(d, autograd.Widen(&autograd.IntegralMLP{Hidden: []int{2}, Activation: autograd.Activation{Name: autograd.SiLUActivation}, Quadrature: autograd.ClenshawCurtis, Points: 33, Tolerance: 1e-14}), 1)
	}, 8e-6},
	{"coupling-integral-network", func(d int) transform.Spec {
		return coupling(d, autograd.Widen(&autograd.MonotoneNetwork{Hidden: 2, Quadrature: autograd.GaussLegendre, Points: 48, Bound: 3, MinSlope: 1e-2, Tolerance: 1e-14}), 1)
	}, 8e-6},
	{"coupling-integral-network-extrema", func(d int) transform.Spec {
		return coupling(d, autograd.Widen(&autograd.MonotoneNetwork{Hidden: 1, Quadrature: autograd.ClenshawCurtis, Points: 97, Bound: 3, MinSlope: 1e-2, Tolerance: 1e-14}), 1)
	}, 8e-6},
	{"coupling-squares-polynomial", func(d int) transform.Spec {
		return coupling(d, autograd.Widen(&autograd.SumOfSquares{Degree: 2, Scale: 3, MinSlope: 1e-2, Tolerance: 1e-14}), 0)
	}, 8e-6},
	{"autoregressive-squares-polynomial", func(d int) transform.Spec {
		return autoregressive(d, autograd.Widen(&autograd.SumOfSquares{Degree: 1, Scale: 3, MinSlope: 1e-2, Tolerance: 1e-14}), false, "random")
	}, 8e-6},
	{"gaussianization-mixture", func(int) transform.Spec { return &transform.GaussianizationSpec{Components: 2, Bound: 7} }, 1e-5},
	{"coupling-spline", func(d int) transform.Spec { return coupling(d, spline(2, false), 0) }, 2e-5},
	{"coupling-circular-spline", func(d int) transform.Spec { return coupling(d, spline(3, true), 1) }, 2e-5},
	{"coupling-angles", func(d int) transform.Spec { return withAngles(coupling(d, affine, 0)) }, 4e-6},
	{"coupling-angles-spline", func(d int) transform.Spec { return withAngles(coupling(d, spline(3, true), 1)) }, 2e-5},
	{"coupling-softclip-spline", func(d int) transform.Spec {
		return coupling(d, &autograd.Spline{Rule: kernels.Spline{Bins: 6, Bound: 2, Softclip: 6.9077554}}, 0)
	}, 2e-5},
	{"elementwise-spline", func(int) transform.Spec { return &transform.ElementwiseSpec{Univariate: spline(2, false)} }, 2e-5},
	{"elementwise-affine", func(int) transform.Spec { return &transform.ElementwiseSpec{Univariate: affine} }, 2e-6},
	{"elementwise-masked", func(d int) transform.Spec {
		s := &transform.ElementwiseSpec{Mask: make([]bool, d), Univariate: affine}
		for i := range s.Mask {
			s.Mask[i] = i%2 == 0
		}
		return s
	}, 2e-6},
	{"permutation", func(d int) transform.Spec { return shuffled(d) }, 0},
	{"split-and-back", splitAndBack, 1e-5},
	{"actnorm", func(int) transform.Spec { return &transform.ActNormSpec{Bound: 3} }, 2e-6},
	{"batchnorm", func(int) transform.Spec { return &transform.BatchNormSpec{Epsilon: 1e-5, Momentum: 0.1} }, 2e-6},
	{"planar", func(int) transform.Spec { return &transform.PlanarSpec{} }, 2e-6},
	{"radial", func(int) transform.Spec { return &transform.RadialSpec{} }, 2e-6},
	{"bnaf", func(int) transform.Spec { return &transform.BNAFSpec{Units: []int{3}, Bound: 3, Tolerance: 1e-14} }, 4e-6},
	{"bnaf-deep", func(int) transform.Spec {
		return &transform.BNAFSpec{Units: []int{2, 4}, Bound: 2, Tolerance: 1e-14}
	}, 4e-6},
	{"residual", func(int) transform.Spec { return &transform.ResidualSpec{Hidden: 7, Lipschitz: 0.8} }, 5e-6},
	{"residual-network", func(int) transform.Spec {
		return &transform.ResidualNetworkSpec{Hidden: []int{5, 4}, Lipschitz: 0.5, Activation: autograd.Activation{Name: autograd.SiLUActivation}}
	}, 5e-6},
	{"residual-network-shallow", func(int) transform.Spec {
		return &transform.ResidualNetworkSpec{Hidden: []int{6}, Lipschitz: 0.4, Activation: autograd.Activation{Name: autograd.TanhActivation}}
	}, 5e-6},
	{"lu", func(int) transform.Spec { return &transform.LUSpec{Bound: 2} }, 5e-6},
	{"matrix", func(int) transform.Spec { return &transform.MatrixSpec{} }, 3e-5},
	{"householder", func(d int) transform.Spec { return &transform.HouseholderSpec{Reflections: min(d+1, 9)} }, 5e-6},
	{"householder-random", func(d int) transform.Spec {
		return &transform.HouseholderSpec{Reflections: min(d, 3), Start: transform.RandomStart}
	}, 5e-6},
	{"permuted-lu", func(d int) transform.Spec {
		return &transform.ChainSpec{Transforms: []transform.Spec{shuffled(d), &transform.LUSpec{Bound: 2}, shuffled(d)}}
	}, 1e-5},
	{"support", supports, 2e-6},
	{"sequential", func(int) transform.Spec { return sequential(affine, false) }, 2e-5},
	{"sequential-reversed", func(int) transform.Spec {
		return sequential(&autograd.Inverse{Of: affine}, true)
	}, 2e-5},
	{"sequential-additive", func(int) transform.Spec { return sequential(&autograd.Additive{}, true) }, 2e-5},
	{"sequential-wavenet", func(int) transform.Spec {
		s := sequential(affine, true)
		s.Conditioner = &nn.WaveNetSpec{Width: 4, Skip: 3, Kernel: 2, Dilations: []int{1, 2}}
		return s
	}, 2e-5},
	{"sequential-wavenet-mixture", func(int) transform.Spec {
		s := sequential(&autograd.LogisticMixture{Components: 3, Bound: 3, Weights: true, Spread: 0.5}, false)
		s.Conditioner = &nn.WaveNetSpec{Width: 4, Skip: 3, Kernel: 2, Dilations: []int{1, 2}}
		return s
	}, 2e-5},
	{"invert-sequential-wavenet", func(int) transform.Spec {
		s := sequential(&autograd.Inverse{Of: affine}, false)
		s.Conditioner = &nn.WaveNetSpec{Width: 3, Skip: 4, Kernel: 3, Dilations: []int{2}, Front: 3, Scales: 2}
		return &transform.InvertSpec{Transform: s}
	}, 2e-5},
	{"invert-sequential", func(int) transform.Spec {
		return &transform.InvertSpec{Transform: sequential(affine, true)}
	}, 2e-5},
	{"coupling-transformer", func(d int) transform.Spec {
		s := coupling(d, affine, 0)
		s.Conditioner = transformer(false)
		return s
	}, 2e-5},
	{solved + "closed", func(int) transform.Spec {
		return continuous(transform.SolverSpec{Method: transform.RK4, Steps: 8}, nn.VelocitySpec{Hidden: []int{4}, Gated: true, Activation: autograd.Activation{Name: autograd.TanhActivation}})
	}, 4e-6},
	{solved + "tangents", func(int) transform.Spec {
		return continuous(transform.SolverSpec{Method: transform.Dopri5, Steps: 3}, nn.VelocitySpec{Hidden: []int{3, 4}, Frequencies: 2, Activation: autograd.Activation{Name: autograd.SoftplusActivation}})
	}, 4e-6},
	{solved + "gates", func(int) transform.Spec {
		return continuous(transform.SolverSpec{Method: transform.Dopri5, Steps: 3}, nn.VelocitySpec{Hidden: []int{4, 3}, Gated: true, Activation: autograd.Activation{Name: autograd.SiLUActivation}})
	}, 1e-5},
	{solved + "adaptive", func(int) transform.Spec {
		return continuous(transform.SolverSpec{Method: transform.Dopri5, Tolerance: 1e-7}, nn.VelocitySpec{Hidden: []int{3}, Frequencies: 1, Activation: autograd.Activation{Name: autograd.TanhActivation}})
	}, 4e-6},
	{"coupling-inverse", func(d int) transform.Spec { return coupling(d, &autograd.Inverse{Of: affine}, 0) }, 2e-6},
	{"invert-coupling", func(d int) transform.Spec {
		return &transform.InvertSpec{Transform: coupling(d, affine, 0)}
	}, 2e-6},
	{"invert-chain", func(d int) transform.Spec {
		return &transform.InvertSpec{Transform: chain(d)}
	}, 1e-5},
	{"chain", func(d int) transform.Spec { return chain(d) }, 1e-5},
}

// activated begins the names of variants of other rows, in which only the
// activation is another one: they are tested with few features.
const activated = "activated-"

// scalars tells of rows whose float64 statement takes long, value by value or row by row: they
// are tested with few features.
func scalars(name string) bool {
	return strings.Contains(name, "mixture") || strings.Contains(name, "polynomial") || strings.Contains(name, "integral") || strings.Contains(name, "sigmoidal") || strings.HasPrefix(name, "residual") || strings.HasPrefix(name, "bnaf") || strings.HasPrefix(name, solved)
}

func init() {
	for _, name := range autograd.Activations() {
		a := autograd.Activation{Name: name}
		if name == autograd.LeakyReLUActivation {
			a.Slope = 0.2
		}
		for _, residual := range []bool{false, true} {
			suffix := fmt.Sprintf("%s-residual=%v", name, residual)
			families = append(families, family{activated + "coupling-" + suffix, func(d int) transform.Spec {
				s := coupling(d, affine, 0)
				s.Conditioner = &nn.MLPSpec{Hidden: []int{9, 17}, Activation: a}
				if residual {
					s.Conditioner = &nn.ResidualSpec{Hidden: []int{9, 17}, Activation: a}
				}
				return s
			}, 2e-6})
			families = append(families, family{activated + "autoregressive-" + suffix, func(d int) transform.Spec {
				s := autoregressive(d, affine, residual, "random")
				s.Conditioner.Activation, s.Conditioner.Plain = a, residual && name == autograd.TanhActivation
				return s
			}, 4e-6})
		}
	}
}

func init() {
	additive := &autograd.Additive{}
	for _, order := range []string{"natural", "reversed", "random"} {
		for _, residual := range []bool{false, true} {
			for _, u := range []autograd.Univariate{affine, additive} {
				name := fmt.Sprintf("autoregressive-%T-residual=%v-%s", u, residual, order)
				families = append(families, family{name, func(d int) transform.Spec { return autoregressive(d, u, residual, order) }, 4e-6})
			}
		}
	}
	families = append(families, family{"autoregressive-spline", func(d int) transform.Spec {
		return autoregressive(d, spline(2, false), true, "random")
	}, 2e-5})
	families = append(families, family{"invert-autoregressive", func(d int) transform.Spec {
		return &transform.InvertSpec{Transform: autoregressive(d, affine, false, "random")}
	}, 4e-6})
}

func TestConformance(t *testing.T) {
	widths := []int{1, 2, 7, 64}
	if testing.Short() {
		widths = []int{1, 7} // for emulated processors, which are slow
	}
	for _, f := range families {
		for _, d := range widths {
			for _, context := range []int{0, 3} {
				if context == 0 && gated[f.name] || d > 7 && (strings.HasPrefix(f.name, activated) || scalars(f.name)) || d > 2 && strings.HasPrefix(f.name, solved) {
					continue
				}
				for _, grid := range [][]int{nil, {2, 2}} {
					if len(grid) > 0 && (d > 7 || testing.Short() && strings.HasPrefix(f.name, activated) || d > 2 && scalars(f.name) || (d == 1) != testing.Short() && strings.HasPrefix(f.name, solved)) {
						continue // 64 features on one site cover wide rows
					}
					t.Run(fmt.Sprintf("%s/D=%d/context=%d/grid=%v", f.name, d, context, grid), func(t *testing.T) {
						t.Parallel()
						conforms(t, f.spec(d), transform.Shape{Grid: grid, Features: d}, context, f.bound32)
					})
				}
			}
		}
	}
}

// TestEveryFamilyConforms keeps the table complete.
func TestEveryFamilyConforms(t *testing.T) {
	var texts strings.Builder
	for _, f := range families {
		text, err := transform.Kinds.Marshal(f.spec(3))
		if err != nil {
			t.Fatal(err)
		}
		texts.Write(text)
	}
	for _, f := range gridFamilies {
		text, err := transform.Kinds.Marshal(f.spec)
		if err != nil {
			t.Fatal(err)
		}
		texts.Write(text)
	}
	for _, name := range transform.Families() {
		if name == "augment" {
			continue // it is no map of an event to one of its size: see TestAugment
		}
		if !strings.Contains(texts.String(), fmt.Sprintf(`"type":%q`, name)) {
			t.Errorf("family %q has no row in the conformance table", name)
		}
	}
	for _, name := range nn.Kinds.Names() {
		// A perceptron's name is not written.
		if name != "mlp" && !strings.Contains(texts.String(), fmt.Sprintf(`"conditioner":{"type":%q`, name)) {
			t.Errorf("conditioner %q has no row in the conformance table", name)
		}
	}
}

// solved begins the names of rows whose maps are solutions of differential
// equations: a way and the way back, and a map and its log-det, agree to the error
// of the solver.
const solved = "continuous-"

func continuous(solver transform.SolverSpec, velocity nn.VelocitySpec) transform.Spec {
	return &transform.ContinuousSpec{Velocity: velocity, Solver: solver}
}
