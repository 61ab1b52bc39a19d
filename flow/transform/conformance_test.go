package transform_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/random"
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

var affine = &autograd.Affine{Bound: 1.5}

// scaledAtZero has the families whose scale map is not 1 at 0, but 0.88, 0.88,
// 0.69 and 1.14.
var scaledAtZero = map[string]bool{
	"coupling-sigmoid": true, "coupling-sigmoid-without-epsilon": true, "coupling-softplus": true, "coupling-sigmoid-reciprocal": true,
	"elementwise-mixture": true, "coupling-mixture": true, "gaussianization-mixture": true, // 1.6, of the quantile function
	"autoregressive-mixture-logit": true,                                            // spread
	"coupling-squares-polynomial":  true, "autoregressive-squares-polynomial": true, // nearly
}

// gated has the families that need a context.
var gated = map[string]bool{
	"coupling-gated": true, "autoregressive-gated": true,
	"autoregressive-encoder": true, activated + "encoder-tanh": true, activated + "encoder-residual": true, activated + "encoder-gated": true,
}

func scaled(a autograd.Affine) autograd.Univariate { return &a }

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
		s.Conditioner = &nn.ConvolutionSpec{Hidden: []int{8}, Kernels: []int{1, 3}, Activation: autograd.Activation{Name: autograd.ELUActivation}}
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
	{"coupling-bernstein-polynomial", func(d int) transform.Spec {
		return coupling(d, autograd.Widen(&autograd.Bernstein{Degree: 5, Bound: 2, MinSlope: 1e-3, Tolerance: 1e-14}), 1)
	}, 4e-6},
	{"autoregressive-bernstein-polynomial", func(d int) transform.Spec {
		return autoregressive(d, autograd.Widen(&autograd.Bernstein{Degree: 1, Bound: 1, MinSlope: 0.1, Tolerance: 1e-14}), false, "random")
	}, 4e-6},
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
	{"invert-sequential", func(int) transform.Spec {
		return &transform.InvertSpec{Transform: sequential(affine, true)}
	}, 2e-5},
	{"coupling-transformer", func(d int) transform.Spec {
		s := coupling(d, affine, 0)
		s.Conditioner = transformer(false)
		return s
	}, 2e-5},
	{"coupling-inverse", func(d int) transform.Spec { return coupling(d, &autograd.Inverse{Of: affine}, 0) }, 2e-6},
	{"invert-coupling", func(d int) transform.Spec {
		return &transform.InvertSpec{Transform: coupling(d, affine, 0)}
	}, 2e-6},
	{"invert-chain", func(d int) transform.Spec {
		return &transform.InvertSpec{Transform: chain(d)}
	}, 1e-5},
	{"chain", func(d int) transform.Spec { return chain(d) }, 1e-5},
}

func spline(bound float64, circular bool) autograd.Univariate {
	s := autograd.NewSpline(6, bound)
	s.Rule.Circular = circular
	return s
}

// activated begins the names of variants of other rows, in which only the
// activation is another one: they are tested with few features.
const activated = "activated-"

// scalars tells of rows whose float64 statement iterates, value by value: they
// are tested with few features.
func scalars(name string) bool {
	return strings.Contains(name, "mixture") || strings.Contains(name, "polynomial")
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

// autoregressive is a layer of d features with units of every degree, and with
// layers of unequal width.
func autoregressive(d int, u autograd.Univariate, residual bool, order string) *transform.AutoregressiveSpec {
	s := &transform.AutoregressiveSpec{Order: make([]int, d), Univariate: u}
	switch order {
	case "random":
		random.Permutation(s.Order, 3, random.Permute, uint64(d))
	default:
		for i := range s.Order {
			s.Order[i] = i
			if order == "reversed" {
				s.Order[i] = d - 1 - i
			}
		}
	}
	s.Conditioner = nn.MADESpec{Residual: residual, Units: [][]int{nn.EvenUnits(d, 9, true), nn.EvenUnits(d, 17, true)}}
	return s
}

func sequential(u autograd.Univariate, reverse bool) *transform.SequentialSpec {
	return &transform.SequentialSpec{Univariate: u, Conditioner: transformer(true), Reverse: reverse}
}

func transformer(causal bool) *nn.TransformerSpec {
	return &nn.TransformerSpec{Width: 4, Heads: 2, Hidden: 5, Layers: 2, Epsilon: 1e-5, Causal: causal, Activation: autograd.Activation{Name: autograd.GELUActivation}}
}

func coupling(d int, u autograd.Univariate, kind int) *transform.CouplingSpec {
	s := &transform.CouplingSpec{Mask: make([]bool, d), Univariate: u, Conditioner: &nn.MLPSpec{Hidden: []int{9, 17}}}
	for i := range s.Mask {
		s.Mask[i] = d == 1 || kind == 0 && i >= d/2 || kind == 1 && i%2 == 0
	}
	return s
}

// withAngles makes every second feature that a coupling keeps an angle.
func withAngles(s *transform.CouplingSpec) transform.Spec {
	a := &transform.Angles{Bound: 3}
	for feature, changes := range s.Mask {
		if !changes && feature/2%2 == 0 {
			a.Features = append(a.Features, feature)
		}
	}
	if len(a.Features) > 0 {
		s.Angles = a
	}
	return s
}

// supports has an interval around all inputs of the table, of every kind; the
// last features pass.
func supports(d int) transform.Spec {
	lower, upper := -3.5, 4.5
	kinds := []transform.SupportColumn{
		{Map: "logit", Lower: &lower, Upper: &upper},
		{Map: "log", Lower: &lower},
		{Map: "softplus", Upper: &upper},
		{Map: "softplus", Lower: &lower},
		{Map: "log", Upper: &upper},
		{Map: "logit", Lower: &lower, Upper: &upper, Margin: 0.01},
	}
	s := &transform.SupportSpec{}
	for i, c := range kinds[:min(d, len(kinds))] {
		c.Feature = (i*5 + 1) % d
		s.Columns = append(s.Columns, c)
	}
	return s
}

// splitAndBack lets some features leave, maps the rest, and brings them back.
func splitAndBack(d int) transform.Spec {
	if d < 3 {
		return coupling(d, affine, 0)
	}
	split := &transform.SplitSpec{Leave: []int{0, d - 2}}
	return &transform.ChainSpec{Transforms: []transform.Spec{
		coupling(d, affine, 0), shuffled(d), split, coupling(d-2, affine, 1),
		&transform.InvertSpec{Transform: shuffled(d - 2)}, &transform.InvertSpec{Transform: split}, coupling(d, affine, 1),
	}}
}

func shuffled(d int) *transform.PermutationSpec {
	s := &transform.PermutationSpec{Order: make([]int, d)}
	random.Permutation(s.Order, 3, random.Permute, uint64(d))
	return s
}

func chain(d int) *transform.ChainSpec {
	parts := []transform.Spec{
		coupling(d, affine, 0), transform.Reverse(d), coupling(d, affine, 0), shuffled(d),
		&transform.InvertSpec{Transform: shuffled(d)}, shuffled(d), coupling(d, affine, 1),
	}
	s := &transform.ChainSpec{}
	s.Transforms = append(s.Transforms, parts...)
	return s
}

// subject is a built transform with random parameters.
type subject struct {
	transform  transform.Transform
	parameters *autograd.Parameters
	shape      transform.Shape
	context    int
	outputs    []int
	memory     autograd.Memory // what differentiate keeps
}

func build(t *testing.T, spec transform.Spec, shape transform.Shape, context int) *subject {
	t.Helper()
	if err := spec.Check(shape, context); err != nil {
		t.Fatal(err)
	}
	s := &subject{parameters: autograd.NewParameters(0), shape: shape, context: context}
	s.transform = spec.Build(shape, context, s.parameters.Root())
	columns := make([]int, shape.Features)
	for i := range columns {
		columns[i] = i
	}
	s.outputs = s.transform.Bind(columns, false)
	s.transform.Initialize(5)
	// Wide rows get smaller weights, so that activations stay of order one and
	// float32 is compared on a well-conditioned map.
	bound := float32(0.6 / math.Sqrt(max(1, float64(shape.Features)/7)))
	for _, p := range s.parameters.All() {
		random.Uniform(p.Values(), 11, random.Initialization, uint64(p.Offset()), bound)
		if p.Frozen {
			for i, v := range p.Values() {
				p.Values()[i] = 1 + v // a variance must be positive
			}
		}
	}
	return s
}

// run computes both results in one direction for the given events, on a graph
// that is reset to the given mode.
func (s *subject) run(g *autograd.Graph, mode autograd.Mode, inverse bool, x, context []float64) (in, ctx, out autograd.Value, total autograd.Sums) {
	g.Reset(mode)
	rows := len(x) / s.shape.Features
	in = fill(g, x, s.shape.Features, rows)
	p := g.Pass(rows / s.shape.Sites())
	p.Memory = s.memory
	if s.context > 0 {
		p.Context = fill(g, context, s.context, len(p.LogDet.Values))
	}
	if inverse {
		out = s.transform.Inverse(p, in)
	} else {
		out = s.transform.Forward(p, in)
	}
	return in, p.Context, out, p.LogDet
}

func fill(g *autograd.Graph, x []float64, columns, rows int) autograd.Value {
	v := g.Input(rows, columns, true)
	for r := range rows {
		for c := range columns {
			v.Set(r, c, x[r*columns+c])
		}
	}
	return v
}

func values(v autograd.Value) []float64 {
	var out []float64
	for r := range v.Rows {
		for c := range v.Cols {
			out = append(out, v.At(r, c))
		}
	}
	return out
}

func gradients(v autograd.Value) []float64 {
	var out []float64
	for r := range v.Rows {
		for c := range v.Cols {
			out = append(out, v.Gradient(r, c))
		}
	}
	return out
}

// noise returns n values in [-bound, bound], exact in float32.
func noise(n int, index uint64, bound float32) []float64 {
	buffer := make([]float32, n)
	random.Uniform(buffer, 99, random.Noise, index, bound)
	out := make([]float64, n)
	for i, v := range buffer {
		out[i] = float64(v)
	}
	return out
}

func TestConformance(t *testing.T) {
	widths := []int{1, 2, 7, 64}
	if testing.Short() {
		widths = []int{1, 7} // for emulated processors, which are slow
	}
	for _, f := range families {
		for _, d := range widths {
			for _, context := range []int{0, 3} {
				if context == 0 && gated[f.name] || d > 7 && (strings.HasPrefix(f.name, activated) || scalars(f.name)) {
					continue
				}
				for _, grid := range [][]int{nil, {2, 2}} {
					if len(grid) > 0 && (d > 7 || testing.Short() && strings.HasPrefix(f.name, activated) || d > 2 && scalars(f.name)) {
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

// conforms checks one transform.
func conforms(t *testing.T, spec transform.Spec, shape transform.Shape, context int, bound32 float64) {
	t.Helper()
	s := build(t, spec, shape, context)
	rows := 3 * s.shape.Sites()
	x, ctx := noise(rows*shape.Features, 1, 2.5), noise(rows/s.shape.Sites()*context, 2, 2)
	checkRoundTrip(t, s, x, ctx)
	checkLogDet(t, s, x, ctx)
	for _, inverse := range []bool{false, true} {
		checkGradients(t, s, inverse, x, ctx)
	}
	check32(t, s, x, ctx, bound32)
	checkReplay(t, s, x, ctx)
	checkSegments(t, s, x, ctx)
	checkJSON(t, spec)
}

func checkRoundTrip(t *testing.T, s *subject, x, ctx []float64) {
	t.Helper()
	g := autograd.Bind64(s.parameters).NewGraph()
	_, _, out, total := s.run(g, autograd.Evaluate, false, x, ctx)
	z, forward := values(out), append([]float64(nil), total.Values...)
	_, _, back, total := s.run(g, autograd.Evaluate, true, z, ctx)
	for i, v := range values(back) {
		if !near(v, x[i], 1e-10) {
			t.Fatalf("round trip: value %d is %v, was %v", i, v, x[i])
		}
	}
	for e, v := range total.Values {
		if !near(v, -forward[e], 1e-10) {
			t.Fatalf("round trip: event %d has log-det %v forward and %v inverse", e, forward[e], v)
		}
	}
}

// checkLogDet compares the log-det of the first event with the determinant of
// its Jacobian by central differences.
func checkLogDet(t *testing.T, s *subject, x, ctx []float64) {
	t.Helper()
	n, c := s.shape.Dim(), s.context
	x, ctx = append([]float64(nil), x[:n]...), ctx[:c]
	g := autograd.Bind64(s.parameters).NewGraph()
	jacobian := mat.NewDense(n, n, nil)
	const h = 1e-5
	for i := range n {
		was := x[i]
		x[i] = was + h
		_, _, out, _ := s.run(g, autograd.Evaluate, false, x, ctx)
		up := values(out)
		x[i] = was - h
		_, _, out, _ = s.run(g, autograd.Evaluate, false, x, ctx)
		down := values(out)
		x[i] = was
		for j := range n {
			jacobian.Set(j, i, (up[j]-down[j])/(2*h))
		}
	}
	var lu mat.LU
	lu.Factorize(jacobian)
	want, _ := lu.LogDet()
	_, _, _, total := s.run(g, autograd.Evaluate, false, x, ctx)
	if !near(total.Values[0], want, 1e-6) {
		t.Fatalf("log-det is %v, the Jacobian's is %v", total.Values[0], want)
	}
}

// loss is a weighted sum of all results, so that every gradient is exercised.
func (s *subject) loss(g *autograd.Graph, inverse bool, x, ctx []float64) float64 {
	_, _, out, total := s.run(g, autograd.Evaluate, inverse, x, ctx)
	var sum float64
	weights := noise(out.Rows*out.Cols, 3, 1)
	for i, v := range values(out) {
		sum += weights[i] * v
	}
	for e, v := range total.Values {
		sum += noise(len(total.Values), 4, 1)[e] * v
	}
	return sum
}

// differentiate seeds the gradients of loss and runs backward.
func (s *subject) differentiate(g *autograd.Graph, inverse bool, x, ctx []float64) (in, context autograd.Value) {
	in, context, out, total := s.run(g, autograd.Differentiate, inverse, x, ctx)
	weights := noise(out.Rows*out.Cols, 3, 1)
	for i, w := range weights {
		g.SeedGradient(out, i/out.Cols, i%out.Cols, w)
	}
	copy(total.Gradient, noise(len(total.Values), 4, 1))
	g.Backward()
	return in, context
}

func checkGradients(t *testing.T, s *subject, inverse bool, x, ctx []float64) {
	t.Helper()
	binding := autograd.Bind64(s.parameters)
	g, probe := binding.NewGraph(), binding.NewGraph()
	in, context := s.differentiate(g, inverse, x, ctx)
	const h = 1e-6
	compare := func(name string, at []float64, got []float64) {
		// Of thousands of values, as a large matrix has, some hundred are tried.
		step := 1 + len(at)/1500*7
		for i := 0; i < len(at); i += step {
			was := at[i]
			at[i] = was + h
			up := s.loss(probe, inverse, x, ctx)
			at[i] = was - h
			down := s.loss(probe, inverse, x, ctx)
			at[i] = was
			if want := (up - down) / (2 * h); !near(got[i], want, 1e-6) {
				t.Fatalf("inverse=%v: gradient of %s %d is %v, by differences %v", inverse, name, i, got[i], want)
			}
		}
	}
	x, ctx = append([]float64(nil), x...), append([]float64(nil), ctx...)
	compare("input", x, gradients(in))
	if s.context > 0 {
		compare("context", ctx, gradients(context))
	}
	for _, p := range s.parameters.All() {
		if !p.Frozen {
			from, to := p.Offset(), p.Offset()+p.Size()
			compare(p.Name, binding.Values64()[from:to], g.Gradients64()[from:to])
		}
	}
}

// check32 compares float32 with float64, recorded with unrecorded, and
// gradients with gradients.
func check32(t *testing.T, s *subject, x, ctx []float64, bound float64) {
	t.Helper()
	g64, g32 := autograd.Bind64(s.parameters).NewGraph(), autograd.Bind32(s.parameters, blas.Builtin()).NewGraph()
	for _, inverse := range []bool{false, true} {
		_, _, out, total := s.run(g64, autograd.Evaluate, inverse, x, ctx)
		want, wantTotal := values(out), append([]float64(nil), total.Values...)
		for _, mode := range []autograd.Mode{autograd.Evaluate, autograd.Differentiate} {
			_, _, out, total := s.run(g32, mode, inverse, x, ctx)
			for i, v := range values(out) {
				if !near(v, want[i], bound) {
					t.Fatalf("float32 inverse=%v mode=%v: value %d is %v, float64 has %v", inverse, mode, i, v, want[i])
				}
			}
			for e, v := range total.Values {
				if !near(v, wantTotal[e], bound*float64(s.shape.Sites())) {
					t.Fatalf("float32 inverse=%v mode=%v: log-det of event %d is %v, float64 has %v", inverse, mode, e, v, wantTotal[e])
				}
			}
		}
		in64, ctx64 := s.differentiate(g64, inverse, x, ctx)
		in32, ctx32 := s.differentiate(g32, inverse, x, ctx)
		gradient64 := append(gradients(in64), gradients(orEmpty(ctx64))...)
		gradient32 := append(gradients(in32), gradients(orEmpty(ctx32))...)
		for i := range g64.Gradients64() {
			gradient64 = append(gradient64, g64.Gradients64()[i])
			gradient32 = append(gradient32, float64(g32.Gradients()[i]))
		}
		for i, v := range gradient32 {
			if !near(v, gradient64[i], 50*bound+1e-12) {
				t.Fatalf("float32 inverse=%v: gradient %d is %v, float64 has %v", inverse, i, v, gradient64[i])
			}
		}
	}
}

func orEmpty(v autograd.Value) autograd.Value {
	if v.IsZero() {
		return autograd.Value{}
	}
	return v
}

// checkReplay computes the forward's gradients again from its input alone, and
// from its output alone by the inverse, as a trainer that keeps no activations
// does.
func checkReplay(t *testing.T, s *subject, x, ctx []float64) {
	t.Helper()
	binding := autograd.Bind64(s.parameters)
	g := binding.NewGraph()
	in, _ := s.differentiate(g, false, x, ctx)
	want := append(gradients(in), g.Gradients64()...)

	replay := binding.NewGraph()
	_, _, out, _ := s.run(replay, autograd.Evaluate, false, x, ctx)
	z := values(out)
	_, _, back, _ := s.run(replay, autograd.Evaluate, true, z, ctx)
	for name, from := range map[string][]float64{"input": x, "output": values(back)} {
		in, _ := s.differentiate(replay, false, from, ctx)
		for i, v := range append(gradients(in), replay.Gradients64()...) {
			if !near(v, want[i], 1e-8) {
				t.Fatalf("replay from %s: gradient %d is %v, was %v", name, i, v, want[i])
			}
		}
	}
}

// checkSegments differentiates the transform in a chain that keeps the input of
// each map alone, and in one that keeps nothing where it can: the former has the
// bits of the tape, the latter is near.
func checkSegments(t *testing.T, s *subject, x, ctx []float64) {
	t.Helper()
	whole := *s
	whole.transform = transform.Sequence(s.transform, s.transform)
	for name, binding := range map[string]*autograd.Binding{
		"float64": autograd.Bind64(s.parameters), "float32": autograd.Bind32(s.parameters, blas.Builtin()),
	} {
		run := func(m autograd.Memory, inverse bool) []float64 {
			whole.memory = m
			g := binding.NewGraph()
			in, context := whole.differentiate(g, inverse, x, ctx)
			out := append(gradients(in), gradients(orEmpty(context))...)
			out = append(out, g.Gradients64()...)
			for _, v := range g.Gradients() {
				out = append(out, float64(v))
			}
			return out
		}
		for _, inverse := range []bool{false, true} {
			want := run(autograd.Memory{}, inverse)
			for i, v := range run(autograd.Memory{Replay: true}, inverse) {
				if v != want[i] {
					t.Fatalf("%s inverse=%v: from kept inputs, gradient %d is %v, the tape has %v", name, inverse, i, v, want[i])
				}
			}
			bound := 1e-7
			if name == "float32" {
				bound = 2e-3
			}
			for i, v := range run(autograd.Memory{Reversible: true}, inverse) {
				if !near(v, want[i], bound) {
					t.Fatalf("%s inverse=%v: from outputs, gradient %d is %v, the tape has %v", name, inverse, i, v, want[i])
				}
			}
		}
	}
}

func checkJSON(t *testing.T, spec transform.Spec) {
	t.Helper()
	text, err := transform.Kinds.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	back, err := transform.Kinds.Unmarshal(text)
	if err != nil {
		t.Fatal(err)
	}
	again, err := transform.Kinds.Marshal(back)
	if err != nil || string(again) != string(text) {
		t.Fatalf("JSON %s reads back as %s (%v)", text, again, err)
	}
}

func near(got, want, bound float64) bool {
	return math.Abs(got-want) <= bound*(1+math.Abs(want))
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
		if !strings.Contains(texts.String(), fmt.Sprintf(`"type":%q`, name)) {
			t.Errorf("family %q has no row in the conformance table", name)
		}
	}
}

// TestZeroParametersAreTheIdentity holds for every family that starts there.
func TestZeroParametersAreTheIdentity(t *testing.T) {
	for _, f := range families {
		switch f.name {
		case "batchnorm":
			continue // its epsilon shrinks unit variance a little, by design
		case "support":
			continue // it has no parameters
		}
		rounding := 0.0
		if strings.Contains(f.name, "spline") || scalars(f.name) {
			rounding = 1e-6 // of its knots, or of its logarithms
		}
		if gated[f.name] {
			continue // it needs a context
		}
		s := build(t, f.spec(7), transform.Shape{Features: 7}, 0)
		clear(s.parameters.Values())
		if scaledAtZero[f.name] {
			continue
		}
		x := noise(21, 1, 3)
		_, _, out, total := s.run(autograd.Bind32(s.parameters, blas.Builtin()).NewGraph(), autograd.Evaluate, false, x, nil)
		if f.name == "split-and-back" {
			// What left and came back has other columns: each row has its values.
			for r := range out.Rows {
				got, want := values(out)[r*7:(r+1)*7], slices.Clone(x[r*7:(r+1)*7])
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) || total.Values[r] != 0 {
					t.Errorf("%s: row %d has the values %v and the log-det %v, want %v and 0", f.name, r, got, total.Values[r], want)
				}
			}
			continue
		}
		for r := range out.Rows {
			for i, c := range s.outputs {
				// Feature i of z is the feature of x whose column it has.
				if got := out.At(r, c); math.Abs(got-x[r*7+c]) > rounding {
					t.Errorf("%s: row %d feature %d is %v, want %v", f.name, r, i, got, x[r*7+c])
				}
			}
			if math.Abs(total.Values[r]) > 7*rounding {
				t.Errorf("%s: log-det %v, want 0", f.name, total.Values[r])
			}
		}
	}
}
