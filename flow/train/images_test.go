package train

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// someImages are images of pixels, or sounds, for a flow.
func someImages(f *flow.Flow, n int) *Images {
	return &Images{Flow: f, Count: n, Flip: len(f.Config().Grid) == 2, Seed: 4, Read: func(dst []float64, event int) error {
		for i := range dst {
			dst[i] = float64((i*(3+event%5) + event) % 256)
		}
		return nil
	}}
}

// TestNormalPixels: where pixels are independent and normal, an ActNorm that saw
// them once codes them by their entropy.
func TestNormalPixels(t *testing.T) {
	const sites, channels, n = 16, 2, 400
	mean, std := [channels]float64{3, -0.5}, [channels]float64{0.25, 4}
	f, err := flow.New(flow.Config{
		Features: []string{"a", "b"}, Grid: []int{4, 4}, Base: &base.StandardNormalSpec{},
		Transforms: []transform.Spec{&transform.ActNormSpec{Bound: 4}},
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	draw := func(stream uint64) *Images {
		return &Images{Flow: f, Count: n, Read: func(dst []float64, event int) error {
			normal := make([]float32, len(dst))
			kernels.NormalRows(normal, sites, channels, stream, random.Demo, uint64(event*sites))
			for i, v := range normal {
				dst[i] = mean[i%channels] + std[i%channels]*float64(v)
			}
			return nil
		}}
	}
	o := Defaults()
	o.Epochs, o.Batch, o.BLAS, o.LearningRate = 1, n, blas.Builtin(), 1e-9
	result, err := Minimize(context.Background(), f.Model(), MaximumLikelihood(f, draw(1)), MaximumLikelihood(f, draw(2)), o)
	if err != nil {
		t.Fatal(err)
	}
	var entropy float64
	for _, s := range std {
		entropy += sites * 0.5 * math.Log(2*math.Pi*math.E*s*s)
	}
	// The mean of n·sites·channels squares, each of variance 2, halved.
	if bound := 4 * math.Sqrt(sites*channels/2.0/n); math.Abs(result.BestValidNLL-entropy) > bound {
		t.Errorf("the nll is %v, the entropy %v, and the error of sampling at most %v", result.BestValidNLL, entropy, bound)
	}
}

// TestImagesThatCannotBeRead end a training with what is wrong.
func TestImagesThatCannotBeRead(t *testing.T) {
	f, err := flow.New(flow.Config{Features: []string{"a"}, Grid: []int{2, 2}, Base: &base.StandardNormalSpec{}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	bad := &Images{Flow: f, Count: 20, Read: func(dst []float64, event int) error {
		if event == 11 {
			return errors.New("image 11 is broken")
		}
		return nil
	}}
	o := Defaults()
	o.BLAS = blas.Builtin()
	_, err = Minimize(context.Background(), f.Model(), MaximumLikelihood(f, bad), MaximumLikelihood(f, someImages(f, 3)), o)
	if err == nil || !strings.Contains(err.Error(), "image 11 is broken") {
		t.Errorf("the error is %v", err)
	}
}

// TestFlip mirrors an image in some epochs, and in validation never.
func TestFlip(t *testing.T) {
	f, err := flow.New(flow.Config{Features: []string{"a", "b"}, Grid: []int{1, 3}, Base: &base.StandardNormalSpec{}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	s := &Images{Flow: f, Count: 1, Flip: true, Seed: 1, Read: func(dst []float64, _ int) error {
		for i := range dst {
			dst[i] = float64(i)
		}
		return nil
	}}
	straight, mirrored := []float32{0, 1, 2, 3, 4, 5}, []float32{4, 5, 2, 3, 0, 1}
	flips := 0
	got := make([]float32, 6)
	for epoch := range 50 {
		s.Load(got, nil, 0, uint64(epoch))
		switch {
		case slices.Equal(got, mirrored) && epoch > 0:
			flips++
		case !slices.Equal(got, straight):
			t.Fatalf("epoch %d has %v", epoch, got)
		}
	}
	if flips < 10 || flips > 40 {
		t.Errorf("%d flips in 49 epochs", flips)
	}
}

// TestContextDropout: in training some events have no class, others in each epoch,
// and in validation all have theirs.
func TestContextDropout(t *testing.T) {
	const n = 2000
	f, err := flow.New(flow.Config{
		Features: []string{"gray"}, Grid: []int{1, 1}, Context: []string{"class=0", "class=1"}, Categories: []flow.Category{{Column: "class", Levels: []string{"0", "1"}}},
		Pixels: &flow.Pixels{Levels: 256}, Base: &base.StandardNormalSpec{},
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	images := &Images{
		Flow: f, Count: n, Seed: 4, ContextDropout: 0.25, Read: func(dst []float64, _ int) error { dst[0] = 7; return nil },
		Context: func(dst []float64, event int) { dst[0], dst[1] = float64(event%2), float64(1-event%2) },
	}
	dropped := func(event int, epoch uint64) bool {
		var value [1]float32
		var context [2]float32
		images.Load(value[:], context[:], event, epoch)
		if context == [2]float32{0.5, 0.5} {
			return true
		}
		if context != [2]float32{float32(event % 2), float32(1 - event%2)} {
			t.Fatalf("event %d has the context %v", event, context)
		}
		return false
	}
	var without, same int
	for event := range n {
		if dropped(event, 0) {
			t.Fatalf("event %d has no class in validation", event)
		}
		first, second := dropped(event, 1), dropped(event, 2)
		if first {
			without++
		}
		if first && second {
			same++
		}
	}
	if without < 420 || without > 580 || same > 180 {
		t.Errorf("%d of %d events lose their class in an epoch, %d in the next one too", without, n, same)
	}
}
