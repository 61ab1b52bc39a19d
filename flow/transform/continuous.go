package transform

import (
	"fmt"
	"math"
	"slices"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/internal/freelist"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// ContinuousSpec describes a map along the solution of an ordinary differential
// equation (Chen, Rubanova, Bettencourt and Duvenaud, 2018; FFJORD: Grathwohl et
// al., 2019), from t = 0 to 1 on the way from data to noise:
//
//	dx/dt = v(x, t)      log-det = ∫ tr ∂v/∂x dt
//
// and backwards on the way to data. Both directions cost the solver's evaluations
// of v, and are inverse to each other, as the log-det is that of the map, to the
// solver's error. Sites of a grid move each by itself.
//
// The trace is exact, in closed form for one hidden layer, otherwise by the
// tangents of all unit vectors, or estimated by Probes.
//
// Gradients are those of the steps as they were taken, exact to rounding, with the
// memory of one step: the sizes of adaptive steps are constants.
type ContinuousSpec struct {
	Velocity nn.VelocitySpec `json:"velocity"`
	Solver   SolverSpec      `json:"solver"`
	Probes   ProbesSpec      `json:"probes"`
}

// ProbesSpec describes the estimate of a trace tr J as the mean of εᵀJε over random
// directions ε (Hutchinson, 1990), the same along the whole way. In scoring they
// depend on Seed alone, so that the density is a smooth function; in training
// every event has its own in every epoch.
type ProbesSpec struct {
	// Count is the number of directions; 0 makes the trace exact.
	Count int `json:"count,omitempty"`
	// Normal directions are of the standard normal distribution; otherwise each
	// value is ±1 (Rademacher), which never has the larger variance.
	Normal bool `json:"normal,omitempty"`
	// Seed draws those of scoring.
	Seed uint64 `json:"seed,omitempty"`
}

// MaxProbes bounds [ProbesSpec.Count].
const MaxProbes = 1 << 10

// Check implements [Spec].
func (s *ContinuousSpec) Check(Shape, int) error {
	if err := s.Velocity.Check(); err != nil {
		return fmt.Errorf("continuous: velocity: %w", err)
	}
	if err := s.Solver.Check(); err != nil {
		return fmt.Errorf("continuous: %w", err)
	}
	switch p := s.Probes; {
	case p.Count < 0 || p.Count > MaxProbes:
		return fmt.Errorf("continuous: %d probes, want 1 to %d, or 0 for the exact trace", p.Count, MaxProbes)
	case p.Count == 0 && (p.Normal || p.Seed != 0):
		return fmt.Errorf("continuous: the trace is exact, but it has a distribution or a seed of probes")
	}
	return nil
}

// Output implements [Spec].
func (s *ContinuousSpec) Output(in Shape, _ bool) Shape { return in }

// Build implements [Spec]: the parameters are those of the velocity, over data
// columns.
func (s *ContinuousSpec) Build(shape Shape, context int, scope autograd.Scope) Transform {
	t := &Continuous{spec: *s, features: shape.Features, tableau: tableaus[s.Solver.Method]}
	t.velocity = s.Velocity.Build(shape.Features, context, scope.At("velocity"))
	return t
}

// Continuous is the map of a [ContinuousSpec].
type Continuous struct {
	spec     ContinuousSpec
	features int
	tableau  *tableau
	velocity *nn.Velocity
}

// AnyContinuous tells whether a map is, or has among its parts, a [Continuous].
func AnyContinuous(t Transform) bool {
	switch t := t.(type) {
	case *Chain:
		return slices.ContainsFunc(t.transforms, AnyContinuous)
	case inverted:
		return AnyContinuous(t.t)
	}
	_, ok := t.(*Continuous)
	return ok
}

// Velocity returns v, which flow matching learns.
func (t *Continuous) Velocity() *nn.Velocity { return t.velocity }

// Bind implements [Transform].
func (t *Continuous) Bind(columns []int, _ bool) []int { return columns }

// Initialize implements [Transform]: nothing moves at first.
func (t *Continuous) Initialize(seed uint64) { t.velocity.Initialize(seed) }

// Forward implements [Transform].
func (t *Continuous) Forward(p *autograd.Pass, x autograd.Value) autograd.Value {
	return t.solve(p, x, false)
}

// Inverse implements [Transform].
func (t *Continuous) Inverse(p *autograd.Pass, z autograd.Value) autograd.Value {
	return t.solve(p, z, true)
}

// solve goes the whole way, with inverse back.
func (t *Continuous) solve(p *autograd.Pass, x autograd.Value, inverse bool) autograd.Value {
	if t.spec.Solver.Tolerance > 0 {
		return t.adapt(p, x, inverse)
	}
	n := t.spec.Solver.Steps
	w := way{inverse: inverse, directions: t.directions(p, x)}
	size := 1 / float64(n)
	if p.Recording() {
		for i := range n {
			from := one(p, float64(float64(i)*size))
			x = p.Segment(x, func(p *autograd.Pass, x autograd.Value) autograd.Value {
				return t.step(p, x, from, one(p, size), w)
			}, nil)
		}
		return x
	}
	y := p.Copy(x)
	for i := range n {
		mark := p.Mark()
		p.Put(y, t.step(p, y, one(p, float64(float64(i)*size)), one(p, size), w), autograd.Part{})
		p.Release(mark)
	}
	return y
}

// way is what the steps of a solve have in common.
type way struct {
	inverse    bool
	directions autograd.Value
}

// time returns the times of the equation where so much of the way is done.
func (w way) time(p *autograd.Pass, done, size []float64, part float64) []float64 {
	out := p.Sums(len(done)).Values
	for i, v := range done {
		out[i] = v + float64(part*size[i])
		if w.inverse {
			out[i] = 1 - out[i]
		}
	}
	return out
}

// signed returns the sizes of steps times a factor, with the sign of the way.
func (w way) signed(p *autograd.Pass, size []float64, factor float64) []float64 {
	if w.inverse {
		factor = -factor
	}
	out := p.Sums(len(size)).Values
	for i, v := range size {
		out[i] = float64(v * factor)
	}
	return out
}

// one returns a number in the graph's memory.
func one(p *autograd.Pass, v float64) []float64 {
	out := p.Sums(1).Values
	out[0] = v
	return out
}

// step returns x after a step from where so much of the way is done, of a size for
// all events or one for each, and adds the log-det and the penalties of the pass.
func (t *Continuous) step(p *autograd.Pass, x autograd.Value, done, size []float64, w way) autograd.Value {
	var k [maxStages]autograd.Value
	h, tab, events := w.signed(p, size, 1), t.tableau, len(p.LogDet.Values)
	for i, b := range tab.b {
		at := x
		if i > 0 {
			at = p.Combine(x, h, tab.a[i], k[:i]...)
		}
		d := nn.Divergence{Directions: w.directions, Share: t.share()}
		if b != 0 {
			d.Trace = p.Sums(events)
			if p.Penalties.Jacobian > 0 {
				d.Square = p.Sums(events)
			}
		}
		k[i] = t.evaluate(p, at, w.time(p, done, size, tab.c[i]), d)
		if b == 0 {
			continue
		}
		p.AddScaled(p.LogDet, d.Trace, w.signed(p, size, b))
		if p.Penalties.Jacobian > 0 {
			p.AddScaled(p.Penalty, d.Square, way{}.signed(p, size, float64(b*p.Penalties.Jacobian)))
		}
		if p.Penalties.Kinetic > 0 {
			squares := p.Sums(events)
			p.AddDots(k[i], k[i], 1, squares)
			p.AddScaled(p.Penalty, squares, way{}.signed(p, size, float64(b*p.Penalties.Kinetic)))
		}
	}
	return p.Combine(x, h, tab.b, k[:tab.stages()]...)
}

// share returns the factor of each direction.
func (t *Continuous) share() float64 {
	if n := t.spec.Probes.Count; n > 0 {
		return 1 / float64(n)
	}
	return 1
}

// evaluate returns the velocity and keeps nothing of the way to it, unless that is
// recorded.
func (t *Continuous) evaluate(p *autograd.Pass, x autograd.Value, times []float64, d nn.Divergence) autograd.Value {
	p.Evaluated(len(p.LogDet.Values))
	if p.Recording() {
		return t.velocity.Compute(p, x, times, d)
	}
	v := p.Input(x.Rows, x.Cols, false)
	mark := p.Mark()
	p.Put(v, t.velocity.Compute(p, x, times, d), autograd.Part{})
	p.Release(mark)
	return v
}

// directions returns those of the trace, for each row of x: unit vectors, or
// probes, or none for a trace in closed form.
func (t *Continuous) directions(p *autograd.Pass, x autograd.Value) autograd.Value {
	n, c := t.spec.Probes.Count, x.Cols
	if n == 0 {
		if t.velocity.Closed() && p.Penalties.Jacobian == 0 {
			return autograd.Value{}
		}
		e := p.Input(x.Rows*c, c, false)
		for r := range e.Rows {
			for k := range c {
				v := 0.0
				if k == r%c {
					v = 1
				}
				e.Set(r, k, v)
			}
		}
		return e
	}
	events := len(p.LogDet.Values)
	each := x.Rows / max(1, events) * n * c // values of an event
	values := p.Floats(events * each)
	for e := range events {
		own := values[e*each : (e+1)*each]
		switch {
		case p.Events != nil && p.Epoch > 0:
			t.draw(own, p.Seed, p.Epoch<<40+uint64(p.Events[e]))
		case e == 0:
			t.draw(own, t.spec.Probes.Seed, 0)
		default:
			copy(own, values[:each])
		}
	}
	return p.Wrap(values, c)
}

// probeWords recycles random words.
var probeWords freelist.Slices[uint32]

// draw draws the probes of an event.
func (t *Continuous) draw(values []float32, seed, index uint64) {
	seed += uint64(t.velocity.Offset()) // maps of a flow have different ones
	if t.spec.Probes.Normal {
		kernels.NormalRows(values, 1, len(values), seed, random.Probe, index)
		return
	}
	words := probeWords.Borrow(len(values))
	defer probeWords.Return(words)
	kernels.PhiloxWords((*words)[:len(values)], seed, random.Probe, index)
	for i, w := range (*words)[:len(values)] {
		values[i] = math.Float32frombits(w&(1<<31) | math.Float32bits(1))
	}
}
