package nn

import (
	"errors"
	"fmt"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/freelist"
	"github.com/seed-192fdf7a/nf/kernels"
)

// VelocitySpec describes v(x, t), the velocity of a flow along an ordinary
// differential equation, as a perceptron each of whose layers sees the time:
//
//	h = a(x·W + τ·S + b)                     a layer, a the activation
//	h = a((x·W)·σ(τ·G + g) + τ·S + b)        if it is gated
//
// with the same without a in the last one. The first layer adds c·C of a context
// c. τ is t itself, or with frequencies cos πt, …, cos Kπt, sin πt, …, sin Kπt. These
// are the layers "concat" and "concatsquash" of FFJORD (Grathwohl et al., 2019),
// whose bias stands inside the gate.
//
// Or v is what a Network makes of x, whose context is c and then τ.
type VelocitySpec struct {
	// Hidden is the width of each hidden layer; none makes v affine in x. One
	// hidden layer has an exact divergence at next to no cost.
	Hidden []int `json:"hidden,omitempty"`
	// Gated layers multiply by what they make of the time.
	Gated bool `json:"gated,omitempty"`
	// Frequencies is K; with 0 layers see t itself.
	Frequencies int `json:"frequencies,omitempty"`
	// Kernels makes the products x·W convolutions on the grid of an event, with zeros
	// outside it: the odd sizes of their windows, one for each hidden layer and one for
	// the last. Without them each site moves by itself.
	Kernels []int `json:"kernels,omitempty"`
	autograd.Activation

	// Network is a residual network of convolutions, or a transformer, in the place of
	// the layers: the sites of an event move together.
	Network Spec `json:"network,omitempty"`
}

// MaxFrequencies bounds [VelocitySpec.Frequencies].
const MaxFrequencies = 64

// Check tells what is wrong with the description, for events of a shape and contexts
// of so many columns.
func (s *VelocitySpec) Check(in autograd.Shape, context int) error {
	if s.Frequencies < 0 || s.Frequencies > MaxFrequencies {
		return fmt.Errorf("%d frequencies, want 0 to %d", s.Frequencies, MaxFrequencies)
	}
	if s.Network != nil {
		return s.checkNetwork(in, context)
	}
	if err := checkHidden(s.Hidden, s.Activation); err != nil {
		return err
	}
	if err := checkSmooth(s.Activation); err != nil {
		return err
	}
	if s.Kernels == nil {
		return nil
	}
	if len(s.Kernels) != len(s.Hidden)+1 {
		return fmt.Errorf("%d kernels for %d hidden layers, want one for each and one for the last layer", len(s.Kernels), len(s.Hidden))
	}
	return checkWindows(in.Grid, s.Kernels, 0)
}

// checkNetwork is Check where there is a network.
func (s *VelocitySpec) checkNetwork(in autograd.Shape, context int) error {
	if s.Hidden != nil || s.Kernels != nil || s.Gated || s.Activation != (autograd.Activation{}) {
		return errors.New("there is a network, and hidden layers, kernels, gates or an activation beside it; these are the network's own")
	}
	name, err := Kinds.Name(s.Network)
	if err != nil {
		return err
	}
	d, ok := s.Network.(DirectionalSpec)
	if !ok {
		return fmt.Errorf("the network is of the kind %s, which has no derivatives along directions; choose residual-convolution or transformer", name)
	}
	if err := d.CheckDirectional(); err != nil {
		return err
	}
	return d.Check(in, context+s.times())
}

// times returns the columns of τ.
func (s *VelocitySpec) times() int {
	if s.Frequencies > 0 {
		return 2 * s.Frequencies
	}
	return 1
}

// errNoDirections is a programmer's error.
var errNoDirections = errors.New("nn: a velocity without exactly one hidden layer has a divergence only by directions")

// Build creates the network below scope, for events of a shape and contexts of so
// many columns: layers.0.weight [in, out], of convolutions [taps·in, out], and so
// on, layers.0.time.weight [τ, out or 2·out] and .bias, of which the second half
// gates, and context.weight; those of a network are below network.
func (s *VelocitySpec) Build(shape autograd.Shape, context int, scope autograd.Scope) *Velocity {
	features := shape.Features
	v := &Velocity{spec: *s, features: features}
	if s.Network != nil {
		v.begins = scope.Begin()
		v.network = s.Network.(DirectionalSpec).BuildDirectional(shape, context+s.times(), features, scope.At("network"))
		return v
	}
	on := convolutionsOn(shape.Grid, 1)
	if context > 0 {
		v.context = scope.At("context").NewUnbiased(context, append(append([]int(nil), s.Hidden...), features)[0])
	}
	times, in := s.times(), features
	for i, out := range append(append([]int(nil), s.Hidden...), features) {
		at := scope.At("layers", i)
		l := velocityLayer{shift: columnRange(0, out)}
		if s.Kernels == nil {
			l.weight = at.NewUnbiased(in, out)
		} else {
			l.convolution = on.unbiased(s.Kernels[i], in, out, at)
		}
		if s.Gated {
			l.time, l.gate = at.At("time").NewLinear(times, 2*out), columnRange(out, 2*out)
		} else {
			l.time = at.At("time").NewLinear(times, out)
		}
		v.layers = append(v.layers, l)
		in = out
	}
	v.begins = v.layers[0].parameter().Offset()
	return v
}

func columnRange(from, to int) []int {
	var out []int
	for c := from; c < to; c++ {
		out = append(out, c)
	}
	return out
}

// Velocity is v(x, t) as operations of the graph.
type Velocity struct {
	spec     VelocitySpec
	features int
	layers   []velocityLayer
	context  *autograd.Unbiased // nil without a context
	network  Directional        // nil unless it takes the place of the layers
	begins   int
}

type velocityLayer struct {
	weight      *autograd.Unbiased
	convolution *autograd.Convolution // in its place, or nil
	time        *autograd.Linear
	shift, gate []int // columns of what time gives; no gate is nil
}

// product returns x·W.
func (l *velocityLayer) product(p *autograd.Pass, x autograd.Value) autograd.Value {
	if l.convolution != nil {
		return p.Convolve(x, l.convolution, blas.None)
	}
	return p.Unbiased(x, l.weight)
}

// parameter returns W.
func (l *velocityLayer) parameter() *autograd.Parameter {
	if l.convolution != nil {
		return l.convolution.Weight
	}
	return l.weight.Weight
}

// Offset returns where the parameters of its layers begin in the flat vector of the
// model.
func (v *Velocity) Offset() int { return v.begins }

// Closed tells whether the divergence needs no directions.
func (v *Velocity) Closed() bool { return len(v.layers) == 2 && v.spec.Kernels == nil }

// Together tells whether the sites of an event move together, so that a direction
// is one of the whole event.
func (v *Velocity) Together() bool { return v.spec.Kernels != nil || v.network != nil }

// Initialize draws weights and biases from U(−1/√in, 1/√in), but sets the last
// layer to zero, so that nothing moves.
func (v *Velocity) Initialize(seed uint64) {
	if v.network != nil {
		v.network.Initialize(seed)
		return
	}
	last := len(v.layers) - 1
	if v.context != nil {
		draw(seed, inverseRoot(v.context.In()+v.features), v.context.Weight)
	}
	for _, l := range v.layers[:last] {
		draw(seed, inverseRoot(l.parameter().Rows), l.parameter(), l.time.Weight, l.time.Bias)
	}
	clear(v.layers[last].parameter().Values())
	clear(v.layers[last].time.Weight.Values())
	clear(v.layers[last].time.Bias.Values())
}

// Divergence says what is computed of the Jacobian J = ∂v/∂x, and where it goes.
type Divergence struct {
	// Directions has P directions ε for each row of x: unit vectors, or random ones.
	// The zero Value asks for the closed form, where [Velocity.Closed].
	Directions autograd.Value
	// Fields are directions of whole events instead, each with one for each row of x,
	// where [Velocity.Together].
	Fields []autograd.Value
	// Share is the factor of each direction: 1, or 1/P for an estimate.
	Share float64
	// Trace, unless empty, gets Σ εᵀJε of each event, and Square Σ|Jε|², which needs
	// directions.
	Trace, Square autograd.Sums
}

// tangentLists recycles them, so that a warm scorer allocates nothing.
var tangentLists freelist.Slices[autograd.Value]

// Compute returns v for each row of x, at one time for all or one for each event
// of the pass.
func (v *Velocity) Compute(p *autograd.Pass, x autograd.Value, times []float64, d Divergence) autograd.Value {
	tau := v.times(p, times)
	trace, square := d.Trace.Values != nil, d.Square.Values != nil
	closed := trace && d.Directions.IsZero() && len(d.Fields) == 0
	if closed && !v.Closed() {
		panic(errNoDirections)
	}
	directions := d.Fields
	var one [1]autograd.Value
	if !d.Directions.IsZero() {
		one[0] = d.Directions
		directions = one[:]
	}
	if !trace && !square {
		directions = nil
	}
	borrowed := tangentLists.Borrow(len(directions))
	defer tangentLists.Return(borrowed)
	tangents := (*borrowed)[:len(directions)]
	copy(tangents, directions)
	if v.network != nil {
		x = v.through(p, x, tau, tangents)
	} else {
		x = v.along(p, x, tau, tangents, closed, d.Trace)
	}
	for k, tangent := range tangents {
		if trace {
			p.AddDots(tangent, directions[k], d.Share, d.Trace)
		}
		if square {
			p.AddDots(tangent, tangent, d.Share, d.Square)
		}
	}
	return x
}

// through returns what the network makes of x, and of tangents in their place.
func (v *Velocity) through(p *autograd.Pass, x, tau autograd.Value, tangents []autograd.Value) autograd.Value {
	context := p.Context
	defer func() { p.Context = context }()
	if events := len(p.LogDet.Values); tau.Rows != events {
		tau = p.Spread(tau, events)
	}
	p.Context = tau
	if !context.IsZero() {
		p.Context = p.Concat(context, tau)
	}
	return v.network.ComputeDual(p, x, tangents)
}

// along returns v by the layers, with tangents in their place, and adds a trace in
// closed form.
func (v *Velocity) along(p *autograd.Pass, x, tau autograd.Value, tangents []autograd.Value, closed bool, trace autograd.Sums) autograd.Value {
	var slope autograd.Value // of the hidden layer, with its gate, for the closed form
	last := len(v.layers) - 1
	for i, l := range v.layers {
		u := l.product(p, x)
		if i == 0 && v.context != nil {
			u = p.Add(u, p.Unbiased(p.SiteContext(u.Rows), v.context))
		}
		for k, tangent := range tangents {
			tangents[k] = l.product(p, tangent)
		}
		shift := p.Linear(tau, l.time, 0)
		var gate autograd.Value
		if l.gate != nil {
			gate = p.Sigmoid(p.Columns(shift, l.gate))
			shift = p.Columns(shift, l.shift)
			u = p.MultiplyRuns(u, gate)
			for k, tangent := range tangents {
				tangents[k] = p.MultiplyRuns(tangent, gate)
			}
		}
		u = p.AddRuns(u, shift)
		switch {
		case i == last && closed:
			if !gate.IsZero() && gate.Rows != 1 {
				gate = p.Spread(gate, u.Rows)
			}
			p.AddHiddenTrace(v.layers[0].weight, v.layers[1].weight, slope, gate, trace)
			x = u
		case i == last:
			x = u
		case closed:
			x, slope = p.ActivateSlope(u, v.spec.Activation)
			if !gate.IsZero() {
				slope = p.MultiplyRuns(slope, gate)
			}
		default:
			x = activateDual(p, u, v.spec.Activation, tangents)
		}
	}
	return x
}

// times returns what the layers see of the time: a row for all, or one an event.
func (v *Velocity) times(p *autograd.Pass, times []float64) autograd.Value {
	k := v.spec.Frequencies
	if k == 0 {
		tau := p.Input(len(times), 1, false)
		for r, t := range times {
			tau.Set(r, 0, t)
		}
		return tau
	}
	tau := p.Input(len(times), 2*k, false)
	for r, t := range times {
		for j := range k {
			sin, cos := kernels.SinCos2Pi64(float64(float64(0.5*float64(j+1)) * t))
			tau.Set(r, j, cos)
			tau.Set(r, k+j, sin)
		}
	}
	return tau
}
