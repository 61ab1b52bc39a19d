package bench

import (
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/kernels"
)

// unary is a kernel measured over vectors of n values and, where there is one,
// math's function.
type unary struct {
	name  string
	call  func(t *kernels.Tier, dst, src []float32)
	math  func(float64) float64
	share int // one element is computed for each so many values of a vector
	bytes int // moved for each element
	// src is drawn from U(shift-bound, shift+bound).
	bound, shift float32
}

var unaries = []unary{
	{"exp", func(t *kernels.Tier, d, s []float32) { t.Exp(d, s) }, math.Exp, 1, 8, 5, 0},
	{"log", func(t *kernels.Tier, d, s []float32) { t.Log(d, s) }, math.Log, 1, 8, 5, 5.5},
	{"tanh", func(t *kernels.Tier, d, s []float32) { t.Tanh(d, s) }, math.Tanh, 1, 8, 3, 0},
	{"relu", func(t *kernels.Tier, d, s []float32) { t.ReLU(d, s) }, nil, 1, 8, 3, 0},
	{"sincos2pi", func(t *kernels.Tier, d, s []float32) { n := len(s) / 2; t.SinCos2Pi(d[:n], d[n:2*n], s[:n]) }, nil, 2, 12, 1, 0},
	{"normals", func(t *kernels.Tier, d, _ []float32) { t.NormalRows(d, len(d)/64, 64, 1, 0, 0) }, nil, 1, 4, 1, 0},
	{"affine", affine, nil, 2, 16, 2, 0},
	{"affine-narrow", affineNarrow, nil, 2, 16, 2, 0},
	{"adam", func(t *kernels.Tier, d, s []float32) {
		half := len(d) / 2
		t.Adam(d[:half], d[half:2*half], s[:half], s[half:2*half], kernels.AdamStep{LearningRate: 1e-9, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Correction1: 0.5, Correction2: 0.5, GradientScale: 1})
	}, nil, 2, 28, 1, 2},
}

func affine(t *kernels.Tier, d, s []float32)       { affineRows(t, d, s, 64) }
func affineNarrow(t *kernels.Tier, d, s []float32) { affineRows(t, d, s, 3) }

// affineRows runs the fused coupling on rows of the given width. The
// parameters are src itself, reread from its start, as [raw scale | shift].
func affineRows(t *kernels.Tier, d, s []float32, width int) {
	rows := len(d) / (2 * width) // half the elements are x, as the parameters are twice as many
	t.AffineForward(kernels.Dense(d, rows, width), kernels.Dense(s, rows, width), kernels.Dense(s, rows, 2*width), d[len(d)-rows:], kernels.TanhExpScale(1))
}

// Kernels measures every elementwise kernel on every tier of this processor,
// at each number of elements, one core: ns for each element, GB/s, and the
// ratios to a plain copy of the same size and to math's function.
func Kernels(o Options, sizes []int, report func(Result)) {
	for _, n := range sizes {
		src, dst := make([]float32, n), make([]float32, n)
		copyNs, _ := o.median(func() { copy(dst, src) })
		for _, u := range unaries {
			elements := float64(n / u.share)
			random := fill(n, 1, u.bound)
			for i := range random {
				src[i] = random[i] + u.shift
			}
			var mathNs float64
			if u.math != nil {
				part := src[:min(n, 1<<10)]
				ns, _ := o.median(func() {
					for i, v := range part {
						dst[i] = float32(u.math(float64(v)))
					}
				})
				mathNs = ns / float64(len(part))
			}
			for _, t := range kernels.Tiers() {
				if t.Name() == "reference" && n > 1<<16 {
					continue // exact, and slow: its time is stated at the smaller sizes
				}
				ns, calls := o.median(func() { u.call(t, dst, src) })
				r := Result{
					Name: fmt.Sprintf("kernels/%s/%s/%d", u.name, t.Name(), n), Runs: calls, Ns: ns,
					Figures: []Figure{
						{"ns/elem", ns / elements},
						{"GB/s", elements * float64(u.bytes) / ns},
						{"x-copy", ns / copyNs},
					},
				}
				if u.math != nil {
					r.Figures = append(r.Figures, Figure{"math/this", mathNs / (ns / elements)})
				}
				report(r)
			}
		}
	}
}
