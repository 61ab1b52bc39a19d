package flow_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// imageFlow is a small flow of images with random values.
func imageFlow(t testing.TB, preset flow.ImagePreset, o flow.ImageOptions) *flow.Flow {
	t.Helper()
	o.Steps, o.Columns = 2, 5
	if preset == flow.PresetFlowMatchingImage && o.SolverSteps == 0 && o.Tolerance == 0 {
		o.SolverSteps = 4
	}
	c, err := preset.Config(o)
	if err != nil {
		t.Fatal(err)
	}
	f, err := flow.New(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range f.Model().Parameters().All() {
		if strings.HasSuffix(p.Name, ".initialized") {
			p.Values()[0] = 1
			continue
		}
		bound := float32(0.2)
		if preset == flow.PresetPeriodic && p.Rows == 1 && strings.HasSuffix(p.Name, ".weight") {
			bound = 0.03 // the constants of a periodic convolution, of which some frequency is else nearly singular
		}
		random.Uniform(p.Values(), 3, random.Initialization, uint64(p.Offset()), bound)
	}
	return f
}

// pixels returns so many values of n images of 0 to 255.
func pixels(n int, seed uint64) []float64 {
	rng := rand.New(rand.NewPCG(seed, 1))
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(rng.IntN(256))
	}
	return x
}

// eachImageModel calls do for each preset, two sizes, with and without a context; with
// -short only for the small one with a context.
func eachImageModel(t *testing.T, do func(t *testing.T, f *flow.Flow, contexts int)) {
	for _, p := range flow.ImagePresets() {
		for _, o := range []flow.ImageOptions{{Height: 4, Width: 4, Channels: 2, Levels: 256}, {Height: 8, Width: 8, Channels: 3, Levels: 256, Logit: 0.05}} {
			if o.Height > 4 && testing.Short() {
				continue // for emulated processors, which are slow, and networks in float64
			}
			for _, context := range [][]string{{"a", "b"}, nil} {
				if testing.Short() && context == nil {
					continue
				}
				o.Context = context
				t.Run(fmt.Sprintf("%s/%dx%dx%d/context=%d", p, o.Height, o.Width, o.Channels, len(context)), func(t *testing.T) {
					do(t, imageFlow(t, p, o), len(context))
				})
			}
		}
	}
}

// TestImageModelDensity holds the density of whole models.
func TestImageModelDensity(t *testing.T) {
	eachImageModel(t, func(t *testing.T, f *flow.Flow, _ int) {
		if f.Continuous() {
			return // its log-det is an estimate: TestFlowMatchingImage
		}
		x := pixels(f.Dim(), 5)
		for i, v := range x {
			x[i] = (v + 0.5) / 256
		}
		holdDensity(t, f, x)
	})
}

// holdDensity compares the density of an event, as the chain takes it, with that of the
// noise and the dense Jacobian of the way to all parts of it, in float64, and goes back.
func holdDensity(t *testing.T, f *flow.Flow, x []float64) {
	t.Helper()
	n, features := f.Dim(), len(f.Config().Features)
	g := autograd.Bind64(f.Model().Parameters()).NewGraph()
	begin := func(mode autograd.Mode) (p *autograd.Pass, in, rest autograd.Value) {
		g.Reset(mode)
		p = g.Pass(1)
		in = p.Input(n/features, features, true)
		for i, v := range x {
			in.Set(i/features, i%features, v)
		}
		if contexts := f.ContextFeatures(); contexts > 0 {
			p.Context = p.Input(1, contexts, false)
			p.Context.Set(0, 0, 0.3)
			p.Context.Set(0, 1, -0.8)
		}
		return p, in, f.Model().Chain().Forward(p, in)
	}
	p, _, rest := begin(autograd.Evaluate)
	var z []float64
	for _, part := range append(p.Parts(), rest) {
		z = append(z, valuesOf(part)...)
	}
	if len(z) != n {
		t.Fatalf("the noise has %d values, want %d", len(z), n)
	}
	logDet := p.LogDet.Values[0]
	f.Model().BaseDensity(p, rest)
	want := logDet
	for _, v := range z {
		want -= 0.5*v*v + 0.5*math.Log(2*math.Pi)
	}
	if got := p.LogDet.Values[0]; math.Abs(got-want) > 1e-9*math.Abs(want) {
		t.Errorf("log p is %v, the noise and the log-det make %v", got, want)
	}
	jacobian := mat.NewDense(n, n, nil)
	row := 0
	for part := 0; row < n; part++ {
		for i := 0; ; i++ {
			p, in, rest := begin(autograd.DifferentiateInputs)
			of := append(slices.Clone(p.Parts()), rest)[part]
			if i == of.Rows*of.Cols {
				break
			}
			g.SeedGradient(of, i/of.Cols, i%of.Cols, 1)
			g.Backward()
			for k := range n {
				jacobian.Set(row, k, in.Gradient(k/features, k%features))
			}
			row++
		}
	}
	var lu mat.LU
	lu.Factorize(jacobian)
	if want, _ := lu.LogDet(); math.Abs(logDet-want) > 1e-9*(1+math.Abs(want)) {
		t.Errorf("log-det is %v, the Jacobian's is %v", logDet, want)
	}
	p, _, rest = begin(autograd.Evaluate)
	for i, v := range valuesOf(f.Model().Chain().Inverse(p, rest)) {
		if math.Abs(v-x[i]) > 1e-9 {
			t.Fatalf("value %d goes there and back as %v, was %v", i, v, x[i])
		}
	}
}

// TestFlowMatchingImage compares the log-density by many probes with that by the
// exact trace, to the error that the report has, and a tolerance with steps.
func TestFlowMatchingImage(t *testing.T) {
	o := flow.ImageOptions{Height: 4, Width: 4, Channels: 1, Levels: 256, Context: []string{"a"}, Scales: 1, Steps: 2, Columns: 6}
	score := func(change func(*flow.ImageOptions)) (logProb float64, f *flow.Flow) {
		o := o
		change(&o)
		f = imageFlow(t, flow.PresetFlowMatchingImage, o)
		s, err := f.NewScorer(flow.ScorerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		all := make([]float64, 1)
		if err := s.LogProb(all, pixels(16, 3), []float64{0.7}); err != nil {
			t.Fatal(err)
		}
		return all[0], f
	}
	exact, _ := score(func(o *flow.ImageOptions) { o.ExactTrace = true })
	adaptive, _ := score(func(o *flow.ImageOptions) { o.ExactTrace, o.Tolerance = true, 1e-6 })
	if math.Abs(adaptive-exact) > 1e-3 {
		t.Errorf("log p is %v by steps, %v by a tolerance", exact, adaptive)
	}
	probed, f := score(func(o *flow.ImageOptions) { o.Probes = 64 })
	r, err := f.ReportSolver(pixels(16, 3), []float64{0.7}, flow.ScorerOptions{})
	if err != nil || !(r.StandardError > 0) || math.Abs(probed-exact) > 5*r.StandardError {
		t.Errorf("log p is %v by 64 probes with the error %v, exactly %v (%v)", probed, r.StandardError, exact, err)
	}
	for _, network := range flow.VelocityNetworks[1:] {
		exact, _ := score(func(o *flow.ImageOptions) { o.Network, o.ExactTrace, o.SolverSteps = network, true, 2 })
		probed, f := score(func(o *flow.ImageOptions) { o.Network, o.Probes, o.SolverSteps = network, 64, 2 })
		r, err := f.ReportSolver(pixels(16, 3), []float64{0.7}, flow.ScorerOptions{})
		if err != nil || !(r.StandardError > 0) || math.Abs(probed-exact) > 5*r.StandardError {
			t.Errorf("%s: log p is %v by 64 probes with the error %v, exactly %v (%v)", network, probed, r.StandardError, exact, err)
		}
		path := filepath.Join(t.TempDir(), "model.safetensors")
		if err := f.Save(path); err != nil {
			t.Fatal(err)
		}
		if back, err := flow.Load(path); err != nil || !reflect.DeepEqual(back.Config(), f.Config()) {
			t.Errorf("%s: the file has %+v, want %+v (%v)", network, back.Config(), f.Config(), err)
		}
	}
	for _, change := range []func(*flow.ImageOptions){
		func(o *flow.ImageOptions) { o.Network = "recurrent" },
		func(o *flow.ImageOptions) { o.Variational = true },
		func(o *flow.ImageOptions) { o.Solver, o.SolverSteps = "rk4", -1 },
		func(o *flow.ImageOptions) { o.Probes = -1 },
	} {
		o := o
		change(&o)
		if _, err := flow.FlowMatchingImage(o); err == nil {
			t.Errorf("%+v is no error", o)
		}
	}
	o.Probes = 2
	if _, err := flow.Glow(o); err == nil || !strings.Contains(err.Error(), "differential") {
		t.Errorf("glow with probes: %v", err)
	}
}

func valuesOf(v autograd.Value) (all []float64) {
	for r := range v.Rows {
		for c := range v.Cols {
			all = append(all, v.At(r, c))
		}
	}
	return all
}

// TestImageScoreBits compares scores in float32 with those in float64, one image
// alone with a batch on any number of workers and on every kernel tier, and what is
// saved with what is read; pixels come back from the noise exactly, and samples are
// pixels.
func TestImageScoreBits(t *testing.T) {
	eachImageModel(t, func(t *testing.T, f *flow.Flow, contexts int) {
		const n = 5
		d := f.Dim()
		x, context := pixels(n*d, 7), make([]float64, n*contexts)
		for i := range context {
			context[i] = float64(i%3) - 1
		}
		if contexts == 0 {
			context = nil
		}
		var file bytes.Buffer
		if err := f.Write(&file); err != nil {
			t.Fatal(err)
		}
		read, err := flow.Read(bytes.NewReader(file.Bytes()), int64(file.Len()))
		if err != nil {
			t.Fatal(err)
		}
		var want, samples []float64
		type how struct {
			of      *flow.Flow
			blas    blas.Backend
			workers int
		}
		ways := []how{{f, blas.Builtin(), 1}, {f, blas.Builtin(), 7}}
		for _, tier := range kernels.Tiers() {
			ways = append(ways, how{read, blas.BuiltinOn(tier), 2})
		}
		for i, w := range ways {
			s, err := w.of.NewScorer(flow.ScorerOptions{Workers: w.workers, BLAS: w.blas})
			if err != nil {
				t.Fatal(err)
			}
			logProb, drawn := make([]float64, n), make([]float64, n*d)
			if err := s.LogProb(logProb, x, context); err != nil {
				t.Fatal(err)
			}
			if err := s.Sample(drawn, nil, 0, flow.SampleOptions{Seed: 2, Temperature: 0.7}, context); err != nil {
				t.Fatal(err)
			}
			if want == nil {
				want, samples = logProb, drawn
			}
			if !slices.Equal(logProb, want) || !slices.Equal(drawn, samples) {
				t.Fatalf("way %d, with %d workers, scores %v or samples other pixels, one scores %v", i, w.workers, logProb, want)
			}
			for e := range n {
				one := make([]float64, 1)
				if err := s.LogProb(one, x[e*d:(e+1)*d], context[e*contexts:(e+1)*contexts]); err != nil {
					t.Fatal(err)
				}
				if one[0] != want[e] {
					t.Fatalf("image %d alone scores %v, in a batch %v", e, one[0], want[e])
				}
			}
			z, back := make([]float64, n*d), make([]float64, n*d)
			if err := s.Forward(z, nil, x, context); err != nil {
				t.Fatal(err)
			}
			if err := s.Inverse(back, nil, z, context); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(back, x) {
				t.Fatal("the pixels do not come back from their noise")
			}
		}
		for i, v := range samples {
			if v < 0 || v > 255 || v != math.Floor(v) {
				t.Fatalf("value %d of the samples is %v, no pixel", i, v)
			}
		}
		g := autograd.Bind64(f.Model().Parameters()).NewGraph()
		g.Reset(autograd.Evaluate)
		p := g.Pass(1)
		narrow := make([]float32, d)
		f.Model().Narrow(narrow, x[:d], flow.PixelNoise{})
		if contexts > 0 {
			p.Context = p.Wrap([]float32{float32(context[0]), float32(context[1])}, contexts)
		}
		f.Model().LogDensity(p, p.Wrap(narrow, len(f.Config().Features)))
		if got := p.LogDet.Values[0] + f.Model().StandardizationLogDet(); math.Abs(got-want[0]) > 2e-5*math.Abs(got) {
			t.Errorf("an image scores %v, in float64 %v", want[0], got)
		}
	})
}

// TestImageNoise: no model codes uniform noise of 8 bits in less.
func TestImageNoise(t *testing.T) {
	eachImageModel(t, func(t *testing.T, f *flow.Flow, contexts int) {
		const n = 20
		logProb, context := make([]float64, n), make([]float64, n*contexts)
		if err := f.LogProb(logProb, pixels(n*f.Dim(), 9), context[:n*contexts]); err != nil {
			t.Fatal(err)
		}
		for _, v := range logProb {
			if bits := f.BitsPerDim(v); bits < 7.9 {
				t.Errorf("uniform noise takes %v bits/dim", bits)
			}
		}
	})
}

// TestTwoPixelsIntegrateToOne adds up the density of two pixels on a grid.
func TestTwoPixelsIntegrateToOne(t *testing.T) {
	network := &nn.ConvolutionSpec{Hidden: []int{4}, Kernels: []int{3, 1}, LogScale: 3, Activation: autograd.Activation{Name: autograd.TanhActivation}}
	f, err := flow.New(flow.Config{
		Features: []string{"gray"}, Grid: []int{1, 2}, Base: &base.StandardNormalSpec{},
		Transforms: []transform.Spec{
			&transform.ActNormSpec{Bound: 1},
			&transform.CouplingSpec{Sites: transform.Even, Univariate: &autograd.Affine{Bound: 1}, Conditioner: network},
			&transform.CouplingSpec{Sites: transform.Odd, Univariate: &autograd.Affine{Bound: 1}, Conditioner: network},
			&transform.SqueezeSpec{Block: []int{1, 2}, Order: transform.ByFeatures(2, 1)}, &transform.MatrixSpec{},
		},
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range f.Model().Parameters().All() {
		random.Uniform(p.Values(), 3, random.Initialization, uint64(p.Offset()), 0.4)
	}
	const half, step = 8.0, 0.08
	var x []float64
	for a := -half; a < half; a += step {
		for b := -half; b < half; b += step {
			x = append(x, a, b)
		}
	}
	logProb := make([]float64, len(x)/2)
	if err := f.LogProb(logProb, x, nil); err != nil {
		t.Fatal(err)
	}
	var sum float64
	for _, v := range logProb {
		sum += math.Exp(v) * step * step
	}
	if math.Abs(sum-1) > 1e-4 {
		t.Errorf("the density of two pixels integrates to %v", sum)
	}
}

// TestImageOptionsAreChecked gives options that make no flow.
func TestImageOptionsAreChecked(t *testing.T) {
	good := flow.ImageOptions{Height: 8, Width: 4, Levels: 256}
	for name, change := range map[string]func(*flow.ImageOptions){
		"an odd side":        func(o *flow.ImageOptions) { o.Width = 5 },
		"too many scales":    func(o *flow.ImageOptions) { o.Scales = 3 },
		"no pixels":          func(o *flow.ImageOptions) { o.Height = 0 },
		"negative steps":     func(o *flow.ImageOptions) { o.Steps = -1 },
		"wide networks":      func(o *flow.ImageOptions) { o.Columns = 1 << 20 },
		"a logit of half":    func(o *flow.ImageOptions) { o.Logit = 0.5 },
		"a logit of numbers": func(o *flow.ImageOptions) { o.Levels, o.Logit = 0, 0.1 },
		"a negative bound":   func(o *flow.ImageOptions) { o.Bound = -1 },
		"one level":          func(o *flow.ImageOptions) { o.Levels = 1 },
		"a step of all":      func(o *flow.ImageOptions) { o.Step = 256 },
	} {
		for _, p := range flow.ImagePresets() {
			o := good
			change(&o)
			if _, err := p.Config(o); err == nil {
				t.Errorf("%s: %s is no error", p, name)
			}
			if _, err := p.Config(good); err != nil {
				t.Error(err)
			}
		}
	}
	for _, p := range flow.ImagePresets() {
		o, glow := good, p == flow.PresetGlow || p == flow.PresetEmerging || p == flow.PresetPeriodic
		o.ActNorm = true
		if _, err := p.Config(o); (err == nil) != glow {
			t.Errorf("%s with ActNorm in its networks: %v", p, err)
		}
	}
	if _, err := flow.ImagePreset("glaw").Config(good); err == nil || !strings.Contains(err.Error(), "realnvp-image") {
		t.Errorf("an unknown preset: %v", err)
	}
}
