package train

import (
	"math"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/parallel"
	"github.com/seed-192fdf7a/nf/kernels"
)

// The constants of Adam and Adamax (Kingma and Ba, 2015).
const (
	beta1   = 0.9
	beta2   = 0.999
	epsilon = 1e-8
)

// span is the number of parameters that one worker updates at a time; partial
// norms are folded span by span, so it must be the same on every machine.
const span = 1 << 14

// optimizer is the state of the optimizer over a flat parameter vector.
type optimizer struct {
	options          Options
	parameters       *autograd.Parameters
	values, gradient []float32
	first, second    []float32 // moments; of Adamax the second is a norm
	power1, power2   float64   // beta1^t, beta2^t
	norms            []float64 // squared norm of each span
	frozen           []*autograd.Parameter

	average []float32 // the running average of the values, or nil
}

func newOptimizer(p *autograd.Parameters, o Options) *optimizer {
	n := p.Len()
	a := &optimizer{
		options: o, parameters: p, values: p.Values(), gradient: make([]float32, n),
		first: make([]float32, n), second: make([]float32, n),
		power1: 1, power2: 1,
		norms: make([]float64, (n+span-1)/span),
	}
	for _, p := range p.All() {
		if p.Frozen {
			a.frozen = append(a.frozen, p)
		}
	}
	return a
}

// spans calls do for each span of the vector.
func (a *optimizer) spans(do func(i, from, to int)) {
	parallel.For(len(a.norms), a.options.Workers, func(_, i int) {
		do(i, i*span, min(len(a.values), (i+1)*span))
	})
}

// add adds the gradients of tiles, in their order, to the minibatch's; with
// begin, that starts at zero.
func (a *optimizer) add(tiles [][]float32, begin bool) {
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
func (a *optimizer) norm() float64 {
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
func (a *optimizer) step(learningRate, scale float64) {
	a.power1 = float64(a.power1 * beta1)
	a.power2 = float64(a.power2 * beta2)
	a.parameters.Edit(func([]float32) {
		if a.options.Optimizer == Adamax {
			a.adamax(learningRate, scale)
		} else {
			a.adam(learningRate, scale)
		}
	})
	if a.options.Average > 0 {
		a.observe()
	}
}

func (a *optimizer) adam(learningRate, scale float64) {
	s := kernels.AdamStep{
		LearningRate: float32(learningRate), Beta1: beta1, Beta2: beta2, Epsilon: epsilon,
		Correction1: float32(1 - a.power1), Correction2: float32(1 - a.power2), GradientScale: float32(scale),
		WeightDecay: float32(a.options.WeightDecay),
	}
	var kept [][]float32
	if s.WeightDecay != 0 { // what is not learned does not decay either
		for _, p := range a.frozen {
			kept = append(kept, append([]float32(nil), p.Values()...))
		}
	}
	a.spans(func(_, from, to int) {
		kernels.Adam(a.values[from:to], a.first[from:to], a.second[from:to], a.gradient[from:to], s)
	})
	for i, values := range kept {
		copy(a.frozen[i].Values(), values)
	}
}

// adamax is Adam by the largest gradient that decays instead of the root of the
// mean square: u = max(β₂·u, |g|), p −= rate/(1 − β₁ᵗ)·m/(u + ε).
func (a *optimizer) adamax(learningRate, scale float64) {
	rate, factor := float32(learningRate/(1-a.power1)), float32(scale)
	a.spans(func(_, from, to int) {
		values, first, norm := a.values[from:to], a.first[from:to], a.second[from:to]
		for i, g := range a.gradient[from:to] {
			g = float32(g * factor)
			first[i] = float32(beta1*first[i]) + float32((1-beta1)*g)
			u := float32(beta2 * norm[i])
			if g > u {
				u = g
			} else if -g > u {
				u = -g
			}
			norm[i] = u
			values[i] -= float32(rate*first[i]) / (u + epsilon)
		}
	})
}

// observe moves the running average towards the values, the first of which it
// takes as they are; what is not learned by gradient it takes always.
func (a *optimizer) observe() {
	if a.average == nil {
		a.average = append([]float32(nil), a.values...)
		return
	}
	weight := float32(1 - a.options.Average)
	a.spans(func(_, from, to int) {
		average := a.average[from:to]
		for i, v := range a.values[from:to] {
			average[i] += float32(weight * (v - average[i]))
		}
	})
	for _, p := range a.frozen {
		copy(a.average[p.Offset():], p.Values())
	}
}

// swap exchanges the values with their average, if there is one.
func (a *optimizer) swap() {
	a.parameters.Edit(func(values []float32) {
		for i, v := range a.average {
			a.average[i], values[i] = values[i], v
		}
	})
}
