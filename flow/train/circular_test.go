package train

import (
	"context"
	"math"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// vonMises draws angles of the density exp(4·cos(θ − π))/2πI₀(4) on [0, 2π),
// moved by a number of turns, by inverting its distribution function; the ends of
// the circle [−π, π] are where it is highest.
func vonMises(events int, index uint64) []float64 {
	const cells = 4096
	var cdf [cells + 1]float64
	for i := range cells {
		cdf[i+1] = cdf[i] + math.Exp(4*math.Cos(2*math.Pi*(float64(i)+0.5)/cells-math.Pi))
	}
	words := make([]uint32, events)
	kernels.PhiloxWords(words, 8, random.Demo, index)
	rows := make([]float64, events)
	for i, w := range words {
		u, at := (float64(w)+0.5)*0x1p-32*cdf[cells], 0
		for step := cells / 2; step > 0; step /= 2 {
			if cdf[at+step] <= u {
				at += step
			}
		}
		rows[i] = 2 * math.Pi * (float64(at) + (u-cdf[at])/(cdf[at+1]-cdf[at])) / cells
		rows[i] += 2 * math.Pi * float64(i%3-1)
	}
	return rows
}

// TestCircularReachesTheEntropy fits a von Mises distribution whose peak is where
// the circle's ends meet, of values some turns away.
func TestCircularReachesTheEntropy(t *testing.T) {
	c, err := flow.NSF([]string{"angle"}, nil, flow.Options{Layers: 1, Hidden: []int{8}, Bins: 8, Permutation: flow.PermutationRandom})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SetCircular(flow.Circular{Column: "angle", Lower: -math.Pi, Upper: math.Pi}); err != nil {
		t.Fatal(err)
	}
	f, err := flow.New(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	o := Defaults()
	o.Epochs, o.Batch, o.LearningRate, o.Patience, o.BLAS = 25, 64, 2e-2, 0, blas.Builtin()
	result, err := Fit(context.Background(), f, Data{Rows: vonMises(3000, 0)}, Data{Rows: vonMises(1000, 1)}, o)
	if err != nil {
		t.Fatal(err)
	}
	// log 2πI₀(κ) − κ·I₁(κ)/I₀(κ) with I₀(4) = 11.3019, I₁(4) = 9.7595.
	entropy := math.Log(2*math.Pi*11.301922) - 4*9.759465/11.301922
	if got := result.BestValidNLL; math.Abs(got-entropy) > 0.06 {
		t.Errorf("validation nll %v, entropy %v", got, entropy)
	}
	got := make([]float64, 2)
	if err := f.LogProb(got, []float64{math.Pi, 0}, nil); err != nil {
		t.Fatal(err)
	}
	if want := 4 - math.Log(2*math.Pi*11.301922); math.Abs(got[0]-want) > 0.15 || got[1] > -4 {
		t.Errorf("log-densities of the peak and of the other side %v, want %v and little", got, want)
	}
}

// TestCircularNoise keeps noise that goes over the ends of a circle on it.
func TestCircularNoise(t *testing.T) {
	n := &noisy{rows: &rows{values: []float32{2.9, 2.9}, width: 2}, std: []float32{5, 0}, steps: []float32{0, 0.5}, turns: []float32{6, 6}, seed: 1}
	row := make([]float32, 2)
	over := [2]bool{}
	for epoch := range uint64(200) {
		n.Load(row, nil, 0, epoch)
		for i, v := range row {
			if !(v >= -3 && v <= 3) {
				t.Fatalf("epoch %d: the row is %v", epoch, row)
			}
			over[i] = over[i] || v < 0
		}
	}
	if over != [2]bool{true, true} {
		t.Error("no noise has gone over the end")
	}
}
