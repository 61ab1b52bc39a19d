package kernels

import (
	"math"
	"testing"
)

// TestColumnSumsOfManyRows adds more rows than one call into assembly takes.
func TestColumnSumsOfManyRows(t *testing.T) {
	const cols = 3
	rows := 2*rowsPerCall(cols) + 5
	src := Dense(make([]float32, rows*cols), rows, cols)
	want := make([]float32, cols)
	for i := range src.Data {
		src.Data[i] = 1 / float32(i%1009+1)
		want[i%cols] += src.Data[i]
	}
	for _, tier := range Tiers() {
		got := make([]float32, cols)
		tier.AddColumnSums(got, src)
		for c := range want {
			if math.Float32bits(got[c]) != math.Float32bits(want[c]) {
				t.Errorf("%s: the sum of column %d is %v, want %v", tier.Name(), c, got[c], want[c])
			}
		}
	}
}

// TestMultiplyRunsOfManyRowsBits multiplies more rows than one call into assembly
// takes, in runs of which several, one or not even one go into a call.
func TestMultiplyRunsOfManyRowsBits(t *testing.T) {
	const cols = 300
	most := rowsPerCall(cols)
	for _, run := range []int{1, 7, most, 2*most + 3} {
		runs := 2*most/run + 2
		a, b := Dense(make([]float32, run*runs*cols), run*runs, cols), Dense(make([]float32, runs*cols), runs, cols)
		for i := range a.Data {
			a.Data[i] = 1 / float32(i%1009+1)
		}
		for i := range b.Data {
			b.Data[i] = float32(i%97) - 48.3
		}
		for _, tier := range Tiers() {
			got := Dense(make([]float32, len(a.Data)), a.Rows, cols)
			tier.MultiplyRuns(got, a, b)
			for i, v := range a.Data {
				if want := float32(v * b.Data[i/cols/run*cols+i%cols]); math.Float32bits(got.Data[i]) != math.Float32bits(want) {
					t.Fatalf("%s, runs of %d: row %d, column %d is %v, want %v", tier.Name(), run, i/cols, i%cols, got.Data[i], want)
				}
			}
		}
	}
}
