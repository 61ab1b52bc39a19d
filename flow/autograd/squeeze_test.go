package autograd_test

import (
	"math"
	"testing"

	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// TestSqueezeByHand follows each value of a grid of two by six sites into blocks
// of two by three, whose columns stand line by line, and back.
func TestSqueezeByHand(t *testing.T) {
	const lines, sites, columns = 2, 6, 2
	blocks := autograd.Blocks{Grid: [2]int{lines, sites}, Block: [2]int{2, 3}}
	g := autograd.Bind64(autograd.NewParameters(0)).NewGraph()
	g.Reset(autograd.Evaluate)
	x := g.Input(lines*sites, columns, false)
	value := func(line, site, c int) float64 { return float64(100*line + 10*site + c) }
	for r := range x.Rows {
		for c := range columns {
			x.Set(r, c, value(r/sites, r%sites, c))
		}
	}
	y := g.Squeeze(x, blocks, false)
	if y.Rows != 2 || y.Cols != 12 {
		t.Fatalf("%d x %d, want 2 x 12", y.Rows, y.Cols)
	}
	for block := range y.Rows {
		for at := range y.Cols {
			line, site, c := at/columns/3, at/columns%3, at%columns
			if got, want := y.At(block, at), value(line, 3*block+site, c); got != want {
				t.Errorf("column %d of block %d is %v, want %v", at, block, got, want)
			}
		}
	}
	back := g.Squeeze(y, blocks, true)
	for r := range x.Rows {
		for c := range columns {
			if back.At(r, c) != x.At(r, c) {
				t.Errorf("row %d, column %d comes back as %v, was %v", r, c, back.At(r, c), x.At(r, c))
			}
		}
	}
}

// TestLayerNormByHand normalizes rows, one of which has no variance but epsilon.
func TestLayerNormByHand(t *testing.T) {
	const epsilon = 0.5
	parameters := autograd.NewParameters(0)
	gain, shift := parameters.Root().New("gain", 1, 2), parameters.Root().New("shift", 1, 2)
	copy(gain.Values(), []float32{2, 3})
	copy(shift.Values(), []float32{-1, 10})
	g := autograd.Bind64(parameters).NewGraph()
	g.Reset(autograd.Evaluate)
	x := g.Input(2, 2, false)
	for i, v := range []float64{1, 4, 7, 7} {
		x.Set(i/2, i%2, v)
	}
	y := g.LayerNorm(x, gain, shift, epsilon)
	std := math.Sqrt(1.5*1.5 + epsilon)
	for i, want := range []float64{-1 - 2*1.5/std, 10 + 3*1.5/std, -1, 10} {
		if got := y.At(i/2, i%2); math.Abs(got-want) > 1e-14 {
			t.Errorf("value %d is %v, want %v", i, got, want)
		}
	}
}
