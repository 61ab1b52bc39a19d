package nn

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// ResidualConvolutionSpec describes a residual network of convolutions, with the
// activation before each layer of a block (He et al., 2016), as the conditioners
// of RealNVP (Dinh et al., 2017) and of neural spline flows on images (Durkan et
// al., 2019) are:
//
//	h = W₀*x + b₀ + V₀·c + a₀
//	h = h + W₂*ReLU(W₁*ReLU(h) + b₁ + V₁·c + a₁) + b₂      for each block
//	y = W*h + b
//
// where * is a convolution. If it is gated, the last layer of a block has twice
// the columns, [v | g], and v·σ(g) is added. A context c enters once an event, the
// same at every site; where no feature is shown, it takes their place. If it
// gates, what a block adds is multiplied by σ(V₁·c + a₁), which is then not in the
// sum. If the blocks are scaled, their first ReLU is of s⊙h + t, with learned s and t
// of each column, what batch normalization is outside training.
//
// ReLU stands for the activation, whichever it is.
type ResidualConvolutionSpec struct {
	// Hidden is the number of columns of the stream h, then that of the inner
	// layer of each block.
	Hidden []int `json:"hidden"`
	// Kernels are the sizes of three windows: of W₀, of the blocks, and of W.
	Kernels []int `json:"kernels"`
	// Dilation is the distance of the sites of a window; 0 means 1.
	Dilation int `json:"dilation,omitempty"`
	// Gated tells that a block gates what it adds.
	Gated bool `json:"gated,omitempty"`
	// ContextGated tells that the context gates what a block adds.
	ContextGated bool `json:"context_gated,omitempty"`
	// Scaled tells that a block scales and shifts what it takes.
	Scaled bool `json:"scaled,omitempty"`
	autograd.Activation
}

// Check implements [Spec].
func (s *ResidualConvolutionSpec) Check(in autograd.Shape, context int) error {
	switch err := checkHidden(s.Hidden, s.Activation); {
	case err != nil:
		return err
	case len(s.Hidden) == 0:
		return errors.New("a residual network needs a hidden layer")
	case s.ContextGated && context == 0:
		return errNoContext
	case len(s.Kernels) != 3:
		return fmt.Errorf("%d kernels, want three: of the first layer, of the blocks and of the last layer", len(s.Kernels))
	}
	return checkWindows(in.Grid, s.Kernels, s.Dilation)
}

// Build implements [Spec]: the parameters are layers.0, …, two for each block, as
// those of [ConvolutionSpec]; context.0.weight, context.0.bias, …, for the
// first layer and each block, or gates.0.weight, gates.0.bias, … for the blocks;
// scales.0, … and shifts.0, … [1, columns of the stream].
func (s *ResidualConvolutionSpec) Build(shape autograd.Shape, context, out int, scope autograd.Scope) Conditioner {
	in, added := shown(shape, context)
	if in == 0 {
		return Constant(out, scope)
	}
	m := &residualConvolutional{activation: s.Activation}
	on, stream := convolutionsOn(shape.Grid, s.Dilation), s.Hidden[0]
	add := func(kernel, in, out int) {
		m.layers = append(m.layers, on.layer(kernel, 0, in, out, scope.At("layers", len(m.layers))))
	}
	see := func(out int) {
		var layer *autograd.Linear
		if added > 0 {
			layer = scope.At("context", len(m.contexts)).NewLinear(added, out)
		}
		m.contexts = append(m.contexts, layer)
	}
	add(s.Kernels[0], in, stream)
	see(stream)
	for b, inner := range s.Hidden[1:] {
		if s.Scaled {
			m.scales = append(m.scales, scope.At("scales").New(strconv.Itoa(b), 1, stream))
			m.shifts = append(m.shifts, scope.At("shifts").New(strconv.Itoa(b), 1, stream))
		}
		add(s.Kernels[1], stream, inner)
		if s.ContextGated {
			m.contexts = append(m.contexts, nil)
			m.gates = append(m.gates, scope.At("gates", b).NewLinear(context, stream))
		} else {
			see(inner)
		}
		if s.Gated {
			add(s.Kernels[1], inner, 2*stream)
			m.value, m.gate = columns(0, stream), columns(stream, 2*stream)
		} else {
			add(s.Kernels[1], inner, stream)
		}
	}
	add(s.Kernels[2], stream, out)
	return m
}

// CheckDirectional implements [DirectionalSpec].
func (s *ResidualConvolutionSpec) CheckDirectional() error { return checkSmooth(s.Activation) }

// BuildDirectional implements [DirectionalSpec].
func (s *ResidualConvolutionSpec) BuildDirectional(in autograd.Shape, context, out int, scope autograd.Scope) Directional {
	m := s.Build(in, context, out, scope).(*residualConvolutional)
	for _, l := range m.layers {
		m.tangents = append(m.tangents, scope.NewConvolutionTangent(l))
	}
	return m
}

// columns returns from, from+1, … to-1.
func columns(from, to int) []int {
	var all []int
	for c := from; c < to; c++ {
		all = append(all, c)
	}
	return all
}

type residualConvolutional struct {
	activation  autograd.Activation
	layers      []*autograd.Convolution
	contexts    []*autograd.Linear // of the first layer and each block; nil where there is no context
	value, gate []int              // columns of the last layer of a block that is gated

	gates          []*autograd.Linear    // of the context; one for each block, or none
	scales, shifts []*autograd.Parameter // likewise

	tangents []*autograd.Convolution // the layers, of tangents; none unless it is directional
}

func (m *residualConvolutional) Compute(p *autograd.Pass, x autograd.Value, rows int) autograd.Value {
	if x.IsZero() {
		x = p.SiteContext(rows)
	}
	return m.ComputeDual(p, x, nil)
}

// ComputeDual implements [Directional].
func (m *residualConvolutional) ComputeDual(p *autograd.Pass, x autograd.Value, tangents []autograd.Value) autograd.Value {
	last := len(m.layers) - 1
	borrowed := tangentLists.Borrow(len(tangents))
	defer tangentLists.Return(borrowed)
	within := (*borrowed)[:len(tangents)] // those of a block
	m.convolveTangents(p, 0, tangents)
	h := convolve(p, x, m.layers[0], m.contexts[0], nil, m.activation, true)
	for l := 1; l < last; l += 2 {
		copy(within, tangents)
		inner := h
		if m.scales != nil {
			inner = scaleDual(p, inner, p.Repeat(m.scales[l/2], 1), within)
			inner = p.AddRuns(inner, p.Repeat(m.shifts[l/2], 1))
		}
		inner = activateDual(p, inner, m.activation, within)
		m.convolveTangents(p, l, within)
		dual := len(within) > 0
		inner = convolve(p, inner, m.layers[l], m.contexts[(l+1)/2], nil, m.activation, dual)
		if dual {
			inner = activateDual(p, inner, m.activation, within)
		}
		m.convolveTangents(p, l+1, within)
		inner = p.Convolve(inner, m.layers[l+1], blas.None)
		if m.gate != nil {
			inner = gateDual(p, inner, m.value, m.gate, within)
		}
		if m.gates != nil {
			inner = scaleDual(p, inner, p.Sigmoid(p.Linear(p.Context, m.gates[l/2], blas.None)), within)
		}
		h = addDual(p, h, inner, tangents, within)
	}
	m.convolveTangents(p, last, tangents)
	return p.Convolve(h, m.layers[last], blas.None)
}

// convolveTangents takes tangents through a layer.
func (m *residualConvolutional) convolveTangents(p *autograd.Pass, layer int, tangents []autograd.Value) {
	for k, t := range tangents {
		tangents[k] = p.Convolve(t, m.tangents[layer], blas.None)
	}
}

// Initialize draws weights and biases from U(−1/√in, 1/√in), those that end a
// block from U(−1/1000, 1/1000), and sets the last layer to zero.
func (m *residualConvolutional) Initialize(seed uint64) {
	last := len(m.layers) - 1
	for i, l := range m.layers[:last] {
		bound := inverseRoot(l.Terms())
		if i > 0 && i%2 == 0 {
			bound = 1e-3
		}
		draw(seed, bound, l.Weight, l.Bias)
	}
	for b := range m.scales {
		for c := range m.scales[b].Values() {
			m.scales[b].Values()[c] = 1
		}
		clear(m.shifts[b].Values())
	}
	for _, l := range slices.Concat(m.contexts, m.gates) {
		if l != nil {
			draw(seed, inverseRoot(l.In()), l.Weight)
			clear(l.Bias.Values())
		}
	}
	clear(m.layers[last].Weight.Values())
	clear(m.layers[last].Bias.Values())
}
