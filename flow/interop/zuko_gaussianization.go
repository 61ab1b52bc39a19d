package interop

import (
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// zukoMixture returns the univariate of zuko's Gaussianization flows, of so many
// parameters.
func zukoMixture(total int) (univariate, error) {
	u := autograd.Widen(&autograd.NormalMixture{Components: total / 2, Margin: 1e-6, Bound: 10})
	l := layout{total: total}
	for p := range total {
		l.params = append(l.params, p)
	}
	return univariate{u, l}, u.Check()
}

// rotates tells whether there are rotations, as between the layers of a GF.
func (r *reader) rotates() bool {
	for _, prefix := range []string{"transform.transforms.", "transforms."} {
		for _, i := range r.numbered(prefix) {
			if r.has(fmt.Sprintf("%s%d.A", prefix, i)) {
				return true
			}
		}
	}
	return false
}

// zukoRotation reads a RotationTransform: y = exp(A − Aᵀ)·x.
func (r *reader) zukoRotation(name string) error {
	n := r.builder.features
	t, err := r.matrix(name, n, n)
	if err != nil {
		return err
	}
	skew := make([]float64, n*n)
	for i := range n {
		for j := range n {
			skew[i*n+j] = float64(t.Values[i*n+j]) - float64(t.Values[j*n+i])
		}
	}
	if err := r.linearMap(exponential(skew, n)); err != nil {
		return fmt.Errorf("tensor %s: %w", name, err)
	}
	return nil
}

// exponential returns the exponential of an n x n matrix by its series, of a part
// 2⁻ˢ of it that is small, and s squarings.
func exponential(a []float64, n int) []float64 {
	norm := 0.0
	for i := range n {
		sum := 0.0
		for _, v := range a[i*n : (i+1)*n] {
			sum += math.Abs(v)
		}
		norm = max(norm, sum)
	}
	squarings := 0
	for ; norm > 0.5 && squarings < 64; squarings++ {
		norm /= 2
	}
	part := make([]float64, n*n)
	for i, v := range a {
		part[i] = math.Ldexp(v, -squarings)
	}
	// Horner: 1 + a·(1 + a/2·(1 + a/3·…)); 0.5²⁰/20! is nothing.
	sum := unitMatrix(n)
	for k := 20; k > 0; k-- {
		next := matrixProduct(part, sum, n)
		sum = unitMatrix(n)
		for i, v := range next {
			sum[i] += v / float64(k)
		}
	}
	for range squarings {
		sum = matrixProduct(sum, sum, n)
	}
	return sum
}

func unitMatrix(n int) []float64 {
	m := make([]float64, n*n)
	for i := range n {
		m[i*n+i] = 1
	}
	return m
}

func matrixProduct(a, b []float64, n int) []float64 {
	c := make([]float64, n*n)
	for i := range n {
		for k := range n {
			for j := range n {
				c[i*n+j] += float64(a[i*n+k] * b[k*n+j])
			}
		}
	}
	return c
}
