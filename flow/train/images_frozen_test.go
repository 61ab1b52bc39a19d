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
		o := Defaults()
		o.Epochs, o.Batch, o.Workers, o.BLAS = 1, 13, w.workers, w.blas
		result, err := Minimize(context.Background(), f.Model(), MaximumLikelihood(f, someImages(f, 26)), MaximumLikelihood(f, someImages(f, 5)), o)
		if err != nil || result.Steps != 2 || result.BestEpoch != 1 {
			t.Fatalf("%d steps, the best epoch is %d, where 0 would give a hash of the start; error %v", result.Steps, result.BestEpoch, err)
		}
		s, err := f.NewScorer(flow.ScorerOptions{Workers: w.workers, BLAS: w.blas})
		if err != nil {
			t.Fatal(err)
		}
		d := f.Dim()
		x, logProb, samples, sampled := make([]float64, 2*d), make([]float64, 2), make([]float64, 2*d), make([]float64, 2)
		for e := range 2 {
			if err := someImages(f, 2).Read(x[e*d:(e+1)*d], e); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.LogProb(logProb, x, nil); err != nil {
			t.Fatal(err)
		}
		if err := s.Sample(samples, sampled, 0, flow.SampleOptions{Seed: 3}, nil); err != nil {
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
