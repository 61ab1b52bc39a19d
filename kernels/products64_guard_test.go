//go:build unix

package kernels

import (
	"math/rand/v2"
	"testing"
	"unsafe"
)

// TestAddProducts64GuardPages puts every operand right against a page that
// cannot be touched: a kernel that reads or writes one float64 too many dies.
func TestAddProducts64GuardPages(t *testing.T) {
	const longest = 100_000
	random := rand.New(rand.NewPCG(1, 2))
	for _, atStart := range []bool{false, true} {
		var fenced [3][]float64
		for i := range fenced {
			words := matmulFence(t, 2*longest, atStart)
			fenced[i] = unsafe.Slice((*float64)(unsafe.Pointer(unsafe.SliceData(words))), longest)
		}
		for _, shape := range productsCases() {
			used := 0
			o := shape.operands(random.NormFloat64, func(n int) []float64 {
				used++
				if atStart {
					return fenced[used-1][:n]
				}
				return fenced[used-1][longest-n:]
			})
			forEachTier(t, func(_ *testing.T, tier *Tier) {
				for _, exact := range []bool{false, true} {
					o.Exact = exact
					tier.AddProducts64(o)
				}
			})
		}
	}
}
