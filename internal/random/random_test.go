package random

import (
	"math"
	"slices"
	"testing"
)

func TestPermutation(t *testing.T) {
	for _, n := range []int{0, 1, 2, 7, 1000} {
		a, b := make([]int, n), make([]int, n)
		Permutation(a, 5, Shuffle, 3)
		Permutation(b, 5, Shuffle, 3)
		if !slices.Equal(a, b) {
			t.Fatalf("n=%d: two draws with one seed differ", n)
		}
		Permutation(b, 5, Shuffle, 4)
		if n > 7 && slices.Equal(a, b) {
			t.Errorf("n=%d: two indexes give one permutation", n)
		}
		slices.Sort(a)
		for i, v := range a {
			if v != i {
				t.Fatalf("n=%d: %d is missing", n, i)
			}
		}
	}
}

// TestPermutationIsFair counts where element 0 goes.
func TestPermutationIsFair(t *testing.T) {
	const n, draws = 5, 20000
	var counts [n]int
	order := make([]int, n)
	for i := range draws {
		Permutation(order, 1, Shuffle, uint64(i))
		counts[slices.Index(order, 0)]++
	}
	for place, c := range counts {
		if math.Abs(float64(c)-draws/n) > 6*math.Sqrt(draws/n) {
			t.Errorf("element 0 is at %d in %d of %d draws", place, c, draws)
		}
	}
}

func TestUniform(t *testing.T) {
	x := make([]float32, 100000)
	Uniform(x, 1, Initialization, 2, 3)
	var sum, squares float64
	for _, v := range x {
		if v < -3 || v >= 3 {
			t.Fatalf("%v is outside [-3, 3)", v)
		}
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	n := float64(len(x))
	if mean := sum / n; math.Abs(mean) > 0.03 {
		t.Errorf("the mean is %v", mean)
	}
	if variance := squares / n; math.Abs(variance-3) > 0.06 {
		t.Errorf("the variance is %v, want 3", variance)
	}
}
