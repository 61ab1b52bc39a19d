package interop

import (
	"fmt"
	"slices"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/internal/limits"
	"github.com/seed-192fdf7a/nf/kernels"
)

// convolution is a layer of a network of convolutions: weight [taps·in, out], the
// taps line by line, as package nn has it.
type convolution struct {
	kernel, in, out int
	weight, bias    []float64
	outside         float64 // what it sees outside the grid
}

// convolution reads NAME.weight [out, in, k, k] and, if it has one, NAME.bias; a
// number below 0 stands for any.
func (s *stateDict) convolution(name string, in, out, kernel int, biased bool) (convolution, error) {
	c := convolution{kernel: kernel}
	t, err := s.tensor(name + ".weight")
	if err != nil {
		return c, err
	}
	if len(t.Shape) != 4 || in >= 0 && t.Shape[1] != in || out >= 0 && t.Shape[0] != out || t.Shape[2] != kernel || t.Shape[3] != kernel {
		return c, fmt.Errorf("tensor %s.weight has shape %v, want [%s, %s, %d, %d]", name, t.Shape, sizeText(out), sizeText(in), kernel, kernel)
	}
	if t.Shape[0] > limits.LayerSize || t.Shape[1] > limits.LayerSize {
		return c, fmt.Errorf("tensor %s.weight has shape %v; layers of at most %d are supported", name, t.Shape, limits.LayerSize)
	}
	c.out, c.in = t.Shape[0], t.Shape[1]
	taps := kernel * kernel
	c.weight, c.bias = make([]float64, len(t.Values)), make([]float64, c.out)
	for o := range c.out {
		for i := range c.in {
			for tap := range taps {
				c.weight[(tap*c.in+i)*c.out+o] = float64(t.Values[(o*c.in+i)*taps+tap])
			}
		}
	}
	if !biased {
		return c, nil
	}
	bias, err := s.vector(name+".bias", c.out)
	if err == nil {
		c.bias = widen(bias)
	}
	return c, err
}

// outputs returns the layer with the given ones of its outputs, each multiplied by
// a factor.
func (c convolution) outputs(pick []int, factors []float64) convolution {
	d := c
	d.out, d.weight, d.bias = len(pick), make([]float64, c.kernel*c.kernel*c.in*len(pick)), make([]float64, len(pick))
	for o, from := range pick {
		d.bias[o] = float64(c.bias[from] * factors[o])
		for row := range c.kernel * c.kernel * c.in {
			d.weight[row*d.out+o] = float64(c.weight[row*c.out+from] * factors[o])
		}
	}
	return d
}

// inputs returns the layer whose input number places[i] is the old number i.
func (c convolution) inputs(places []int) convolution {
	d := c
	d.weight = make([]float64, len(c.weight))
	for tap := range c.kernel * c.kernel {
		for i, place := range places {
			copy(d.weight[(tap*c.in+place)*c.out:][:c.out], c.weight[(tap*c.in+i)*c.out:])
		}
	}
	return d
}

// behind returns the layer of the first inputs, so many, and that of the others,
// which are a context, without a bias.
func (c convolution) behind(features int) (shown convolution, context *convolution) {
	shown, other := c, c
	shown.in, other.in = features, c.in-features
	shown.weight, other.weight, other.bias = nil, nil, make([]float64, c.out)
	for tap := range c.kernel * c.kernel {
		rows, middle := c.weight[tap*c.in*c.out:][:c.in*c.out], features*c.out
		shown.weight = append(shown.weight, rows[:middle]...)
		other.weight = append(other.weight, rows[middle:]...)
	}
	return shown, &other
}

// before returns the layer that applies x·scale + shift to the outputs.
func (c convolution) before(a *normalization) convolution {
	if a == nil {
		return c
	}
	pick := make([]int, c.out)
	for o := range pick {
		pick[o] = o
	}
	d := c.outputs(pick, a.scale)
	for o, v := range a.shift {
		d.bias[o] += v
	}
	return d
}

// convolutions is a conditioner of convolutions in the form of package nn: plain
// layers, or those of a residual network.
type convolutions struct {
	residual   bool
	activation autograd.Activation
	layers     []convolution
	// logScale, unless nil, has l of the factor exp(logScaleFactor·l) of each output.
	logScale []float64

	// context, unless nil, is what the first layer of a residual network sees of the
	// context, which is the same at all sites; gates are layers of the context, one
	// for each block, or none, and norms what a block applies to the stream, likewise.
	context *convolution
	gates   []convolution
	norms   []*normalization
}

// logScaleFactor is what Glow multiplies log-scales of last layers by.
const logScaleFactor = 3

// zeroConvolution reads the last layer of Glow's networks, a convolution of 3 x 3
// sites whose outputs are multiplied by exp(3·l), l in the tensor logs.
func (s *stateDict) zeroConvolution(name, logs string, in, out int) (convolution, []float64, error) {
	c, err := s.convolution(name, in, out, 3, true)
	if err != nil {
		return c, nil, err
	}
	l, err := s.vector(logs, c.out)
	return c, widen(l), err
}

// scaled returns the bias times exp(3·l): what the layer is where all that it sees
// is 0.
func (c convolution) scaled(logs []float64) []float64 {
	out := make([]float64, c.out)
	for o, b := range c.bias {
		out[o] = float64(b * kernels.Exp64(float64(logScaleFactor*logs[o])))
	}
	return out
}

// convolutionCoupling adds a coupling that changes the given features by what n
// computes of the others, kept, in their order.
func (b *builder) convolutionCoupling(changed, kept []int, n convolutions, u autograd.Univariate, l layout, inverse bool) {
	var pick []int
	var factors []float64
	for p := range u.ParametersPerElement() {
		for _, r := range b.byColumn(changed) {
			pick = append(pick, l.output(r, len(changed), p))
			factors = append(factors, l.factor(p))
		}
	}
	places := make([]int, len(kept))
	for place, r := range b.byColumn(kept) {
		places[r] = place
	}
	layers := slices.Clone(n.layers)
	layers[0] = layers[0].inputs(places)
	last := len(layers) - 1
	layers[last] = layers[last].outputs(pick, factors)
	n.layers = layers

	prefix := b.add(b.couplingSpec(changed, u, n.spec()), inverse) + "conditioner."
	for i, c := range layers {
		b.storeConvolution(fmt.Sprintf("%slayers.%d", prefix, i), c)
	}
	switch {
	case b.context == 0:
	case n.residual:
		for i := range 1 + n.blocks() {
			switch {
			case i == 0 && n.context != nil:
				b.storeConvolution(prefix+"context.0", *n.context)
			case i == 0 || n.gates == nil:
				b.storeConvolution(fmt.Sprintf("%scontext.%d", prefix, i), b.unseen(layers[max(0, 2*i-1)].out))
			default:
				b.storeConvolution(fmt.Sprintf("%sgates.%d", prefix, i-1), n.gates[i-1])
			}
		}
	default:
		b.storeConvolution(prefix+"context", b.unseen(layers[0].out))
	}
	for i, a := range n.norms {
		b.vector(fmt.Sprintf("%sscales.%d", prefix, i), a.scale)
		b.vector(fmt.Sprintf("%sshifts.%d", prefix, i), a.shift)
	}
	if n.logScale != nil {
		scales := make([]float64, len(pick))
		for o, from := range pick {
			scales[o] = n.logScale[from]
		}
		b.vector(prefix+"log_scale", scales)
	}
}

// storeConvolution gives a layer its values; that of a context is a kernel of one site.
func (b *builder) storeConvolution(name string, c convolution) {
	b.values[name+".weight"] = values{c.kernel * c.kernel * c.in, c.out, c.weight}
	b.vector(name+".bias", c.bias)
}

// unseen is a layer of a context that the library's network does not look at.
func (b *builder) unseen(out int) convolution {
	return convolution{kernel: 1, in: b.context, out: out, weight: make([]float64, b.context*out), bias: make([]float64, out)}
}

// blocks returns how many a residual network has.
func (n convolutions) blocks() int { return (len(n.layers) - 2) / 2 }

// spec describes the network.
func (n convolutions) spec() nn.Spec {
	last := len(n.layers) - 1
	if n.residual {
		s := &nn.ResidualConvolutionSpec{
			Activation: n.activation, Kernels: []int{n.layers[0].kernel, 3, n.layers[last].kernel},
			ContextGated: n.gates != nil, Scaled: n.norms != nil,
		}
		for l := 0; l < last; l++ {
			if l == 0 || l%2 == 1 {
				s.Hidden = append(s.Hidden, n.layers[l].out)
			}
		}
		return s
	}
	s := &nn.ConvolutionSpec{Activation: n.activation}
	if n.logScale != nil {
		s.LogScale = logScaleFactor
	}
	var outside []float64
	for l, c := range n.layers {
		s.Kernels = append(s.Kernels, c.kernel)
		outside = append(outside, c.outside)
		if l < last {
			s.Hidden = append(s.Hidden, c.out)
		}
		if c.outside != 0 {
			s.Outside = outside
		}
	}
	if s.Outside != nil {
		s.Outside = outside
	}
	return s
}
