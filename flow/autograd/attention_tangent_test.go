package autograd_test

import (
	"math"
	"slices"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// tangentSites are more than one block of queries has.
const tangentSites, tangentColumns, tangentHeads = 70, 6, 2

func tangentInput(g *autograd.Graph, values []float64, wanted bool) autograd.Value {
	v := g.Input(tangentSites, tangentColumns, wanted)
	for at, x := range values {
		v.Set(at/tangentColumns, at%tangentColumns, x)
	}
	return v
}

// attentionTangent returns the derivative of attention of one event along tangents,
// in[3:], and the gradients of all inputs, given seeds of the result.
func attentionTangent(binding *autograd.Binding, in [6][]float64) (y []float64, gradients [6][]float64) {
	g := binding.NewGraph()
	g.Reset(autograd.Differentiate)
	p := g.Pass(1)
	var v [6]autograd.Value
	for i := range v {
		v[i] = tangentInput(g, in[i], true)
	}
	out := p.AttentionTangent(v[0], v[1], v[2], v[3], v[4], v[5], tangentHeads)
	for i := range tangentSites * tangentColumns {
		y = append(y, out.At(i/tangentColumns, i%tangentColumns))
		g.SeedGradient(out, i/tangentColumns, i%tangentColumns, seed(i))
	}
	g.Backward()
	for i := range v {
		for at := range in[i] {
			gradients[i] = append(gradients[i], v[i].Gradient(at/tangentColumns, at%tangentColumns))
		}
	}
	return y, gradients
}

// TestAttentionTangentBits compares the derivative of attention with differences of
// it, its gradients with differences of it itself, and their bits on every tier.
func TestAttentionTangentBits(t *testing.T) {
	const n = tangentSites * tangentColumns
	draw := func(index uint64) (all []float64) {
		narrow := make([]float32, n)
		random.Uniform(narrow, 3, random.Noise, index, 2)
		for _, x := range narrow {
			all = append(all, float64(x))
		}
		return all
	}
	moved := func(x, along []float64, by float64) []float64 {
		y := slices.Clone(x)
		for i, v := range along {
			y[i] += by * v
		}
		return y
	}
	var in [6][]float64
	for i := range in {
		in[i] = draw(uint64(i))
	}
	p := autograd.NewParameters(0)
	wide := autograd.Bind64(p)
	y, gradients := attentionTangent(wide, in)

	const h = 1e-5
	attention := func(by float64) (y []float64) {
		g := wide.NewGraph()
		g.Reset(autograd.Evaluate)
		pass := g.Pass(1)
		var v [3]autograd.Value
		for i := range v {
			v[i] = tangentInput(g, moved(in[i], in[3+i], by), false)
		}
		out := pass.Attention(v[0], v[1], v[2], tangentHeads, false)
		for i := range n {
			y = append(y, out.At(i/tangentColumns, i%tangentColumns))
		}
		return y
	}
	above, below := attention(h), attention(-h)
	for i, v := range y {
		if want := (above[i] - below[i]) / (2 * h); !(math.Abs(v-want) <= 1e-7*(1+math.Abs(want))) {
			t.Fatalf("the derivative of value %d is %v, differences make %v", i, v, want)
		}
	}

	for i := range in {
		along := draw(uint64(10 + i))
		loss := func(by float64) (sum float64) {
			other := in
			other[i] = moved(in[i], along, by)
			y, _ := attentionTangent(wide, other)
			for k, v := range y {
				sum += seed(k) * v
			}
			return sum
		}
		got, want := 0.0, (loss(h)-loss(-h))/(2*h)
		for k, v := range gradients[i] {
			got += v * along[k]
		}
		if !(math.Abs(got-want) <= 1e-6*(1+math.Abs(want))) {
			t.Errorf("along input %d the gradient is %v, differences make %v", i, got, want)
		}
	}

	var first []float64
	for _, tier := range kernels.Tiers() {
		y, gradients := attentionTangent(autograd.Bind32(p, blas.BuiltinOn(tier)), in)
		all := slices.Concat(append(gradients[:], y)...)
		if first == nil {
			first = all
		}
		if !slices.Equal(all, first) {
			t.Errorf("the bits on %s are others", tier.Name())
		}
	}
}
