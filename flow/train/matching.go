package train

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/freelist"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// Pairing is how flow matching pairs rows with noise.
type Pairing string

// The values of [Pairing].
const (
	// IndependentPairs draw the noise of each row by itself.
	IndependentPairs Pairing = "independent"
	// TransportPairs are those of an exact optimal transport between the rows of a
	// tile of 64 and as much noise (minibatch OT: Tong et al., 2024), by which paths
	// cross less and become straighter, so that samples need fewer steps. Not for
	// conditional flows, of which it would learn a biased density, and not for events
	// with weights: each event has one noise, so that weights would be of the noise
	// too, which is then no standard normal.
	TransportPairs Pairing = "transport"
)

// Pairings are the values of [Pairing].
var Pairings = []Pairing{IndependentPairs, TransportPairs}

// FlowMatching is the objective of conditional flow matching (Lipman, Chen,
// Ben-Hamu, Nickel and Le, 2023; Liu, Gong and Liu, 2023): with x a standardized
// event, z standard normal noise and a time t, uniform and stratified over the
// events of a tile,
//
//	|v((1 − t)·x + t·z, t) − (z − x)|²/D
//
// whose least value is not 0 but what z − x varies by where paths cross; that of
// independent pairs of N(m, s²) data is π·s/2. Nothing is solved: the cost is one
// pass of the network. The loss says nothing of the log-density, which
// [flow.Flow.LogProb] gives exactly.
//
// The flow is one of [flow.FlowMatching] or [flow.FlowMatchingImage]: its last map is
// continuous, and maps before it, of supports and squeezes, are not learned but for
// their first values.
//
// The pairing "" is that of transport where it may be, without a context.
func FlowMatching(f *flow.Flow, s Source, pairing Pairing) (Objective, error) {
	c := f.Config()
	last := len(c.Transforms) - 1
	if last < 0 {
		return nil, errNoVelocity
	}
	if _, ok := c.Transforms[last].(*transform.ContinuousSpec); !ok {
		return nil, errNoVelocity
	}
	for _, t := range c.Transforms[:last] {
		switch t.(type) {
		case *transform.SupportSpec, *transform.ActNormSpec, *transform.SqueezeSpec:
		default:
			return nil, errNoVelocity
		}
	}
	if _, ok := c.Base.(*base.StandardNormalSpec); !ok {
		return nil, errors.New("train: flow matching leads to the standard normal density; the flow has another base")
	}
	switch pairing {
	case IndependentPairs:
	case TransportPairs:
		if f.ContextFeatures() > 0 {
			return nil, fmt.Errorf("train: pairs by %s learn a biased density of a conditional flow; take %s ones", TransportPairs, IndependentPairs)
		}
	case "":
		pairing = TransportPairs
		if f.ContextFeatures() > 0 {
			pairing = IndependentPairs
		}
	default:
		return nil, fmt.Errorf("train: pairs %q are not known; choose %s", string(pairing), oneOf(Pairings))
	}
	transforms := f.Model().Chain().Transforms()
	m := &matching{likelihood: likelihood{flow: f, source: s}, pairing: pairing, before: transform.Sequence(transforms[:last]...)}
	m.velocity = transforms[last].(*transform.Continuous).Velocity()
	return m, nil
}

var errNoVelocity = errors.New("train: flow matching learns the velocity of one continuous map, the flow's last, behind nothing but supports and squeezes; this flow has other maps: take flow.FlowMatching")

type matching struct {
	likelihood
	pairing  Pairing
	before   *transform.Chain
	velocity *nn.Velocity
}

// Recycled indices of events and random words.
var (
	matchingIndices freelist.Slices[uint64]
	matchingWords   freelist.Slices[uint32]
)

func (m *matching) Constant() float64 { return 0 }

// Explain implements [Explainer].
func (m *matching) Explain(float64) error { return m.likelihood.Explain(0) }

func (m *matching) Loss(p *autograd.Pass, events []int) autograd.Sums {
	n := len(events)
	loaded := m.load(p, events)
	q := *p
	q.LogDet = p.Sums(n)
	var x autograd.Value
	p.Still(func() { x = m.before.Forward(&q, loaded) })
	d := x.Rows / n * x.Cols
	noise, times := p.Floats(n*d), p.Sums(n).Values
	indices, words := matchingIndices.Borrow(n), matchingWords.Borrow(n)
	for i, event := range events {
		(*indices)[i] = p.Epoch<<40 + uint64(event)
	}
	kernels.NormalRowsOf(noise, d, p.Seed, random.Path, (*indices)[:n])
	kernels.PhiloxRowsOf((*words)[:n], 1, p.Seed, random.PathTime, (*indices)[:n])
	for i, word := range (*words)[:n] {
		times[i] = (float64(i) + float64(float64(word)*0x1p-32)) / float64(n)
	}
	matchingIndices.Return(indices)
	matchingWords.Return(words)
	z := p.Wrap(noise, x.Cols)
	if m.pairing == TransportPairs {
		z = p.TakeRows(z, m.transport(x, z, n))
	}
	at, apart := p.Input(x.Rows, x.Cols, false), p.Input(x.Rows, x.Cols, false)
	sites := x.Rows / n
	for r := range x.Rows {
		t := times[r/sites]
		for c := range x.Cols {
			from, to := x.At(r, c), z.At(r, c)
			at.Set(r, c, float64((1-t)*from)+float64(t*to))
			apart.Set(r, c, from-to)
		}
	}
	p.LogDet = p.Sums(n)
	v := m.flow.Model().Through(p, at, func(p *autograd.Pass, at autograd.Value) autograd.Value {
		return m.velocity.Compute(p, at, times, nn.Divergence{})
	})
	rest := p.Add(v, apart)
	loss := p.Sums(n)
	p.AddDots(rest, rest, 1/float64(d), loss)
	return loss
}

// transport returns which row of z each row of x is paired with.
func (m *matching) transport(x, z autograd.Value, events int) []int {
	sites := x.Rows / events
	cost := make([]float64, events*events)
	for i := range events {
		for j := range events {
			var sum float64
			for s := range sites {
				for c := range x.Cols {
					v := x.At(i*sites+s, c) - z.At(j*sites+s, c)
					sum += float64(v * v)
				}
			}
			cost[i*events+j] = sum
		}
	}
	rows := make([]int, 0, x.Rows)
	for _, j := range assign(cost, events) {
		for s := range sites {
			rows = append(rows, j*sites+s)
		}
	}
	return rows
}

// FitMatching is [Fit] by [FlowMatching] instead of the likelihood: what its
// results call nll is the loss of flow matching, for each value of an event. The
// pairing "" is independent where there are weights.
func FitMatching(ctx context.Context, f *flow.Flow, training, validation Data, pairing Pairing, o Options) (Result, error) {
	if pairing == "" && (training.Weights != nil || validation.Weights != nil) {
		pairing = IndependentPairs
	}
	return fit(ctx, f, training, validation, o, func(s Source, _ bool) (Objective, error) {
		return FlowMatching(f, s, pairing)
	})
}
