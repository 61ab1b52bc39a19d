package nn

import (
	"errors"
	"fmt"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/freelist"
)

// TransformerSpec describes a transformer over the sites of an event (Vaswani et
// al., 2017), normalized before each part (Xiong et al., 2020), as the
// conditioners of TarFlow (Zhai et al., 2025):
//
//	h = W₀·x + b₀ + position + V·c + a
//	h = h + W₂·attention(W₁·norm(h) + b₁) + b₂     for each layer
//	h = h + W₄·ReLU(W₃·norm(h) + b₃) + b₄
//	y = W·h + b
//
// with what is learned of each position and, if there is one, the context c. ReLU
// stands for the activation, whichever it is. If it is modulated, what a norm gives is
// multiplied by 1 + G·c + g, and S·c + s is added, each time with maps of their own of
// the context (Peebles and Xie, 2023, without their gates). If it is causal, a site attends to
// itself and those before it, and its y are the parameters of the next site; those
// of the first one are 0.
type TransformerSpec struct {
	// Width is that of h, Heads how many parts of it attend on their own, Hidden
	// the width of W₃.
	Width  int `json:"width"`
	Heads  int `json:"heads"`
	Hidden int `json:"hidden_width"`
	Layers int `json:"layers"`
	// Epsilon is that of [autograd.Graph.LayerNorm].
	Epsilon float64 `json:"epsilon"`
	Causal  bool    `json:"causal,omitempty"`
	// Modulated tells that the context scales and shifts what the layers see.
	Modulated bool `json:"modulated,omitempty"`
	autograd.Activation
}

// maxLayers bounds the layers of a network.
const maxLayers = 256

// Check implements [Spec].
func (s *TransformerSpec) Check(in autograd.Shape, context int) error {
	if err := s.Activation.Check(); err != nil {
		return err
	}
	for _, w := range []struct {
		name  string
		width int
	}{{"width", s.Width}, {"hidden width", s.Hidden}} {
		if w.width < 1 || w.width > MaxWidth {
			return fmt.Errorf("the %s is %d, want 1 to %d", w.name, w.width, MaxWidth)
		}
	}
	switch {
	case s.Modulated && context == 0:
		return errors.New("it is modulated by a context, and there is none")
	case s.Heads < 1 || s.Width%s.Heads != 0:
		return fmt.Errorf("%d heads do not divide the width %d", s.Heads, s.Width)
	case s.Layers < 1 || s.Layers > maxLayers:
		return fmt.Errorf("%d layers, want 1 to %d", s.Layers, maxLayers)
	case !(s.Epsilon > 0 && s.Epsilon < 1 && autograd.Holds(s.Epsilon)):
		return fmt.Errorf("epsilon is %v, want a number above 0 and below 1 that float32 holds", s.Epsilon)
	case in.Sites() > MaxWidth:
		return fmt.Errorf("there are %d sites, at most %d can attend to each other", in.Sites(), MaxWidth)
	}
	return nil
}

// CheckCausal implements [CausalSpec].
func (s *TransformerSpec) CheckCausal() error {
	if !s.Causal {
		return errors.New("the transformer is not causal: its sites see those behind them")
	}
	return nil
}

// StepValues implements [CausalSpec].
func (s *TransformerSpec) StepValues(in autograd.Shape) int {
	return s.Layers * autograd.CacheValues(in.Sites(), s.Width)
}

// Build implements [Spec]: the parameters are input, context, positions [sites,
// width], and for each layer attention.norm, attention.queries (whose outputs are
// the queries, the keys and the values of all heads), attention.output,
// network.norm, network.hidden and network.output; then output. A norm has gain and
// shift, and of a context that modulates the layer context, whose outputs are factors
// and then terms.
func (s *TransformerSpec) Build(in autograd.Shape, context, out int, scope autograd.Scope) Conditioner {
	if in.Features == 0 && context == 0 {
		return Constant(out, scope)
	}
	t := &transformer{TransformerSpec: *s, sites: in.Sites(), out: out}
	if in.Features > 0 {
		t.input = scope.At("input").NewLinear(in.Features, s.Width)
	}
	if context > 0 {
		t.context = scope.At("context").NewLinear(context, s.Width)
	}
	t.positions = scope.New("positions", t.sites, s.Width)
	for i := range s.Layers {
		if scope.Err() != nil {
			return t
		}
		at := scope.At("layers", i)
		attention, network := at.At("attention"), at.At("network")
		t.layers = append(t.layers, transformerLayer{
			normAttention: s.newNorm(attention.At("norm"), context),
			queries:       attention.At("queries").NewLinear(s.Width, 3*s.Width),
			attended:      attention.At("output").NewLinear(s.Width, s.Width),
			normNetwork:   s.newNorm(network.At("norm"), context),
			hidden:        network.At("hidden").NewLinear(s.Width, s.Hidden),
			computed:      network.At("output").NewLinear(s.Hidden, s.Width),
		})
	}
	t.output = scope.At("output").NewLinear(s.Width, out)
	for i := range 3 {
		for c := range s.Width {
			t.parts[i] = append(t.parts[i], i*s.Width+c)
		}
	}
	return t
}

type transformer struct {
	TransformerSpec
	sites, out     int
	input, context *autograd.Linear // nil where there are no features, or no context
	positions      *autograd.Parameter
	layers         []transformerLayer
	output         *autograd.Linear
	parts          [3][]int // the columns of queries, keys and values

	inputTangent, outputTangent *autograd.Unbiased // nil unless it is directional

	idle freelist.List[transformerSteps]
}

type transformerLayer struct {
	normAttention, normNetwork norm
	queries, attended          *autograd.Linear
	hidden, computed           *autograd.Linear

	tangents *transformerTangents // nil unless the transformer is directional
}

// norm is what a layer normalization learns.
type norm struct {
	gain, shift *autograd.Parameter
	context     *autograd.Linear // nil where it is not modulated
}

func (s *TransformerSpec) newNorm(scope autograd.Scope, context int) norm {
	n := norm{gain: scope.New("gain", 1, s.Width), shift: scope.New("shift", 1, s.Width)}
	if s.Modulated {
		n.context = scope.At("context").NewLinear(context, 2*s.Width)
	}
	return n
}

// embed returns h of sites, from number first on, of each event; context has a
// row for each row of x.
func (t *transformer) embed(g *autograd.Graph, x, context autograd.Value, first, sites int) autograd.Value {
	h := context
	if t.input != nil {
		h = g.Linear(x, t.input, blas.None)
		if t.context != nil {
			h = g.Add(h, context)
		}
	}
	return g.AddSites(h, t.positions, first, sites)
}

// layer returns h behind a layer, whose sites attend as attend says.
func (t *transformer) layer(p *autograd.Pass, h autograd.Value, l *transformerLayer, attend func(q, k, v autograd.Value) autograd.Value) autograd.Value {
	qkv := p.Linear(t.normalizeDual(p, h, l.normAttention, nil), l.queries, blas.None)
	a := attend(p.Columns(qkv, t.parts[0]), p.Columns(qkv, t.parts[1]), p.Columns(qkv, t.parts[2]))
	h = p.Add(h, p.Linear(a, l.attended, blas.None))
	inner := linear(p.Graph, t.normalizeDual(p, h, l.normNetwork, nil), l.hidden, t.Activation)
	return p.Add(h, p.Linear(inner, l.computed, blas.None))
}

// modulation returns what a norm is multiplied by, less 1, and what is added, a row for
// each event.
func (t *transformer) modulation(p *autograd.Pass, n norm) (factor, term autograd.Value) {
	both := p.Linear(p.Context, n.context, blas.None)
	return p.Columns(both, t.parts[0]), p.Columns(both, t.parts[1])
}

func (t *transformer) Compute(p *autograd.Pass, x autograd.Value, rows int) autograd.Value {
	var context autograd.Value
	if t.context != nil {
		context = p.Spread(p.Linear(p.Context, t.context, blas.None), rows)
	}
	h := t.embed(p.Graph, x, context, 0, t.sites)
	for i := range t.layers {
		h = t.layer(p, h, &t.layers[i], func(q, k, v autograd.Value) autograd.Value {
			return p.Attention(q, k, v, t.Heads, t.Causal)
		})
	}
	y := p.Linear(h, t.output, blas.None)
	if t.Causal {
		y = p.Delay(y)
	}
	return y
}

// Initialize draws the positions from U(−√3/100, √3/100), whose deviation is
// 1/100, weights and biases from U(−1/√in, 1/√in), and sets the last layer, and what
// modulates, to zero.
func (t *transformer) Initialize(seed uint64) {
	draw(seed, 0.0173205, t.positions)
	for _, l := range []*autograd.Linear{t.input, t.context} {
		if l != nil {
			draw(seed, inverseRoot(l.In()), l.Weight, l.Bias)
		}
	}
	for i := range t.layers {
		layer := &t.layers[i]
		for _, n := range []norm{layer.normAttention, layer.normNetwork} {
			for c := range n.gain.Values() {
				n.gain.Values()[c] = 1
			}
			clear(n.shift.Values())
			if n.context != nil {
				clear(n.context.Weight.Values())
				clear(n.context.Bias.Values())
			}
		}
		for _, l := range []*autograd.Linear{layer.queries, layer.attended, layer.hidden, layer.computed} {
			draw(seed, inverseRoot(l.In()), l.Weight, l.Bias)
		}
	}
	clear(t.output.Weight.Values())
	clear(t.output.Bias.Values())
}

// transformerSteps is a transformer on its way through the sites.
type transformerSteps struct {
	t       *transformer
	p       *autograd.Pass
	caches  []autograd.Cache
	context autograd.Value
	layer   int
	attend  func(q, k, v autograd.Value) autograd.Value
	site    int
}

// Steps implements [Causal].
func (t *transformer) Steps(p *autograd.Pass) Steps {
	s := t.idle.Borrow()
	s.t, s.p, s.caches, s.context, s.site = t, p, s.caches[:0], autograd.Value{}, 0
	if s.attend == nil {
		s.attend = func(q, k, v autograd.Value) autograd.Value { return s.p.AttendNext(&s.caches[s.layer], q, k, v) }
	}
	for range t.layers {
		s.caches = append(s.caches, p.NewCache(t.sites, t.Width, t.Heads))
	}
	if t.context != nil {
		s.context = p.Linear(p.Context, t.context, blas.None)
	}
	return s
}

// Next implements [Steps].
func (s *transformerSteps) Next(x autograd.Value) autograd.Value {
	t, p := s.t, s.p
	if x.IsZero() {
		none := p.Floats(len(p.LogDet.Values) * t.out)
		clear(none)
		return p.Wrap(none, t.out)
	}
	h := t.embed(p.Graph, x, s.context, s.site, 1)
	s.site++
	for s.layer = range t.layers {
		h = t.layer(p, h, &t.layers[s.layer], s.attend)
	}
	return p.Linear(h, t.output, blas.None)
}

// End implements [Steps].
func (s *transformerSteps) End() {
	s.p, s.context = nil, autograd.Value{}
	s.t.idle.Return(s)
}
