package transform

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/kernels"
)

// The plain loops over dense factors, whose bits every lu has.

func plainFactors(m *lu, p [][]float64) (lower, upper []float64, logDet float64) {
	n := m.features
	lower, upper = make([]float64, n*n), make([]float64, n*n)
	below, above := p[0], p[1]
	for i := range n {
		copy(lower[i*n:], below[:i])
		lower[i*n+i] = 1
		below = below[i:]
		s := float64(m.bound * kernels.Tanh64(p[2][i]/m.bound))
		upper[i*n+i] = kernels.Exp64(s)
		logDet += s
		above = above[copy(upper[i*n+i+1:(i+1)*n], above):]
	}
	return lower, upper, logDet
}

func plainMatrix(m *lu, p [][]float64, inverse bool) (w []float64, logDet float64) {
	n := m.features
	lower, upper, logDet := plainFactors(m, p)
	w = make([]float64, n*n)
	for j := range n {
		column := make([]float64, n)
		if inverse {
			column[j] = 1
			for i := range n {
				for k := range i {
					column[i] -= float64(lower[i*n+k] * column[k])
				}
			}
			for i := n - 1; i >= 0; i-- {
				for k := i + 1; k < n; k++ {
					column[i] -= float64(upper[i*n+k] * column[k])
				}
				column[i] /= upper[i*n+i]
			}
		} else {
			for i := range n {
				for k := range i + 1 {
					column[i] += float64(lower[i*n+k] * upper[k*n+j])
				}
			}
		}
		for i, v := range column {
			w[m.columns[j]*n+m.columns[i]] = v
		}
	}
	return w, logDet
}

func plainGradient(m *lu, p [][]float64, dw []float64, dLogDet float64) [][]float64 {
	n := m.features
	lower, upper, _ := plainFactors(m, p)
	dm := func(i, j int) float64 { return dw[m.columns[j]*n+m.columns[i]] }
	var dp [3][]float64
	for i := range n {
		for j := range i {
			var sum float64
			for k := j; k < n; k++ {
				sum += float64(dm(i, k) * upper[j*n+k])
			}
			dp[0] = append(dp[0], 0+sum)
		}
		for j := i; j < n; j++ {
			var sum float64
			for k := i; k < n; k++ {
				sum += float64(lower[k*n+i] * dm(k, j))
			}
			if j > i {
				dp[1] = append(dp[1], 0+sum)
				continue
			}
			th := kernels.Tanh64(p[2][i] / m.bound)
			dp[2] = append(dp[2], 0+float64((float64(sum*upper[i*n+i])+dLogDet)*(1-float64(th*th))))
		}
	}
	return dp[:]
}

// luCase is a matrix of n features with permuted columns and parameters and a
// gradient that value draws, as float32 holds them.
func luCase(n int, random *rand.Rand, value func() float64) (m *lu, p [][]float64, dw []float64) {
	m = &lu{features: n, bound: 1.5, columns: random.Perm(n)}
	draw := func(size int) []float64 {
		s := make([]float64, size)
		for i := range s {
			s[i] = float64(float32(value()))
		}
		return s
	}
	return m, [][]float64{draw(n * (n - 1) / 2), draw(n * (n - 1) / 2), draw(n)}, draw(n * n)
}

func equalBits(t *testing.T, what string, n int, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s of %d features has %d values, want %d", what, n, len(got), len(want))
	}
	for i, w := range want {
		if math.Float64bits(got[i]) != math.Float64bits(w) {
			t.Fatalf("%s of %d features: value %d is %v, want %v", what, n, i, got[i], w)
		}
	}
}

// twoAtOnce shares items between two goroutines, the last ones first.
func twoAtOnce(items int, do func(item int)) {
	var group sync.WaitGroup
	for first := range 2 {
		group.Go(func() {
			for i := items - 1 - first; i >= 0; i -= 2 {
				do(i)
			}
		})
	}
	group.Wait()
}

// TestLUHasTheBitsOfPlainLoops compares W, W⁻¹, their log-det and every gradient
// with what plain loops give, at sizes around those of groups, panels and blocks,
// for parameters with many zeros of both signs, tiny and huge ones.
func TestLUHasTheBitsOfPlainLoops(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	sparse := func() float64 {
		switch random.IntN(6) {
		case 0, 1:
			return 0
		case 2:
			return math.Copysign(0, -1)
		case 3:
			return 1e-42 * random.NormFloat64()
		}
		return random.NormFloat64()
	}
	small := func() float64 { return 0.05 * random.NormFloat64() }
	zero := func() float64 { return 0 }
	for name, value := range map[string]func() float64{"small": small, "sparse": sparse, "zero": zero} {
		for _, n := range []int{1, 2, 3, 4, 5, 7, 8, 9, 12, 31, 32, 33, 63, 64, 65, 71, 100, 257, 261} {
			narrow := n%3 > 0
			m, p, dw := luCase(n, random, value)
			if !narrow {
				for _, s := range append(p, dw) {
					for i := range s {
						s[i] *= 1 + 1e-9 // no value of float32
					}
				}
			}
			for _, inverse := range []bool{false, true} {
				if inverse && name == "sparse" && n > 12 {
					continue // an inverse of such factors is beyond float64
				}
				want, wantLogDet := plainMatrix(m, p, inverse)
				got := make([]float64, n*n)
				logDet := m.Compute(got, autograd.SquareValues{Parameters: p, Narrow: narrow}, inverse, twoAtOnce)
				equalBits(t, name+" matrix", n, got, want)
				equalBits(t, name+" log-det", n, []float64{logDet}, []float64{wantLogDet})
			}
			dirty := func(size int) []float64 {
				s := make([]float64, size)
				for i := range s {
					s[i] = math.NaN()
				}
				return s
			}
			dp := [][]float64{dirty(len(p[0])), dirty(len(p[1])), dirty(n)}
			m.Gradient(autograd.SquareValues{Parameters: p, Narrow: narrow})(dp, func(r int) []float64 { return dw[r*n : (r+1)*n] }, 0.75, dirty)
			for i, want := range plainGradient(m, p, dw, 0.75) {
				equalBits(t, name+" gradient", n, dp[i], want)
			}
		}
	}
}
