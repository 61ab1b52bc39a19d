package train

import (
	"math"

	"github.com/seed-192fdf7a/nf/internal/parallel"
	"github.com/seed-192fdf7a/nf/kernels"
)

// Adam's constants (Kingma and Ba, 2015).
const (
	beta1   = 0.9
	beta2   = 0.999
	epsilon = 1e-8
)

// span is the number of parameters that one worker updates at a time; partial
// norms are folded span by span, so it must be the same on every machine.
const span = 1 << 14

// adam is the optimizer's state over a flat parameter vector.
type adam struct {
	values, gradient []float32
	first, second    []float32 // moments
	power1, power2   float64   // beta1^t, beta2^t
	norms            []float64 // squared norm of each span
	workers          int
}

func newAdam(values []float32, workers int) *adam {
	n := len(values)
	return &adam{
		values: values, gradient: make([]float32, n),
		first: make([]float32, n), second: make([]float32, n),
		power1: 1, power2: 1,
		norms: make([]float64, (n+span-1)/span), workers: workers,
	}
}

// spans calls do for each span of the vector.
func (a *adam) spans(do func(i, from, to int)) {
	parallel.For(len(a.norms), a.workers, func(_, i int) {
		do(i, i*span, min(len(a.values), (i+1)*span))
	})
}

// add adds the gradients of tiles, in their order, to the minibatch's; with
// begin, that starts at zero.
func (a *adam) add(tiles [][]float32, begin bool) {
	a.spans(func(_, from, to int) {
		into := a.gradient[from:to]
		for i, t := range tiles {
			if begin && i == 0 {
				copy(into, t[from:to])
				continue
			}
			kernels.Add(into, into, t[from:to])
		}
	})
}

// norm returns the Euclidean norm of the minibatch's gradient.
func (a *adam) norm() float64 {
	const width = 1 << 10
	a.spans(func(i, from, to int) {
		var rows [span / width]float32
		part := a.gradient[from:to]
		whole := len(part) / width
		kernels.RowSumSquares(rows[:whole], kernels.Dense(part[:whole*width], whole, width))
		a.norms[i] = 0
		for _, v := range rows[:whole] {
			a.norms[i] += float64(v)
		}
		if rest := part[whole*width:]; len(rest) > 0 {
			kernels.RowSumSquares(rows[:1], kernels.Dense(rest, 1, len(rest)))
			a.norms[i] += float64(rows[0])
		}
	})
	var sum float64
	for _, v := range a.norms {
		sum += v
	}
	return math.Sqrt(sum)
}

// step updates the values by the minibatch's gradient times scale.
func (a *adam) step(learningRate, scale float64) {
	a.power1 = float64(a.power1 * beta1)
	a.power2 = float64(a.power2 * beta2)
	s := kernels.AdamStep{
		LearningRate: float32(learningRate), Beta1: beta1, Beta2: beta2, Epsilon: epsilon,
		Correction1: float32(1 - a.power1), Correction2: float32(1 - a.power2), GradientScale: float32(scale),
	}
	a.spans(func(_, from, to int) {
		kernels.Adam(a.values[from:to], a.first[from:to], a.second[from:to], a.gradient[from:to], s)
	})
}
