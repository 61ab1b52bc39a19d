package autograd_test

import (
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/kernels"
)

type (
	values = []autograd.Value
	apply  = func(p *autograd.Pass, in []autograd.Value) autograd.Value
)

// without is an operation that has no parameters.
func without(f apply) func(autograd.Scope) apply {
	return func(autograd.Scope) apply { return f }
}

// operations is the table.
func operations() []operation {
	all := []operation{
		{"columns side by side", []string{"Columns"}, []int{5}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			return p.Columns(in[0], []int{1, 2, 3})
		}), 0},
		{"columns apart", []string{"Columns"}, []int{5}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			return p.Columns(in[0], []int{4, 0, 3})
		}), 0},
		{"concat", []string{"Concat"}, []int{2, 3}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			return p.Concat(in[0], in[1])
		}), 0},
		{"add", []string{"Add"}, []int{3, 3}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			return p.Add(in[0], in[1])
		}), 1e-7},
		{"extrapolate", []string{"Extrapolate"}, []int{3, 3}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			return p.Extrapolate(in[0], in[1], 1.5)
		}), 5e-7},
		{"copy", []string{"Copy"}, []int{3}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			return p.Copy(in[0])
		}), 0},
		{"spread", []string{"Spread"}, []int{3}, true, without(func(p *autograd.Pass, in values) autograd.Value {
			return p.Spread(in[0], testRows)
		}), 1e-7},
		{"relu", []string{"ReLU"}, []int{19}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			return p.ReLU(in[0])
		}), 0},
		{"gate", []string{"Gate"}, []int{3, 3}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			return p.Gate(in[0], in[1])
		}), 5e-7},
		{"scaled columns", []string{"ScaleColumns"}, []int{3}, false, func(s autograd.Scope) apply {
			logs := s.New("logs", 1, 3)
			return func(p *autograd.Pass, in values) autograd.Value { return p.ScaleColumns(in[0], logs, 1.5) }
		}, 2e-6},
		{"gate of itself", []string{"Gate"}, []int{3}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			return p.Gate(in[0], in[0])
		}), 5e-7},
		{"repeat", []string{"Repeat"}, nil, false, func(s autograd.Scope) apply {
			constant := s.New("constant", 1, 4)
			return func(p *autograd.Pass, _ values) autograd.Value { return p.Repeat(constant, testRows) }
		}, 1e-6},
		{"linear of a repeated row", []string{"Repeat", "Linear"}, nil, false, func(s autograd.Scope) apply {
			constant, l := s.New("constant", 1, 4), s.NewLinear(4, 3)
			return func(p *autograd.Pass, _ values) autograd.Value {
				return p.Linear(p.Repeat(constant, testRows), l, blas.None)
			}
		}, 2e-6},
		{"standard normal", []string{"StandardNormal"}, []int{3}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			p.StandardNormal(in[0], p.LogDet)
			return autograd.Value{}
		}), 1e-6},
		{"normalize by fixed moments", []string{"Normalize", "FixedMoments"}, []int{3}, false, normalize(false), 2e-6},
		{"normalize by fixed moments, inverse", []string{"Normalize", "FixedMoments"}, []int{3}, false, normalize(true), 2e-6},
		{"normalize by shared moments", []string{"NormalizeShared", "ColumnMoments", "NewMoments", "Fold"}, []int{3}, false,
			without(func(p *autograd.Pass, in values) autograd.Value {
				return p.NormalizeShared(in[0], p.Fold(p.ColumnMoments(in[0])), testRows, 1e-3, p.LogDet)
			}), 1e-5},
		{"the context of sites", []string{"SiteContext"}, []int{2}, true, without(func(p *autograd.Pass, in values) autograd.Value {
			p.Context = in[0]
			return p.SiteContext(testRows)
		}), 1e-7},
		{"a segment", []string{"Segment"}, []int{3}, false, func(s autograd.Scope) apply {
			hidden, last := s.At("hidden").NewLinear(3, 5), s.At("last").NewLinear(5, 4)
			return func(p *autograd.Pass, in values) autograd.Value {
				return p.Segment(in[0], func(p *autograd.Pass, x autograd.Value) autograd.Value {
					t := p.Linear(p.Linear(x, hidden, blas.ReLU), last, blas.None)
					return p.Apply(autograd.Affine{Bound: 1.3}, false, x, t, autograd.Columns([]int{0, 2}), p.LogDet)
				}, nil)
			}
		}, 1e-5},
		{"a segment that reads the context", []string{"Segment"}, []int{3, 2}, false, func(s autograd.Scope) apply {
			first, last := s.At("first").NewLinear(3, 4), s.At("last").NewLinear(6, 3)
			return func(p *autograd.Pass, in values) autograd.Value {
				p.Context = in[1]
				return p.Segment(p.Linear(in[0], first, blas.None), func(p *autograd.Pass, x autograd.Value) autograd.Value {
					return p.Linear(p.Concat(x, p.Context), last, blas.None)
				}, nil)
			}
		}, 1e-5},
		{"a segment computed from its output", []string{"Segment"}, []int{3}, false, scaledSegment(func(p *autograd.Pass, x autograd.Value) autograd.Value {
			return p.Copy(x)
		}), 1e-5},
		{"a segment of some columns computed from its output", []string{"Segment"}, []int{5}, false, scaledSegment(func(p *autograd.Pass, x autograd.Value) autograd.Value {
			return p.Columns(x, []int{1, 2, 3})
		}), 1e-5},
		{"moments that were folded", []string{"Normalize", "NewMoments"}, []int{2}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			return p.Normalize(in[0], p.NewMoments([]float64{1.5, -3, 40, 50}, 16, 1e-3), false, p.LogDet)
		}), 2e-6},
		{"merge", []string{"Merge"}, []int{3, 2}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			return p.Merge(in[0], autograd.Columns([]int{4, 0, 2}), in[1], autograd.Columns([]int{1, 3}))
		}), 0},
		{"angles", []string{"Angles"}, []int{5}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			return p.Angles(in[0], []int{1, 2, 4, 0}, []bool{true, false, true, false}, 1.5)
		}), 2e-6},
		{"weighed sums", []string{"Scale", "Weigh", "StandardNormal"}, []int{3}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			own := p.Sums(testEvents)
			p.StandardNormal(in[0], own)
			half := p.Weigh(p.Scale(own, -0.5), func(e int) float64 { return 0.5 + float64(e%3) })
			for e, v := range half.Values {
				p.LogDet.Values[e] += v
			}
			if p.Recording() {
				p.Record(func() { copy(half.Gradient, p.LogDet.Gradient) })
			}
			return autograd.Value{}
		}), 1e-6},
		{"an external density", []string{"External"}, []int{3}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			p.External(in[0], func(logProb, grad, x []float64) {
				d := len(x) / len(logProb)
				for i, v := range x {
					logProb[i/d] -= v * v * v
					if grad != nil {
						grad[i] -= 3 * v * v
					}
				}
			}, p.LogDet)
			return autograd.Value{}
		}), 1e-6},
		{"a density", []string{"Density"}, []int{3}, false, func(s autograd.Scope) apply {
			d := s.NewDensity(bowl{}, s.New("p", 1, 1))
			return func(p *autograd.Pass, in values) autograd.Value {
				p.Density(d, in[0], p.LogDet)
				return autograd.Value{}
			}
		}, 2e-6},
		{"a density without parameters", []string{"Density"}, []int{3}, false, func(s autograd.Scope) apply {
			d := s.NewDensity(bowl{}, nil)
			return func(p *autograd.Pass, in values) autograd.Value {
				p.Density(d, in[0], p.LogDet)
				return autograd.Value{}
			}
		}, 2e-6},
	}
	for _, causal := range []bool{false, true} {
		all = append(all, operation{fmt.Sprintf("attention, causal %v", causal), []string{"Attention"}, []int{4, 4, 4}, false,
			without(func(p *autograd.Pass, in values) autograd.Value { return p.Attention(in[0], in[1], in[2], 2, causal) }), 2e-6})
	}
	all = append(all, []operation{
		{"attention of itself", []string{"Attention"}, []int{3}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			return p.Attention(in[0], in[0], in[0], 1, true)
		}), 2e-6},
		{"attention site by site", []string{"NewCache", "AttendNext", "Put"}, []int{4, 4, 4}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			cache, y := p.NewCache(testRows/testEvents, 4, 2), p.Input(testRows, 4, true)
			for s := range testRows / testEvents {
				site := autograd.Part{Sites: []int{s}}
				p.Put(y, p.AttendNext(&cache, p.Take(in[0], site), p.Take(in[1], site), p.Take(in[2], site)), site)
			}
			return y
		}), 2e-6},
		{"layer norm", []string{"LayerNorm"}, []int{5}, false, func(s autograd.Scope) apply {
			gain, shift := s.New("gain", 1, 5), s.New("shift", 1, 5)
			return func(p *autograd.Pass, in values) autograd.Value { return p.LayerNorm(in[0], gain, shift, 1e-2) }
		}, 1e-5},
		{"what is learned of sites", []string{"AddSites"}, []int{3}, false, func(s autograd.Scope) apply {
			learned := s.New("learned", 3, 3)
			return func(p *autograd.Pass, in values) autograd.Value { return p.AddSites(in[0], learned, 1, 2) }
		}, 1e-6},
		{"put columns of sites", []string{"Put"}, []int{3, 1}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			y := p.Input(testRows, 4, true)
			p.Put(y, in[0], autograd.Columns([]int{3, 0, 1}))
			p.Put(y, in[1], autograd.Columns([]int{2}))
			return y
		}), 0},
		{"sums as a column", []string{"Column"}, []int{2}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			rows := p.Sums(testRows)
			p.StandardNormal(in[0], rows)
			return p.Column(rows)
		}), 1e-6},
		{"past", []string{"Past"}, []int{2}, false, without(func(p *autograd.Pass, in values) autograd.Value { return p.Past(in[0], 3, 1) }), 1e-7},
		{"past of one tap", []string{"Past"}, []int{2}, false, without(func(p *autograd.Pass, in values) autograd.Value { return p.Past(in[0], 1, 1) }), 0},
		{"delay", []string{"Delay"}, []int{3}, false, without(func(p *autograd.Pass, in values) autograd.Value { return p.Delay(in[0]) }), 0},
		{"sites in reverse", []string{"Take"}, []int{3}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			return p.Take(in[0], autograd.Part{Sites: []int{1, 0}})
		}), 0},
	}...)
	all = append(all, velocities()...)
	for _, act := range []blas.Activation{blas.None, blas.ReLU} {
		all = append(all, operation{fmt.Sprintf("linear, activation %v", act), []string{"Linear"}, []int{3}, false, func(s autograd.Scope) apply {
			l := s.NewLinear(3, 19)
			return func(p *autograd.Pass, in values) autograd.Value { return p.Linear(in[0], l, act) }
		}, 2e-6})
		all = append(all, operation{fmt.Sprintf("masked, activation %v", act), []string{"Masked"}, []int{4}, false, func(s autograd.Scope) apply {
			l := s.NewMasked(blas.Mask{In: 4, Blocks: 2, Runs: []blas.Run{{Inputs: 0, Outputs: 1}, {Inputs: 1, Outputs: 2}, {Inputs: 4, Outputs: 3}}})
			return func(p *autograd.Pass, in values) autograd.Value { return p.Masked(in[0], l, act) }
		}, 2e-6})
	}
	for _, a := range activations() {
		all = append(all, operation{"activation " + string(a.Name), []string{"Activate"}, []int{19}, false,
			without(func(p *autograd.Pass, in values) autograd.Value { return p.Activate(in[0], a) }), 1e-6})
	}
	for _, c := range []struct {
		grid    [2]int
		window  blas.Window
		in, out int
		act     blas.Activation
	}{
		{[2]int{1, 2}, blas.Window{Height: 3, Width: 3, Dilation: 1}, 3, 5, blas.ReLU},
		{[2]int{2, 3}, blas.Window{Height: 3, Width: 3, Dilation: 1}, 22, 3, blas.None},
		{[2]int{3, 2}, blas.Window{Height: 3, Width: 1, Dilation: 2}, 2, 19, blas.ReLU},
		{[2]int{2, 3}, blas.Window{Height: 1, Width: 1, Dilation: 1}, 4, 3, blas.None},
		{[2]int{2, 3}, blas.Window{Height: 3, Width: 3, Dilation: 1, Outside: 1}, 2, 3, blas.None},
	} {
		all = append(all, operation{fmt.Sprintf("convolve %+v", c), []string{"Convolve"}, []int{c.in}, false, func(s autograd.Scope) apply {
			l := s.NewConvolution(c.grid, c.window, c.in, c.out)
			return func(p *autograd.Pass, in values) autograd.Value { return p.Convolve(in[0], l, c.act) }
		}, 5e-6})
	}
	for _, b := range []autograd.Blocks{
		{Grid: [2]int{1, 2}, Block: [2]int{1, 2}},
		{Grid: [2]int{2, 3}, Block: [2]int{2, 1}, At: []int{1, 3, 0, 5, 4, 2}},
	} {
		all = append(all, operation{fmt.Sprintf("squeeze %v", b), []string{"Squeeze"}, []int{3}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			return p.Squeeze(in[0], b, false)
		}), 0})
		all = append(all, operation{fmt.Sprintf("squeeze back %v", b), []string{"Squeeze"}, []int{6}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			larger := b
			larger.Grid = [2]int{b.Grid[0] * b.Block[0], b.Grid[1] * b.Block[1]}
			return p.Squeeze(in[0], larger, true)
		}), 0})
	}
	for name, part := range map[string]autograd.Part{
		"all": {}, "columns": {Columns: []int{0, 2}}, "sites": {Sites: []int{1}}, "columns of sites": {Sites: []int{0}, Columns: []int{1, 3}},
	} {
		all = append(all, operation{"take " + name, []string{"Take"}, []int{4}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			return p.Take(in[0], part)
		}), 0})
		all = append(all, operation{"keep " + name, []string{"Keep"}, []int{4}, false, without(func(p *autograd.Pass, in values) autograd.Value {
			return p.Keep(in[0], part)
		}), 0})
	}
	for _, inverse := range []bool{false, true} {
		all = append(all, operation{fmt.Sprintf("apply to sites, inverse %v", inverse), []string{"Apply"}, []int{4, 4}, false,
			without(func(p *autograd.Pass, in values) autograd.Value {
				part := autograd.Part{Sites: []int{1}, Columns: []int{1, 3}}
				return p.Apply(&autograd.Affine{Bound: 1.5}, inverse, in[0], p.Take(in[1], autograd.Part{Sites: []int{0}}), part, p.LogDet)
			}), 5e-5})
		all = append(all, operation{fmt.Sprintf("square, inverse %v", inverse), []string{"MultiplySquare"}, []int{2}, false, func(s autograd.Scope) apply {
			q := s.NewSquare(full{}, s.New("p", 1, 4))
			return func(p *autograd.Pass, in values) autograd.Value { return p.MultiplySquare(in[0], q, inverse, p.LogDet) }
		}, 5e-6})
		all = append(all, operation{fmt.Sprintf("map of rows, inverse %v", inverse), []string{"MapRows"}, []int{3}, false, func(s autograd.Scope) apply {
			m := s.NewLearnedMap(cubic{}, s.New("p", 1, 1))
			return func(p *autograd.Pass, in values) autograd.Value { return p.MapRows(m, inverse, in[0], p.LogDet) }
		}, 5e-6})
		for name, u := range univariates() {
			for where, columns := range map[string][]int{"side by side": {1, 2}, "apart": {0, 2, 3}} {
				all = append(all, operation{fmt.Sprintf("apply %s to columns %s, inverse %v", name, where, inverse), []string{"Apply"},
					[]int{4, u.ParametersPerElement() * len(columns)}, false,
					without(func(p *autograd.Pass, in values) autograd.Value {
						return p.Apply(u, inverse, in[0], in[1], autograd.Columns(columns), p.LogDet)
					}), 5e-5})
			}
		}
	}
	for _, a := range activations() {
		all = append(all, operation{"units, activation " + string(a.Name), []string{
			"Load", "LoadGradient", "StoreGradient", "Advance", "Retreat", "MaskedGradients", "ReLUUnits", "ReLUUnitsBackward", "ActivateUnits",
			"ActivateUnitsBackward", "GateUnits", "GateUnitsBackward", "AddUnits", "AddUnitsBackward", "CopyUnits", "InvertUnit", "InvertUnitBackward", "InvertColumns",
		}, []int{3, 3}, false, func(s autograd.Scope) apply { return newUnits(s, a).compute }, 2e-5})
	}
	return all
}

func activations() []autograd.Activation {
	all := []autograd.Activation{{}}
	for _, name := range autograd.Activations() {
		a := autograd.Activation{Name: name}
		if name == autograd.LeakyReLUActivation {
			a.Slope = 0.2
		}
		all = append(all, a)
	}
	return all
}

func univariates() map[string]autograd.Univariate {
	circular := autograd.NewSpline(4, 1.2)
	circular.Rule.Circular = true
	all := map[string]autograd.Univariate{
		"additive":            autograd.Additive{},
		"an inverse spline":   &autograd.Inverse{Of: autograd.NewSpline(5, 1.2)},
		"a spline":            autograd.NewSpline(5, 1.2),
		"a circular spline":   circular,
		"a softclip spline":   &autograd.Spline{Rule: kernels.Spline{Bins: 4, Bound: 1.2, Softclip: 6.9077554}},
		"a normal mixture":    autograd.Widen(&autograd.NormalMixture{Components: 3, Margin: 1e-4, Bound: 10}),
		"a dense sigmoidal":   autograd.Widen(&autograd.DenseSigmoidal{Hidden: 2, Layers: 2, Bound: 2, Tolerance: 1e-14}),
		"a sinh-arcsinh":      autograd.Widen(&autograd.SinhArcsinh{Bound: 1.2}),
		"a logit":             autograd.Widen(&autograd.Support{Lower: -1.7, Upper: 1.9, Margin: 0.01}),
		"a log":               autograd.Widen(&autograd.Support{Lower: -1.7, Upper: math.Inf(1)}),
		"a mirrored softplus": autograd.Widen(&autograd.Support{Lower: math.Inf(-1), Upper: 1.9, Linear: true}),
	}
	for _, m := range autograd.ScaleMaps() {
		a := autograd.Affine{Scale: m}
		if m.HasBound() {
			a.Bound = 1.3
		}
		if m.HasEpsilon() {
			a.Epsilon = 1e-2
		}
		all["affine "+string(m)] = a
	}
	return all
}

func normalize(inverse bool) func(autograd.Scope) apply {
	return func(s autograd.Scope) apply {
		mean, variance := s.New("mean", 1, 3), s.New("variance", 1, 3)
		mean.Frozen, variance.Frozen, variance.NonNegative = true, true, true
		return func(p *autograd.Pass, in values) autograd.Value {
			return p.Normalize(in[0], p.FixedMoments(mean, variance, 1e-3), inverse, p.LogDet)
		}
	}
}

// full is the matrix I + p/2 of four parameters p.
type full struct{}

func (full) Size() int { return 2 }

func (full) Compute(w []float64, v autograd.SquareValues, inverse bool, _ autograd.Share) float64 {
	p := v.Parameters[0]
	a, b, c, d := 1+p[0]/2, p[1]/2, p[2]/2, 1+p[3]/2
	determinant := a*d - b*c
	copy(w, []float64{a, b, c, d})
	if inverse {
		copy(w, []float64{d / determinant, -b / determinant, -c / determinant, a / determinant})
	}
	return math.Log(math.Abs(determinant))
}

func (f full) Gradient(v autograd.SquareValues) autograd.SquareGradient {
	var w [4]float64
	f.Compute(w[:], v, true, nil)
	return func(dp [][]float64, dw autograd.SquareRows, dLogDet float64, _ func(int) []float64) {
		for i, transposed := range []int{0, 2, 1, 3} {
			dp[0][i] = (dw(i / 2)[i%2] + dLogDet*w[transposed]) / 2
		}
	}
}

// cubic is y = x + s·x³/3 of each value, s = exp(p).
type cubic struct{}

func (cubic) Prepared() int                 { return 1 }
func (cubic) Prepare(prepared, p []float64) { prepared[0] = math.Exp(p[0]) }

func (cubic) Forward(y, prepared, x []float64) (logDet float64) {
	for i, v := range x {
		y[i] = v + prepared[0]*v*v*v/3
		logDet += math.Log(1 + prepared[0]*v*v)
	}
	return logDet
}

func (cubic) Inverse(x, prepared, y []float64) {
	for i, v := range y {
		x[i] = v
		for range 60 { // Newton
			x[i] -= (x[i] + prepared[0]*x[i]*x[i]*x[i]/3 - v) / (1 + prepared[0]*x[i]*x[i])
		}
	}
}

func (cubic) Backward(dx, dp, prepared, x, dy []float64, dLogDet float64) {
	s := prepared[0]
	for i, v := range x {
		slope := 1 + s*v*v
		dx[i] += dy[i]*slope + dLogDet*2*s*v/slope
		if dp != nil {
			dp[0] += s * (dy[i]*v*v*v/3 + dLogDet*v*v/slope)
		}
	}
}

func (cubic) SolveTransposed(v, prepared, x, g []float64) {
	for i := range v {
		v[i] = g[i] / (1 + prepared[0]*x[i]*x[i])
	}
}

// bowl is the log-density −s·Σz⁴ of s = exp(p), or of s = 1 without a
// parameter; it has no normalizer.
type bowl struct{}

func (bowl) Prepared() int { return 1 }
func (bowl) Scratch() int  { return 1 }

func (bowl) Prepare(prepared, p []float64) {
	prepared[0] = 1
	if len(p) > 0 {
		prepared[0] = math.Exp(p[0])
	}
}

func (bowl) LogDensity(prepared, scratch, z []float64) float64 {
	scratch[0] = 0
	for _, v := range z {
		scratch[0] -= v * v * v * v
	}
	return prepared[0] * scratch[0]
}

func (b bowl) Gradient(dz, dp, prepared, scratch, z []float64, d float64) {
	for i, v := range z {
		dz[i] -= 4 * d * prepared[0] * v * v * v
	}
	if dp != nil {
		dp[0] += d * b.LogDensity(prepared, scratch, z)
	}
}

// unitsNetwork is h = L₁x, b = ReLU(L₂x), gated = act(h)·σ(b) + h, t = L₃gated,
// whose t are the parameters of an affine map, step by step, and x is found by
// its inverse of z.
type unitsNetwork struct {
	activation autograd.Activation
	l          [3]*autograd.Masked
}

const unitsHidden = 5

func newUnits(s autograd.Scope, a autograd.Activation) *unitsNetwork {
	n := &unitsNetwork{activation: a}
	all := blas.Mask{In: 3, Blocks: 1, Runs: []blas.Run{{Inputs: 3, Outputs: unitsHidden}}}
	n.l[0], n.l[1] = s.At("l0").NewMasked(all), s.At("l1").NewMasked(all)
	n.l[2] = s.At("l2").NewMasked(blas.Mask{In: unitsHidden, Blocks: 2, Runs: []blas.Run{{Inputs: 2, Outputs: 1}, {Inputs: 3, Outputs: 1}, {Inputs: 5, Outputs: 1}}})
	return n
}

func (n *unitsNetwork) compute(p *autograd.Pass, in values) autograd.Value {
	g, inputs, columns := p.Graph, []int{2, 0, 1}, []int{1, 2, 0}
	u := autograd.Affine{Bound: 1.3}
	const each = 2
	mark := g.Mark()
	x, h, b := g.NewUnits(3, testRows), g.NewUnits(unitsHidden, testRows), g.NewUnits(unitsHidden, testRows)
	act, gated, t := g.NewUnits(unitsHidden, testRows), g.NewUnits(unitsHidden, testRows), g.NewUnits(each*len(columns), testRows)
	noise, data, sum := g.NewUnits(len(columns), testRows), g.NewUnits(len(columns), testRows), g.NewUnits(unitsHidden, testRows)
	parameters := func(i int) autograd.Units { return t.Slice(i*each, (i+1)*each) }
	g.Load(x, in[0], inputs)
	g.Load(noise, in[1], columns)
	g.Advance(h, x, n.l[0], 0, blas.None)
	g.Advance(b, x, n.l[1], 0, blas.ReLU)
	g.ActivateUnits(act, h, n.activation)
	g.GateUnits(gated, act, b)
	g.AddUnits(gated, h)
	g.CopyUnits(sum, gated)
	for i := range columns {
		g.Advance(parameters(i), sum, n.l[2], i*each, blas.None)
		g.InvertUnit(u, data.Slice(i, i+1), noise.Slice(i, i+1), parameters(i))
	}
	y := g.InvertColumns(u, in[1], t, columns, p.LogDet)
	if g.Recording() {
		g.Record(func() {
			g.LoadGradient(data, y, columns)
			for i := range columns {
				g.InvertUnitBackward(u, data.Slice(i, i+1), noise.Slice(i, i+1), parameters(i), p.LogDet)
			}
			for _, run := range [][2]int{{0, 2}, {2, 3}, {3, 5}} {
				g.Retreat(sum.Slice(run[0], run[1]), t, n.l[2], run[0])
			}
			g.MaskedGradients(n.l[2], sum, t)
			g.AddUnitsBackward(gated, sum)
			g.AddUnitsBackward(h, gated)
			g.GateUnitsBackward(act, b, gated)
			g.ActivateUnitsBackward(h, act, n.activation)
			g.ReLUUnitsBackward(b, b)
			for i, outputs := range []autograd.Units{h, b} {
				g.Retreat(x, outputs, n.l[i], 0)
				g.MaskedGradients(n.l[i], x, outputs)
			}
			g.StoreGradient(in[0], inputs, x)
			g.StoreGradient(in[1], columns, noise)
		})
	}
	g.Release(mark)
	return y
}

// scaledSegment scales and shifts the three columns that choose returns, and
// computes them back from the result.
func scaledSegment(choose func(*autograd.Pass, autograd.Value) autograd.Value) func(autograd.Scope) apply {
	return func(s autograd.Scope) apply {
		constant := s.New("constant", 1, 6)
		way := func(inverse bool) func(*autograd.Pass, autograd.Value) autograd.Value {
			return func(p *autograd.Pass, x autograd.Value) autograd.Value {
				return p.Apply(autograd.Affine{Bound: 1.3}, inverse, x, p.Repeat(constant, testRows), autograd.Columns([]int{0, 1, 2}), p.LogDet)
			}
		}
		return func(p *autograd.Pass, in values) autograd.Value {
			return p.Segment(choose(p, in[0]), way(false), autograd.Rebuild(way(false), way(true)))
		}
	}
}
