package interop

import (
	"errors"
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/kernels"
)

// invertibleAffine reads an InvertibleAffine of normflows with use_lu. On the way
// from data to noise rows are multiplied from the right: y = x·W, where
// W = P·L·(triu(U, 1) + diag(sign_S·exp(log_S))) and L has ones on its diagonal.
func (r *reader) invertibleAffine(prefix string) error {
	n := r.builder.features
	w, err := r.factored(prefix, luNames{"P", "L", "U", "sign_S", "log_S"}, n)
	if err != nil {
		return err
	}
	r.ignore(prefix + "eye")
	return r.layerError(prefix, r.linearMap(transposed(w, n)))
}

// naiveAffine reads an InvertibleAffine without use_lu: y = x·W.
func (r *reader) naiveAffine(name string) error {
	n := r.builder.features
	t, err := r.matrix(name, n, n)
	if err != nil {
		return err
	}
	if err := r.linearMap(transposed(widen(t.Values), n)); err != nil {
		return fmt.Errorf("tensor %s: %w", name, err)
	}
	return nil
}

// transposed returns the transpose of an n x n matrix.
func transposed(a []float64, n int) []float64 {
	out := make([]float64, n*n)
	for i, v := range a {
		out[i%n*n+i/n] = v
	}
	return out
}

// linearMap adds y = A·x, for any invertible A, row-major, which it overwrites.
// With row pivoting A = P·L·U; the signs of U's diagonal become a diagonal matrix
// S of ±1 that goes to the left, A = P·S·(S·L·S)·(S·U): an LU layer, whose
// diagonal is positive, reflections along axes, and a permutation.
func (b *builder) linearMap(a []float64) error {
	n := b.features
	rows := make([]int, n) // of P·: row i of the product is row rows[i] of A
	for i := range rows {
		rows[i] = i
	}
	for k := range n {
		pivot := k
		for i := k + 1; i < n; i++ {
			if math.Abs(a[i*n+k]) > math.Abs(a[pivot*n+k]) {
				pivot = i
			}
		}
		if a[pivot*n+k] == 0 {
			return errors.New("its matrix has no inverse")
		}
		rows[k], rows[pivot] = rows[pivot], rows[k]
		for j := range n {
			a[k*n+j], a[pivot*n+j] = a[pivot*n+j], a[k*n+j]
		}
		for i := k + 1; i < n; i++ {
			factor := a[i*n+k] / a[k*n+k]
			a[i*n+k] = factor
			for j := k + 1; j < n; j++ {
				a[i*n+j] -= float64(factor * a[k*n+j])
			}
		}
	}
	signs, negative := make([]float64, n), 0
	for i := range n {
		signs[i] = 1
		if a[i*n+i] < 0 {
			signs[i] = -1
			negative++
		}
	}
	var lower, upper, axes []float64
	diagonal := make([]float64, n)
	for i := range n {
		for j := range i {
			lower = append(lower, float64(signs[i]*signs[j])*a[i*n+j])
		}
		var err error
		if diagonal[i], err = bounded(kernels.Log64(math.Abs(a[i*n+i]))); err != nil {
			return err
		}
		for j := i + 1; j < n; j++ {
			upper = append(upper, signs[i]*a[i*n+j])
		}
		if signs[i] < 0 {
			axis := make([]float64, n)
			axis[i] = 1
			axes = append(axes, axis...)
		}
	}
	name := b.add(&transform.LUSpec{Bound: logScaleBound}, false)
	b.vector(name+"lower", lower)
	b.vector(name+"upper", upper)
	b.vector(name+"diagonal", diagonal)
	b.vector(name+"bias", make([]float64, n))
	if negative > 0 {
		name := b.add(&transform.HouseholderSpec{Reflections: negative}, false)
		b.values[name+"vectors"] = values{negative, n, axes}
		b.vector(name+"bias", make([]float64, n))
	}
	order := make([]int, n)
	for i, row := range rows {
		order[row] = i
	}
	b.permute(order, false)
	return nil
}
