package flow_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// classTarFlow is a TarFlow of a line of sites, conditioned on two classes, with
// random parameters.
func classTarFlow(t *testing.T, sites, blocks int, preserving bool) *flow.Flow {
	t.Helper()
	c, err := flow.TarFlow([]int{sites}, names("x", 2), []string{"class=a", "class=b"},
		flow.TarFlowOptions{Patch: 1, Blocks: blocks, Layers: 1, Width: 8, Heads: 2, VolumePreserving: preserving})
	must(t, err)
	c.Categories = []flow.Category{{Column: "class", Levels: []string{"a", "b"}}}
	f, err := flow.New(c, 1)
	must(t, err)
	for _, p := range f.Model().Parameters().All() {
		if p.Name != "base.constant" {
			random.Uniform(p.Values(), 7, random.Initialization, uint64(p.Offset()), 0.4)
		}
	}
	return f
}

// TestGuidance holds guided samples of one block that shifts against the formula:
// x = z + b + w·(b − b_u), where b = x − z_c for the noise z_c that x has in its
// class, and b_u likewise without one.
func TestGuidance(t *testing.T) {
	const sites, n = 5, 3
	f := classTarFlow(t, sites, 1, true)
	d := f.Dim()
	noise, err := flow.New(flow.Config{Features: names("x", 2), Grid: []int{sites}, Base: &base.StandardNormalSpec{}}, 1)
	must(t, err)
	z, err := noise.Sample(n, 4, nil)
	must(t, err)
	labelled, unlabelled := []float64{1, 0, 0, 1, 1, 0}, slices.Repeat([]float64{0.5}, 2*n)
	if c := f.Config(); !slices.Equal(c.Unlabelled(), []float64{0.5, 0.5}) {
		t.Errorf("without a class the context is %v", c.Unlabelled())
	}
	for _, g := range []flow.Guidance{{Weight: 2}, {Weight: 1.5, Annealed: true}} {
		s, err := f.NewScorer(flow.ScorerOptions{})
		must(t, err)
		x, logProb, scores := make([]float64, n*d), make([]float64, n), make([]float64, n)
		must(t, s.Sample(x, logProb, 0, flow.SampleOptions{Seed: 4, Guidance: g}, labelled))
		must(t, s.LogProb(scores, x, labelled))
		if !slices.Equal(logProb, scores) {
			t.Errorf("guided samples have the log-densities %v, scores are %v", logProb, scores)
		}
		given, without := make([]float64, n*d), make([]float64, n*d)
		must(t, s.Forward(given, nil, x, labelled))
		must(t, s.Forward(without, nil, x, unlabelled))
		apart := 0.0
		for i, v := range x {
			w := g.Weight
			if g.Annealed {
				w *= float64(i%d/2) / (sites - 1)
			}
			b, other := v-given[i], v-without[i]
			apart = max(apart, math.Abs(b-other))
			if want := z[i] + b + w*(b-other); math.Abs(v-want) > 1e-5 {
				t.Errorf("%+v: value %d is %v, want %v", g, i, v, want)
			}
		}
		if apart < 0.01 {
			t.Errorf("the classes matter by %v only", apart)
		}
	}
}

// TestJacobiBits holds iterations against sites one by one: as many as there are
// sites, or blocks of single sites, give the same bits on every kernel tier; fewer
// come near, and say how near; guidance is the same.
func TestJacobiBits(t *testing.T) {
	const sites, n = 6, 5
	f := classTarFlow(t, sites, 2, false)
	d := f.Dim()
	context := slices.Repeat([]float64{0, 1}, n)
	for _, g := range []flow.Guidance{{}, {Weight: 1, AttentionTemperature: 2, Annealed: true}} {
		s, err := f.NewScorer(flow.ScorerOptions{BLAS: blas.Builtin()})
		must(t, err)
		draw := func(j autograd.Jacobi) []float64 {
			x := make([]float64, n*d)
			must(t, s.Sample(x, nil, 0, flow.SampleOptions{Seed: 3, Guidance: g, Jacobi: j}, context))
			return x
		}
		want := draw(autograd.Jacobi{})
		near := draw(autograd.Jacobi{Iterations: 2})
		for _, tier := range kernels.Tiers() {
			s, err = f.NewScorer(flow.ScorerOptions{BLAS: blas.BuiltinOn(tier)})
			must(t, err)
			for _, j := range []autograd.Jacobi{{}, {Iterations: sites}, {Iterations: 100, Blocks: 2}, {Iterations: 1, Blocks: sites}, {Iterations: 1, Blocks: 1000}} {
				if got := draw(j); !slices.Equal(got, want) || s.Residual() != 0 {
					t.Errorf("%s, %+v, %+v: %v with a residual of %v, want %v", tier.Name(), g, j, got, s.Residual(), want)
				}
			}
			if got := draw(autograd.Jacobi{Iterations: 2}); !slices.Equal(got, near) {
				t.Errorf("%s, %+v: two iterations give %v, want %v", tier.Name(), g, got, near)
			}
		}
		last, error := math.Inf(1), math.Inf(1)
		for iterations := 1; iterations < sites; iterations += 2 {
			got, furthest := draw(autograd.Jacobi{Iterations: iterations}), 0.0
			for i, v := range got {
				furthest = max(furthest, math.Abs(v-want[i]))
			}
			if r := s.Residual(); !(r > 0 && r < last && furthest < error) {
				t.Errorf("%+v: after %d iterations the residual is %v and the error %v, before they were %v and %v", g, iterations, r, furthest, last, error)
			}
			last, error = s.Residual(), furthest
		}
	}
}

// TestGuidedBits holds guided, iterated samples of an unconditional flow alone
// against those of a batch, of several workers and of every kernel tier.
func TestGuidedBits(t *testing.T) {
	const n = 9
	f := tarflow(t, 0)
	d := f.Dim()
	var want []float64
	for _, o := range []flow.SampleOptions{{Guidance: flow.Guidance{Weight: 0.7, AttentionTemperature: 0.5}}, {Jacobi: autograd.Jacobi{Iterations: 2, Blocks: 2}}} {
		want = nil
		for _, tier := range kernels.Tiers() {
			for _, how := range [][2]int{{1, n}, {1, 1}, {2, 4}} {
				s, err := f.NewScorer(flow.ScorerOptions{Workers: how[0], BLAS: blas.BuiltinOn(tier)})
				must(t, err)
				x := make([]float64, n*d)
				for from := 0; from < n; from += how[1] {
					must(t, s.Sample(x[from*d:min(n, from+how[1])*d], nil, uint64(from), o, nil))
				}
				if want == nil {
					want = x
				}
				if !slices.Equal(x, want) {
					t.Fatalf("%+v: %s, %d workers and batches of %d draw other samples", o, tier.Name(), how[0], how[1])
				}
			}
		}
	}
}

func TestDrawErrors(t *testing.T) {
	table, err := flow.New(flow.Config{Features: names("x", 2), Base: &base.StandardNormalSpec{}}, 1)
	must(t, err)
	sequence := tarflow(t, 0)
	for _, c := range []struct {
		f    *flow.Flow
		o    flow.SampleOptions
		want string
	}{
		{table, flow.SampleOptions{Guidance: flow.Guidance{Weight: 1}}, "sequential"},
		{table, flow.SampleOptions{Jacobi: autograd.Jacobi{Iterations: 1}}, "sequential"},
		{table, flow.SampleOptions{Denoise: true}, "noise"},
		{sequence, flow.SampleOptions{Guidance: flow.Guidance{Weight: -1}}, "guidance is -1"},
		{sequence, flow.SampleOptions{Guidance: flow.Guidance{Weight: 1}}, "no classes"},
		{sequence, flow.SampleOptions{Guidance: flow.Guidance{Weight: 1, AttentionTemperature: math.NaN()}}, "temperature is NaN"},
		{sequence, flow.SampleOptions{Guidance: flow.Guidance{AttentionTemperature: 2}}, "weight is 0"},
		{sequence, flow.SampleOptions{Jacobi: autograd.Jacobi{Blocks: 2}}, "in 2 blocks"},
	} {
		s, err := c.f.NewScorer(flow.ScorerOptions{})
		must(t, err)
		if err := s.Sample(make([]float64, c.f.Dim()), nil, 0, c.o, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want an error with %q", c.o, err, c.want)
		}
	}
}

// TestDenoise holds the denoising of normal values with normal noise against the
// mean of the posterior, m + s²/(s² + σ²)·(x − m).
func TestDenoise(t *testing.T) {
	const levels, m, s, n = 1 << 16, 30000.0, 2000.0, 6
	pixels := &flow.Pixels{Levels: levels, Noise: 0.05}
	sigma := 0.05 * (levels - 1) / 2
	f, err := flow.New(flow.Config{
		Features: names("gray", 1), Grid: []int{2, 2}, Pixels: pixels, Base: &base.StandardNormalSpec{},
		Standardize: flow.Standardization{Mean: []float64{m}, Std: []float64{math.Sqrt(s*s + sigma*sigma)}},
	}, 1)
	must(t, err)
	scorer, err := f.NewScorer(flow.ScorerOptions{})
	must(t, err)
	x := make([]float64, 4*n)
	for i := range x {
		x[i] = m + 500*float64(i-8)
	}
	got := make([]float64, len(x))
	must(t, scorer.Denoise(got, x, nil))
	for i, v := range got {
		if want := m + s*s/(s*s+sigma*sigma)*(x[i]-m); math.Abs(v-want) > 1e-2 {
			t.Errorf("%v becomes %v, want %v", x[i], v, want)
		}
	}
	noisy, clean := make([]float64, 4*n), make([]float64, 4*n)
	must(t, scorer.Sample(noisy, nil, 0, flow.SampleOptions{Seed: 2}, nil))
	must(t, scorer.Sample(clean, nil, 0, flow.SampleOptions{Seed: 2, Denoise: true}, nil))
	for i, v := range clean {
		want := m + s*s/(s*s+sigma*sigma)*(noisy[i]-m)
		if v != math.Floor(v) || math.Abs(v-want) > 2 {
			t.Errorf("the sample %v is denoised to %v, want about %v", noisy[i], v, want)
		}
	}
}

// TestPixelNoise: scores have noise by the values of an image alone, training by
// its number and the epoch; its deviation is what was asked for.
func TestPixelNoise(t *testing.T) {
	const d = 64
	f, err := flow.New(flow.Config{Features: names("gray", 1), Grid: []int{8, 8}, Pixels: &flow.Pixels{Levels: 256, Noise: 0.2}, Base: &base.StandardNormalSpec{}}, 1)
	must(t, err)
	x := make([]float64, 2*d)
	for i := range x {
		x[i] = float64(i % d * 4)
	}
	x[2*d-1] = 255
	noise := func(image []float64, n flow.PixelNoise) []float32 {
		values := make([]float32, d)
		f.Model().Narrow(values, image, n)
		for i, v := range image {
			values[i] -= float32(v + 0.5)
		}
		return values
	}
	scored := noise(x[:d], flow.PixelNoise{})
	if slices.Equal(scored, noise(x[d:], flow.PixelNoise{})) || !slices.Equal(scored, noise(x[:d], flow.PixelNoise{Seed: 9, Event: 5})) {
		t.Error("the noise of a score is not that of the values alone")
	}
	var sum, squares float64
	for event := range 40 {
		for _, v := range noise(x[:d], flow.PixelNoise{Seed: 1, Epoch: 2, Event: event}) {
			sum, squares = sum+float64(v), squares+float64(v)*float64(v)
		}
	}
	if n, want := float64(40*d), 0.2*255/2; math.Abs(sum/n) > 2 || math.Abs(math.Sqrt(squares/n)-want) > 1 {
		t.Errorf("the noise has a mean of %v and a deviation of %v, want 0 and %v", sum/n, math.Sqrt(squares/n), want)
	}
	bad := f.Config()
	bad.Pixels = &flow.Pixels{Levels: 256, Noise: -1}
	if _, err := flow.New(bad, 1); err == nil || !strings.Contains(err.Error(), "noise of -1") {
		t.Errorf("a negative noise: %v", err)
	}
}
