package train

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

func TestNoise(t *testing.T) {
	f := supportedFlow(t)
	o := Defaults()
	const events = 20000
	values, row, again := []float32{1, 2, 3}, make([]float32, 3), make([]float32, 3)
	r := &rows{values: slices.Repeat(values, events), width: 3}
	if newNoisy(r, f, o) != Source(r) {
		t.Fatal("there is noise by default")
	}
	o.Noise = 0.5
	n := newNoisy(r, f, o)
	var sum, squares float64
	for event := range events {
		n.Load(row, nil, event, 3)
		if row[0] != 1 || row[1] != 2 {
			t.Fatalf("a column with a support went from %v to %v", values, row)
		}
		d := float64(row[2]) - 3
		sum += d
		squares += d * d
		n.Load(again, nil, event, 3)
		if !slices.Equal(row, again) {
			t.Fatal("the same event of the same epoch has other noise")
		}
		n.Load(again, nil, event, 4)
		if slices.Equal(row, again) {
			t.Fatal("two epochs have the same noise")
		}
	}
	// Five standard errors.
	if mean := sum / events; math.Abs(mean) > 5*0.5/math.Sqrt(events) {
		t.Errorf("the mean is %v", mean)
	}
	if variance := squares / events; math.Abs(variance-0.25) > 5*0.25*math.Sqrt(2.0/events) {
		t.Errorf("the variance is %v, want 0.25", variance)
	}
}

// TestNoiseOfSites finds other noise at every site of every event.
func TestNoiseOfSites(t *testing.T) {
	const sites, columns = 4, 2
	n := &noisy{rows: &rows{values: make([]float32, 9*sites*columns), width: sites * columns}, std: []float32{1, 1}, turns: make([]float32, columns), seed: 1}
	seen := map[[columns]float32]int{}
	dst := make([]float32, sites*columns)
	for event := range 9 {
		n.Load(dst, nil, event, 1)
		for site := range sites {
			drawn := [columns]float32(dst[site*columns:])
			if other, ok := seen[drawn]; ok {
				t.Fatalf("site %d of event %d has the noise of site %d of event %d", site, event, other%sites, other/sites)
			}
			seen[drawn] = event*sites + site
		}
	}
}

// TestNoiseBoundsTheDensity fits a column of two values, whose density has no
// bound, and finds it smoothed by the noise: close to a mixture of two normals.
func TestNoiseBoundsTheDensity(t *testing.T) {
	const events, noise = 4000, 0.4
	words := make([]uint32, events)
	kernels.PhiloxWords(words, 1, random.Demo, 0)
	rows, smoothed, normals := make([]float64, events), make([]float64, events), make([]float32, events)
	kernels.NormalRows(normals, events, 1, 2, random.Demo, 0)
	for i, w := range words {
		rows[i] = float64(w>>31)*2 - 1
		smoothed[i] = rows[i] + noise*float64(normals[i])
	}
	c, err := flow.NSF([]string{"two"}, nil, flow.Options{Layers: 2, Hidden: []int{16}})
	if err != nil {
		t.Fatal(err)
	}
	f, err := flow.New(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	o := Defaults()
	o.Epochs, o.Batch, o.LearningRate, o.Noise, o.Patience, o.BLAS = 40, 128, 1e-2, noise, 0, blas.Builtin()
	if _, err := Fit(context.Background(), f, Data{Rows: rows}, Data{Rows: smoothed}, o); err != nil {
		t.Fatal(err)
	}
	at, got := []float64{-1, 0, 1}, make([]float64, 3)
	if err := f.LogProb(got, at, nil); err != nil {
		t.Fatal(err)
	}
	for i, x := range at {
		density := 0.0
		for _, centre := range []float64{-1, 1} {
			z := (x - centre) / noise
			density += 0.5 * math.Exp(-z*z/2) / (noise * math.Sqrt(2*math.Pi))
		}
		// The valley at 0 is deep: a tenth of the peaks.
		if want := math.Log(density); math.Abs(got[i]-want) > []float64{0.15, 0.4, 0.15}[i] {
			t.Errorf("log-density at %v is %v, of the mixture %v", x, got[i], want)
		}
	}
}
