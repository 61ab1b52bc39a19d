package transform

import (
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/limits"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// BNAFSpec describes a block neural autoregressive flow (BNAF: De Cao, Titov and
// Aziz, 2019): one network of all features, in which a block of units belongs to
// each feature, sees the blocks of the features before it by any weights and its
// own by positive ones, so that the Jacobian is triangular with a positive
// diagonal:
//
//	z_i = σ(g)·f_i(x) + σ(−g)·x_i        f = W_L·tanh(… tanh(W_0·x + b_0 + A·c) …) + b_L + B·c
//	log-det = Σ_i log(σ(g)·Π_i + σ(−g))    Π_i = ∂f_i/∂x_i, a product of the positive blocks and of 1 − tanh²
//
// A row of a matrix is eˢ·V/|V|, V = e^W where the weights are of the block itself
// and W elsewhere; s and g are b·tanh(u/b) of parameters u. c is the context.
//
// The paper takes the logs of the products, and gives its last flow no gate. Here
// every flow has one: by it the slope is at least σ(−g), so that the map reaches
// every z, and a product that underflows changes no result.
//
// Forward costs one pass of the network. Inverse finds one feature after the other
// by Newton's method within a bracket, in which it computes the feature's own
// blocks alone, and so costs about one pass and for each feature some ten of a
// network of its own blocks.
type BNAFSpec struct {
	// Units are the units of each feature, for each hidden layer.
	Units []int `json:"units"`
	// Bound is b.
	Bound float64 `json:"bound"`
	// Tolerance is the last step of the inverse, relative to 1 + |x|.
	Tolerance float64 `json:"tolerance"`
}

// maxBNAFBound bounds b, so that the slopes of inverses stay above e⁻²⁰.
const maxBNAFBound = 20

// Check implements [Spec].
func (s *BNAFSpec) Check(shape Shape, _ int) error {
	if len(s.Units) < 1 || len(s.Units) > limits.HiddenLayers {
		return fmt.Errorf("bnaf: %d hidden layers, want 1 to %d", len(s.Units), limits.HiddenLayers)
	}
	for l, n := range s.Units {
		if n < 1 || n > limits.Width/shape.Features {
			return fmt.Errorf("bnaf: hidden layer %d has %d units for each of %d features, want 1 to %d in all", l, n, shape.Features, limits.Width)
		}
	}
	if !(s.Bound > 0 && s.Bound <= maxBNAFBound) {
		return fmt.Errorf("bnaf: the bound is %v, want above 0 to %v", s.Bound, float64(maxBNAFBound))
	}
	if err := autograd.CheckTolerance(s.Tolerance); err != nil {
		return fmt.Errorf("bnaf: %w", err)
	}
	return nil
}

// Output implements [Spec].
func (s *BNAFSpec) Output(in Shape, _ bool) Shape { return in }

// Build implements [Spec]: the parameter constant is [W | u of s | b] of each
// layer, then the u of g. Units are ordered by feature, and of a unit those weights
// exist that are of features up to its own. With a context there is
// context.weight, [A | B].
func (s *BNAFSpec) Build(shape Shape, context int, scope autograd.Scope) Transform {
	m := &bnaf{features: shape.Features, bound: s.Bound, tolerance: s.Tolerance}
	for l := range len(s.Units) + 1 {
		in, out := 1, 1
		if l > 0 {
			in = s.Units[l-1]
		}
		if l < len(s.Units) {
			out = s.Units[l]
		}
		m.layers = append(m.layers, bnafLayer{in, out, shape.Features})
	}
	t := &blockAutoregressive{network: m}
	if context > 0 {
		m.terms = shape.Features * (s.Units[0] + 1)
		t.context = scope.At("context").NewUnbiased(context, m.terms)
	}
	t.rowTransform = *newRowTransform(m, scope.New("constant", 1, m.size()), scope, m.start)
	return t
}

// blockAutoregressive is the transform of a [BNAFSpec]. Its map is of rows [x | t],
// of which the terms t of the context, A·c and B·c, stay as they are.
type blockAutoregressive struct {
	rowTransform
	network *bnaf
	context *autograd.Unbiased // nil for none
}

func (t *blockAutoregressive) Bind(columns []int, _ bool) []int {
	t.network.columns = columns
	return columns
}

func (t *blockAutoregressive) Initialize(seed uint64) {
	t.rowTransform.Initialize(seed)
	if t.context != nil {
		w := t.context.Weight
		random.Uniform(w.Values(), seed+uint64(w.Offset()), random.Initialization, 0, float32(1/math.Sqrt(float64(w.Rows))))
	}
}

func (t *blockAutoregressive) Forward(p *autograd.Pass, x autograd.Value) autograd.Value {
	return t.apply(p, x, false)
}

func (t *blockAutoregressive) Inverse(p *autograd.Pass, z autograd.Value) autograd.Value {
	return t.apply(p, z, true)
}

func (t *blockAutoregressive) apply(p *autograd.Pass, x autograd.Value, inverse bool) autograd.Value {
	if t.context == nil {
		return p.MapRows(t.rows, inverse, x, p.LogDet)
	}
	terms := p.Unbiased(p.SiteContext(x.Rows), t.context)
	y := p.MapRows(t.rows, inverse, p.Concat(x, terms), p.LogDet)
	y.Cols = x.Cols
	return y
}

// What training begins with: the slope of a hidden unit by its feature, and about
// what tanh leaves of it where biases are spread over ±startSpread.
const (
	startSlope  = 0.5
	startTanh   = 0.5
	startSpread = 2
)

// start draws weights from U(−√(6/(in+out)), √(6/(in+out))), in and out being the
// inputs and outputs of the blocks of a feature, spreads the biases of the hidden
// units of a feature, and chooses scales by which the network is near to x, and so
// the layer to the identity.
func (m *bnaf) start(values []float32, seed uint64) {
	rest, last := values, len(m.layers)-1
	for n, l := range m.layers {
		weights, scales, biases := rest[:l.weights()], rest[l.weights():][:l.rows()], rest[l.weights()+l.rows():][:l.rows()]
		rest = rest[l.weights()+2*l.rows():]
		slope := startSlope
		if n == last {
			slope = 1
		}
		if n > 0 {
			slope /= startSlope * startTanh
		}
		for r := range scales {
			row := weights[l.row(r):][:l.length(r)]
			bound := math.Sqrt(6 / float64(len(row)+l.out))
			random.Uniform(row, seed, random.Initialization, uint64(n)<<32|uint64(r), float32(bound))
			var square, own float64
			for j, v := range row {
				w := float64(v)
				if j >= len(row)-l.in {
					w = kernels.Exp64(w)
					own += w
				}
				square += float64(w * w)
			}
			scales[r] = float32(m.unbounded(kernels.Log64(float64(slope*math.Sqrt(square)) / own)))
			if n < last {
				biases[r] = float32(float64(2*startSpread*(float64(r%l.out)+0.5))/float64(l.out) - startSpread)
			}
		}
	}
}

// unbounded returns the u of s = b·tanh(u/b), as near to it as the bound allows.
func (m *bnaf) unbounded(s float64) float64 {
	t := min(max(s/m.bound, -0.999), 0.999)
	return 0.5 * float64(m.bound*kernels.Log64((1+t)/(1-t)))
}
