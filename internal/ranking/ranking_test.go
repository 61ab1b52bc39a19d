package ranking

import (
	"math"
	"testing"

	"github.com/seed-192fdf7a/nf/kernels"
)

func TestAreas(t *testing.T) {
	for _, c := range []struct {
		name           string
		scores         []float64
		labels         []int
		roc, precision float64
	}{
		{"perfect", []float64{1, 2, 3, 4}, []int{0, 0, 1, 1}, 1, 1},
		{"reversed", []float64{1, 2, 3, 4}, []int{1, 1, 0, 0}, 0, (1.0/3 + 2.0/4) / 2},
		{"all tied", []float64{5, 5, 5, 5}, []int{1, 0, 0, 0}, 0.5, 0.25},
		{"one tie", []float64{1, 2, 2, 3}, []int{0, 0, 1, 1}, 3.5 / 4, 0.5*1 + 0.5*2/3.0},
		{"NaN first", []float64{math.NaN(), 1}, []int{1, 0}, 1, 1},
		{"one kind", []float64{1, 2}, []int{0, 0}, math.NaN(), math.NaN()},
	} {
		var k Ranking
		for i, s := range c.scores {
			k.Add(s, c.labels[i] == 1)
		}
		roc, precision := k.Areas()
		if !near(roc, c.roc) || !near(precision, c.precision) {
			t.Errorf("%s: %v and %v, want %v and %v", c.name, roc, precision, c.roc, c.precision)
		}
	}
}

// TestAreaCountsPairs compares the area with its definition.
func TestAreaCountsPairs(t *testing.T) {
	words := make([]uint32, 600)
	kernels.PhiloxWords(words, 3, 99, 0)
	var k Ranking
	for i := 0; i < len(words); i += 2 {
		k.Add(float64(words[i]%50), words[i+1]%5 == 0)
	}
	var pairs, wins float64
	for _, a := range k.scores {
		for _, b := range k.scores {
			if a.anomaly && !b.anomaly {
				pairs++
				switch {
				case a.score > b.score:
					wins++
				case a.score == b.score:
					wins += 0.5
				}
			}
		}
	}
	if roc, _ := k.Areas(); !near(roc, wins/pairs) {
		t.Errorf("the area is %v, %v of the pairs are won", roc, wins/pairs)
	}
}

func near(a, b float64) bool {
	return math.Abs(a-b) < 1e-12 || math.IsNaN(a) && math.IsNaN(b)
}
