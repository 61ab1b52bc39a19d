package flow

import "fmt"

// Distribution is a flow as a distribution of gonum: a RandLogProber of its
// package distmv, to be a target or a proposal of its samplers. One goroutine
// may use it at a time.
type Distribution struct {
	scorer  *Scorer
	context []float64
	seed    uint64
	next    uint64
	logProb [1]float64
}

// Distribution returns the flow of its present values under one event of
// context, nil for a flow without context. seed decides the samples that Rand
// draws, one after another.
func (f *Flow) Distribution(seed uint64, context []float64) (*Distribution, error) {
	if len(context) != f.ContextFeatures() {
		return nil, fmt.Errorf("flow: context has %d values, want %d", len(context), f.ContextFeatures())
	}
	for i, v := range context {
		if !f.config.StandardizeContext.Holds(v, i) && v == v {
			return nil, &RangeError{0, f.config.Context[i], v}
		}
	}
	s, err := f.NewScorer(ScorerOptions{Workers: 1})
	if err != nil {
		return nil, err
	}
	return &Distribution{scorer: s, context: append([]float64(nil), context...), seed: seed}, nil
}

// Dim returns the number of values of an event.
func (d *Distribution) Dim() int { return d.scorer.flow.Dim() }

// LogProb returns log p(x) in nats. Like gonum's distributions it panics if x
// has another length than Dim.
func (d *Distribution) LogProb(x []float64) float64 {
	if err := d.scorer.LogProb(d.logProb[:], x, d.context); err != nil {
		panic(err)
	}
	return d.logProb[0]
}

// Rand draws the next sample into x, or into new memory if x is nil, and
// returns it. Like gonum's distributions it panics if x has another length than
// Dim.
func (d *Distribution) Rand(x []float64) []float64 {
	if x == nil {
		x = make([]float64, d.Dim())
	}
	if len(x) != d.Dim() {
		panic(fmt.Sprintf("flow: x has %d values, want %d", len(x), d.Dim()))
	}
	if err := d.scorer.Sample(x, nil, d.next, SampleOptions{Seed: d.seed}, d.context); err != nil {
		panic(err)
	}
	d.next++
	return x
}
