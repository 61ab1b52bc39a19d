package kernels

import (
	"math/rand/v2"
	"testing"
)

// TestTransposeBits transposes on every tier, with gaps between rows whose values stay as they
// are.
func TestTransposeBits(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	const gap = 3
	for _, tier := range Tiers() {
		for _, rows := range []int{0, 1, 15, 16, 33} {
			for _, cols := range []int{0, 1, 7, 16, 17, 48} {
				src := Matrix{Data: make([]float32, rows*(cols+gap)), Rows: rows, Cols: cols, Stride: cols + gap}
				dst := Matrix{Data: make([]float32, cols*(rows+gap)), Rows: cols, Cols: rows, Stride: rows + gap}
				for i := range src.Data {
					src.Data[i] = normalValue(rng)
				}
				tier.Transpose(dst, src)
				for c := range cols {
					for r, v := range dst.Data[c*dst.Stride:][:dst.Stride] {
						want := float32(0)
						if r < rows {
							want = src.Row(r)[c]
						}
						if v != want {
							t.Fatalf("%s: %d by %d: value %d of row %d is %v, want %v", tier.Name(), rows, cols, r, c, v, want)
						}
					}
				}
			}
		}
	}
}

// TestTransposeShapes wants a panic of shapes that do not fit.
func TestTransposeShapes(t *testing.T) {
	for _, dst := range []Matrix{Dense(make([]float32, 6), 2, 3), Dense(make([]float32, 4), 3, 2)} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("no panic of %d by %d in %d values", dst.Rows, dst.Cols, len(dst.Data))
				}
			}()
			Active().Transpose(dst, Dense(make([]float32, 6), 2, 3))
		}()
	}
}
