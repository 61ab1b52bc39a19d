package train

import (
	"errors"
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// Weighted is o with a weight for each of its events, so that its mean loss over
// all of them is Σ w·loss/Σ w, and that over a minibatch an unbiased estimate of
// it: each loss is multiplied by its event's weight divided by the mean weight.
// Only the weights' ratios matter, and those that are whole numbers act as that
// many repetitions of the event do. Statistics that layers take of a minibatch
// (ActNorm's first values, BatchNorm's) count events, not weights.
//
// Weights must be finite, at least 0 and not all 0. Those of nil leave o as it is.
// Flow matching by [TransportPairs] cannot have any.
func Weighted(o Objective, weights []float64) (Objective, error) {
	if weights == nil {
		return o, nil
	}
	if len(weights) != o.Events() {
		return nil, fmt.Errorf("train: %d weights for %d events", len(weights), o.Events())
	}
	if m, ok := o.(*matching); ok && m.pairing == TransportPairs {
		return nil, fmt.Errorf("train: pairs by %s learn a biased density of events with weights; take %s ones", TransportPairs, IndependentPairs)
	}
	total, err := totalWeight(weights)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	w := &weighted{o, make([]float64, len(weights))}
	mean := total / float64(len(weights))
	for i, v := range weights {
		w.weights[i] = v / mean
	}
	return w, nil
}

// totalWeight checks weights and adds them up.
func totalWeight(weights []float64) (total float64, err error) {
	for i, w := range weights {
		if !(w >= 0) || math.IsInf(w, 1) {
			return 0, fmt.Errorf("the weight of event %d is %v, want a finite number of at least 0", i, w)
		}
		total += w
	}
	switch {
	case total == 0:
		return 0, errors.New("all weights are 0")
	case math.IsInf(total, 1):
		return 0, errors.New("the weights add up to infinity: divide all by the same large number")
	}
	return total, nil
}

type weighted struct {
	Objective
	weights []float64 // of mean 1
}

func (w *weighted) Loss(p *autograd.Pass, events []int) autograd.Sums {
	return p.Weigh(w.Objective.Loss(p, events), func(i int) float64 { return w.weights[events[i]] })
}

// Explain implements [Explainer].
func (w *weighted) Explain(loss float64) error {
	if e, ok := w.Objective.(Explainer); ok {
		return e.Explain(loss)
	}
	return nil
}
