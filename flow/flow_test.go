package flow_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// randomFlow builds a small flow whose every parameter is random, so that
// nothing is the identity by accident.
func randomFlow(t testing.TB, preset flow.Preset, d, contexts int, o flow.Options) *flow.Flow {
	t.Helper()
	if o.Hidden == nil {
		o.Hidden = []int{16, 16}
	}
	if o.Layers == 0 {
		o.Layers = 4
	}
	o = usable(preset, o)
	c, err := preset.Config(names("x", d), names("c", contexts), o)
	if err != nil {
		t.Fatal(err)
	}
	f, err := flow.New(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	bound := float32(0.4)
	if o.Bins > 0 || strings.HasPrefix(string(preset), "nsf") || preset == flow.PresetSOS || preset == flow.PresetFlowPP || preset == flow.PresetUMNN {
		// Ten layers of wide networks and of matrices amplify rounding, and so does
		// the inverse of polynomials that are flat somewhere; mixtures with an affine
		// map behind them draw values of some millions, and integrals of networks carry
		// what one column is off to the next, larger each time.
		bound = 0.1
	}
	for _, p := range f.Model().Parameters().All() {
		start := slices.Clone(p.Values())
		random.Uniform(p.Values(), 7, random.Initialization, uint64(p.Offset()), bound)
		if preset == flow.PresetBNAF {
			// At zero its slopes are the roots of its widths, in each layer anew.
			for i := range start {
				p.Values()[i] = start[i] + p.Values()[i]/4
			}
		}
		for i, v := range p.Values() {
			if p.NonNegative && v < 0 {
				p.Values()[i] = -v
			}
		}
	}
	if err := f.Model().SetStandardization(standardization(d), standardization(contexts)); err != nil {
		t.Fatal(err)
	}
	return f
}

// usable leaves out of the options what a preset refuses.
func usable(preset flow.Preset, o flow.Options) flow.Options {
	if !networks(preset) {
		o.Hidden = nil
	}
	if flow.Defaults(preset).Masks == "" {
		o.Masks = ""
	}
	if preset == flow.PresetHouseholder || flow.Defaults(preset).Permutation == "" {
		o.Permutation = ""
	}
	if flow.Defaults(preset).Solver != "" { // ways there and back agree to the error of the solver
		o.Steps, o.Hidden = 12, []int{9}
	}
	return o
}

// networks tells whether a preset has conditioners, and so takes a context.
func networks(preset flow.Preset) bool {
	return flow.Defaults(preset).Hidden != nil
}

func names(prefix string, n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprint(prefix, i))
	}
	return out
}

func standardization(n int) (s flow.Standardization) {
	for i := range n {
		s.Mean = append(s.Mean, float64(i)*0.5-1)
		s.Std = append(s.Std, 1+0.25*float64(i%5))
	}
	return s
}

func rows(n int, index uint64) []float64 {
	out := make([]float64, n)
	buffer := make([]float32, n)
	kernels.NormalRows(buffer, 1, n, 42, random.Noise, index)
	for i, v := range buffer {
		out[i] = 1.5 * float64(v)
	}
	return out
}

func eachFlow(t *testing.T, check func(t *testing.T, f *flow.Flow, d, contexts int)) {
	dims := []int{1, 2, 5, 20}
	if testing.Short() {
		dims = []int{1, 5}
	}
	for _, preset := range flow.Presets() {
		for _, d := range dims {
			if preset == flow.PresetUMNN && d == 20 {
				continue // takes seconds each; TestUMNNComesBack has as many columns
			}
			for _, contexts := range []int{0, 2} {
				if contexts > 0 && !networks(preset) {
					continue
				}
				for _, o := range []flow.Options{{}, {Base: base.DiagonalNormal, Permutation: "random", Masks: "alternating", Seed: 3}, {Permutation: "reverse"}} {
					t.Run(fmt.Sprintf("%s/D=%d/context=%d/%s%s", preset, d, contexts, o.Base, o.Permutation), func(t *testing.T) {
						check(t, randomFlow(t, preset, d, contexts, o), d, contexts)
					})
				}
			}
		}
	}
}

func TestForwardInverseAndLogProbAgree(t *testing.T) {
	eachFlow(t, func(t *testing.T, f *flow.Flow, d, contexts int) {
		const n = 150 // more than a tile
		x, context := rows(n*d, 1), rows(n*contexts, 2)
		z, logDet, back, logDetBack, logProb := make([]float64, n*d), make([]float64, n), make([]float64, n*d), make([]float64, n), make([]float64, n)
		must(t, f.Forward(z, logDet, x, context))
		must(t, f.Inverse(back, logDetBack, z, context))
		must(t, f.LogProb(logProb, x, context))
		for i := range x {
			if math.Abs(back[i]-x[i]) > 1e-4*(1+math.Abs(x[i])) {
				t.Fatalf("value %d comes back as %v, was %v", i, back[i], x[i])
			}
		}
		for e := range n {
			if math.Abs(logDet[e]+logDetBack[e]) > 1e-4 {
				t.Fatalf("event %d: log-dets %v and %v", e, logDet[e], logDetBack[e])
			}
			if _, standard := f.Config().Base.(*base.StandardNormalSpec); !standard {
				continue
			}
			want := logDet[e] - float64(d)*0.5*math.Log(2*math.Pi)
			for _, v := range z[e*d : (e+1)*d] {
				want -= 0.5 * v * v
			}
			if math.Abs(logProb[e]-want) > 1e-4*(1+math.Abs(want)) {
				t.Fatalf("event %d: log p is %v, from z and log-det %v", e, logProb[e], want)
			}
		}
	})
}

func TestSamplesHaveTheirLogProb(t *testing.T) {
	eachFlow(t, func(t *testing.T, f *flow.Flow, d, contexts int) {
		const n = 140
		context := rows(n*contexts, 2)
		x, logProb, err := f.SampleWithLogProb(n, 9, context)
		must(t, err)
		again := make([]float64, n)
		must(t, f.LogProb(again, x, context))
		for e := range n {
			if math.Abs(again[e]-logProb[e]) > 2e-3*(1+math.Abs(again[e])) {
				t.Fatalf("sample %d: log p %v when drawn, %v when scored", e, logProb[e], again[e])
			}
		}
		// Sample i is a function of seed and i alone.
		s, err := f.NewScorer(flow.ScorerOptions{})
		must(t, err)
		var c []float64
		if contexts > 0 {
			c = context[100*contexts : 107*contexts]
		}
		part := make([]float64, 7*d)
		must(t, s.Sample(part, nil, 100, flow.SampleOptions{Seed: 9}, c))
		backend, err := blas.Default()
		must(t, err)
		if backend.Name() != "builtin" {
			return // OpenBLAS rounds by the shape of a batch
		}
		for i, v := range part {
			if v != x[100*d+i] {
				t.Fatalf("sample drawn alone differs at value %d: %v and %v", i, v, x[100*d+i])
			}
		}
	})
}

// TestLogProbGrad compares with the same graph in float64, whose gradients the
// conformance test checks by differences.
func TestLogProbGrad(t *testing.T) {
	eachFlow(t, func(t *testing.T, f *flow.Flow, d, contexts int) {
		const n = 3
		x, context := rows(n*d, 1), rows(n*contexts, 2)
		logProb, gradX, gradContext := make([]float64, n), make([]float64, n*d), make([]float64, n*contexts)
		must(t, f.LogProbGrad(logProb, gradX, gradContext, x, context))

		g := autograd.Bind64(f.Model().Parameters()).NewGraph()
		g.Reset(autograd.DifferentiateInputs)
		input := func(values []float64, s flow.Standardization, columns int) autograd.Value {
			v := g.Input(n, columns, true)
			for i, value := range values {
				v.Set(i/columns, i%columns, (value-s.Mean[i%columns])/s.Std[i%columns])
			}
			return v
		}
		config := f.Config()
		p, in := g.Pass(n), input(x, config.Standardize, d)
		var inContext autograd.Value
		if contexts > 0 {
			inContext = input(context, config.StandardizeContext, contexts)
		}
		p.Context = inContext
		f.Model().LogDensity(p, in)
		p.LogDet.Seed(1)
		g.Backward()
		check := func(name string, got []float64, v autograd.Value, s flow.Standardization) {
			for i := range got {
				want := v.Gradient(i/v.Cols, i%v.Cols) / s.Std[i%v.Cols]
				if math.Abs(got[i]-want) > 1e-3*(1+math.Abs(want)) {
					t.Errorf("d log p / d %s %d is %v, in float64 %v", name, i, got[i], want)
				}
			}
		}
		check("x", gradX, in, config.Standardize)
		if contexts > 0 {
			check("context", gradContext, inContext, config.StandardizeContext)
		}
		for e := range n {
			if want := p.LogDet.Values[e] + f.Model().StandardizationLogDet(); math.Abs(logProb[e]-want) > 1e-4*(1+math.Abs(want)) {
				t.Errorf("log p of row %d is %v, in float64 %v", e, logProb[e], want)
			}
		}
	})
}

// TestLogProbGradOverwrites gives the buffers of one call to the next one, also
// where sites share a context.
func TestLogProbGradOverwrites(t *testing.T) {
	for _, grid := range [][]int{nil, {2, 3}} {
		c, err := flow.RealNVP(names("x", 3), names("c", 2), flow.Options{Layers: 2, Hidden: []int{8}})
		must(t, err)
		c.Grid = grid
		f, err := flow.New(c, 1)
		must(t, err)
		for _, p := range f.Model().Parameters().All() {
			random.Uniform(p.Values(), 7, random.Initialization, uint64(p.Offset()), 0.4)
		}
		const n = 5
		d := f.Dim()
		x, context := rows(n*d, 1), rows(n*2, 2)
		fresh, used := [3][]float64{}, [3][]float64{}
		for i, size := range []int{n, n * d, n * 2} {
			fresh[i], used[i] = make([]float64, size), make([]float64, size)
			for k := range used[i] {
				used[i][k] = 1e3
			}
		}
		must(t, f.LogProbGrad(fresh[0], fresh[1], fresh[2], x, context))
		must(t, f.LogProbGrad(used[0], used[1], used[2], x, context))
		for i, name := range []string{"log p", "gradient of x", "gradient of the context"} {
			sameBits(t, fmt.Sprintf("grid %v: the %s in a used buffer", grid, name), used[i], fresh[i], 1)
		}
	}
}

func TestDensityIntegratesToOne(t *testing.T) {
	f := randomFlow(t, "realnvp", 2, 0, flow.Options{Layers: 6})
	const side, half = 400, 30.0
	step := 2 * half / side
	x := make([]float64, 0, side*side*2)
	for i := range side {
		for j := range side {
			x = append(x, -half+(float64(i)+0.5)*step, -half+(float64(j)+0.5)*step)
		}
	}
	logProb := make([]float64, side*side)
	must(t, f.LogProb(logProb, x, nil))
	var sum float64
	for _, l := range logProb {
		sum += math.Exp(l) * step * step
	}
	if math.Abs(sum-1) > 5e-3 {
		t.Fatalf("the density integrates to %v", sum)
	}
}

func TestBitsDoNotDependOnBatchOrWorkers(t *testing.T) {
	f := randomFlow(t, "realnvp", 7, 2, flow.Options{Permutation: "random"})
	const n = 700
	x, context := rows(n*7, 1), rows(n*2, 2)
	var want []float64
	for _, workers := range []int{1, 3} {
		s, err := f.NewScorer(flow.ScorerOptions{Workers: workers, BLAS: blas.Builtin()})
		must(t, err)
		for _, batch := range []int{1, 5, 64, 333, n} {
			got := make([]float64, n)
			for from := 0; from < n; from += batch {
				to := min(from+batch, n)
				must(t, s.LogProb(got[from:to], x[from*7:to*7], context[from*2:to*2]))
			}
			if want == nil {
				want = got
			}
			for i := range got {
				if math.Float64bits(got[i]) != math.Float64bits(want[i]) {
					t.Fatalf("workers=%d batch=%d: row %d is %v, was %v", workers, batch, i, got[i], want[i])
				}
			}
		}
	}
}

func TestSaveAndLoad(t *testing.T) {
	eachFlow(t, func(t *testing.T, f *flow.Flow, d, contexts int) {
		f.SetProvenance([]byte(`{"seed":1}`))
		path := t.TempDir() + "/model.safetensors"
		must(t, f.Save(path))
		g, err := flow.Load(path)
		must(t, err)
		var first, second bytes.Buffer
		must(t, f.Write(&first))
		must(t, g.Write(&second))
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Fatal("a loaded model does not write the same bytes")
		}
		const n = 20
		x, context, a, b := rows(n*d, 1), rows(n*contexts, 2), make([]float64, n), make([]float64, n)
		must(t, f.LogProb(a, x, context))
		must(t, g.LogProb(b, x, context))
		for i := range a {
			if a[i] != b[i] {
				t.Fatalf("row %d: log p %v before, %v after", i, a[i], b[i])
			}
		}
	})
}

func TestReadRefusesDamagedFiles(t *testing.T) {
	f := randomFlow(t, "realnvp", 3, 0, flow.Options{Layers: 2, Hidden: []int{4}})
	var file bytes.Buffer
	must(t, f.Write(&file))
	for cut := range file.Len() {
		if _, err := flow.Read(bytes.NewReader(file.Bytes()[:cut]), int64(cut)); err == nil {
			t.Fatalf("a file cut at byte %d of %d was read", cut, file.Len())
		}
	}
	for _, change := range [][2]string{
		{`\"type\":\"coupling\"`, `\"type\":\"coupleng\"`},
		{`\"hidden\":[4]`, `\"hidden\":[9]`},
		{`\"hidden\":[4]`, `\"hiddem\":[4]`},
		{`\"bound\":1}`, `\"bound\":0}`},
		{`\"bound\":1}`, `\"Bound\":1}`},
		{`\"transforms\"`, `\"Transforms\"`},
		{`"nf.version":"1"`, `"nf.version":"3"`},
		{`"nf.version":"1"`, `"nf.version":"0"`},
		{`tanh-exp`, `tanh-sin`},
		{`transforms.0.conditioner`, `transforms.5.conditioner`},
		{`standard-normal`, `standard-narmol`},
		{`\"mask\":[false,true,true]`, `\"mask\":[false,false,000]`},
	} {
		damaged := bytes.Replace(file.Bytes(), []byte(change[0]), []byte(change[1]), 1)
		if bytes.Equal(damaged, file.Bytes()) {
			t.Fatalf("the file does not contain %s", change[0])
		}
		if _, err := flow.Read(bytes.NewReader(damaged), int64(len(damaged))); err == nil {
			t.Errorf("a file with %s for %s was read", change[1], change[0])
		} else {
			t.Log(err)
		}
	}
}

func TestBoundsThatFloat32CannotHold(t *testing.T) {
	for _, bound := range []float64{1e-50, 1e-40, -1, 21, math.NaN(), math.Inf(1)} {
		if _, err := flow.RealNVP(names("x", 2), nil, flow.Options{Bound: bound}); err == nil {
			t.Errorf("a bound of %v is taken", bound)
		}
	}
}

// TestOwnMethodsFollowChangedValues scores, changes the values, and scores.
func TestOwnMethodsFollowChangedValues(t *testing.T) {
	f := randomFlow(t, "realnvp", 3, 0, flow.Options{})
	x, before, after, fresh := rows(3, 1), make([]float64, 1), make([]float64, 1), make([]float64, 1)
	must(t, f.LogProb(before, x, nil))
	old, err := f.NewScorer(flow.ScorerOptions{})
	must(t, err)
	must(t, old.LogProb(fresh, x, nil))
	f.Model().Parameters().Edit(func(values []float32) {
		for i := range values {
			values[i] *= 0.5
		}
	})
	must(t, f.LogProb(after, x, nil))
	if err := old.LogProb(fresh, x, nil); !errors.Is(err, flow.ErrStale) {
		t.Errorf("a scorer of the old values: %v", err)
	}
	s, err := f.NewScorer(flow.ScorerOptions{})
	must(t, err)
	must(t, s.LogProb(fresh, x, nil))
	if after[0] == before[0] || after[0] != fresh[0] {
		t.Fatalf("log p is %v before, %v after the change, %v of a new scorer", before[0], after[0], fresh[0])
	}
}

func TestReadRefusesDeepNesting(t *testing.T) {
	c, err := flow.RealNVP(names("x", 2), nil, flow.Options{Layers: 1, Hidden: []int{2}})
	must(t, err)
	for range 200 {
		c.Transforms[0] = &transform.InvertSpec{Transform: c.Transforms[0]}
	}
	c.Features = []string{`a[{"\\`, `b\"[`} // brackets in names are no nesting
	f, err := flow.New(c, 1)
	must(t, err)
	var file bytes.Buffer
	must(t, f.Write(&file))
	if _, err := flow.Read(bytes.NewReader(file.Bytes()), int64(file.Len())); err == nil || !strings.Contains(err.Error(), "nested") {
		t.Fatalf("a model nested 200 deep is read: %v", err)
	}
}

func TestWrongLengthsAreErrors(t *testing.T) {
	f := randomFlow(t, "realnvp", 3, 1, flow.Options{})
	_, noWorkers := f.NewScorer(flow.ScorerOptions{Workers: -1})
	for name, err := range map[string]error{
		"large temperature": sampleAt(t, f, 1e39), "small temperature": sampleAt(t, f, 1e-39), "number of workers": noWorkers,

		"x":           f.LogProb(make([]float64, 2), make([]float64, 5), make([]float64, 2)),
		"context":     f.LogProb(make([]float64, 2), make([]float64, 6), nil),
		"z":           f.Forward(make([]float64, 5), nil, make([]float64, 6), make([]float64, 2)),
		"temperature": sampleAt(t, f, -1),
	} {
		if err == nil {
			t.Errorf("a wrong %s is no error", name)
		} else {
			t.Log(err)
		}
	}
}

func sampleAt(t *testing.T, f *flow.Flow, temperature float64) error {
	s, err := f.NewScorer(flow.ScorerOptions{Workers: 1})
	must(t, err)
	return s.Sample(make([]float64, 3), nil, 0, flow.SampleOptions{Temperature: temperature}, make([]float64, 1))
}

func TestWarmScorerAllocatesNothing(t *testing.T) {
	for _, d := range []int{1, 6, 7} {
		for _, o := range []flow.Options{{}, {Masks: "alternating", Base: base.DiagonalNormal}} {
			f := randomFlow(t, "realnvp", d, 2, o)
			s, err := f.NewScorer(flow.ScorerOptions{})
			must(t, err)
			x, context, dst, z := rows(d, 1), rows(2, 2), make([]float64, 1), make([]float64, d)
			for name, call := range map[string]func() error{
				"LogProb": func() error { return s.LogProb(dst, x, context) },
				"Forward": func() error { return s.Forward(z, dst, x, context) },
				"Inverse": func() error { return s.Inverse(z, dst, x, context) },
				"Sample":  func() error { return s.Sample(z, dst, 0, flow.SampleOptions{Seed: 1}, context) },
			} {
				must(t, call())
				if n := testing.AllocsPerRun(100, func() { _ = call() }); n != 0 {
					t.Errorf("%s with %d features allocates %v times a row", name, d, n)
				}
			}
		}
	}
}

func TestMultiDimensionalEvents(t *testing.T) {
	c, err := flow.RealNVP(names("x", 3), names("c", 1), flow.Options{Layers: 3, Hidden: []int{8}})
	must(t, err)
	c.Grid = []int{2, 2}
	f, err := flow.New(c, 1)
	must(t, err)
	for _, p := range f.Model().Parameters().All() {
		random.Uniform(p.Values(), 7, random.Initialization, uint64(p.Offset()), 0.4)
	}
	// Each site is standardized alike, and the density with it.
	must(t, f.Model().SetStandardization(standardization(3), standardization(1)))
	const n = 40
	x, context, logProb := rows(n*12, 1), rows(n, 2), make([]float64, n)
	must(t, f.LogProb(logProb, x, context))
	// With one conditioner for all sites, an event's density is the product of
	// its sites'.
	c.Grid = nil
	g, err := flow.New(c, 1)
	must(t, err)
	copy(g.Model().Parameters().Values(), f.Model().Parameters().Values())
	must(t, g.Model().SetStandardization(standardization(3), standardization(1)))
	sites, contexts := make([]float64, 4*n), make([]float64, 4*n)
	for i := range contexts {
		contexts[i] = context[i/4]
	}
	must(t, g.LogProb(sites, x, contexts))
	for e := range n {
		want := sites[4*e] + sites[4*e+1] + sites[4*e+2] + sites[4*e+3]
		if math.Abs(logProb[e]-want) > 1e-5*(1+math.Abs(want)) {
			t.Fatalf("event %d: %v, its sites %v", e, logProb[e], want)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// BenchmarkLogProb is the score path: one row as a service has it, and a batch.
func BenchmarkLogProb(b *testing.B) {
	for _, n := range []int{1, 4096} {
		b.Run(fmt.Sprintf("rows=%d", n), func(b *testing.B) {
			f := randomFlow(b, "realnvp", 6, 0, flow.Options{Layers: 8, Hidden: []int{128, 128}})
			s, err := f.NewScorer(flow.ScorerOptions{Workers: 1})
			must(b, err)
			x, dst := rows(n*6, 1), make([]float64, n)
			must(b, s.LogProb(dst, x, nil))
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				must(b, s.LogProb(dst, x, nil))
			}
			b.ReportMetric(float64(b.N)*float64(n)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
