package transform_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/kernels"
)

var tanh = autograd.Activation{Name: autograd.TanhActivation}

// linearField is dx/dt = A·x, whose solution is e^A·x with the log-det tr A: of
// A = [[-0.5, 1], [-1, 0.2]].
func linearField(t *testing.T, solver transform.SolverSpec, probes transform.ProbesSpec) *subject {
	s := build(t, &transform.ContinuousSpec{Velocity: nn.VelocitySpec{Activation: tanh}, Solver: solver, Probes: probes}, transform.Shape{Features: 2}, 0)
	for _, p := range s.parameters.All() {
		clear(p.Values())
		if p.Size() == 4 { // x is a row
			copy(p.Values(), []float32{-0.5, -1, 1, 0.2})
		}
	}
	return s
}

// TestLinearField solves a linear equation by every method: the error falls with
// the order of the method, and adaptive steps keep their tolerance.
func TestLinearField(t *testing.T) {
	x := []float64{1, 0, 0, 1, 0.5, -2}
	exponential := []float64{0.250808337, 0.740238361, -0.740238361, 0.768975190}
	trace := float64(float32(0.2)) - 0.5
	run := func(solver transform.SolverSpec, inverse bool) (worst float64) {
		s := linearField(t, solver, transform.ProbesSpec{})
		g := autograd.Bind64(s.parameters).NewGraph()
		in := x
		if inverse {
			in = nil
			for r := 0; r < len(x); r += 2 {
				for i := range 2 {
					in = append(in, exponential[2*i]*x[r]+exponential[2*i+1]*x[r+1])
				}
			}
		}
		_, _, out, total := s.run(g, autograd.Evaluate, inverse, in, nil)
		for i, v := range values(out) {
			want := exponential[i%2*2]*x[i/2*2] + exponential[i%2*2+1]*x[i/2*2+1]
			if inverse {
				want = x[i]
			}
			worst = max(worst, math.Abs(v-want))
		}
		for _, v := range total.Values {
			want := trace
			if inverse {
				want = -trace
			}
			if !near(v, want, 1e-12) {
				t.Fatalf("%+v: the log-det is %v, the trace %v", solver, v, want)
			}
		}
		return worst
	}
	for method, order := range map[string]float64{transform.Euler: 1, transform.Midpoint: 2, transform.RK4: 4, transform.Dopri5: 5} {
		coarse, fine := run(transform.SolverSpec{Method: method, Steps: 4}, false), run(transform.SolverSpec{Method: method, Steps: 8}, false)
		if got := math.Log2(coarse / fine); math.Abs(got-order) > 0.35 && fine > 1e-7 {
			t.Errorf("%s: halving the steps takes the error from %v to %v, an order of %v, want %v", method, coarse, fine, got, order)
		}
		if fine > math.Pow(0.2, order) {
			t.Errorf("%s: the error of 8 steps is %v", method, fine)
		}
	}
	for _, tolerance := range []float64{1e-3, 1e-6} {
		for _, inverse := range []bool{false, true} {
			if err := run(transform.SolverSpec{Method: transform.Dopri5, Tolerance: tolerance}, inverse); err > 3*tolerance {
				t.Errorf("with the tolerance %v, inverse %v, the error is %v", tolerance, inverse, err)
			}
		}
	}
}

// TestProbes estimates the trace of a linear field: the mean over many seeds is
// the trace, with the variance that the field's symmetric part S says: 2·Σ S² off
// the diagonal for ±1, which is 0 here, and 2‖S‖² for normal directions.
func TestProbes(t *testing.T) {
	const seeds, trace = 1500, -0.3
	for _, normal := range []bool{false, true} {
		var mean, square float64
		s := linearField(t, transform.SolverSpec{Method: transform.Euler, Steps: 1}, transform.ProbesSpec{Count: 2, Normal: normal})
		g := autograd.Bind32(s.parameters, blas.Builtin()).NewGraph()
		for epoch := range seeds {
			g.Reset(autograd.Evaluate)
			p := g.Pass(1)
			p.Events, p.Epoch = []int{7}, uint64(epoch+1)
			s.transform.Forward(p, fill(g, []float64{1, 2}, 2, 1))
			v := p.LogDet.Values[0]
			mean += v / seeds
			square += (v - trace) * (v - trace) / seeds
		}
		variance := 0.0
		if normal {
			variance = 2 * (0.25 + 0.04) / 2 // two probes
		}
		if !near(mean, trace, 4*math.Sqrt(variance/seeds)+1e-6) || math.Abs(square-variance) > 0.15*variance+1e-6 {
			t.Errorf("normal %v: mean %v and variance %v, want %v and %v", normal, mean, square, trace, variance)
		}
	}
}

// curved is a field whose steps adapt, with probes or without, on random
// parameters.
func curved(t *testing.T, probes int, solver transform.SolverSpec) *subject {
	spec := &transform.ContinuousSpec{
		Velocity: nn.VelocitySpec{Hidden: []int{9, 7}, Gated: true, Activation: tanh},
		Solver:   solver, Probes: transform.ProbesSpec{Count: probes},
	}
	s := build(t, spec, transform.Shape{Features: 3}, 2)
	for _, p := range s.parameters.All() {
		for i := range p.Values() {
			p.Values()[i] *= 4 // stiff enough for unequal steps
		}
	}
	return s
}

// TestSolvesByEventBits computes events by themselves and in a batch, with and
// without a tape: each has the same bits, and adaptive steps differ.
func TestSolvesByEventBits(t *testing.T) {
	const rows = 9
	x, ctx := noise(3*rows, 1, 3), noise(2*rows, 2, 2)
	x[4], x[13] = 40, math.NaN()
	for _, probes := range []int{0, 2} {
		for _, solver := range []transform.SolverSpec{{Method: transform.RK4, Steps: 3}, {Method: transform.Dopri5, Tolerance: 1e-5}} {
			s := curved(t, probes, solver)
			for _, inverse := range []bool{false, true} {
				t.Run(fmt.Sprintf("%d/%s/%v", probes, solver.Method, inverse), func(t *testing.T) {
					g := autograd.Bind32(s.parameters, blas.Builtin()).NewGraph()
					compute := func(mode autograd.Mode, from, to int) []uint64 {
						_, _, out, total := s.run(g, mode, inverse, x[3*from:3*to], ctx[2*from:2*to])
						var bits []uint64
						for _, v := range append(values(out), total.Values...) {
							if v != v {
								v = math.NaN()
							}
							bits = append(bits, math.Float64bits(v))
						}
						return bits
					}
					whole := compute(autograd.Evaluate, 0, rows)
					if !slices.Equal(compute(autograd.Differentiate, 0, rows), whole) {
						t.Error("with a tape the bits are others")
					}
					steps := map[int]bool{}
					for r := range rows {
						before := g.Evaluations()
						alone := compute(autograd.Evaluate, r, r+1)
						steps[g.Evaluations()-before] = true
						if !slices.Equal(alone[:3], whole[3*r:3*r+3]) || alone[3] != whole[3*rows+r] {
							t.Errorf("row %d has other bits by itself", r)
						}
					}
					if adaptive := solver.Tolerance > 0; adaptive != (len(steps) > 2) {
						t.Errorf("the numbers of evaluations are %v", steps)
					}
					if n := testing.AllocsPerRun(3, func() { s.runWarm(g, inverse, x, ctx) }); n != 0 {
						t.Errorf("%v allocations once warm", n)
					}
				})
			}
		}
	}
}

// TestNetworkVelocityBits computes events on a grid, whose velocity is a network, by
// themselves and in a batch, with and without a tape, on every tier: each has the same
// bits, and so have samples whether the trace is computed or not.
func TestNetworkVelocityBits(t *testing.T) {
	const events, sites, features = 3, 4, 2
	x, ctx := noise(events*sites*features, 1, 3), noise(2*events, 2, 2)
	for name, network := range map[string]nn.Spec{
		"residual": &nn.ResidualConvolutionSpec{Hidden: []int{20, 5}, Kernels: []int{3, 3, 3}, Gated: true, Activation: autograd.Activation{Name: autograd.SiLUActivation}},
		"transformer": &nn.TransformerSpec{Width: 12, Heads: 2, Hidden: 20, Layers: 2, Epsilon: 1e-5, Modulated: true,
			Activation: autograd.Activation{Name: autograd.GELUActivation}},
	} {
		for _, solver := range []transform.SolverSpec{{Method: transform.Euler, Steps: 2}, {Method: transform.Dopri5, Tolerance: 0.1}} {
			spec := &transform.ContinuousSpec{Velocity: nn.VelocitySpec{Network: network, Frequencies: 2}, Solver: solver, Probes: transform.ProbesSpec{Count: 2}}
			s := build(t, spec, transform.Shape{Grid: []int{2, 2}, Features: features}, 2)
			var want []float64
			for _, tier := range kernels.Tiers() {
				g := autograd.Bind32(s.parameters, blas.BuiltinOn(tier)).NewGraph()
				compute := func(mode autograd.Mode, from, to int) []float64 {
					g.Reset(mode)
					p := g.Pass(to - from)
					in := p.Input((to-from)*sites, features, true)
					for i, v := range x[from*sites*features : to*sites*features] {
						in.Set(i/features, i%features, v)
					}
					p.Context = fill(g, ctx[2*from:2*to], 2, to-from)
					out := s.transform.Forward(p, in)
					return append(values(out), p.LogDet.Values...)
				}
				whole := compute(autograd.Evaluate, 0, events)
				if want == nil {
					want = whole
				}
				if !slices.Equal(whole, want) {
					t.Errorf("%s, %s: the bits on %s are others", name, solver.Method, tier.Name())
				}
				if !slices.Equal(compute(autograd.Differentiate, 0, events), whole) {
					t.Errorf("%s, %s: with a tape the bits are others", name, solver.Method)
				}
				const each = sites * features
				for e := range events - 1 {
					alone := compute(autograd.Evaluate, e, e+1)
					if !slices.Equal(alone[:each], whole[e*each:][:each]) || alone[each] != whole[events*each+e] {
						t.Errorf("%s, %s: event %d has other bits by itself", name, solver.Method, e)
					}
				}
			}
			v := s.transform.(*transform.Continuous).Velocity()
			g := autograd.Bind32(s.parameters, blas.Builtin()).NewGraph()
			field, times := make([]autograd.Value, 1), []float64{0.3}
			velocity := func(trace bool) []float64 {
				g.Reset(autograd.Evaluate)
				p := g.Pass(events)
				p.Context = fill(g, ctx, 2, events)
				in, d := fill(g, x, features, events*sites), nn.Divergence{}
				if trace {
					d = nn.Divergence{Fields: []autograd.Value{in}, Share: 1, Trace: p.LogDet}
				}
				return values(v.Compute(p, in, []float64{0.3}, d))
			}
			warm := func() {
				g.Reset(autograd.Evaluate)
				p := g.Pass(events)
				p.Context = fill(g, ctx, 2, events)
				in := fill(g, x, features, events*sites)
				field[0] = in
				v.Compute(p, in, times, nn.Divergence{Fields: field, Share: 1, Trace: p.LogDet})
			}
			if n := testing.AllocsPerRun(3, warm); n != 0 {
				t.Errorf("%s: %v allocations once warm", name, n)
			}
			if !slices.Equal(velocity(true), velocity(false)) {
				t.Errorf("%s: the velocity has other bits with its trace", name)
			}
		}
	}
}

// runWarm is run for counting allocations: it returns nothing.
func (s *subject) runWarm(g *autograd.Graph, inverse bool, x, ctx []float64) {
	s.run(g, autograd.Evaluate, inverse, x, ctx)
}

// TestProbeGradients compares the gradients of an estimated log-det and of the
// regularizers with differences, in fixed and in adaptive steps.
func TestProbeGradients(t *testing.T) {
	x, ctx := noise(9, 1, 1), noise(6, 2, 1)
	for _, probes := range []int{0, 2} {
		for _, solver := range []transform.SolverSpec{{Method: transform.Midpoint, Steps: 2}, {Method: transform.Dopri5, Tolerance: 1e-3}} {
			s := curved(t, probes, solver)
			binding := autograd.Bind64(s.parameters)
			loss := func(mode autograd.Mode) (float64, *autograd.Graph, autograd.Value) {
				g := binding.NewGraph()
				g.Reset(mode)
				p := g.Pass(3)
				p.Events, p.Epoch, p.Seed = []int{5, 0, 3}, 2, 9
				p.Penalties, p.Penalty = autograd.Penalties{Kinetic: 0.3, Jacobian: 0.2}, p.Sums(3)
				in := fill(g, x, 3, 3)
				p.Context = fill(g, ctx, 2, 3)
				var sum float64
				// Through the recorded steps alone, so that values have penalties too.
				out := s.transform.Forward(p, in)
				for i, v := range values(out) {
					sum += v
					if mode != autograd.Evaluate {
						g.SeedGradient(out, i/3, i%3, 1)
					}
				}
				for e := range 3 {
					sum += p.LogDet.Values[e] + 2*p.Penalty.Values[e]
				}
				p.LogDet.Seed(1)
				p.Penalty.Seed(2)
				return sum, g, in
			}
			_, g, in := loss(autograd.Differentiate)
			g.Backward()
			check := func(name string, at []float64, i int, got float64) {
				const h = 1e-6
				was := at[i]
				at[i] = was + h
				up, _, _ := loss(autograd.Differentiate)
				at[i] = was - h
				down, _, _ := loss(autograd.Differentiate)
				at[i] = was
				if want := (up - down) / (2 * h); !near(got, want, 1e-6) {
					t.Errorf("%+v, %d probes: the gradient of %s %d is %v, by differences %v", solver, probes, name, i, got, want)
				}
			}
			for i := range x {
				check("x", x, i, in.Gradient(i/3, i%3))
			}
			for i := 0; i < len(binding.Values64()); i += 3 {
				check("parameters", binding.Values64(), i, g.Gradients64()[i])
			}
		}
	}
}
