package train

import (
	"context"
	"encoding/binary"
	"hash/fnv"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/kernels"
)

// frozenImages has a hash of what two steps of small flows of images learn, and of
// scores and samples after them.
var frozenImages = map[flow.ImagePreset]uint64{
	flow.PresetEmerging:          0x844d1f408aebef08,
	flow.PresetFlowPPImage:       0x283da512c735ebfb,
	flow.PresetFlowMatchingImage: 0xe0338a13aa2b6836,
	flow.PresetGlow:              0x0abd7379a514f92f,
	flow.PresetMintNet:           0x62c60f6817369505,
	flow.PresetPeriodic:          0x76f8fc8aacd92ef1,
	flow.PresetRealNVPImage:      0xf6894a8c3af16b01,
	flow.PresetTarFlow:           0x26fe334270440d59,
}

// TestFrozenImageTrainings holds two steps of training of each preset of images, and
// scores and samples after them, to constants: the same on every processor and
// kernel tier and for every number of workers. A change here changes the bytes of
// every new model, and must say why it is worth that.
func TestFrozenImageTrainings(t *testing.T) {
	for _, preset := range flow.ImagePresets() {
		t.Run(string(preset), func(t *testing.T) {
			o := flow.ImageOptions{Height: 8, Width: 4, Channels: 1, Levels: 256, Steps: 1, Columns: 6}
			switch preset {
			case flow.PresetFlowMatchingImage:
				o.SolverSteps = 2
			case flow.PresetTarFlow:
				o.Steps = 2 // one block each way
			case flow.PresetPeriodic:
				o.Width = 8 // its windows of 3 fit the first scale
			}
			c, err := preset.Config(o)
			if err != nil {
				t.Fatal(err)
			}
			holdSteps(t, c, frozenImages[preset])
		})
	}
}

// TestFrozenSoundTrainings is the same for sounds.
func TestFrozenSoundTrainings(t *testing.T) {
	for name, c := range map[string]struct {
		preset flow.SoundPreset
		o      flow.SoundOptions
		want   uint64
	}{
		"mixture":  {flow.PresetWaveNet, flow.SoundOptions{Components: 2}, 0xd5f2ab1549f390c1},
		"gaussian": {flow.PresetWaveNet, flow.SoundOptions{Gaussian: true, Channels: 2, Context: []string{"a", "b"}}, 0x828dbbece3c8e25b},
		"iaf":      {flow.PresetWaveNetIAF, flow.SoundOptions{Blocks: 2}, 0x3c63c7efefeee497},
	} {
		t.Run(name, func(t *testing.T) {
			c.o.Length, c.o.Columns, c.o.Layers, c.o.Stacks, c.o.Levels, c.o.Rate, c.o.Bound = 20, 6, 3, 1, 256, 8000, 5
			config, err := c.preset.Config(c.o)
			if err != nil {
				t.Fatal(err)
			}
			holdSteps(t, config, c.want)
		})
	}
}

// holdSteps takes two steps of a flow, on 1, 2 and 7 workers and on every kernel tier,
// and compares a hash of its parameters, scores and samples with the wanted one.
func holdSteps(t *testing.T, c flow.Config, want uint64) {
	t.Helper()
	type how struct {
		blas    blas.Backend
		workers int
	}
	ways := []how{{blas.Builtin(), 1}, {blas.Builtin(), 7}}
	for _, tier := range kernels.Tiers() {
		ways = append(ways, how{blas.BuiltinOn(tier), 2})
	}
	for i, w := range ways {
		f, err := flow.New(c, 2)
		if err != nil {
			t.Fatal(err)
		}
		source := func(n int) *Images {
			images := someImages(f, n)
			images.Context = func(dst []float64, event int) {
				for i := range dst {
					dst[i] = float64((3*event+i)%5) - 2
				}
			}
			return images
		}
		o := Defaults()
		o.Epochs, o.Batch, o.Workers, o.BLAS = 1, 13, w.workers, w.blas
		result, err := Minimize(context.Background(), f.Model(), MaximumLikelihood(f, source(26)), MaximumLikelihood(f, source(5)), o)
		if err != nil || result.Steps != 2 || result.BestEpoch != 1 {
			t.Fatalf("%d steps, the best epoch is %d, where 0 would give a hash of the start; error %v", result.Steps, result.BestEpoch, err)
		}
		s, err := f.NewScorer(flow.ScorerOptions{Workers: w.workers, BLAS: w.blas})
		if err != nil {
			t.Fatal(err)
		}
		d, contexts := f.Dim(), f.ContextFeatures()
		given := make([]float64, 2*contexts)
		x, logProb, samples, sampled := make([]float64, 2*d), make([]float64, 2), make([]float64, 2*d), make([]float64, 2)
		for e := range 2 {
			if err := source(2).Read(x[e*d:(e+1)*d], e); err != nil {
				t.Fatal(err)
			}
			source(2).Context(given[e*contexts:(e+1)*contexts], e)
		}
		if err := s.LogProb(logProb, x, given); err != nil {
			t.Fatal(err)
		}
		if err := s.Sample(samples, sampled, 0, flow.SampleOptions{Seed: 3}, given); err != nil {
			t.Fatal(err)
		}
		hash := fnv.New64a()
		for _, numbers := range []any{f.Model().Parameters().Values(), result.BestValidNLL, logProb, samples, sampled} {
			if err := binary.Write(hash, binary.LittleEndian, numbers); err != nil {
				t.Fatal(err)
			}
		}
		if got := hash.Sum64(); got != want {
			t.Fatalf("way %d, on %s with %d workers: a hash of %#x, want %#x", i, w.blas.Name(), w.workers, got, want)
		}
	}
}
