package nn

import (
	"errors"
	"fmt"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// MADESpec describes a masked autoregressive network (MADE: Germain et al.,
// 2015): of D features in an order, it computes P parameters for each from the
// features before it, and from the context, which all of its units see.
//
// Every hidden unit has a degree d from 0 to D−1: it sees the context and the
// first d features, through the units of the layer before whose degree is at
// most d. The parameters of feature number i, counted from 0 in the order, see
// the units of degree at most i. Units of degree 0 see the context alone.
// Units are sorted by degree, so that what a unit sees is a prefix of the layer
// before, and weights outside it do not exist (see [blas.Mask]).
//
// A feed-forward network has ReLU after each hidden layer. A residual one (He
// et al., 2016, as in nflows) has blocks h + W₂·ReLU(W₁·ReLU(h) + b₁) + b₂
// after its first layer and no other activation. A gated one (as in normflows)
// multiplies what a block adds by σ(V·c + a), of the context c.
type MADESpec struct {
	// Units tells how many units of each degree 0, …, D−1 each hidden layer
	// has. In a residual network the first entry is of h, every other one of
	// the inner layer of a block. No entries make a linear map.
	Units    [][]int `json:"units"`
	Residual bool    `json:"residual"`
	// Gated tells that the context gates the blocks of a residual network.
	Gated bool `json:"gated,omitempty"`
	// Plain tells that the blocks of a residual network are h + W₂·ReLU(W₁·h +
	// b₁) + b₂, without ReLU before them (as in zuko).
	Plain bool `json:"plain,omitempty"`
	// Encoder tells how the context enters: the first layer sees the features
	// alone, and ReLU(V·c + a), which all of its units have a row of V for, is
	// added to it: W₀·x + b₀ + ReLU(V·c + a), and then ReLU in a feed-forward
	// network (as in nflows). Without it the first layer sees the context beside
	// the features.
	Encoder bool `json:"encoder,omitempty"`
	// BlockContext tells that the inner layer of each block of a residual network
	// has a term of the context as well: W₁·ReLU(h) + b₁ + V·c + a (as in nflows).
	BlockContext bool `json:"block_context,omitempty"`
	// Constants is how many parameters of each feature, the last ones, look at
	// nothing: they are learned constants.
	Constants int `json:"constants,omitempty"`
	// Activation takes the place of ReLU.
	autograd.Activation
}

// FormatVersion returns the version of the model file that the description
// needs: 2 where the context has terms of its own, or parameters are constants.
func (s MADESpec) FormatVersion() int {
	if s.Encoder || s.BlockContext || s.Constants > 0 {
		return 2
	}
	return 1
}

// EvenUnits spreads the units of a hidden layer evenly over the degrees of the
// given number of features. Without context there are none of degree 0, which
// could only be constants.
func EvenUnits(features, width int, context bool) []int {
	units := make([]int, features)
	lowest := 1
	if context || features == 1 {
		lowest = 0
	}
	degrees := features - lowest
	for h := range width {
		units[lowest+((h+1)*degrees+width-1)/width-1]++
	}
	return units
}

// Check tells what is wrong with the description, for the given numbers of
// features and of context columns.
func (s MADESpec) Check(features, context int) error {
	if err := s.Activation.Check(); err != nil {
		return err
	}
	if len(s.Units) > 64 {
		return fmt.Errorf("%d hidden layers, at most 64 are supported", len(s.Units))
	}
	for l, units := range s.Units {
		if len(units) != features {
			return fmt.Errorf("hidden layer %d has units of %d degrees, there are %d features", l, len(units), features)
		}
		width := 0
		for d, n := range units {
			if n < 0 || n > MaxWidth-width {
				return fmt.Errorf("hidden layer %d has %d units of degree %d: want none or more, and at most %d in a layer", l, n, d, MaxWidth)
			}
			width += n
		}
		if width == 0 {
			return fmt.Errorf("hidden layer %d has no units", l)
		}
	}
	if s.Residual && len(s.Units) == 0 {
		return fmt.Errorf("a residual network needs a hidden layer")
	}
	if (s.Encoder || s.BlockContext) && context == 0 {
		return errors.New("it has an encoder of the context, and there is no context")
	}
	if s.Encoder && len(s.Units) == 0 {
		return errors.New("an encoder of the context needs a hidden layer")
	}
	if s.BlockContext && !s.Residual {
		return errors.New("only the blocks of a residual network have terms of the context")
	}
	if s.Gated && !s.Residual {
		return fmt.Errorf("only a residual network can be gated")
	}
	if s.Gated && context == 0 {
		return errNoContext
	}
	if s.Plain && !s.Residual {
		return fmt.Errorf("only a residual network can be plain")
	}
	return nil
}

// MADE is the network of a [MADESpec].
type MADE struct {
	features, context int
	contextColumns    []int // 0, 1, …

	residual bool
	plain    bool

	activation autograd.Activation

	layers []*autograd.Masked
	gates  []*autograd.Masked // one for each block, or none
	// terms holds, for each layer, the layer of the context whose outputs are
	// added to its own, or nil. Those of the first one are activated.
	terms []*autograd.Masked
	seen  int // columns of the context that the first layer sees
	// constants are blocks of a value for each feature, or nil, and ofConstants the
	// places of those of each.
	constants   *autograd.Parameter
	ofConstants [][]int
	// degrees holds, for each layer, the outputs of each degree: those of
	// degree d are the rows [degrees[l][d], degrees[l][d+1]) in the order of
	// blas.Mask.Order.
	degrees [][]int
	steps   steps
}

// Build creates the network's parameters: layers.0, layers.1, … each with
// weight, the existing ones in packed form, and bias; and gates.0, … of a gated
// network, which see all of the context; and constants [1, Constants·D], blocks of a value
// for each feature in their order. Where the set of parameters is refused, the result is of no use.
//
// The network takes the context followed by the features in their order; it
// gives parametersEach blocks of a value for each feature, in that order.
func (s MADESpec) Build(features, context, parametersEach int, scope autograd.Scope) *MADE {
	m := &MADE{features: features, context: context, residual: s.Residual, plain: s.Plain, activation: s.Activation, seen: context}
	if s.Encoder {
		m.seen = 0
	}
	for c := range context {
		m.contextColumns = append(m.contextColumns, c)
	}
	// Of the layer before, how many outputs have a degree of at most d.
	inputs := make([]int, features+1)
	for d := range inputs {
		inputs[d] = m.seen + d
	}
	ofContext := func(width int, scope autograd.Scope) *autograd.Masked {
		return scope.NewMasked(blas.Mask{In: context, Blocks: 1, Runs: []blas.Run{{Inputs: int32(context), Outputs: int32(width)}}})
	}
	add := func(units []int, blocks int) []int {
		mask := blas.Mask{In: inputs[len(inputs)-1], Blocks: blocks}
		starts := make([]int, features+1)
		for d, n := range units {
			if n > 0 {
				mask.Runs = append(mask.Runs, blas.Run{Inputs: int32(inputs[d]), Outputs: int32(n)})
			}
			starts[d+1] = starts[d] + n*blocks
		}
		m.layers = append(m.layers, scope.At("layers", len(m.layers)).NewMasked(mask))
		m.terms = append(m.terms, nil)
		m.degrees = append(m.degrees, starts)
		return starts
	}
	// atMost turns the starts of a layer into what the next one sees of it.
	atMost := func(starts []int) []int { return append(starts[1:len(starts):len(starts)], starts[features]) }
	var stream []int
	for l, units := range s.Units {
		if scope.Err() != nil {
			return m
		}
		starts := add(units, 1)
		inputs = atMost(starts)
		if scope.Err() != nil {
			return m
		}
		switch layer := len(m.layers) - 1; {
		case l == 0:
			stream = units
			if s.Encoder {
				m.terms[0] = ofContext(starts[features], scope.At("encoder"))
			}
		case s.Residual:
			if s.BlockContext {
				m.terms[layer] = ofContext(starts[features], scope.At("block_contexts", l-1))
			}
			inputs = atMost(add(stream, 1))
			if s.Gated && scope.Err() == nil {
				m.gates = append(m.gates, ofContext(inputs[features], scope.At("gates", l-1)))
			}
		}
	}
	if scope.Err() != nil {
		return m
	}
	one := make([]int, features)
	for i := range one {
		one[i] = 1
	}
	add(one, parametersEach-s.Constants)
	if s.Constants > 0 && scope.Err() == nil {
		m.constants, m.ofConstants = scope.New("constants", 1, s.Constants*features), make([][]int, features)
		for at := range s.Constants * features {
			m.ofConstants[at%features] = append(m.ofConstants[at%features], at)
		}
	}
	m.place()
	return m
}

// Compute returns the parameters for each row of x, the features in their
// order.
func (m *MADE) Compute(p *autograd.Pass, x autograd.Value) autograd.Value {
	y := m.compute(p, x)
	if m.constants == nil {
		return y
	}
	return p.Concat(y, p.Repeat(m.constants, y.Rows))
}

// compute returns those that are no constants.
func (m *MADE) compute(p *autograd.Pass, x autograd.Value) autograd.Value {
	g := p.Graph
	var context autograd.Value
	if m.context > 0 {
		context = p.SiteContext(x.Rows)
	}
	if m.seen > 0 {
		x = g.Concat(context, x)
	}
	last := len(m.layers) - 1
	if !m.residual {
		for l := range last {
			x = m.hidden(g, x, context, l)
		}
		return g.Masked(x, m.layers[last], blas.None)
	}
	h := m.linear(g, x, context, 0)
	for l := 1; l < last; l += 2 {
		inner := h
		if !m.plain {
			inner = g.Activate(h, m.activation)
		}
		inner = g.Masked(m.hidden(g, inner, context, l), m.layers[l+1], blas.None)
		if m.gates != nil {
			ofGate := context
			if m.seen > 0 {
				ofGate = g.Columns(x, m.contextColumns)
			}
			inner = g.Gate(inner, g.Masked(ofGate, m.gates[l/2], blas.None))
		}
		h = g.Add(h, inner)
	}
	return g.Masked(h, m.layers[last], blas.None)
}

// linear returns the outputs of layer l, with its term of the context.
func (m *MADE) linear(g *autograd.Graph, x, context autograd.Value, l int) autograd.Value {
	h := g.Masked(x, m.layers[l], blas.None)
	switch term := m.terms[l]; {
	case term == nil:
	case l == 0:
		h = g.Add(h, masked(g, context, term, m.activation))
	default:
		h = g.Add(h, g.Masked(context, term, blas.None))
	}
	return h
}

// hidden returns the activation of what linear returns.
func (m *MADE) hidden(g *autograd.Graph, x, context autograd.Value, l int) autograd.Value {
	if m.terms[l] == nil {
		return masked(g, x, m.layers[l], m.activation)
	}
	return g.Activate(m.linear(g, x, context, l), m.activation)
}

// Initialize draws hidden weights and biases from U(−1/√in, 1/√in), those that
// end a residual block from U(−1/1000, 1/1000), constants as the last layer's
// weights would be, and sets the last layer to zero.
func (m *MADE) Initialize(seed uint64) {
	last := len(m.layers) - 1
	for i, l := range m.layers[:last] {
		bound := inverseRoot(l.In())
		if m.residual && i > 0 && i%2 == 0 {
			bound = 1e-3
		}
		draw(seed, bound, l.Weight, l.Bias)
	}
	for _, l := range m.gates {
		draw(seed, inverseRoot(l.In()), l.Weight, l.Bias)
	}
	for _, l := range m.terms {
		if l != nil {
			draw(seed, inverseRoot(l.In()), l.Weight, l.Bias)
		}
	}
	clear(m.layers[last].Weight.Values())
	clear(m.layers[last].Bias.Values())
	if m.constants != nil {
		draw(seed, inverseRoot(m.layers[last].In()), m.constants)
	}
}
