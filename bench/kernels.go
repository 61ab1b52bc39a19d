package bench

import (
	"fmt"
	"regexp"

	"github.com/seed-192fdf7a/nf/kernels"
)

// sampleSize is the most elements that the reference, which is exact and slow,
// is measured on; its time for more is scaled up.
const sampleSize = 1 << 16

// Kernels measures the kernels whose result's name matches only (nil: all), on
// every tier of this processor, at each number of elements, on one core: ns for
// each element, GB/s, and the ratios to a plain copy of as many float32 and to
// package math's function. The reference's time beyond sampleSize elements is
// that of so many, scaled, and the figure "sampled" says so.
func Kernels(o Options, sizes []int, only *regexp.Regexp, report func(Result)) {
	for _, n := range sizes {
		var copyNs float64
		for _, w := range workloads() {
			var prepared func(t *kernels.Tier)
			var elements int
			var mathNs float64
			for _, t := range kernels.Tiers() {
				name := fmt.Sprintf("kernels/%s/tier=%s/n=%d", w.name, t.Name(), n)
				if only != nil && !only.MatchString(name) {
					continue
				}
				if copyNs == 0 {
					dst, src := make([]float32, n), fill(n, 1, 1)
					copyNs, _ = o.median(func() { copy(dst, src) })
				}
				if w.math != nil && mathNs == 0 {
					mathNs = o.mathTime(w)
				}
				run, count := prepared, elements
				sampled := t.Name() == "reference" && n > sampleSize
				switch {
				case sampled:
					run, count = w.prepare(sampleSize)
				case run == nil:
					run, count = w.prepare(n)
					prepared, elements = run, count
				}
				ns, calls := o.median(func() { run(t) })
				each := ns / float64(count)
				r := Result{Name: name, Runs: calls, Ns: each * float64(n), Figures: []Figure{
					{"ns/elem", each},
					{"GB/s", w.bytes / each},
					{"x-copy", each / (copyNs / float64(n))},
				}}
				if w.math != nil {
					r.Figures = append(r.Figures, Figure{"math/this", mathNs / each})
				}
				if sampled {
					r.Figures = append(r.Figures, Figure{"sampled", float64(count)})
				}
				report(r)
			}
		}
	}
}

// mathTime is the time of package math's function for an element, of 1024 of
// the arguments that the kernel is measured on.
func (o Options) mathTime(w workload) float64 {
	src, dst := w.arguments(1<<10), make([]float32, 1<<10)
	ns, _ := o.median(func() {
		for i, x := range src {
			dst[i] = float32(w.math(float64(x)))
		}
	})
	return ns / float64(len(src))
}
