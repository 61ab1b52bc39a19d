package train

import (
	"errors"
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// MaximumLikelihood is the objective −log p of each event of s, in nats of the
// data as they are.
func MaximumLikelihood(f *flow.Flow, s Source) Objective { return &likelihood{flow: f, source: s} }

type likelihood struct {
	flow      *flow.Flow
	source    Source
	penalties autograd.Penalties
}

// checkPenalties tells that there is nothing to regularize.
func (l *likelihood) checkPenalties() error {
	if l.penalties != (autograd.Penalties{}) && !transform.AnyContinuous(l.flow.Model().Chain()) {
		return errors.New("train: Kinetic and Jacobian weigh the paths of continuous maps, and the flow has none")
	}
	return nil
}

func (l *likelihood) Events() int { return l.source.Events() }
func (l *likelihood) Sites() int  { return l.flow.Model().Sites() }

func (l *likelihood) Loss(p *autograd.Pass, events []int) autograd.Sums {
	penalized := l.penalties != (autograd.Penalties{}) && p.Recording()
	if penalized {
		p.Penalties, p.Penalty = l.penalties, p.Sums(len(events))
	}
	l.flow.Model().LogDensity(p, l.load(p, events))
	loss := p.Scale(p.LogDet, -1)
	if penalized {
		p.AddScaled(loss, p.Penalty, []float64{1})
	}
	return loss
}

// load puts the events on the graph, and their contexts into the pass.
func (l *likelihood) load(p *autograd.Pass, events []int) autograd.Value {
	m := l.flow.Model()
	width, contexts := m.Narrowed()*m.Sites(), l.flow.ContextFeatures()
	values, context := p.Floats(len(events)*width), p.Floats(len(events)*contexts)
	for i, event := range events {
		l.source.Load(values[i*width:(i+1)*width], context[i*contexts:(i+1)*contexts], event, p.Epoch)
	}
	if contexts > 0 {
		p.Context = p.Wrap(context, contexts)
	}
	return p.Wrap(values, m.Narrowed())
}

func (l *likelihood) Constant() float64 { return -l.flow.Model().StandardizationLogDet() }

// Explain implements [Explainer].
func (l *likelihood) Explain(nll float64) error {
	if images, ok := l.source.(*Images); ok && images.Err() != nil {
		return images.Err()
	}
	if box, ok := l.flow.Config().Base.(*base.UniformSpec); ok && math.IsInf(nll, 1) {
		return fmt.Errorf("a row's noise lies outside the box of the uniform base, [-%v, %v] in standard deviations, where there is no density: widen the box (bound), or take another base",
			box.Bound, box.Bound)
	}
	return nil
}
