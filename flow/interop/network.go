package interop

import (
	"fmt"
	"slices"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/limits"
	"github.com/seed-192fdf7a/nf/kernels"
)

// network is a conditioner in the form of package nn. It takes the features
// that it looks at, and then the context.
//
// A perceptron has the activation after all layers but the last. A residual
// network has the layers first, then two for each block, then last; plain ones
// have no activation before a block.
type network struct {
	features, context int
	residual, plain   bool
	activation        autograd.Activation
	layers            []dense
	gates             []dense // of the context; one for each block, or none

	// encoder, unless nil, is a layer of the context whose activation is added to
	// the first layer, which then sees the features alone. blockContexts are
	// layers of the context that are added to the inner layers of a residual
	// network, one for each block, or none.
	encoder       *dense
	blockContexts []dense
}

// block is a residual block: what is added to the stream h is
//
//	σ(gate·c) ⊙ (outer·act(innerNorm(inner·act(norm(h)) + innerContext·c)))
//
// where everything but inner and outer may be absent.
type block struct {
	norm, innerNorm    *normalization
	inner, outer       dense
	innerContext, gate *dense
}

// residualNet is a residual network as the libraries have them.
type residualNet struct {
	features, context int
	activation        autograd.Activation
	// first sees the features, or also the context.
	first dense
	// activated is a layer of the context; the activation of it is added to
	// what first computes.
	activated *dense
	blocks    []block
	last      dense
}

// encoded is network for a masked network whose context enters through an
// encoder, and none of whose blocks has a batch norm before its activation: nn
// has the same.
func (r residualNet) encoded() network {
	n := network{features: r.features, context: r.context, residual: true, activation: r.activation, layers: []dense{r.first}, encoder: r.activated}
	within := false
	for _, block := range r.blocks {
		within = within || block.innerContext != nil
	}
	for _, block := range r.blocks {
		n.layers = append(n.layers, block.inner.before(block.innerNorm), block.outer)
		if block.gate != nil {
			n.gates = append(n.gates, *block.gate)
		}
		if !within {
			continue
		}
		term := newDense(r.context, block.inner.out)
		if block.innerContext != nil {
			var scale []float64
			if block.innerNorm != nil {
				scale = block.innerNorm.scale
			}
			term.paste(0, 0, *block.innerContext, scale)
		}
		n.blockContexts = append(n.blockContexts, term)
	}
	n.layers = append(n.layers, r.last)
	return n
}

// normed tells whether a batch norm stands before the activation of a block.
func (r residualNet) normed() bool {
	return slices.ContainsFunc(r.blocks, func(b block) bool { return b.norm != nil })
}

// network brings the residual network into nn's form. What nn does not have
// becomes units of a wider stream, so that the function stays the same:
//
//   - A batch norm before a block's activation: each such block has a copy of
//     the stream of its own, which is scaled and shifted from the start on.
//   - Context inside a block: the stream carries the context c and −c, of which
//     act(c) − act(−c) is a multiple of c.
//   - An activated layer of the context: one more block, whose inner layer
//     computes it from what is carried.
//
// Where the activation does not allow this, the network is a plain one.
func (r residualNet) network() (network, error) {
	n := network{features: r.features, context: r.context, residual: true, activation: r.activation}
	width := r.first.out
	stream := width
	copies := make([]int, len(r.blocks)) // where the block's copy of the stream begins
	carries := r.activated != nil
	gated := false
	for b, block := range r.blocks {
		if block.norm != nil {
			copies[b] = stream
			stream += width
		}
		carries = carries || block.innerContext != nil
		gated = gated || block.gate != nil
	}
	carried := stream
	factor, odd := oddPart(r.activation)
	if carries || stream > width {
		if err := r.checkSize(); err != nil {
			return n, err
		}
	}
	if carries {
		if !odd {
			return r.plain(), nil
		}
		stream += 2 * r.context
	}

	// spread pastes a layer that computes the stream, or adds to it.
	spread := func(into dense, part dense) {
		into.paste(0, 0, part, nil)
		for b, block := range r.blocks {
			if block.norm != nil {
				into.paste(copies[b], 0, part, block.norm.scale)
			}
		}
	}
	// fromContext pastes a layer of the context, which the stream carries.
	fromContext := func(into dense, part dense) {
		for o := range part.out {
			into.bias[o] += part.bias[o]
			for c := range part.in {
				w := part.weight[o*part.in+c] / factor
				into.set(o, carried+c, w)
				into.set(o, carried+part.in+c, -w)
			}
		}
	}

	first := newMasked(r.features+r.context, stream)
	spread(first, r.first)
	for b, block := range r.blocks {
		if block.norm != nil {
			for u, v := range block.norm.shift {
				first.bias[copies[b]+u] += v
			}
		}
	}
	for c := range r.context {
		if carries {
			first.set(carried+c, r.features+c, 1)
			first.set(carried+r.context+c, r.features+c, -1)
		}
	}
	n.layers = []dense{first}
	if r.activated != nil {
		inner, outer := newMasked(stream, width), newMasked(width, stream)
		fromContext(inner, *r.activated)
		spread(outer, identityLayer(width))
		n.layers = append(n.layers, inner, outer)
	}
	for b, block := range r.blocks {
		inner, outer := newMasked(stream, block.inner.out), newMasked(block.inner.out, stream)
		inner.paste(0, copies[b], block.inner, nil)
		if block.innerContext != nil {
			fromContext(inner, *block.innerContext)
		}
		inner = inner.before(block.innerNorm)
		spread(outer, block.outer)
		n.layers = append(n.layers, inner, outer)
		if gated {
			gate := newDense(r.context, stream)
			for at := 0; at < stream; at += width {
				gate.paste(at, 0, *block.gate, nil)
			}
			n.gates = append(n.gates, gate)
		}
	}
	last := newMasked(stream, r.last.out)
	last.paste(0, 0, r.last, nil)
	n.layers = append(n.layers, last)
	return n, nil
}

// checkSize refuses networks that would become too large.
func (r residualNet) checkSize() error {
	width, blocks := r.first.out, len(r.blocks)+1
	for _, b := range r.blocks {
		width = max(width, b.inner.out)
	}
	if stream := (blocks+1)*width + 2*r.context + 2*r.features; stream > limits.ConvertedValues/(2*blocks+2)/max(1, width) {
		return fmt.Errorf("a network %d units wide, with %d blocks, is too large to be converted", r.first.out, len(r.blocks))
	}
	return nil
}

func identityLayer(n int) dense {
	d := newMasked(n, n)
	for i := range n {
		d.set(i, i, 1)
	}
	return d
}

// outputs replaces the last layer by the given ones of its outputs, each
// multiplied by a factor.
func (n network) outputs(pick []int, factors []float64) network {
	last := n.layers[len(n.layers)-1]
	out := newDense(last.in, len(pick))
	if last.seen != nil {
		out.seen = make([]bool, len(out.weight))
	}
	for o, from := range pick {
		out.bias[o] = float64(last.bias[from] * factors[o])
		for i := range last.in {
			if last.exists(from*last.in + i) {
				out.set(o, i, float64(last.weight[from*last.in+i]*factors[o]))
			}
		}
	}
	n.layers = append(slices.Clone(n.layers[:len(n.layers)-1]), out)
	return n
}

// inputs gives the network other inputs: its own number i is the new number
// places[i] of count ones.
func (n network) inputs(places []int, count int) network {
	first := n.layers[0]
	out := newMasked(count, first.out)
	copy(out.bias, first.bias)
	for o := range first.out {
		for i, place := range places {
			if first.exists(o*first.in + i) {
				out.set(o, place, first.weight[o*first.in+i])
			}
		}
	}
	n.layers = append([]dense{out}, n.layers[1:]...)
	return n
}

// constant returns the outputs of a network that has no inputs.
func (n network) constant() []float64 {
	apply := func(d dense, x []float64) []float64 {
		y := slices.Clone(d.bias)
		for o := range y {
			for i, v := range x {
				y[o] += float64(d.weight[o*d.in+i] * v)
			}
		}
		return y
	}
	act := func(x []float64) []float64 {
		y := slices.Clone(x)
		for i, v := range y {
			y[i] = n.activation.Value64(v)
		}
		return y
	}
	last := len(n.layers) - 1
	h := apply(n.layers[0], nil)
	if !n.residual {
		for _, d := range n.layers[1:] {
			h = apply(d, act(h))
		}
		return h
	}
	for l := 1; l < last; l += 2 {
		before := h
		if !n.plain {
			before = act(h)
		}
		added := apply(n.layers[l+1], act(apply(n.layers[l], before)))
		if n.gates != nil {
			for u, g := range n.gates[l/2].bias {
				added[u] *= kernels.Sigmoid64(g)
			}
		}
		for u, v := range added {
			h[u] += v
		}
	}
	return apply(n.layers[last], h)
}
