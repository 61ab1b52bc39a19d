package flow

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// Ensemble is several flows of the same columns as one density, their mixture
//
//	log p(x) = log Σ_k w_k·p_k(x)
//
// of weights that sum to one, such as flows of several seeds (a deep ensemble:
// Lakshminarayanan, Pritzel and Blundell, 2017), whose disagreement tells how much
// a score is worth. Like a [Scorer] it has memory of its own, and one goroutine may
// use it at a time.
type Ensemble struct {
	scorers    []*Scorer
	weights    []float64 // normalized
	logWeights []float64
	logProb    []float64 // of each flow, one after another
	rows       []float64 // scratch of Sample
}

// NewEnsemble returns the mixture of the present values of flows of the same
// columns and contexts, with weights above 0 that need not sum to one; nil weights
// are equal.
func NewEnsemble(flows []*Flow, weights []float64, o ScorerOptions) (*Ensemble, error) {
	if len(flows) == 0 {
		return nil, errors.New("flow: an ensemble of no flows")
	}
	if weights == nil {
		weights = make([]float64, len(flows))
		for k := range weights {
			weights[k] = 1
		}
	}
	if len(weights) != len(flows) {
		return nil, fmt.Errorf("flow: %d weights for an ensemble of %d flows", len(weights), len(flows))
	}
	e, first, sum := &Ensemble{}, flows[0].Config(), 0.0
	for k, w := range weights {
		if !(w > 0 && w <= math.MaxFloat64/float64(len(weights))) {
			return nil, fmt.Errorf("flow: weight %d of an ensemble is %v, want a positive number", k, w)
		}
		sum += w
	}
	for k, f := range flows {
		c := f.Config()
		if !slices.Equal(c.Features, first.Features) || !slices.Equal(c.Context, first.Context) || !slices.Equal(c.Grid, first.Grid) {
			return nil, fmt.Errorf("flow: flow %d of an ensemble is of the columns %q given %q, the first of %q given %q; they must be the same, in the same order",
				k, c.Features, c.Context, first.Features, first.Context)
		}
		s, err := f.NewScorer(o)
		if err != nil {
			return nil, err
		}
		e.scorers = append(e.scorers, s)
		e.weights = append(e.weights, weights[k]/sum)
		e.logWeights = append(e.logWeights, kernels.Log64(weights[k]/sum))
	}
	return e, nil
}

// LogProb writes the mixture's log p of each row of x, in nats, to logProb, and to
// spread, unless it is nil, the standard deviation of log p_k(x) over the flows,
// with their weights: 0 where they agree, +Inf where some have no density at all
// and others have. x and context are as in [Scorer.LogProb].
func (e *Ensemble) LogProb(logProb, spread, x, context []float64) error {
	n := len(logProb)
	if spread != nil && len(spread) != n {
		return fmt.Errorf("flow: spread has %d values, want %d", len(spread), n)
	}
	if cap(e.logProb) < n*len(e.scorers) {
		e.logProb = make([]float64, n*len(e.scorers))
	}
	all := e.logProb[:n*len(e.scorers)]
	for k, s := range e.scorers {
		if err := s.LogProb(all[k*n:(k+1)*n], x, context); err != nil {
			return err
		}
	}
	for i := range logProb {
		most := math.Inf(-1)
		for k, w := range e.logWeights {
			most = max(most, all[k*n+i]+w) // NaN if one is
		}
		logProb[i] = most
		if most-most == 0 {
			var sum float64
			for k, w := range e.logWeights {
				sum += kernels.Exp64(all[k*n+i] + w - most)
			}
			logProb[i] += kernels.Log64(sum)
		}
		if spread != nil {
			spread[i] = e.deviation(all[i:], n)
		}
	}
	return nil
}

// deviation returns the standard deviation of every n-th value.
func (e *Ensemble) deviation(logProb []float64, n int) float64 {
	var mean, squares float64
	none := true
	for k, w := range e.weights {
		mean += float64(w * logProb[k*n])
		none = none && math.IsInf(logProb[k*n], -1)
	}
	switch {
	case none:
		return 0
	case math.IsInf(mean, -1):
		return math.Inf(1)
	}
	for k, w := range e.weights {
		d := logProb[k*n] - mean
		squares += float64(w * float64(d*d))
	}
	return math.Sqrt(squares)
}

// Sample writes the samples number first, first+1, … of the mixture to x: sample i
// is sample i of the flow that the seed and i choose. context is as in
// [Scorer.Sample].
func (e *Ensemble) Sample(x []float64, first uint64, o SampleOptions, context []float64) error {
	f := e.scorers[0].flow
	d, c := f.Dim(), f.ContextFeatures()
	n := len(x) / d
	if len(x) != n*d || len(context) != n*c {
		return fmt.Errorf("flow: x has %d values and context %d, want %d and %d for each sample", len(x), len(context), d, c)
	}
	if cap(e.rows) < d {
		e.rows = make([]float64, d)
	}
	for i := range n {
		var word [1]uint32
		kernels.PhiloxWords(word[:], o.Seed, random.Component, first+uint64(i))
		u, k := (float64(word[0])+0.5)*0x1p-32, 0
		for ; k < len(e.weights)-1 && u >= e.weights[k]; k++ {
			u -= e.weights[k]
		}
		row := e.rows[:d]
		if err := e.scorers[k].Sample(row, nil, first+uint64(i), o, context[i*c:(i+1)*c]); err != nil {
			return err
		}
		copy(x[i*d:], row)
	}
	return nil
}
