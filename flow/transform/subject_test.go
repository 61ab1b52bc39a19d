package transform_test

import (
	"math"
	"testing"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/random"
)

// subject is a built transform with random parameters.
type subject struct {
	transform  transform.Transform
	parameters *autograd.Parameters
	shape      transform.Shape
	context    int
	outputs    []int
	memory     autograd.Memory // what differentiate keeps
	solver     float64         // the error of a solver; 0 is none
	quadrature float64         // that of an integral, whose slope is the integrand in the log-det and that of the sum in gradients
}

func build(t *testing.T, spec transform.Spec, shape transform.Shape, context int) *subject {
	t.Helper()
	if err := spec.Check(shape, context); err != nil {
		t.Fatal(err)
	}
	s := &subject{parameters: autograd.NewParameters(0), shape: shape, context: context}
	s.transform = spec.Build(shape, context, s.parameters.Root())
	columns := make([]int, shape.Features)
	for i := range columns {
		columns[i] = i
	}
	s.outputs = s.transform.Bind(columns, false)
	s.transform.Initialize(5)
	// Wide rows get smaller weights, so that activations stay of order one and
	// float32 is compared on a well-conditioned map.
	bound := float32(0.6 / math.Sqrt(max(1, float64(shape.Features)/7)))
	for _, p := range s.parameters.All() {
		random.Uniform(p.Values(), 11, random.Initialization, uint64(p.Offset()), bound)
		if p.Frozen {
			for i, v := range p.Values() {
				p.Values()[i] = 1 + v // a variance must be positive
			}
		}
	}
	return s
}

// run computes both results in one direction for the given events, on a graph
// that is reset to the given mode.
func (s *subject) run(g *autograd.Graph, mode autograd.Mode, inverse bool, x, context []float64) (in, ctx, out autograd.Value, total autograd.Sums) {
	g.Reset(mode)
	rows := len(x) / s.shape.Features
	in = fill(g, x, s.shape.Features, rows)
	p := g.Pass(rows / s.shape.Sites())
	p.Memory = s.memory
	if s.context > 0 {
		p.Context = fill(g, context, s.context, len(p.LogDet.Values))
	}
	if inverse {
		out = s.transform.Inverse(p, in)
	} else {
		out = s.transform.Forward(p, in)
	}
	return in, p.Context, out, p.LogDet
}

func fill(g *autograd.Graph, x []float64, columns, rows int) autograd.Value {
	v := g.Input(rows, columns, true)
	for r := range rows {
		for c := range columns {
			v.Set(r, c, x[r*columns+c])
		}
	}
	return v
}

func values(v autograd.Value) []float64 {
	var out []float64
	for r := range v.Rows {
		for c := range v.Cols {
			out = append(out, v.At(r, c))
		}
	}
	return out
}

func gradients(v autograd.Value) []float64 {
	var out []float64
	for r := range v.Rows {
		for c := range v.Cols {
			out = append(out, v.Gradient(r, c))
		}
	}
	return out
}

// noise returns n values in [-bound, bound], exact in float32.
func noise(n int, index uint64, bound float32) []float64 {
	buffer := make([]float32, n)
	random.Uniform(buffer, 99, random.Noise, index, bound)
	out := make([]float64, n)
	for i, v := range buffer {
		out[i] = float64(v)
	}
	return out
}

// loss is a weighted sum of all results, so that every gradient is exercised.
func (s *subject) loss(g *autograd.Graph, inverse bool, x, ctx []float64) float64 {
	_, _, out, total := s.run(g, autograd.Evaluate, inverse, x, ctx)
	var sum float64
	weights := noise(out.Rows*out.Cols, 3, 1)
	for i, v := range values(out) {
		sum += weights[i] * v
	}
	weights = noise(len(total.Values), 4, 1)
	for e, v := range total.Values {
		sum += weights[e] * v
	}
	return sum
}

// differentiate seeds the gradients of loss and runs backward.
func (s *subject) differentiate(g *autograd.Graph, inverse bool, x, ctx []float64) (in, context autograd.Value) {
	in, context, out, total := s.run(g, autograd.Differentiate, inverse, x, ctx)
	weights := noise(out.Rows*out.Cols, 3, 1)
	for i, w := range weights {
		g.SeedGradient(out, i/out.Cols, i%out.Cols, w)
	}
	copy(total.Gradient, noise(len(total.Values), 4, 1))
	g.Backward()
	return in, context
}
