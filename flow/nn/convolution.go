package nn

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/limits"
)

// ConvolutionSpec describes a network of convolutions on the grid of an event,
// with an activation between them. With the kernels 3, 1, 3 it is the network of
// Glow (Kingma and Dhariwal, 2018).
//
// A context c enters once an event: V·c + a is added to the first layer, the same
// at every site. Where no feature is shown, the context takes their place.
type ConvolutionSpec struct {
	// Hidden is the number of columns of each hidden layer.
	Hidden []int `json:"hidden"`
	// Kernels are the sizes of the windows, odd, one for each hidden layer and one
	// for the last: of sites on a line, of as many lines on a grid of two
	// dimensions.
	Kernels []int `json:"kernels"`
	// Outside has the value that each layer sees outside the grid, in all columns;
	// none means zeros. Some implementations of Glow have 1 for the last layer.
	Outside []float64 `json:"outside,omitempty"`
	// ActNorm says that the sums of each hidden layer are normalized before the
	// activation: y = x·exp(l) + t of each column, with learned values that begin as
	// those which give the first minibatch mean 0 and variance 1.
	ActNorm bool `json:"actnorm,omitempty"`
	// Dilation is the distance of the sites of a window; 0 means 1.
	Dilation int `json:"dilation,omitempty"`
	// LogScale, f unless it is 0, multiplies column c of the result by exp(f·lc),
	// with learned lc that begin as zeros; Glow has 3.
	LogScale float64 `json:"log_scale,omitempty"`
	autograd.Activation
}

// maxLogScale bounds ConvolutionSpec.LogScale.
const maxLogScale = 100

// checkWindows tells what is wrong with the windows of a network of convolutions.
func checkWindows(grid, kernels []int, dilation int) error {
	if len(grid) > 2 {
		return fmt.Errorf("the grid has %d dimensions, convolutions have one or two", len(grid))
	}
	for i, k := range kernels {
		if k < 1 || k > limits.Kernel || k%2 == 0 {
			return fmt.Errorf("kernel %d is %d, want an odd size of 1 to %d", i, k, limits.Kernel)
		}
	}
	if dilation < 0 || dilation > limits.Dilation {
		return fmt.Errorf("the dilation is %d, want 1 to %d, or 0 for 1", dilation, limits.Dilation)
	}
	return nil
}

// Check implements [Spec].
func (s *ConvolutionSpec) Check(in autograd.Shape, _ int) error {
	if err := checkHidden(s.Hidden, s.Activation); err != nil {
		return err
	}
	if len(s.Kernels) != len(s.Hidden)+1 {
		return fmt.Errorf("%d kernels for %d hidden layers, want one for each and one for the last layer", len(s.Kernels), len(s.Hidden))
	}
	if s.Outside != nil && len(s.Outside) != len(s.Kernels) {
		return fmt.Errorf("outside has %d values for %d layers, want one for each, or none", len(s.Outside), len(s.Kernels))
	}
	for i, v := range s.Outside {
		if !autograd.Holds(v) {
			return fmt.Errorf("outside: value %d is %v, want 0 or what float32 holds", i, v)
		}
	}
	if !(s.LogScale >= 0 && s.LogScale <= maxLogScale && autograd.Holds(s.LogScale)) {
		return fmt.Errorf("log_scale is %v, want 0 to %d", s.LogScale, maxLogScale)
	}
	return checkWindows(in.Grid, s.Kernels, s.Dilation)
}

// convolutions makes layers on one grid.
type convolutions struct {
	grid     [2]int
	lines    bool // the grid has two dimensions
	dilation int
}

func convolutionsOn(grid []int, dilation int) convolutions {
	c := convolutions{grid: [2]int{1, 1}, lines: len(grid) == 2, dilation: max(1, dilation)}
	copy(c.grid[2-len(grid):], grid)
	return c
}

// layer creates one, which sees a value outside the grid.
func (c convolutions) layer(kernel int, outside float64, in, out int, scope autograd.Scope) *autograd.Convolution {
	return scope.NewConvolution(c.grid, c.window(kernel, outside), in, out)
}

// unbiased creates one without a bias, with zeros outside the grid.
func (c convolutions) unbiased(kernel, in, out int, scope autograd.Scope) *autograd.Convolution {
	return scope.NewUnbiasedConvolution(c.grid, c.window(kernel, 0), in, out)
}

func (c convolutions) window(kernel int, outside float64) blas.Window {
	w := blas.Window{Height: 1, Width: kernel, Dilation: c.dilation, Outside: float32(outside)}
	if c.lines {
		w.Height = kernel
	}
	return w
}

// shown returns how many columns the first layer sees, and how many of context
// are added to it.
func shown(shape autograd.Shape, context int) (in, added int) {
	if shape.Features == 0 {
		return context, 0
	}
	return shape.Features, context
}

// Build implements [Spec]: the parameters are layers.0, … each with weight
// [taps·inputs, outputs], the taps line by line, and bias; context.weight
// [context, outputs of the first layer] and context.bias where there is a
// context; norms.0, … each with log_scale, shift [1, outputs] and initialized, for
// the hidden layers with ActNorm; and log_scale.
func (s *ConvolutionSpec) Build(shape autograd.Shape, context, out int, scope autograd.Scope) Conditioner {
	in, added := shown(shape, context)
	if in == 0 {
		return Constant(out, scope)
	}
	m := &convolutional{activation: s.Activation, factor: s.LogScale}
	on := convolutionsOn(shape.Grid, s.Dilation)
	widths := append(append([]int{in}, s.Hidden...), out)
	for i, kernel := range s.Kernels {
		outside := 0.0
		if s.Outside != nil {
			outside = s.Outside[i]
		}
		m.layers = append(m.layers, on.layer(kernel, outside, widths[i], widths[i+1], scope.At("layers", i)))
		var norm *actNorm
		if s.ActNorm && i < len(s.Hidden) {
			norm = newActNorm(widths[i+1], scope.At("norms", i))
		}
		m.norms = append(m.norms, norm)
	}
	if added > 0 {
		m.context = scope.At("context").NewLinear(added, widths[1])
	}
	if s.LogScale > 0 {
		m.logScale = scope.New("log_scale", 1, out)
	}
	return m
}

type convolutional struct {
	activation autograd.Activation
	layers     []*autograd.Convolution
	norms      []*actNorm       // of each layer, nil for none
	context    *autograd.Linear // nil where there is none
	logScale   *autograd.Parameter
	factor     float64
}

func (m *convolutional) Compute(p *autograd.Pass, x autograd.Value, rows int) autograd.Value {
	if x.IsZero() {
		x = p.SiteContext(rows)
	}
	for i, l := range m.layers {
		var context *autograd.Linear
		if i == 0 {
			context = m.context
		}
		last := i == len(m.layers)-1
		x = convolve(p, x, l, context, m.norms[i], m.activation, last)
	}
	if m.logScale != nil {
		x = p.ScaleColumns(x, m.logScale, m.factor)
	}
	return x
}

// convolve applies a layer, adds what it is given of the context, normalizes the
// sum if there is a norm, and unless it is plain, activates it.
func convolve(p *autograd.Pass, x autograd.Value, l *autograd.Convolution, context *autograd.Linear, norm *actNorm, a autograd.Activation, plain bool) autograd.Value {
	if context == nil && norm == nil && !plain && a.Name == autograd.ReLUActivation {
		return p.Convolve(x, l, blas.ReLU)
	}
	x = p.Convolve(x, l, blas.None)
	if context != nil {
		x = p.Add(x, p.Spread(p.Linear(p.Context, context, blas.None), x.Rows))
	}
	if norm != nil {
		x = norm.apply(p, x)
	}
	if plain {
		return x
	}
	return p.Activate(x, a)
}

// Initialize draws hidden weights and biases, and those of the context, from
// U(−1/√in, 1/√in).
func (m *convolutional) Initialize(seed uint64) {
	last := len(m.layers) - 1
	for _, l := range m.layers[:last] {
		draw(seed, inverseRoot(l.Terms()), l.Weight, l.Bias)
	}
	clear(m.layers[last].Weight.Values())
	clear(m.layers[last].Bias.Values())
	if m.context != nil {
		clear(m.context.Weight.Values())
		clear(m.context.Bias.Values())
		if last > 0 {
			draw(seed, inverseRoot(m.context.In()), m.context.Weight)
		}
	}
	for _, n := range m.norms {
		if n != nil {
			n.initialize()
		}
	}
	if m.logScale != nil {
		clear(m.logScale.Values())
	}
}
