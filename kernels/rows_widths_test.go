package kernels

import (
	"math/rand/v2"
	"testing"
)

// TestRowsWidths holds every tier to the reference for every number of columns
// from 0 to 70: each tail after none to four whole registers.
func TestRowsWidths(t *testing.T) {
	for _, kernel := range rowsKernels {
		t.Run(kernel.name, func(t *testing.T) {
			for _, tier := range Tiers()[1:] {
				for cols := range 71 {
					for _, rows := range []int{1, 7} {
						compareRows(t, kernel.name, kernel.run, tier, func() *rowsCall {
							return &rowsCall{random: rand.New(rand.NewPCG(uint64(cols), 2)), rows: rows, cols: cols, gap: cols % 3, special: cols%2 == 1,
								place: func(n int) []float32 { return make([]float32, n) }}
						})
					}
				}
			}
		})
	}
}
