package transform

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
)

// ContinuousSpec describes a map along the solution of an ordinary differential
// equation (Chen, Rubanova, Bettencourt and Duvenaud, 2018; FFJORD: Grathwohl et
// al., 2019), from t = 0 to 1 on the way from data to noise:
//
//	dx/dt = v(x, t)      log-det = ∫ tr ∂v/∂x dt
//
// and backwards on the way to data. Both directions cost the solver's evaluations
// of v, and are inverse to each other, as the log-det is that of the map, to the
// solver's error. Sites of a grid move each by itself, or together by a velocity of
// convolutions.
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

// Check implements [Spec].
func (s *ContinuousSpec) Check(in Shape, context int) error {
	if err := s.Velocity.Check(in, context); err != nil {
		return fmt.Errorf("continuous: velocity: %w", err)
	}
	if err := s.Solver.Check(); err != nil {
		return fmt.Errorf("continuous: %w", err)
	}
	if err := s.Probes.check(); err != nil {
		return fmt.Errorf("continuous: %w", err)
	}
	return nil
}

// Output implements [Spec].
func (s *ContinuousSpec) Output(in Shape, _ bool) Shape { return in }

// Build implements [Spec]: the parameters are those of the velocity, over data
// columns.
func (s *ContinuousSpec) Build(shape Shape, context int, scope autograd.Scope) Transform {
	t := &Continuous{spec: *s, features: shape.Features, tableau: tableaus[s.Solver.Method]}
	t.velocity = s.Velocity.Build(shape, context, scope.At("velocity"))
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
	return anyMap(t, func(t Transform) bool {
		_, ok := t.(*Continuous)
		return ok
	})
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
	w := t.way(p, x, inverse)
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
	fields     []autograd.Value // of velocities that move sites together
}

// way begins one.
func (t *Continuous) way(p *autograd.Pass, x autograd.Value, inverse bool) way {
	if t.velocity.Together() {
		return way{inverse: inverse, fields: t.spec.Probes.fields(p, x, t.velocity.Offset())}
	}
	return way{inverse: inverse, directions: t.directions(p, x)}
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
		d := nn.Divergence{Directions: w.directions, Fields: w.fields, Share: t.spec.Probes.share()}
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
	if t.spec.Probes.Count == 0 && t.velocity.Closed() && p.Penalties.Jacobian == 0 {
		return autograd.Value{}
	}
	return t.spec.Probes.directions(p, x, t.velocity.Offset())
}
