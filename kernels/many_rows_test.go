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
