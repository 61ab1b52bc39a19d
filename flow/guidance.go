package flow

import (
	"errors"
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// Guidance makes samples of a flow of sequential layers, as TarFlow, more typical of
// their classes, or of their own beginning (Ho and Salimans, 2022; Zhai et al., 2025):
// the parameters p that a layer computes for a site, raw log-scales and shifts,
// become p + w·(p − u), where u are those of an event without a class,
// [Config.Unlabelled], or with the scores of attention divided by a temperature.
// What is drawn is no longer the flow's distribution.
type Guidance struct {
	// Weight is w, at least 0; 0 is no guidance.
	Weight float64
	// AttentionTemperature is that of u; 0 means 1. A flow without classes needs
	// another one than 1.
	AttentionTemperature float64
	// Annealed multiplies w by s/(T−1) for site s of T, in the order of the layer.
	Annealed bool
}

// Unlabelled returns the context of an event without classes: for each category
// one divided by the number of its levels, so that a linear layer computes the mean
// of what it computes of them; and the mean of each other column. [train.Images] puts
// it in the place of some contexts (ClassDropout), and [Guidance] leads away from it.
//
// [train.Images]: https://pkg.go.dev/github.com/seed-192fdf7a/nf/flow/train#Images
func (c *Config) Unlabelled() []float64 {
	var context []float64
	for _, column := range c.ContextColumns() {
		if column.Levels == nil {
			mean := 0.0
			if len(c.StandardizeContext.Mean) > 0 {
				mean = c.StandardizeContext.Mean[len(context)]
			}
			context = append(context, mean)
			continue
		}
		for range column.Levels {
			context = append(context, 1/float64(len(column.Levels)))
		}
	}
	return context
}

// checkDraw tells which of a draw's options the flow has nothing for.
func (f *Flow) checkDraw(o *SampleOptions) error {
	g := &o.Guidance
	steps := transform.StepValues(f.chain, true) > 0
	switch {
	case !(g.Weight >= 0 && autograd.Holds(g.Weight)):
		return fmt.Errorf("guidance is %v, want a number from 0 that float32 holds", g.Weight)
	case !(g.AttentionTemperature >= 0 && autograd.Holds(g.AttentionTemperature)):
		return fmt.Errorf("the attention temperature is %v, want a number above 0 that float32 holds", g.AttentionTemperature)
	case g.Weight == 0 && (g.AttentionTemperature != 0 && g.AttentionTemperature != 1 || g.Annealed):
		return errors.New("an attention temperature or annealing is for guidance, whose weight is 0")
	case g.Weight > 0 && !steps:
		return errors.New("guidance is for flows of sequential layers, as tarflow, and this one has none on its way to data")
	case g.Weight > 0 && len(f.config.Context) == 0 && (g.AttentionTemperature == 0 || g.AttentionTemperature == 1):
		return errors.New("the flow has no classes to be guided by: give an attention temperature other than 1")
	case o.Jacobi.Iterations < 0 || o.Jacobi.Blocks < 0 || o.Jacobi.Blocks > 0 && o.Jacobi.Iterations == 0:
		return fmt.Errorf("there are %d Jacobi iterations in %d blocks, want at least 1 of each, or neither", o.Jacobi.Iterations, o.Jacobi.Blocks)
	case o.Jacobi.Iterations > 0 && !steps:
		return errors.New("the Jacobi iterations are for flows of sequential layers, as tarflow, and this one has none on its way to data")
	case o.Denoise:
		return f.checkDenoise()
	}
	return nil
}

// guide tells a pass how to draw.
func (s *Scorer) guide(p *autograd.Pass, o *SampleOptions) {
	p.Jacobi = autograd.Jacobi{Iterations: o.Jacobi.Iterations, Blocks: o.Jacobi.Blocks}
	if o.Guidance.Weight == 0 {
		return
	}
	p.Guidance = autograd.Guidance{Weight: o.Guidance.Weight, Annealed: o.Guidance.Annealed, Temperature: o.Guidance.AttentionTemperature}
	if columns := len(s.flow.config.Context); columns > 0 {
		without := p.Input(len(p.LogDet.Values), columns, false)
		for r := range without.Rows {
			row := without.Row32(r)
			for c := range row {
				row[c] = s.unlabelled[c]
			}
		}
		p.Guidance.Without = without
	}
}

// keepResidual keeps the largest residual of a call.
func (s *Scorer) keepResidual(p *autograd.Pass) {
	residual := max(p.Jacobi.Residual, p.Residual())
	if residual == 0 {
		return
	}
	s.residuals.Lock()
	s.residual = max(s.residual, residual)
	s.residuals.Unlock()
}

// Residual returns how far the last [Scorer.Sample] or [Scorer.Inverse] was from the end
// of what iterates. With Jacobi iterations it is the largest change of a value in a last
// one, where values have been standardized, and 0 where there were as many iterations as
// sites; of maps whose inverse iterates, as MintNet's, that of [autograd.Graph.Residual].
// It is 0 where nothing iterates.
func (s *Scorer) Residual() float64 { return s.residual }
