package kernels

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestGatherColumnsPermutation undoes every permutation by a scatter, and leaves
// gaps between rows and columns that are not named alone.
func TestGatherColumnsPermutation(t *testing.T) {
	const rows, gap = 5, 3
	for _, tier := range Tiers() {
		random := rand.New(rand.NewPCG(14, 1))
		for cols := 1; cols <= 70; cols++ {
			permutation := make([]int32, cols)
			for j, c := range random.Perm(cols) {
				permutation[j] = int32(c)
			}
			matrix := func() Matrix {
				m := Matrix{Data: make([]float32, rows*(cols+gap)), Rows: rows, Cols: cols, Stride: cols + gap}
				for i := range m.Data {
					m.Data[i] = random.Float32()
				}
				return m
			}
			src, permuted, back := matrix(), matrix(), matrix()
			outside := append([]float32(nil), permuted.Data...)
			tier.GatherColumns(permuted, src, permutation)
			tier.ScatterColumns(back, permuted, permutation)
			for r := range rows {
				for j, c := range permutation {
					if permuted.Row(r)[j] != src.Row(r)[c] {
						t.Fatalf("%s, %d columns: row %d, column %d is not column %d", tier.Name(), cols, r, j, c)
					}
				}
				if at := firstDifference(back.Row(r), src.Row(r)); at >= 0 {
					t.Fatalf("%s, %d columns: row %d, column %d does not come back", tier.Name(), cols, r, at)
				}
				start := r*permuted.Stride + cols
				if at := firstDifference(permuted.Data[start:start+gap], outside[start:start+gap]); at >= 0 {
					t.Fatalf("%s, %d columns: the gap after row %d was written", tier.Name(), cols, r)
				}
			}
		}
	}
}

// TestColumnRuns covers neighbouring columns, which are plain copies, and
// repeated ones, of which a scatter keeps the last.
func TestColumnRuns(t *testing.T) {
	for _, tier := range Tiers() {
		src := Dense([]float32{1, 2, 3, 4, 5, 6, 7, 8}, 2, 4)
		part := make([]float32, 4)
		tier.GatherColumns(Dense(part, 2, 2), src, []int32{1, 2})
		expectBits(t, tier.Name()+" split", part, []float32{2, 3, 6, 7})
		whole := make([]float32, 10)
		tier.ScatterColumns(Dense(whole, 2, 5), src, []int32{0, 1, 2, 3})
		tier.ScatterColumns(Dense(whole, 2, 5), Dense(part[:2], 2, 1), []int32{4})
		expectBits(t, tier.Name()+" concatenation", whole, []float32{1, 2, 3, 4, 2, 5, 6, 7, 8, 3})
		tier.ScatterColumns(Dense(whole, 2, 5), src, []int32{4, 0, 4, 0})
		expectBits(t, tier.Name()+" repeated", whole, []float32{4, 2, 3, 4, 3, 8, 6, 7, 8, 7})
		tier.GatherColumns(Matrix{Rows: 2}, src, nil)
		tier.ScatterColumns(src, Matrix{Rows: 2}, nil)
		expectBits(t, tier.Name()+" nothing", src.Data, []float32{1, 2, 3, 4, 5, 6, 7, 8})
	}
}

// TestColumnBeyond pins the message of a column that is not there.
func TestColumnBeyond(t *testing.T) {
	for _, call := range []func(Matrix, Matrix, []int32){GatherColumns, ScatterColumns} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); got != "kernels: column 7 is beyond 5" {
					t.Errorf("panic is %q", got)
				}
			}()
			call(Dense(make([]float32, 5), 1, 5), Dense(make([]float32, 5), 1, 5), []int32{0, 1, 2, 3, 7})
		}()
	}
}
