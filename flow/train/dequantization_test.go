package train

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// noisyImages are of uniform bytes in their first so many values, and of zeros.
func noisyImages(f *flow.Flow, n int, stream uint64, first int) *Images {
	return &Images{Flow: f, Count: n, Seed: 4, Read: func(dst []float64, event int) error {
		words := make([]uint32, len(dst))
		kernels.PhiloxWords(words, stream, random.Demo, uint64(event))
		clear(dst)
		for i, w := range words[:first] {
			dst[i] = float64(w % 256)
		}
		return nil
	}}
}

func variationalGlow(t *testing.T, learned bool) *flow.Flow {
	t.Helper()
	c, err := flow.Glow(flow.ImageOptions{Height: 4, Width: 4, Channels: 1, Levels: 256, Scales: 1, Steps: 2, Columns: 8, Variational: learned})
	if err != nil {
		t.Fatal(err)
	}
	f, err := flow.New(c, 2)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestDequantizationOnWorkers takes steps on 1, 2 and 5 workers, with the tape whole
// and replayed, which end in the same bits.
func TestDequantizationOnWorkers(t *testing.T) {
	var want []float32
	for _, workers := range []int{1, 2, 5} {
		f := variationalGlow(t, true)
		o := Defaults()
		o.Epochs, o.Batch, o.Workers, o.BLAS = 2, 13, workers, blas.Builtin()
		if workers == 5 {
			o.Memory = Replay
		}
		before := slices.Clone(f.Model().Parameters().Values())
		result, err := Minimize(context.Background(), f.Model(), MaximumLikelihood(f, noisyImages(f, 26, 1, 16)), MaximumLikelihood(f, noisyImages(f, 5, 2, 16)), o)
		if err != nil || result.Steps != 4 {
			t.Fatalf("%d steps, error %v", result.Steps, err)
		}
		got := f.Model().Parameters().Values()
		if want == nil {
			want = slices.Clone(got)
			for _, p := range f.Model().Parameters().All() {
				if strings.HasPrefix(p.Name, "dequantization.") && slices.Equal(p.Values(), before[p.Offset():p.Offset()+p.Size()]) {
					t.Errorf("nothing was learned of %s", p.Name)
				}
			}
		}
		for i, v := range got {
			if math.Float32bits(v) != math.Float32bits(want[i]) {
				t.Fatalf("parameter %d is %v with %d workers, %v with one", i, v, workers, want[i])
			}
		}
	}
}

// TestDequantizationOfNoise trains on uniform pixels, whose 8 bits no code saves, and
// on black images of one such pixel, where learned noise costs less than uniform one.
func TestDequantizationOfNoise(t *testing.T) {
	bits := func(learned bool, first int) float64 {
		f := variationalGlow(t, learned)
		o := Defaults()
		o.Epochs, o.Batch, o.BLAS, o.LearningRate = 6, 64, blas.Builtin(), 1e-2
		result, err := Minimize(context.Background(), f.Model(), MaximumLikelihood(f, noisyImages(f, 1200, 1, first)), MaximumLikelihood(f, noisyImages(f, 300, 2, first)), o)
		if err != nil {
			t.Fatal(err)
		}
		return result.BestValidNLL / (float64(f.Dim()) * math.Ln2)
	}
	if b := bits(true, 16); b < 8 || b > 8.3 {
		t.Errorf("uniform pixels of 8 bits cost %v", b)
	}
	if learned, uniform := bits(true, 1), bits(false, 1); learned < 0.5 || learned > uniform-0.1 {
		t.Errorf("images of one pixel cost %v bits with learned noise, %v with uniform one", learned, uniform)
	}
}

// TestDequantizationOfRows refuses rows for a flow that learns the noise of pixels.
func TestDequantizationOfRows(t *testing.T) {
	f := variationalGlow(t, true)
	rows := Data{Rows: make([]float64, 4*f.Dim())}
	if _, err := Fit(context.Background(), f, rows, rows, Defaults()); err == nil || !strings.Contains(err.Error(), "train it on Images") {
		t.Errorf("the error is %v", err)
	}
}
