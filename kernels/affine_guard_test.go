//go:build unix

package kernels

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestAffineGuardPages is TestRowsGuardPages for the affine kernels of every
// scale map.
func TestAffineGuardPages(t *testing.T) {
	const longest = 1500
	for _, atStart := range []bool{false, true} {
		var fenced [8][]float32
		for i := range fenced {
			fenced[i] = matmulFence(t, longest, atStart)
		}
		for _, kernel := range rowsKernels {
			if !strings.HasPrefix(kernel.name, "Affine") {
				continue
			}
			for _, m := range scaleMaps {
				for _, tier := range guardedTiers(t)[1:] {
					for _, rows := range []int{1, 2, 5, 7} {
						for _, cols := range []int{1, 2, 3, 4, 5, 8, 9, 15, 16, 17, 33, 64, 100} {
							used := 0
							kernel.run(tier, &rowsCall{
								random: rand.New(rand.NewPCG(1, 1)), rows: rows, cols: cols, gap: rows % 2, broadcastsParams: cols%2 == 1, scale: &m,
								place: func(n int) []float32 {
									used++
									if atStart {
										return fenced[used-1][:n]
									}
									return fenced[used-1][longest-n:]
								},
							})
						}
					}
				}
			}
		}
	}
}
