// Package bench measures nf on the machine at hand: kernels, matmuls and whole
// scores. It is what cmd/nfbench prints.
package bench

import (
	"slices"
	"time"

	"github.com/seed-192fdf7a/nf/internal/random"
)

// Result is one measurement: what was measured and its figures, in order.
type Result struct {
	Name    string // path-like, as Go benchmarks are named
	Runs    int    // timed repetitions of the median
	Ns      float64
	Figures []Figure
}

// Figure is one number with its unit.
type Figure struct {
	Unit  string
	Value float64
}

// Options bound the time that measuring takes.
type Options struct {
	// Time is spent on each measurement, at least.
	Time time.Duration
	// Fastest has Gemm state the least of many short timings instead of the
	// median: for comparisons on a machine that is busy with other things.
	Fastest bool
}

// samples is the number of timings that a median is taken of.
const samples = 9

// median returns the median time of one call of do in nanoseconds, over
// several timings that together take at least o.Time, and the calls made.
func (o Options) median(do func()) (ns float64, calls int) {
	do() // warm: caches, pools, lazily made memory
	each := max(o.Time/samples, time.Millisecond)
	n := 1
	for {
		start := time.Now()
		for range n {
			do()
		}
		if t := time.Since(start); t >= each/2 {
			n = max(1, int(float64(n)*float64(each)/float64(t)))
			break
		}
		n *= 2
	}
	var times []float64
	for range samples {
		start := time.Now()
		for range n {
			do()
		}
		times = append(times, float64(time.Since(start).Nanoseconds())/float64(n))
	}
	slices.Sort(times)
	return times[samples/2], n * samples
}

// fill returns n values of U(-bound, bound): never zeros, which some matmuls
// skip.
func fill(n int, index uint64, bound float32) []float32 {
	out := make([]float32, n)
	random.Uniform(out, 1, random.Noise, index, bound)
	return out
}
