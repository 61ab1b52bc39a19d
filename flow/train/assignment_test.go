package train

import (
	"math"
	"testing"

	"github.com/seed-192fdf7a/nf/internal/random"
)

// TestAssign compares assignments with the best of all permutations.
func TestAssign(t *testing.T) {
	for n := 1; n <= 6; n++ {
		for seed := range uint64(20) {
			values := make([]float32, n*n)
			random.Uniform(values, seed, random.Shuffle, uint64(n), 1)
			cost := make([]float64, n*n)
			for i, v := range values {
				cost[i] = float64(v)
				if seed%3 == 0 {
					cost[i] = math.Round(3 * cost[i]) // ties
				}
			}
			got, sum, seen := assign(cost, n), 0.0, map[int]bool{}
			for i, j := range got {
				sum += cost[i*n+j]
				seen[j] = true
			}
			best := math.Inf(1)
			var try func(row, taken int, sum float64)
			try = func(row, taken int, sum float64) {
				if row == n {
					best = min(best, sum)
					return
				}
				for j := range n {
					if taken&(1<<j) == 0 {
						try(row+1, taken|1<<j, sum+cost[row*n+j])
					}
				}
			}
			try(0, 0, 0)
			if len(seen) != n || math.Abs(sum-best) > 1e-12 {
				t.Fatalf("n = %d, seed %d: %v costs %v, the best %v", n, seed, got, sum, best)
			}
		}
	}
	if got := assign([]float64{math.NaN(), math.NaN(), math.NaN(), math.NaN()}, 2); got[0] == got[1] {
		t.Errorf("of costs that are no numbers: %v", got)
	}
}
