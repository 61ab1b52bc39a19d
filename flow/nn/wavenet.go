package nn

import (
	"errors"
	"fmt"
	"slices"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/freelist"
	"github.com/seed-192fdf7a/nf/internal/limits"
)

// WaveNetSpec describes a WaveNet (van den Oord et al., 2016): convolutions over
// the sites before, in the order of rows, whose taps lie further and further apart,
// with gates, residuals and skips. Of the site before, x, the k₀ sites before, X,
// and the context c, layer l with taps d_l apart computes of a site
//
//	h = W₀·[X, tanh(S·x + t)] + b₀
//	u, v = W_l·[h of k taps, the last one the site] + b_l + V_l·c + a_l     for each layer
//	r, q = R_l·(tanh(u)·σ(v)) + s_l
//	h = h + r,  skip = skip + q
//	y = W·ReLU(W′·ReLU(skip) + b′) + b + P·X + p
//
// where x and h are +0 before the first site, which takes part. The last layer has
// no r. The parameters of a site depend on the k₀ + (k − 1)·Σ d_l sites before it.
type WaveNetSpec struct {
	// Width is that of h and of the gates, Skip that of skip.
	Width int `json:"width"`
	Skip  int `json:"skip_width"`
	// Kernel is k, the taps of a layer.
	Kernel int `json:"kernel"`
	// Dilations are d_l, one for each layer.
	Dilations []int `json:"dilations"`
	// Front is k₀, of a first convolution that sees so many sites, as in ClariNet
	// (Ping, Peng and Chen, 2019), and of the linear predictor P, which gates would
	// have to imitate where most of a signal is linear in its past (Valin and
	// Skoglund, 2019). With 0, W₀ sees the site before and there is no P.
	Front int `json:"front,omitempty"`
	// Scales is how many of its own scales S has for each feature, at first 8, 64,
	// 512, …: beside the loudest sound, quiet sound is too small for W₀. With 0 there
	// is no S.
	Scales int `json:"scales,omitempty"`
}

// maxFront and maxScales bound WaveNetSpec.Front and Scales.
const (
	maxFront  = 1024
	maxScales = 8
)

// DoublingDilations returns 1, 2, 4, … of so many layers, so many times.
func DoublingDilations(stacks, layers int) []int {
	var d []int
	for range stacks {
		for l := range layers {
			d = append(d, 1<<l)
		}
	}
	return d
}

// Field returns the number of sites before it that the parameters of a site
// depend on.
func (s *WaveNetSpec) Field() int {
	field := s.taps()
	for _, d := range s.Dilations {
		field += (s.Kernel - 1) * d
	}
	return field
}

// taps returns how many sites W₀ sees.
func (s *WaveNetSpec) taps() int { return max(1, s.Front) }

// Check implements [Spec].
func (s *WaveNetSpec) Check(in autograd.Shape, _ int) error {
	for _, w := range []struct {
		name  string
		width int
	}{{"width", s.Width}, {"width of the skips", s.Skip}} {
		if w.width < 1 || w.width > MaxWidth/2 {
			return fmt.Errorf("the %s is %d, want 1 to %d", w.name, w.width, MaxWidth/2)
		}
	}
	switch {
	case s.Kernel < 1 || s.Kernel > limits.Kernel:
		return fmt.Errorf("the kernel is %d, want 1 to %d", s.Kernel, limits.Kernel)
	case len(s.Dilations) < 1 || len(s.Dilations) > maxLayers:
		return fmt.Errorf("%d dilations, want one for each layer, 1 to %d", len(s.Dilations), maxLayers)
	case s.Front < 0 || s.Front > maxFront:
		return fmt.Errorf("the front is %d sites, want 0 to %d", s.Front, maxFront)
	case s.Scales < 0 || s.Scales > maxScales:
		return fmt.Errorf("%d scales, want 0 to %d", s.Scales, maxScales)
	case in.Features == 0:
		return errors.New("a WaveNet computes of the features of the sites before, and none is shown")
	}
	for i, d := range s.Dilations {
		if d < 1 || d > limits.CausalDilation {
			return fmt.Errorf("dilation %d is %d, want 1 to %d", i, d, limits.CausalDilation)
		}
	}
	return nil
}

// CheckCausal implements [CausalSpec].
func (s *WaveNetSpec) CheckCausal() error { return nil }

// span returns how many sites before the present one a layer looks back.
func (s *WaveNetSpec) span(layer, sites int) int {
	return min((s.Kernel-1)*s.Dilations[layer], sites)
}

// frontSpan returns how many sites before the last one W₀ and P look back.
func (s *WaveNetSpec) frontSpan(sites int) int { return min(s.taps()-1, sites) }

// StepValues implements [CausalSpec].
func (s *WaveNetSpec) StepValues(in autograd.Shape) int {
	n := s.Width + (s.frontSpan(in.Sites())+1)*in.Features
	for i := range s.Dilations {
		n += s.span(i, in.Sites()) * s.Width
	}
	return n
}

// Build implements [Spec]: the parameters are scales and predictor where they are
// asked for, input (of the furthest site first, and what the scales make), and for each layer past
// (whose inputs are the taps, the furthest one first, and whose outputs are u and
// v), context and output (r and q, the last layer's q alone); then skip and output.
func (s *WaveNetSpec) Build(in autograd.Shape, context, out int, scope autograd.Scope) Conditioner {
	w := &waveNet{WaveNetSpec: *s, features: in.Features, sites: make([]int, in.Sites())}
	for i := range w.sites {
		w.sites[i] = i
	}
	if s.Scales > 0 {
		w.scales = scope.At("scales").NewLinear(in.Features, s.Scales*in.Features)
	}
	if s.Front > 0 {
		w.predictor = scope.At("predictor").NewLinear(s.Front*in.Features, out)
	}
	w.input = scope.At("input").NewLinear((s.taps()+s.Scales)*in.Features, s.Width)
	for i := range s.Dilations {
		if scope.Err() != nil {
			return w
		}
		at, width := scope.At("layers", i), s.Width+s.Skip
		if i == len(s.Dilations)-1 {
			width = s.Skip
		}
		layer := waveNetLayer{past: at.At("past").NewLinear(s.Kernel*s.Width, 2*s.Width)}
		if context > 0 {
			layer.context = at.At("context").NewLinear(context, 2*s.Width)
		}
		layer.output = at.At("output").NewLinear(s.Width, width)
		w.layers = append(w.layers, layer)
	}
	w.skip = scope.At("skip").NewLinear(s.Skip, s.Skip)
	w.output = scope.At("output").NewLinear(s.Skip, out)
	w.first, w.second = columnsFrom(0, s.Width), columnsFrom(s.Width, s.Width)
	w.skipped = columnsFrom(s.Width, s.Skip)
	return w
}

// columnsFrom returns so many columns from the first on.
func columnsFrom(first, n int) []int {
	columns := make([]int, n)
	for i := range columns {
		columns[i] = first + i
	}
	return columns
}

type waveNet struct {
	WaveNetSpec
	features          int
	sites             []int            // 0, 1, …
	scales, predictor *autograd.Linear // nil where there are none
	input             *autograd.Linear
	layers            []waveNetLayer
	skip, output      *autograd.Linear

	first, second []int // the columns of u or r, and of v
	skipped       []int // of q

	idle freelist.List[waveNetSteps]
}

type waveNetLayer struct{ past, context, output *autograd.Linear }

// begin returns h of the first layer, given the site before and the front's.
func (w *waveNet) begin(g *autograd.Graph, x, front autograd.Value) autograd.Value {
	if w.scales != nil {
		front = g.Concat(front, g.Activate(g.Linear(x, w.scales, blas.None), autograd.Activation{Name: autograd.TanhActivation}))
	}
	return g.Linear(front, w.input, blas.None)
}

// through returns what a layer makes of h and of skip, given its taps and its
// context, which has a row for each of h.
func (w *waveNet) through(g *autograd.Graph, layer int, h, skip, taps, context autograd.Value) (autograd.Value, autograd.Value) {
	l := &w.layers[layer]
	u := g.Linear(taps, l.past, blas.None)
	if l.context != nil {
		u = g.Add(u, context)
	}
	u = g.Gate(g.Activate(g.Columns(u, w.first), autograd.Activation{Name: autograd.TanhActivation}), g.Columns(u, w.second))
	out := g.Linear(u, l.output, blas.None)
	q := out
	if layer < len(w.layers)-1 {
		h, q = g.Add(h, g.Columns(out, w.first)), g.Columns(out, w.skipped)
	}
	if layer > 0 {
		q = g.Add(skip, q)
	}
	return h, q
}

// end returns the parameters.
func (w *waveNet) end(g *autograd.Graph, skip, front autograd.Value) autograd.Value {
	y := g.Linear(g.Linear(g.ReLU(skip), w.skip, blas.ReLU), w.output, blas.None)
	if w.predictor != nil {
		y = g.Add(y, g.Linear(front, w.predictor, blas.None))
	}
	return y
}

func (w *waveNet) Compute(p *autograd.Pass, x autograd.Value, rows int) autograd.Value {
	x = p.Delay(x)
	front := p.Past(x, w.taps(), 1)
	h := w.begin(p.Graph, x, front)
	var skip autograd.Value
	for i := range w.layers {
		var context autograd.Value
		if l := w.layers[i].context; l != nil {
			context = p.Spread(p.Linear(p.Context, l, blas.None), rows)
		}
		h, skip = w.through(p.Graph, i, h, skip, p.Past(h, w.Kernel, w.Dilations[i]), context)
	}
	return w.end(p.Graph, skip, front)
}

// Initialize draws weights and biases from U(−1/√in, 1/√in), and sets the last
// layer and the predictor to zero.
func (w *waveNet) Initialize(seed uint64) {
	all := []*autograd.Linear{w.input, w.skip}
	for _, l := range w.layers {
		all = append(all, l.past, l.context, l.output)
	}
	for _, l := range slices.DeleteFunc(all, func(l *autograd.Linear) bool { return l == nil }) {
		draw(seed, inverseRoot(l.In()), l.Weight, l.Bias)
	}
	for _, l := range []*autograd.Linear{w.output, w.predictor, w.scales} {
		if l != nil {
			clear(l.Weight.Values())
			clear(l.Bias.Values())
		}
	}
	for i, scale := 0, float32(1); i < w.Scales; i++ {
		scale *= 8
		for f := range w.features {
			w.scales.Weight.Values()[(f*w.Scales+i)*w.features+f] = scale
		}
	}
}

// waveNetSteps is a WaveNet on its way through the sites: of each layer it keeps
// in a ring h of the sites that its next taps see.
type waveNetSteps struct {
	w        *waveNet
	p        *autograd.Pass
	front    autograd.Value // the ring of x
	rings    []autograd.Value
	contexts []autograd.Value
	silence  autograd.Value // x before the first site
	before   autograd.Value // h before the first site
	site     int
}

// Steps implements [Causal].
func (w *waveNet) Steps(p *autograd.Pass) Steps {
	s, events := w.idle.Borrow(), len(p.LogDet.Values)
	s.w, s.p, s.site = w, p, 0
	s.rings, s.contexts = s.rings[:0], s.contexts[:0]
	s.silence, s.before = zeros(p, events, w.features), zeros(p, events, w.Width)
	ring := func(span, columns int) autograd.Value {
		if span > 0 && p.Recording() {
			span = len(w.sites) // a tape wants every value
		}
		return p.Input(events*span, columns, true)
	}
	s.front = ring(w.frontSpan(len(w.sites)), w.features)
	for i, l := range w.layers {
		s.rings = append(s.rings, ring(w.span(i, len(w.sites)), w.Width))
		if l.context != nil {
			s.contexts = append(s.contexts, p.Linear(p.Context, l.context, blas.None))
		} else {
			s.contexts = append(s.contexts, autograd.Value{})
		}
	}
	return s
}

func zeros(p *autograd.Pass, rows, columns int) autograd.Value {
	none := p.Floats(rows * columns)
	clear(none)
	return p.Wrap(none, columns)
}

// Next implements [Steps].
func (s *waveNetSteps) Next(x autograd.Value) autograd.Value {
	w, p := s.w, s.p
	if x.IsZero() {
		x = s.silence
	}
	front := s.taps(s.front, x, s.silence, w.taps(), 1)
	h := w.begin(p.Graph, x, front)
	var skip autograd.Value
	for i := range w.layers {
		taps := s.taps(s.rings[i], h, s.before, w.Kernel, w.Dilations[i])
		h, skip = w.through(p.Graph, i, h, skip, taps, s.contexts[i])
	}
	s.site++
	return w.end(p.Graph, skip, front)
}

// taps returns so many taps of the values of a ring at the present site, whose h it
// keeps; before stands for those of sites before the first.
func (s *waveNetSteps) taps(ring, h, before autograd.Value, n, dilation int) autograd.Value {
	w, p := s.w, s.p
	span := ring.Rows / max(1, s.before.Rows)
	var taps autograd.Value
	for back := n - 1; back >= 0; back-- {
		tap, at := h, s.site-back*dilation
		switch {
		case back == 0:
		case at < 0:
			tap = before
		default:
			tap = p.Take(ring, w.part(at%span))
		}
		if taps.IsZero() {
			taps = tap
		} else {
			taps = p.Concat(taps, tap)
		}
	}
	if span > 0 {
		p.Put(ring, h, w.part(s.site%span))
	}
	return taps
}

// part is the part of an event that is a site.
func (w *waveNet) part(site int) autograd.Part { return autograd.Part{Sites: w.sites[site : site+1]} }

// End implements [Steps].
func (s *waveNetSteps) End() {
	s.p, s.front, s.silence, s.before = nil, autograd.Value{}, autograd.Value{}, autograd.Value{}
	clear(s.rings)
	clear(s.contexts)
	s.w.idle.Return(s)
}
