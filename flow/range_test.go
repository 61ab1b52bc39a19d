package flow_test

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

const rangeFeatures, rangeContexts = 3, 2

// rangeFamilies describes a transform of every family, univariate, scale map and
// conditioner, and the inverse of each.
func rangeFamilies() map[string]transform.Spec {
	const d = rangeFeatures
	mask := []bool{true, false, true}
	spline := func(s kernels.Spline) autograd.Univariate {
		return &autograd.Spline{Rule: s}
	}
	affine := &autograd.Affine{Bound: 2}
	zero, one := 0.0, 1.0
	out := map[string]transform.Spec{
		"permutation":      &transform.PermutationSpec{Order: []int{2, 0, 1}},
		"actnorm":          &transform.ActNormSpec{Bound: 3},
		"batchnorm":        &transform.BatchNormSpec{Epsilon: 1e-5, Momentum: 0.1},
		"emerging":         &transform.MaskedConvolutionSpec{Kernel: 3, Bound: 2, Ratio: 0.9},
		"periodic":         &transform.PeriodicConvolutionSpec{Kernel: 1},
		"mintnet":          &transform.MintNetSpec{Kernel: 3, Copies: 2, Bound: 2, Steps: 100, Tolerance: 1e-9},
		"bnaf":             &transform.BNAFSpec{Units: []int{3, 2}, Bound: 5, Tolerance: 1e-12},
		"residual":         &transform.ResidualSpec{Hidden: 5, Lipschitz: 0.9},
		"residual network": &transform.ResidualNetworkSpec{Hidden: []int{5, 4}, Lipschitz: 0.9, Activation: autograd.Activation{Name: autograd.SiLUActivation}},
		"planar":           &transform.PlanarSpec{},
		"radial":           &transform.RadialSpec{},
		"lu":               &transform.LUSpec{Bound: 2},
		"matrix":           &transform.MatrixSpec{},
		"gaussianization":  &transform.GaussianizationSpec{Components: 3, Bound: 7},
		"householder":      &transform.HouseholderSpec{Reflections: 3},
		"elementwise":      &transform.ElementwiseSpec{Univariate: affine},
		"chain":            &transform.ChainSpec{Transforms: []transform.Spec{&transform.PlanarSpec{}, &transform.LUSpec{Bound: 1}}},
		"sequential":       &transform.SequentialSpec{Univariate: &autograd.Inverse{Of: affine}, Conditioner: rangeTransformer(true)},
		"transformer":      &transform.CouplingSpec{Mask: mask, Univariate: affine, Conditioner: rangeTransformer(false)},
		"continuous": &transform.ContinuousSpec{
			Velocity: nn.VelocitySpec{Hidden: []int{5}, Gated: true, Activation: autograd.Activation{Name: autograd.SiLUActivation}},
			Solver:   transform.SolverSpec{Method: transform.RK4, Steps: 2},
		},
		"continuous adaptive": &transform.ContinuousSpec{
			Velocity: nn.VelocitySpec{Hidden: []int{5, 4}, Activation: autograd.Activation{Name: autograd.TanhActivation}},
			Solver:   transform.SolverSpec{Method: transform.Dopri5, Tolerance: 1e-2}, Probes: transform.ProbesSpec{Count: 2},
		},
		"support": &transform.SupportSpec{Columns: []transform.SupportColumn{
			{Feature: 0, Map: "logit", Lower: &zero, Upper: &one, Margin: 1e-6},
			{Feature: 1, Map: "log", Lower: &zero},
			{Feature: 2, Map: "softplus", Upper: &one},
		}},
	}
	univariates := map[string]autograd.Univariate{
		"additive":  &autograd.Additive{},
		"spline":    autograd.NewSpline(4, 3),
		"mixture":   &autograd.LogisticMixture{Components: 3, Bound: 7, Weights: true},
		"bernstein": autograd.Widen(&autograd.Bernstein{Degree: 4, Bound: 3, MinSlope: 1e-3, Tolerance: 1e-12}),
		"squares":   autograd.Widen(&autograd.SumOfSquares{Degree: 2, Scale: 3, MinSlope: 1e-3, Tolerance: 1e-12}),
		"bounded":   autograd.Widen(&autograd.BoundedBernstein{Parameters: 3, Bound: 3, Tolerance: 1e-12}),
		"squared":   autograd.Widen(&autograd.SquaredPolynomials{Polynomials: 2, Degree: 2, Scale: 3, MinSlope: 1e-3, Tolerance: 1e-12}),
		"neural":    autograd.Widen(&autograd.MonotonicMLP{Hidden: []int{2, 3}, Tolerance: 1e-9}),
		"integrand": autograd.Widen(&autograd.IntegralMLP{Hidden: []int{2}, Activation: autograd.Activation{Name: autograd.ELUActivation}, Quadrature: autograd.GaussLegendre, Points: 2, Tolerance: 1e-6}),
		"dense":     autograd.Widen(&autograd.DenseSigmoidal{Hidden: 3, Layers: 2, Bound: 5, Tolerance: 1e-9}),
		"softclip":  &autograd.Composed{First: affine, Second: autograd.Widen(&autograd.SoftclipMap{Bound: 11})},
		"logits":    &autograd.LogisticMixture{Components: 3, Bound: 7, Logit: true},
		"composed":  &autograd.Composed{First: &autograd.LogisticMixture{Components: 3, Bound: 5, Weights: true, Logit: true}, Second: affine},
		"integral":  autograd.Widen(&autograd.MonotoneNetwork{Hidden: 2, Quadrature: autograd.ClenshawCurtis, Points: 9, Bound: 3, MinSlope: 1e-3, Tolerance: 1e-9}),
		"circular":  spline(kernels.Spline{Bins: 4, Bound: 3, MinWidth: 1e-3, MinHeight: 1e-3, MinSlope: 1e-3, SlopeBeta: 1, Circular: true}),
		"clipped":   spline(kernels.Spline{Bins: 4, Bound: 3, Softclip: 6.9}),
	}
	for _, m := range autograd.ScaleMaps() {
		a := &autograd.Affine{Scale: m}
		if m.HasBound() {
			a.Bound = 2
		}
		univariates[string(m)] = a
	}
	for name, u := range univariates {
		out["coupling "+name] = &transform.CouplingSpec{Mask: mask, Univariate: u, Conditioner: &nn.MLPSpec{Hidden: []int{5}}}
		out["autoregressive "+name] = &transform.AutoregressiveSpec{Order: []int{1, 2, 0}, Univariate: u,
			Conditioner: nn.MADESpec{Units: [][]int{nn.EvenUnits(d, 6, true)}}}
	}
	for _, a := range append(autograd.Activations(), autograd.ReLUActivation) {
		out["coupling "+string(a)+" gated"] = &transform.CouplingSpec{Mask: mask, Univariate: affine,
			Conditioner: &nn.ResidualSpec{Hidden: []int{5, 4}, Gated: true, Activation: autograd.Activation{Name: a}}}
	}
	out["autoregressive gated"] = &transform.AutoregressiveSpec{Order: []int{1, 2, 0}, Univariate: affine,
		Conditioner: nn.MADESpec{Units: [][]int{nn.EvenUnits(d, 6, true), nn.EvenUnits(d, 6, true)}, Residual: true, Gated: true}}
	out["autoregressive encoder"] = &transform.AutoregressiveSpec{Order: []int{1, 2, 0}, Univariate: affine,
		Conditioner: nn.MADESpec{Units: [][]int{nn.EvenUnits(d, 6, true), nn.EvenUnits(d, 6, true)}, Encoder: true}}
	for _, name := range slices.Collect(maps.Keys(out)) {
		out["inverse "+name] = &transform.InvertSpec{Transform: out[name]}
	}
	out["augment"] = &transform.ChainSpec{Transforms: []transform.Spec{
		&transform.AugmentSpec{Columns: 1, Draws: 3},
		&transform.CouplingSpec{Mask: []bool{true, false, false, true}, Univariate: affine, Conditioner: &nn.MLPSpec{Hidden: []int{5}}},
	}}
	out["split"] = &transform.ChainSpec{Transforms: []transform.Spec{
		&transform.PlanarSpec{}, &transform.SplitSpec{Leave: []int{1}},
		&transform.CouplingSpec{Mask: []bool{true, false}, Univariate: affine, Conditioner: &nn.MLPSpec{Hidden: []int{5}}},
	}}
	return out
}

func rangeTransformer(causal bool) *nn.TransformerSpec {
	return &nn.TransformerSpec{Width: 4, Heads: 2, Hidden: 5, Layers: 1, Epsilon: 1e-5, Causal: causal, Activation: autograd.Activation{Name: autograd.GELUActivation}}
}

// TestRangeFamilies holds the table above against the list of families.
func TestRangeFamilies(t *testing.T) {
	// A split and columns of noise are inside a chain only; a squeeze is of a grid, and moves values.
	met := map[string]bool{"split": true, "squeeze": true, "augment": true}
	for _, spec := range rangeFamilies() {
		name, err := transform.Kinds.Name(spec)
		must(t, err)
		met[name] = true
	}
	for _, name := range transform.Families() {
		if !met[name] && !strings.HasPrefix(name, "test-") { // those that tests add
			t.Errorf("the family %s is not tried with rows that are far", name)
		}
	}
}

// farRows returns rows with extreme cells, one or all of a row, and ordinary
// rows between them.
func farRows(width int) (rows []float64) {
	sizes := []float64{0, 5e-324, 1e-310, 1e-45, 1e-39, 1e10, 1e19, 1e25, 1e30, 1e38, math.MaxFloat32, 1e39, 1e200, math.MaxFloat64, math.Inf(1)}
	ordinary := func() []float64 {
		row := make([]float64, width)
		for c := range row {
			row[c] = 0.3 + 0.2*float64(c)
		}
		return row
	}
	for _, size := range sizes {
		for _, v := range []float64{size, math.Copysign(size, -1)} {
			for c := range width + 1 {
				row := ordinary()
				for i := range row {
					if i == c || c == width {
						row[i] = v
					}
				}
				rows = append(rows, row...)
			}
			rows = append(rows, ordinary()...)
		}
	}
	return rows
}

// rangeFlow makes a flow of random values of the given size.
func rangeFlow(t *testing.T, spec transform.Spec, noise string, size float32) *flow.Flow {
	t.Helper()
	b, err := base.New(noise)
	must(t, err)
	f, err := flow.New(flow.Config{
		Features: names("x", rangeFeatures), Context: names("c", rangeContexts),
		Standardize: standardization(rangeFeatures), StandardizeContext: standardization(rangeContexts),
		Transforms: []transform.Spec{spec}, Base: b,
	}, 1)
	must(t, err)
	for _, p := range f.Model().Parameters().All() {
		random.Uniform(p.Values(), 7, random.Initialization, uint64(p.Offset()), size)
		for i, v := range p.Values() {
			if p.NonNegative && v < 0 {
				p.Values()[i] = -v
			}
		}
	}
	return f
}

// TestNeverNaN holds every family and every base, with ordinary values and
// with ones that overflow inside, against the rule of the package's doc.
func TestNeverNaN(t *testing.T) {
	const d, c = rangeFeatures, rangeContexts
	rows, noise := farRows(d), []float64(nil)
	n := len(rows) / d
	for r := range n {
		if row := rows[r*d : (r+1)*d]; !slices.ContainsFunc(row, func(v float64) bool { return math.IsInf(float64(float32(v)), 0) }) {
			noise = append(noise, row...)
		}
	}
	families, bases := rangeFamilies(), base.Kinds.Names()
	for i, name := range slices.Sorted(maps.Keys(families)) {
		spec := families[name]
		for k, noiseName := range bases {
			// A base sees what a transform leaves: each family meets two bases, in short
			// one, and one family all of them.
			if noiseName != "standard-normal" && name != "elementwise" && (testing.Short() || k != i%len(bases)) {
				continue
			}
			for _, size := range []float32{0.5, 1e15, 1e37} {
				f := rangeFlow(t, spec, noiseName, size)
				s, err := f.NewScorer(flow.ScorerOptions{Workers: 1})
				must(t, err)
				for _, far := range []float64{0.3, -1e38} {
					what := fmt.Sprintf("%s, %s, parameters of %v, context %v", name, noiseName, size, far)
					checkRange(t, what, f, s, rows, noise, slices.Repeat([]float64{far}, n*c))
				}
			}
		}
	}
}

func hasNaN(values []float64) bool { return slices.ContainsFunc(values, math.IsNaN) }

func checkRange(t *testing.T, what string, f *flow.Flow, s *flow.Scorer, rows, noise, context []float64) {
	t.Helper()
	const d, c = rangeFeatures, rangeContexts
	n, m := len(rows)/d, len(noise)/d
	numbers := func(method string, values []float64) {
		t.Helper()
		if i := slices.IndexFunc(values, math.IsNaN); i >= 0 {
			t.Errorf("%s: %s: value %d of %d is NaN", what, method, i, len(values))
		}
	}
	logProb, again, logDet, z := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n*d)
	must(t, s.LogProb(logProb, rows, context))
	numbers("LogProb", logProb)
	standardize := f.Config().Standardize
	for r, v := range logProb {
		for i, x := range rows[r*d : (r+1)*d] {
			if !standardize.Holds(x, i) && !math.IsInf(v, -1) {
				t.Errorf("%s: the log-density of %v is %v", what, rows[r*d:(r+1)*d], v)
			}
		}
		if v > math.MaxFloat64 {
			t.Errorf("%s: the log-density of %v is %v", what, rows[r*d:(r+1)*d], v)
		}
	}
	if !f.Augmented() { // which has neither this way nor that back
		must(t, s.Forward(z, logDet, rows, context))
		numbers("Forward", z)
		numbers("Forward's log-det", logDet)
		must(t, s.Inverse(z[:m*d], logDet[:m], noise, context[:m*c]))
		numbers("Inverse", z[:m*d])
		numbers("Inverse's log-det", logDet[:m])
	}

	gradX, gradContext := make([]float64, n*d), make([]float64, n*c)
	must(t, s.LogProbGrad(again, gradX, gradContext, rows, context))
	numbers("LogProbGrad", again)
	numbers("LogProbGrad's x", gradX)
	numbers("LogProbGrad's context", gradContext)
	if !slices.Equal(again, logProb) {
		t.Errorf("%s: LogProbGrad has other log-densities than LogProb", what)
	}

	must(t, s.Sample(z[:50*d], again[:50], 0, flow.SampleOptions{Seed: 3}, context[:50*c]))
	numbers("Sample", z[:50*d])
	numbers("Sample's log-density", again[:50])

	one := make([]float64, 1)
	for r := 0; r < n; r += 7 {
		must(t, s.LogProb(one, rows[r*d:(r+1)*d], context[:c]))
		if math.Float64bits(one[0]) != math.Float64bits(logProb[r]) {
			t.Errorf("%s: %v alone scores %v, among others %v", what, rows[r*d:(r+1)*d], one[0], logProb[r])
		}
	}
}

// TestNaNStays gives NaN to a flow, which stays one beside rows that are far.
func TestNaNStays(t *testing.T) {
	f := randomFlow(t, "maf", 2, 1, flow.Options{Layers: 2, Hidden: []int{6}})
	nan := math.NaN()
	x, context := []float64{nan, 1e39, 1e39, 0, 0, 0, 1, 2}, []float64{0, 0, nan, 0}
	logProb, z, logDet, gradX, gradContext := make([]float64, 4), make([]float64, 8), make([]float64, 4), make([]float64, 8), make([]float64, 4)
	must(t, f.LogProb(logProb, x, context))
	must(t, f.LogProbGrad(nil, gradX, gradContext, x, context))
	copy(z, x)
	must(t, f.Forward(z, logDet, z, context)) // in place
	for r, v := range []float64{nan, math.Inf(-1), nan, 1} {
		isNaN := math.IsNaN(v)
		if got := logProb[r]; math.IsNaN(got) != isNaN || math.IsInf(v, -1) != math.IsInf(got, -1) {
			t.Errorf("row %d: the log-density is %v", r, got)
		}
		if hasNaN(gradX[2*r:2*r+2]) != isNaN || hasNaN(z[2*r:2*r+2]) != isNaN || math.IsNaN(logDet[r]) != isNaN {
			t.Errorf("row %d: the gradient is %v, the noise %v, its log-det %v", r, gradX[2*r:2*r+2], z[2*r:2*r+2], logDet[r])
		}
	}
	if gradX[2] != 0 || gradX[3] != 0 || gradContext[1] != 0 {
		t.Errorf("the row beyond float32's range has the gradient %v, %v", gradX[2:4], gradContext[1])
	}
}

// TestRangeErrors gives contexts and noise that float32 cannot hold.
func TestRangeErrors(t *testing.T) {
	f := randomFlow(t, "realnvp", 2, 2, flow.Options{Layers: 2, Hidden: []int{6}})
	const n = 400 // several tiles
	x, context, out, logProb := make([]float64, 2*n), make([]float64, 2*n), make([]float64, 2*n), make([]float64, n)
	s, err := f.NewScorer(flow.ScorerOptions{Workers: 3})
	must(t, err)
	want := func(method string, err error, event int, column string, value float64) {
		t.Helper()
		var e *flow.RangeError
		if !errors.As(err, &e) || *e != (flow.RangeError{Event: event, Column: column, Value: value}) {
			t.Errorf("%s: the error is %v, want one of event %d, column %s", method, err, event, column)
		}
	}
	context[2*390], context[2*250+1], context[2*251] = 1e300, -1e39, math.Inf(1)
	want("LogProb", s.LogProb(logProb, x, context), 250, "c1", -1e39)
	want("LogProbGrad", s.LogProbGrad(nil, out, nil, x, context), 250, "c1", -1e39)
	want("Forward", s.Forward(out, nil, x, context), 250, "c1", -1e39)
	want("Inverse", s.Inverse(out, nil, x, context), 250, "c1", -1e39)
	want("Sample", s.Sample(out, nil, 0, flow.SampleOptions{}, context), 250, "c1", -1e39)
	_, err = f.Distribution(1, context[2*250:2*251])
	want("Distribution", err, 0, "c1", -1e39)
	clear(context)
	must(t, s.LogProb(logProb, x, context))
	x[2*77+1], x[2*300] = 3.5e38, math.Inf(-1)
	want("Inverse in place", s.Inverse(x, nil, x, context), 77, "z1", 3.5e38)
	must(t, s.Inverse(out[:2], nil, []float64{math.NaN(), 0}, context[:2]))
	if !math.IsNaN(out[0] + out[1]) {
		t.Errorf("noise that is NaN becomes %v", out[:2])
	}
}

// TestFarSites gives an event of several sites one cell that is far, and
// another event a NaN.
func TestFarSites(t *testing.T) {
	c, err := flow.RealNVP(names("x", 2), names("c", 1), flow.Options{Layers: 2, Hidden: []int{4}})
	must(t, err)
	c.Grid = []int{3}
	f, err := flow.New(c, 1)
	must(t, err)
	x, context := make([]float64, 4*6), make([]float64, 4)
	x[6+3], x[12+5] = -1e300, math.NaN()
	logProb, z, logDet, gradX := make([]float64, 4), make([]float64, 4*6), make([]float64, 4), make([]float64, 4*6)
	must(t, f.LogProb(logProb, x, context))
	must(t, f.LogProbGrad(nil, gradX, nil, x, context))
	must(t, f.Forward(z, logDet, x, context))
	if !math.IsInf(logProb[1], -1) || !math.IsNaN(logProb[2]) || hasNaN(logProb[:2]) || logProb[0] != logProb[3] {
		t.Errorf("the log-densities are %v", logProb)
	}
	if hasNaN(z[:12]) || !hasNaN(z[12:18]) || hasNaN(z[18:]) || slices.ContainsFunc(gradX[6:12], func(v float64) bool { return v != 0 }) {
		t.Errorf("the noise is %v, the gradient %v", z, gradX)
	}
	want := flow.RangeError{Event: 1, Column: "z3", Value: -1e300}
	var got *flow.RangeError
	if err := f.Inverse(z, nil, x, context); !errors.As(err, &got) || *got != want {
		t.Errorf("the error is %v, want %v", err, &want)
	}
}
