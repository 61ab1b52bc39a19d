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

// counts draws the number of heads of four coins, for each event.
func counts(events int, index uint64) []float64 {
	words := make([]uint32, events)
	kernels.PhiloxWords(words, 5, random.Demo, index)
	rows := make([]float64, events)
	for i, w := range words {
		for coin := range 4 {
			rows[i] += float64(w >> (7 * coin) & 1)
		}
	}
	return rows
}

// TestDiscreteNoise draws the noise of a discrete column beside a continuous one.
func TestDiscreteNoise(t *testing.T) {
	const events = 20000
	n := &noisy{rows: &rows{values: slices.Repeat([]float32{1, 2}, events), width: 2}, steps: []float32{0, 0.5}, turns: make([]float32, 2), seed: 1}
	row, again := make([]float32, 2), make([]float32, 2)
	var sum, squares float64
	for event := range events {
		n.Load(row, nil, event, 3)
		d := float64(row[1]) - 2
		if row[0] != 1 || d < 0 || d >= 0.5 {
			t.Fatalf("the row is %v", row)
		}
		sum, squares = sum+d, squares+d*d
		if n.Load(again, nil, event, 3); !slices.Equal(row, again) {
			t.Fatal("the same event of the same epoch has other noise")
		}
		if n.Load(again, nil, event, 4); slices.Equal(row, again) {
			t.Fatal("two epochs have the same noise")
		}
	}
	mean, variance := sum/events, squares/events-sum/events*sum/events
	if math.Abs(mean-0.25) > 5*0.5/math.Sqrt(12*events) || math.Abs(variance-0.25/12) > 5e-4 {
		t.Errorf("mean %v and variance %v, want 0.25 and 0.0208", mean, variance)
	}
}

// TestDiscreteProbabilities fits the number of heads of four coins: the densities
// of the five cells are their probabilities, whatever the unit of the column.
func TestDiscreteProbabilities(t *testing.T) {
	for _, unit := range []float64{1, 0.1} {
		c, err := flow.NSF([]string{"heads"}, nil, flow.Options{Layers: 1, Hidden: []int{8}, Bins: 16})
		if err != nil {
			t.Fatal(err)
		}
		c.Discrete = []flow.Discrete{{Column: "heads", Step: unit}}
		f, err := flow.New(c, 1)
		if err != nil {
			t.Fatal(err)
		}
		training, valid := counts(3000, 0), counts(500, 1)
		for _, rows := range [][]float64{training, valid} {
			for i := range rows {
				rows[i] *= unit
			}
		}
		o := Defaults()
		o.Epochs, o.Batch, o.LearningRate, o.Patience, o.BLAS = 40, 64, 3e-2, 0, blas.Builtin()
		result, err := Fit(context.Background(), f, Data{Rows: training}, Data{Rows: valid}, o)
		if err != nil {
			t.Fatal(err)
		}
		var x []float64
		for k := range 5 {
			x = append(x, float64(k)*unit)
		}
		logProb, total := make([]float64, 5), 0.0
		if err := f.LogProb(logProb, x, nil); err != nil {
			t.Fatal(err)
		}
		for k, want := range []float64{1. / 16, 4. / 16, 6. / 16, 4. / 16, 1. / 16} {
			got := math.Exp(logProb[k]) * unit
			if total += got; math.Abs(got-want) > 0.04 {
				t.Errorf("unit %v: %d heads have the probability %v, want %v", unit, k, got, want)
			}
		}
		if math.Abs(total-1) > 0.06 {
			t.Errorf("unit %v: the probabilities add up to %v", unit, total)
		}
		const entropy = 1.4082 // of four coins, in nats
		if got := result.BestValidNLL - math.Log(unit); math.Abs(got-entropy) > 0.08 {
			t.Errorf("unit %v: validation nll %v, entropy %v", unit, got, entropy)
		}
	}
}
