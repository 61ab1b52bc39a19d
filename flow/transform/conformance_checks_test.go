package transform_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// conforms checks one transform.
func conforms(t *testing.T, spec transform.Spec, shape transform.Shape, context int, bound32 float64) {
	t.Helper()
	s := build(t, spec, shape, context)
	if _, ok := spec.(*transform.ContinuousSpec); ok {
		s.solver = 5e-5
	}
	if text, err := transform.Kinds.Marshal(spec); err == nil && strings.Contains(string(text), `"integral-mlp"`) {
		s.quadrature = 1e-5
	}
	rows := 3 * s.shape.Sites()
	x, ctx := noise(rows*shape.Features, 1, 2.5), noise(rows/s.shape.Sites()*context, 2, 2)
	checkRoundTrip(t, s, x, ctx)
	checkLogDet(t, s, x, ctx)
	for _, inverse := range []bool{false, true} {
		checkGradients(t, s, inverse, x, ctx)
	}
	check32(t, s, x, ctx, bound32)
	checkReplay(t, s, x, ctx)
	checkSegments(t, s, x, ctx)
	checkJSON(t, spec)
}

func checkRoundTrip(t *testing.T, s *subject, x, ctx []float64) {
	t.Helper()
	g := autograd.Bind64(s.parameters).NewGraph()
	_, _, out, total := s.run(g, autograd.Evaluate, false, x, ctx)
	z, forward := values(out), append([]float64(nil), total.Values...)
	_, _, back, total := s.run(g, autograd.Evaluate, true, z, ctx)
	for i, v := range values(back) {
		if !near(v, x[i], 1e-10+s.solver) {
			t.Fatalf("round trip: value %d is %v, was %v", i, v, x[i])
		}
	}
	for e, v := range total.Values {
		if !near(v, -forward[e], 1e-10+s.solver) {
			t.Fatalf("round trip: event %d has log-det %v forward and %v inverse", e, forward[e], v)
		}
	}
}

// checkLogDet compares the log-det of the first event with the determinant of its
// Jacobian, a row of which is the gradient of one value that comes out.
func checkLogDet(t *testing.T, s *subject, x, ctx []float64) {
	t.Helper()
	n, ctx := s.shape.Dim(), ctx[:s.context]
	x = x[:n]
	g := autograd.Bind64(s.parameters).NewGraph()
	jacobian := s.jacobian(g, x, ctx)
	var lu mat.LU
	lu.Factorize(jacobian)
	want, _ := lu.LogDet()
	_, _, _, total := s.run(g, autograd.Evaluate, false, x, ctx)
	if !near(total.Values[0], want, 1e-9+s.solver+s.quadrature) {
		t.Fatalf("log-det is %v, the Jacobian's is %v", total.Values[0], want)
	}
}

// jacobian returns the dense Jacobian of one event.
func (s *subject) jacobian(g *autograd.Graph, x, ctx []float64) *mat.Dense {
	n := s.shape.Dim()
	jacobian := mat.NewDense(n, n, nil)
	for j := range n {
		in, _, out, _ := s.run(g, autograd.DifferentiateInputs, false, x, ctx)
		g.SeedGradient(out, j/out.Cols, j%out.Cols, 1)
		g.Backward()
		jacobian.SetRow(j, gradients(in))
	}
	return jacobian
}

// checkGradients compares the gradients of inputs, context and each tensor of
// parameters with central differences. All values of a tensor move together,
// along two directions: a wrong gradient of one value alone is as far off there
// as by itself, since no component of a direction is small, and wrong ones of
// several values do not cancel in both. That costs four evaluations a tensor
// instead of two a value. Some values are moved by themselves as well: all of
// small tensors, and three of others.
func checkGradients(t *testing.T, s *subject, inverse bool, x, ctx []float64) {
	t.Helper()
	binding := autograd.Bind64(s.parameters)
	g, probe := binding.NewGraph(), binding.NewGraph()
	in, context := s.differentiate(g, inverse, x, ctx)
	const h = 1e-6
	x, ctx = slices.Clone(x), slices.Clone(ctx)
	// along is the difference quotient of the loss where at moves along a
	// direction, by a step of the same length whatever the number of values.
	along := func(at, direction []float64) float64 {
		was, h := slices.Clone(at), h/floats.Norm(direction, 2)
		move := func(h float64) float64 {
			for i, d := range direction {
				at[i] = was[i] + h*d
			}
			return s.loss(probe, inverse, x, ctx)
		}
		quotient := (move(h) - move(-h)) / (2 * h)
		copy(at, was)
		return quotient
	}
	compare := func(name string, at, got []float64) {
		single := func(i int) {
			unit := make([]float64, len(at))
			unit[i] = 1
			if want := along(at, unit); !near(got[i], want, 1e-6) {
				t.Fatalf("inverse=%v: gradient of %s %d is %v, by differences %v", inverse, name, i, got[i], want)
			}
		}
		for i := 0; i < len(at); i += max(1, (len(at)-1)/2) {
			single(i)
		}
		for number := range uint64(2) {
			direction := noise(len(at), 7+number, 1)
			var slope float64
			for i, d := range direction {
				direction[i] = d + math.Copysign(0.5, d)
				slope += direction[i] * got[i]
			}
			if want := along(at, direction); !near(slope, want, 1e-6) {
				for i := range at {
					single(i) // names the value that is wrong
				}
				t.Fatalf("inverse=%v: the gradient of %s along direction %d is %v, by differences %v", inverse, name, number, slope, want)
			}
		}
	}
	compare("input", x, gradients(in))
	if s.context > 0 {
		compare("context", ctx, gradients(context))
	}
	for _, p := range s.parameters.All() {
		if !p.Frozen {
			from, to := p.Offset(), p.Offset()+p.Size()
			compare(p.Name, binding.Values64()[from:to], g.Gradients64()[from:to])
		}
	}
}

// check32 compares float32 with float64, recorded with unrecorded, and
// gradients with gradients.
func check32(t *testing.T, s *subject, x, ctx []float64, bound float64) {
	t.Helper()
	g64, g32 := autograd.Bind64(s.parameters).NewGraph(), autograd.Bind32(s.parameters, blas.Builtin()).NewGraph()
	for _, inverse := range []bool{false, true} {
		_, _, out, total := s.run(g64, autograd.Evaluate, inverse, x, ctx)
		want, wantTotal := values(out), append([]float64(nil), total.Values...)
		for _, mode := range []autograd.Mode{autograd.Evaluate, autograd.Differentiate} {
			_, _, out, total := s.run(g32, mode, inverse, x, ctx)
			for i, v := range values(out) {
				if !near(v, want[i], bound) {
					t.Fatalf("float32 inverse=%v mode=%v: value %d is %v, float64 has %v", inverse, mode, i, v, want[i])
				}
			}
			for e, v := range total.Values {
				if !near(v, wantTotal[e], bound*float64(s.shape.Sites())) {
					t.Fatalf("float32 inverse=%v mode=%v: log-det of event %d is %v, float64 has %v", inverse, mode, e, v, wantTotal[e])
				}
			}
		}
		in64, ctx64 := s.differentiate(g64, inverse, x, ctx)
		in32, ctx32 := s.differentiate(g32, inverse, x, ctx)
		gradient64 := append(gradients(in64), gradients(orEmpty(ctx64))...)
		gradient32 := append(gradients(in32), gradients(orEmpty(ctx32))...)
		for i := range g64.Gradients64() {
			gradient64 = append(gradient64, g64.Gradients64()[i])
			gradient32 = append(gradient32, float64(g32.Gradients()[i]))
		}
		for i, v := range gradient32 {
			if !near(v, gradient64[i], 50*bound+1e-12) {
				t.Fatalf("float32 inverse=%v: gradient %d is %v, float64 has %v", inverse, i, v, gradient64[i])
			}
		}
	}
}

func orEmpty(v autograd.Value) autograd.Value {
	if v.IsZero() {
		return autograd.Value{}
	}
	return v
}

// checkReplay computes the forward's gradients again from its input alone, and
// from its output alone by the inverse, as a trainer that keeps no activations
// does.
func checkReplay(t *testing.T, s *subject, x, ctx []float64) {
	t.Helper()
	binding := autograd.Bind64(s.parameters)
	g := binding.NewGraph()
	in, _ := s.differentiate(g, false, x, ctx)
	want := append(gradients(in), g.Gradients64()...)

	replay := binding.NewGraph()
	_, _, out, _ := s.run(replay, autograd.Evaluate, false, x, ctx)
	z := values(out)
	_, _, back, _ := s.run(replay, autograd.Evaluate, true, z, ctx)
	for name, from := range map[string][]float64{"input": x, "output": values(back)} {
		in, _ := s.differentiate(replay, false, from, ctx)
		for i, v := range append(gradients(in), replay.Gradients64()...) {
			if !near(v, want[i], 1e-8+10*s.solver) {
				t.Fatalf("replay from %s: gradient %d is %v, was %v", name, i, v, want[i])
			}
		}
	}
}

// checkSegments differentiates the transform in a chain that keeps the input of
// each map alone, and in one that keeps nothing where it can: the former has the
// bits of the tape, the latter is near.
func checkSegments(t *testing.T, s *subject, x, ctx []float64) {
	t.Helper()
	whole := *s
	whole.transform = transform.Sequence(s.transform, s.transform)
	for name, binding := range map[string]*autograd.Binding{
		"float64": autograd.Bind64(s.parameters), "float32": autograd.Bind32(s.parameters, blas.Builtin()),
	} {
		run := func(m autograd.Memory, inverse bool) []float64 {
			whole.memory = m
			g := binding.NewGraph()
			in, context := whole.differentiate(g, inverse, x, ctx)
			out := append(gradients(in), gradients(orEmpty(context))...)
			out = append(out, g.Gradients64()...)
			for _, v := range g.Gradients() {
				out = append(out, float64(v))
			}
			return out
		}
		for _, inverse := range []bool{false, true} {
			want := run(autograd.Memory{}, inverse)
			for i, v := range run(autograd.Memory{Replay: true}, inverse) {
				if v != want[i] {
					t.Fatalf("%s inverse=%v: from kept inputs, gradient %d is %v, the tape has %v", name, inverse, i, v, want[i])
				}
			}
			bound := 1e-7
			if name == "float32" {
				bound = 2e-3
			}
			for i, v := range run(autograd.Memory{Reversible: true}, inverse) {
				if !near(v, want[i], bound) {
					t.Fatalf("%s inverse=%v: from outputs, gradient %d is %v, the tape has %v", name, inverse, i, v, want[i])
				}
			}
		}
	}
}

func checkJSON(t *testing.T, spec transform.Spec) {
	t.Helper()
	text, err := transform.Kinds.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	back, err := transform.Kinds.Unmarshal(text)
	if err != nil {
		t.Fatal(err)
	}
	again, err := transform.Kinds.Marshal(back)
	if err != nil || string(again) != string(text) {
		t.Fatalf("JSON %s reads back as %s (%v)", text, again, err)
	}
}

func near(got, want, bound float64) bool {
	return math.Abs(got-want) <= bound*(1+math.Abs(want))
}
