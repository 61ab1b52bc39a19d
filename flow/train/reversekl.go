package train

import (
	"errors"
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/kernels"
)

// KL says which bound on the log of a target's integral [ReverseKL] maximizes,
// and how its gradient is estimated. With K draws x_k of the flow q for an
// estimate and w_k = p̃(x_k)/q(x_k) it is
//
//	(1/a)·log (1/K) Σ w_k^a,   a = 1 − Alpha
//
// and at a = 0, or with one draw whatever a is, the mean of log w: the ELBO,
// whose maximum is that of least KL(q‖p). Alpha 0 is the bound of importance
// weighted autoencoders (Burda, Grosse and Salakhutdinov, 2016), tighter with K
// and kinder to a q that is too narrow; between lie those of Rényi's α-divergences
// (Li and Turner, 2016). The zero KL is the ELBO of 1024 draws an epoch.
type KL struct {
	// Events is the number of estimates of an epoch, each of Draws draws; 0 means
	// 1024. Where there are contexts, event i has that of row i modulo rows.
	Events int
	// Draws is K; 0 means 1.
	Draws int
	// Alpha is at least 0.
	Alpha float64
	// Plain takes the whole derivative of the bound. Without it the derivative
	// goes through the draws alone: with one draw sticking the landing (Roeder,
	// Wu and Duvenaud, 2017), with more the doubly reparameterized gradient
	// (Tucker, Lawson, Gu and Maddison, 2019), whose path derivatives of log w_k
	// have the weights (1−a)·v_k + a·v_k², v = w^a normalized to sum to one. It has
	// the same mean and less noise, none at all where q is p; and takes a density
	// of the flow more.
	Plain bool
	// Anneal is the number of first epochs in which log p̃ counts β < 1 times, β
	// growing from 0.01 by equal factors, so that a flow sees all modes before it
	// chooses. In validation it is 1.
	Anneal int
	// Context holds rows of context, for a flow that is conditional, in units of
	// the data; the target is given the same.
	Context []float64
}

// annealFrom is β at first.
const annealFrom = 0.01

// maxDraws bounds the draws of an epoch, whose numbers have 40 bits.
const maxDraws = 1 << 39

// checkEvents puts what zero values stand for and checks the events and their
// contexts.
func (o *KL) checkEvents(f *flow.Flow) error {
	if o.Events == 0 {
		o.Events = 1024
	}
	if o.Draws == 0 {
		o.Draws = 1
	}
	switch contexts := f.ContextFeatures(); {
	case o.Events < 0 || o.Draws < 0 || o.Events > maxDraws/o.Draws:
		return fmt.Errorf("train: %d events of %d draws, want at least 1 of each", o.Events, o.Draws)
	case contexts == 0 && len(o.Context) > 0:
		return errors.New("train: there are contexts, and the flow has none")
	case contexts > 0 && (len(o.Context) == 0 || len(o.Context)%contexts != 0):
		return fmt.Errorf("train: %d values of context are no rows of the flow's %d columns; a conditional flow needs at least one", len(o.Context), contexts)
	case f.Model().Parameters().MeetsAlways():
		return errors.New("train: a flow with batch normalization, whose inverse is not that of its training, learns from data only; take one without")
	}
	return nil
}

func (o *KL) check(f *flow.Flow) error {
	if err := o.checkEvents(f); err != nil {
		return err
	}
	c := f.Config()
	switch {
	case !(o.Alpha >= 0 && o.Alpha < 1e3):
		return fmt.Errorf("train: alpha is %v, want at least 0; 0 is the importance-weighted bound, 1 the ELBO", o.Alpha)
	case o.Anneal < 0:
		return fmt.Errorf("train: annealing over %d epochs, want at least 0", o.Anneal)
	case f.Augmented():
		return errors.New("train: a flow beside columns of noise has a bound of its log-density, by whose gradient it cannot learn another one")
	case !base.Reparameterized(c.Base):
		name, _ := base.Kinds.Name(c.Base)
		return fmt.Errorf("train: draws of the base %s cannot be differentiated; take %s, %s or %s, and Config.SetFullRank for a covariance", name, base.StandardNormal, base.DiagonalNormal, base.StudentT)
	}
	return nil
}

// loadContext gives the pass the contexts of the draws of f, and returns those in
// units of the data.
func (o *KL) loadContext(p *autograd.Pass, f *flow.Flow, events []int, draws int) []float64 {
	columns := f.ContextFeatures()
	if columns == 0 {
		return nil
	}
	rows := len(o.Context) / columns
	var context []float64
	for _, event := range events {
		for range draws {
			at := event % rows * columns
			context = append(context, o.Context[at:at+columns]...)
		}
	}
	p.Context = p.Wrap(narrow(context, f.Config().StandardizeContext, columns), columns)
	return context
}

// ReverseKL is the objective −bound, in nats, of the flow's own draws under a
// target: what variational inference minimizes, and with a flow as the target
// the distillation of one density into another. Every epoch draws anew; epoch 0,
// that of validation, always the same. f's standardization stays what it is.
func ReverseKL(f *flow.Flow, t Target, o KL) (Objective, error) {
	if err := o.check(f); err != nil {
		return nil, err
	}
	w, err := newTarget(f, t)
	if err != nil {
		return nil, err
	}
	return &reverseKL{KL: o, flow: f, target: w}, nil
}

type reverseKL struct {
	KL
	flow   *flow.Flow
	target *target
}

func (o *reverseKL) Events() int       { return o.KL.Events }
func (o *reverseKL) Sites() int        { return o.Draws * o.flow.Model().Sites() }
func (o *reverseKL) Constant() float64 { return o.flow.Model().StandardizationLogDet() }

// Explain implements [Explainer].
func (o *reverseKL) Explain(float64) error { return o.target.noted() }

// beta returns β in an epoch.
func (o *reverseKL) beta(epoch uint64) float64 {
	if epoch == 0 || epoch > uint64(o.Anneal) {
		return 1
	}
	rest := 1 - float64(epoch-1)/float64(o.Anneal)
	return kernels.Exp64(float64(rest * kernels.Log64(annealFrom)))
}

func (o *reverseKL) Loss(p *autograd.Pass, events []int) autograd.Sums {
	m, draws := o.flow.Model(), o.Draws
	if p.Meets() {
		draws = 1 // a row an event is what layers take their first values by
	}
	numbers := make([]uint64, 0, len(events)*draws)
	for _, event := range events {
		for k := range draws {
			numbers = append(numbers, p.Epoch<<40|uint64(event*draws+k))
		}
	}
	q := *p
	q.LogDet = p.Sums(len(numbers))
	context := o.loadContext(&q, o.flow, events, draws)
	noise := p.Sums(len(numbers))
	x := m.Draw(&q, p.Seed, numbers, noise)
	logP := p.Sums(len(numbers))
	p.External(x, func(logProb, grad, x []float64) {
		o.target.evaluate(logProb, grad, x, context, p.Epoch, numbers)
	}, logP)
	if p.Meets() {
		m.LogDensity(&q, x)
		return p.LogDet
	}
	beta := o.beta(p.Epoch)
	if o.Plain || !p.Recording() {
		return o.bound(p, len(events), beta, logP, noise, q.LogDet)
	}
	back := q
	back.LogDet = p.Sums(len(numbers))
	p.Detached(func() { m.LogDensity(&back, p.Copy(x)) })
	return o.bound(p, len(events), beta, logP, back.LogDet, autograd.Sums{})
}

// bound returns the loss of each event from the log-densities of its draws, where
// log q is that of logQ less logDet, which may be empty.
func (o *reverseKL) bound(p *autograd.Pass, events int, beta float64, logP, logQ, logDet autograd.Sums) autograd.Sums {
	loss, draws, a := p.Sums(events), len(logP.Values)/events, 1-o.Alpha
	weights := make([]float64, len(logP.Values)) // log w, and then v
	for i := range weights {
		weights[i] = float64(beta*logP.Values[i]) - logQ.Values[i]
		if logDet.Values != nil {
			weights[i] += logDet.Values[i]
		}
	}
	for e := range loss.Values {
		loss.Values[e] = -generalizedMean(weights[e*draws:(e+1)*draws], a)
	}
	if !p.Recording() {
		return loss
	}
	p.Record(func() {
		for i, v := range weights {
			if !o.Plain {
				v = float64((1-a)*v) + float64(float64(a*v)*v)
			}
			d := -float64(loss.Gradient[i/draws] * v)
			logP.Gradient[i] += float64(beta * d)
			logQ.Gradient[i] -= d
			if logDet.Values != nil {
				logDet.Gradient[i] += d
			}
		}
	})
	return loss
}

// generalizedMean returns (1/a)·log mean w^a, at a = 0 the mean of log w, and
// makes of each log w its weight in the mean, its part of Σ w^a.
func generalizedMean(logW []float64, a float64) float64 {
	n := float64(len(logW))
	most := math.Inf(-1)
	var sum float64
	for _, l := range logW {
		sum += l
		most = max(most, float64(a*l))
	}
	if a == 0 || len(logW) == 1 {
		for k := range logW {
			logW[k] = 1 / n
		}
		return sum / n
	}
	if most-most != 0 { // all are 0, or one is infinite or not a number
		return most / a
	}
	sum = 0
	for k, l := range logW {
		logW[k] = kernels.Exp64(float64(a*l) - most)
		sum += logW[k]
	}
	for k := range logW {
		logW[k] /= sum
	}
	return (most + kernels.Log64(sum/n)) / a
}
