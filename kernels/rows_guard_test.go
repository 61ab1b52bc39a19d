//go:build unix

package kernels

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/klauspost/cpuid/v2"
)

// TestRowsGuardPages puts every argument right against a page that cannot be
// touched: a kernel that reads or writes one float32 too many dies.
func TestRowsGuardPages(t *testing.T) {
	const longest = 50_000
	tiers := Tiers()
	if cpuid.CPU.HypervisorVendorID == cpuid.QEMU {
		t.Log("not run on avx2: qemu's VMASKMOVPS reads the lanes that are masked off too, which no processor does")
		tiers = slices.DeleteFunc(tiers, func(tier *Tier) bool { return tier.Name() == "avx2" })
	}
	for _, atStart := range []bool{false, true} {
		var fenced [8][]float32
		for i := range fenced {
			fenced[i] = matmulFence(t, longest, atStart)
		}
		for _, kernel := range rowsKernels {
			for _, tier := range tiers {
				for _, rows := range []int{1, 2, 3, 4, 5, 7, 12} {
					for _, cols := range []int{1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 24, 33, 64, 100, 130} {
						used := 0
						kernel.run(tier, &rowsCall{
							random: rand.New(rand.NewPCG(1, 1)), rows: rows, cols: cols, gap: rows % 2, broadcastsParams: cols%2 == 1,
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
