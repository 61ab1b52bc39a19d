package flow_test

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// waveNet is a small flow of sound with random parameters, in windows of 20
// samples.
func waveNet(t *testing.T, p flow.SoundPreset, o flow.SoundOptions) *flow.Flow {
	t.Helper()
	o.Length, o.Columns, o.Layers = 20, 6, 3
	c, err := p.Config(o)
	must(t, err)
	f, err := flow.New(c, 1)
	must(t, err)
	for _, p := range f.Model().Parameters().All() {
		bound := float32(0.4)
		if strings.Contains(p.Name, "predictor") {
			bound = 0.04 // sixteen large coefficients would make a filter that is not stable
		}
		random.Uniform(p.Values(), 7, random.Initialization, uint64(p.Offset()), bound)
	}
	return f
}

// TestWaveNetBits holds scores, noise and samples of windows alone against those of
// a batch, of several workers and of every kernel tier, and a file against what it
// was written of. Of trainings train.TestFrozenSoundTrainings holds the same.
func TestWaveNetBits(t *testing.T) {
	const n = 5
	for name, o := range map[string]struct {
		preset flow.SoundPreset
		flow.SoundOptions
	}{
		"mixture":  {flow.PresetWaveNet, flow.SoundOptions{Components: 2, Rate: 8000}},
		"gaussian": {flow.PresetWaveNet, flow.SoundOptions{Gaussian: true, Channels: 2, Context: names("c", 2)}},
		"iaf":      {flow.PresetWaveNetIAF, flow.SoundOptions{Blocks: 2}},
	} {
		f := waveNet(t, o.preset, o.SoundOptions)
		d, contexts := f.Dim(), f.ContextFeatures()
		x, context := rows(n*d, 1), rows(n*contexts, 2)
		run := func(f *flow.Flow, b blas.Backend, workers, batch int) (out []float64) {
			s, err := f.NewScorer(flow.ScorerOptions{Workers: workers, BLAS: b})
			must(t, err)
			logProb, z, samples, sampled := make([]float64, n), make([]float64, n*d), make([]float64, n*d), make([]float64, n)
			back, logDet := make([]float64, n*d), make([]float64, n)
			for from := 0; from < n; from += batch {
				to := min(from+batch, n)
				c := context[from*contexts : to*contexts]
				must(t, s.LogProb(logProb[from:to], x[from*d:to*d], c))
				must(t, s.Forward(z[from*d:to*d], nil, x[from*d:to*d], c))
				must(t, s.Inverse(back[from*d:to*d], logDet[from:to], z[from*d:to*d], c))
				must(t, s.Sample(samples[from*d:to*d], sampled[from:to], uint64(from), flow.SampleOptions{Seed: 3}, c))
			}
			for i, v := range back {
				if math.Abs(v-x[i]) > 1e-3*(1+math.Abs(x[i])) {
					t.Fatalf("%s: value %d comes back as %v, was %v", name, i, v, x[i])
				}
			}
			return slices.Concat(logProb, z, back, logDet, samples, sampled)
		}
		want := run(f, blas.Builtin(), 1, n)
		var file bytes.Buffer
		must(t, f.Write(&file))
		read, err := flow.Read(bytes.NewReader(file.Bytes()), int64(file.Len()))
		must(t, err)
		for _, tier := range kernels.Tiers() {
			for _, how := range [][2]int{{1, 1}, {2, n}, {3, 3}} {
				for i, v := range run(read, blas.BuiltinOn(tier), how[0], how[1]) {
					if v != want[i] {
						t.Fatalf("%s on %s, %d workers, batches of %d: value %d is %v, want %v", name, tier.Name(), how[0], how[1], i, v, want[i])
					}
				}
			}
		}
	}
}

// TestSoundModelDensity holds the density of whole models of sound, of a teacher with
// either density, of two channels, and of a student, with and without a context.
func TestSoundModelDensity(t *testing.T) {
	for name, o := range map[string]struct {
		preset flow.SoundPreset
		flow.SoundOptions
	}{
		"mixture":          {flow.PresetWaveNet, flow.SoundOptions{Components: 3}},
		"gaussian, stereo": {flow.PresetWaveNet, flow.SoundOptions{Gaussian: true, Channels: 2}},
		"iaf":              {flow.PresetWaveNetIAF, flow.SoundOptions{Blocks: 2}},
	} {
		for _, context := range [][]string{nil, {"a", "b"}} {
			o.Context = context
			t.Run(fmt.Sprintf("%s/context=%d", name, len(context)), func(t *testing.T) {
				f := waveNet(t, o.preset, o.SoundOptions)
				holdDensity(t, f, rows(f.Dim(), 1))
			})
		}
	}
}

// TestOnGridBits draws and scores windows of another length: what comes first has
// the bits that it has in the other, on every kernel tier.
func TestOnGridBits(t *testing.T) {
	f := waveNet(t, flow.PresetWaveNet, flow.SoundOptions{Components: 2})
	long, err := f.OnGrid(33)
	must(t, err)
	x := rows(33, 1)
	run := func(f *flow.Flow, b blas.Backend) (z, samples []float64) {
		s, err := f.NewScorer(flow.ScorerOptions{BLAS: b})
		must(t, err)
		z, samples = make([]float64, f.Dim()), make([]float64, f.Dim())
		must(t, s.Forward(z, nil, x[:f.Dim()], nil))
		must(t, s.Sample(samples, nil, 0, flow.SampleOptions{Seed: 3}, nil))
		return z, samples
	}
	z, samples := run(f, blas.Builtin())
	for _, tier := range kernels.Tiers() {
		longer, drawn := run(long, blas.BuiltinOn(tier))
		if !slices.Equal(z, longer[:20]) || !slices.Equal(samples, drawn[:20]) {
			t.Errorf("%s: a longer window begins with the noise %v and the samples %v, want %v and %v", tier.Name(), longer[:20], drawn[:20], z, samples)
		}
	}
	if _, err := tarflow(t, 0).OnGrid(8, 6); err == nil {
		t.Error("a TarFlow, which has learned its positions, is on another grid")
	}
}

func TestSoundOptions(t *testing.T) {
	for want, o := range map[string]flow.SoundOptions{
		"1 samples":   {Length: 1},
		"65 channels": {Channels: 65},
		"21 layers":   {Layers: 21},
		"-1 stacks":   {Stacks: -1},
		"levels":      {Levels: 1},
		"a second":    {Rate: 1 << 30},
	} {
		if _, err := flow.WaveNet(o); err == nil || !bytes.Contains([]byte(err.Error()), []byte(want)) {
			t.Errorf("%+v: %v, want an error with %q", o, err, want)
		}
	}
	if _, err := flow.WaveNetIAF(flow.SoundOptions{Components: 3}); err == nil {
		t.Error("a student has mixtures")
	}
}

// TestWarmWaveNetAllocatesNothing holds for scoring and for sampling site by site.
func TestWarmWaveNetAllocatesNothing(t *testing.T) {
	f := waveNet(t, flow.PresetWaveNet, flow.SoundOptions{Gaussian: true, Context: names("c", 2)})
	s, err := f.NewScorer(flow.ScorerOptions{Workers: 1, BLAS: blas.Builtin()})
	must(t, err)
	x, context, dst, z := rows(40, 1), rows(4, 2), make([]float64, 2), make([]float64, 40)
	for name, call := range map[string]func() error{
		"LogProb": func() error { return s.LogProb(dst, x, context) },
		"Sample":  func() error { return s.Sample(z, dst, 0, flow.SampleOptions{Seed: 1}, context) },
	} {
		must(t, call())
		if n := testing.AllocsPerRun(5, func() { _ = call() }); n != 0 {
			t.Errorf("%s allocates %v times a call", name, n)
		}
	}
}

// TestSampleRunsBits draws sounds of an IAF in runs, as where no density is asked for,
// and whole.
func TestSampleRunsBits(t *testing.T) {
	short := waveNet(t, flow.PresetWaveNetIAF, flow.SoundOptions{Blocks: 2, Channels: 2, Context: names("c", 2)})
	const n, sites = 2, 3000
	f, err := short.OnGrid(sites)
	must(t, err)
	d, context := f.Dim(), rows(n*2, 2)
	draw := func(b blas.Backend, workers int, logProb []float64) []float64 {
		s, err := f.NewScorer(flow.ScorerOptions{Workers: workers, BLAS: b})
		must(t, err)
		x := make([]float64, n*d)
		must(t, s.Sample(x, logProb, 5, flow.SampleOptions{Seed: 3, Temperature: 0.9}, context))
		return x
	}
	want := draw(blas.Builtin(), 1, make([]float64, n))
	if s := want[len(want)-2]; s == want[0] && s == want[2] {
		t.Fatalf("all samples are %v", s)
	}
	for _, tier := range kernels.Tiers() {
		for workers := 1; workers <= 3; workers += 2 {
			for i, v := range draw(blas.BuiltinOn(tier), workers, nil) {
				if v != want[i] {
					t.Fatalf("%s, %d workers: value %d is %v in runs, %v whole", tier.Name(), workers, i, v, want[i])
				}
			}
		}
	}
}
