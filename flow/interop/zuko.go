package interop

import (
	"fmt"
	"math"
	"strings"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/kernels"
)

// zuko reads a Flow of zuko, whose transform leads from data to noise.
func (r *reader) zuko() error {
	switch {
	case r.any("transform.transforms."):
		if err := r.list("transform.transforms.", "", false, r.zukoTransform); err != nil {
			return err
		}
	case r.any("transforms."): // before 1.0
		if err := r.list("transforms.", "", false, r.zukoTransform); err != nil {
			return err
		}
	case r.any("transform."): // a flow of one transform
		if err := r.zukoTransform("transform.", "0"); err != nil {
			return err
		}
	default:
		return r.notThere("transform.…", "a zuko Flow")
	}
	return r.zukoBase()
}

// zukoBase reads the normal base, whose tensors are called otherwise before 1.6.
func (r *reader) zukoBase() error {
	mean, scale := "base.loc", "base.scale"
	if r.has("base._0") || r.has("base._1") {
		mean, scale = "base._0", "base._1"
	}
	if r.has("base.lower") || r.has("base.upper") {
		return fmt.Errorf("tensors base.lower and base.upper are those of a BoxUniform, the base of circular flows (NCSF); neither is supported, only normal bases and splines with linear tails are")
	}
	if !r.any("base.") {
		return fmt.Errorf("tensors base.loc and base.scale (base._0 and base._1 before zuko 1.6) are missing")
	}
	n := r.builder.features
	loc, err := r.stateDict.vector(mean, n)
	if err != nil {
		return err
	}
	std, err := r.stateDict.vector(scale, n)
	if err != nil {
		return err
	}
	if edge := float32(math.Pi + 1e-5); mean == "base._0" && loc[0] < -3.1415 && loc[0] >= -edge && loc[0] == -std[0] {
		return fmt.Errorf("tensors base._0 and base._1 are %v and %v, the edges of a BoxUniform, the base of circular flows (NCSF), which are not supported", loc[0], std[0])
	}
	logs := make([]float64, n)
	for i, v := range std {
		if !(v > 0) {
			return fmt.Errorf("tensor %s: value %d is %v, want a positive standard deviation", scale, i, v)
		}
		logs[i] = kernels.Log64(float64(v))
	}
	return r.normalBase(widen(loc), logs)
}

// zukoTransform reads one transform of the list.
func (r *reader) zukoTransform(prefix, name string) error {
	o := r.dialect.layer(name)
	switch {
	case r.has(prefix+"times") && r.any(prefix+"ode."):
		return r.zukoContinuous(prefix, o)
	case r.has(prefix + "A"):
		return r.zukoRotation(prefix + "A")
	case r.any(prefix + "phi."):
		return r.zukoConstants(prefix, o)
	case r.has(prefix+"loc") && r.has(prefix+"scale"):
		return r.pointwise(r.stateDict, prefix+"scale", prefix+"loc", false)
	case r.has(prefix+"_0") && r.has(prefix+"_1"): // AffineTransform, its arguments given by position
		return r.pointwise(r.stateDict, prefix+"_1", prefix+"_0", false)
	case r.has(prefix + "mask"):
		return r.zukoCoupling(prefix, o)
	case r.has(prefix + "hyper.0.mask"):
		return r.zukoAutoregressive(prefix, o)
	case r.has(prefix + "hyper.0.weight"):
		return r.zukoElementwise(prefix, o)
	}
	return r.unknown(prefix)
}

// alternating refuses an MLP with anything but linear layers and activations,
// such as one with normalize=True, whose norms have no tensors.
func (s *stateDict) alternating(prefix string) error {
	for i, n := range s.numbered(prefix) {
		if n != 2*i {
			return fmt.Errorf("tensors %s%d.… are there, and none of %s%d.…: a network with anything but linear layers and activations, such as one with normalize=True, is not supported", prefix, n, prefix, 2*i)
		}
	}
	return nil
}

// zukoParameters returns how many parameters a feature has.
func (r *reader) zukoParameters(prefix string, n network, changed int, o Options) (univariate, error) {
	outputs := n.layers[len(n.layers)-1].out
	if outputs%changed != 0 {
		return univariate{}, fmt.Errorf("tensors %shyper.… have %d outputs, which are no multiple of the %d features that are changed", prefix, outputs, changed)
	}
	u, err := o.zukoUnivariate(outputs/changed, r.dialect.Version)
	r.clipped = r.clipped || o.Univariate == sumOfSquares
	return u, r.layerError(prefix, err)
}

// zukoCoupling reads a GeneralCouplingTransform, whose mask marks the features
// that are kept.
func (r *reader) zukoCoupling(prefix string, o Options) error {
	mask, err := r.indices(prefix+"mask", r.builder.features, 2)
	if err != nil {
		return err
	}
	var kept, changed []int
	for f, constant := range mask {
		if constant == 1 {
			kept = append(kept, f)
		} else {
			changed = append(changed, f)
		}
	}
	if len(changed) == 0 {
		return fmt.Errorf("tensor %smask keeps all features", prefix)
	}
	if err := r.alternating(prefix + "hyper."); err != nil {
		return err
	}
	n, _, err := r.conditioner(prefix+"hyper.", len(kept), r.dialect.Context, o)
	if err != nil {
		return err
	}
	u, err := r.zukoParameters(prefix, n, len(changed), o)
	if err != nil {
		return err
	}
	r.coupling(changed, kept, n, u.Univariate, u.layout, false)
	return nil
}

// zukoAutoregressive reads a MaskedAutoregressiveTransform. Its masks tell the
// order; the buffer order only repeats it.
func (r *reader) zukoAutoregressive(prefix string, o Options) error {
	act, err := o.activation()
	if err != nil {
		return err
	}
	r.ignore(prefix + "order")
	n, err := r.zukoMasked(prefix+"hyper.", r.builder.features, r.dialect.Context, act)
	if err != nil {
		return err
	}
	if r.any(prefix + "univariate.") {
		return r.zukoNeural(prefix, n, o)
	}
	u, err := r.zukoParameters(prefix, n, r.builder.features, o)
	if err != nil {
		return err
	}
	return r.layerError(prefix, r.autoregressive(n, u.Univariate, u.layout, false))
}

// zukoMasked reads a MaskedMLP. A residual one is a list of linear layers and
// of blocks, x + layer(act(layer(x))), of which the blocks that follow each
// other keep the width.
func (s *stateDict) zukoMasked(prefix string, features, context int, act autograd.Activation) (n network, err error) {
	residual := false
	for _, i := range s.numbered(prefix) {
		residual = residual || s.has(fmt.Sprintf("%s%d.0.weight", prefix, i))
	}
	if !residual {
		if err := s.alternating(prefix); err != nil {
			return n, err
		}
		return s.sequential(prefix, features, context, act)
	}
	n = network{features: features, context: context, residual: true, plain: true, activation: act}
	// What stands behind another linear layer is a stream of its own, which is
	// a linear function of the one before.
	var streams []zukoStream
	numbers := s.numbered(prefix)
	if s.has(fmt.Sprintf("%s%d.0.weight", prefix, numbers[len(numbers)-1])) {
		return n, fmt.Errorf("the last layer of tensors %s… is a block, which is not supported", prefix)
	}
	width := features + context
	var last dense
	for k, i := range numbers {
		name := fmt.Sprintf("%s%d", prefix, i)
		if !s.has(name + ".0.weight") {
			d, err := s.dense(name, width, -1)
			if err != nil {
				return n, err
			}
			width = d.out
			if k == len(numbers)-1 {
				last = d
			} else {
				streams = append(streams, zukoStream{enters: d})
			}
			continue
		}
		inner, err := s.dense(name+".0", width, -1)
		if err != nil {
			return n, err
		}
		outer, err := s.dense(name+".2", inner.out, width)
		if err != nil {
			return n, err
		}
		if len(streams) == 0 {
			return n, fmt.Errorf("the first layer of tensors %s… is a block, which is not supported", prefix)
		}
		at := &streams[len(streams)-1]
		at.blocks = append(at.blocks, [2]dense{inner, outer})
	}
	n.layers = sideBySide(streams, last)
	return n, nil
}

// zukoStream is a linear layer and the blocks behind it.
type zukoStream struct {
	enters dense
	blocks [][2]dense
}

// sideBySide makes one stream of several that follow each other: what a block
// adds to one of them, it adds through the linear layers to those behind it.
func sideBySide(streams []zukoStream, last dense) []dense {
	width := 0
	for _, s := range streams {
		width += s.enters.out
	}
	// spread pastes what comes into a stream, at its place and at those behind.
	spread := func(into dense, from, at int, part dense, entering bool) {
		for i, s := range streams[from:] {
			if i > 0 {
				d := s.enters
				if !entering {
					d.bias = make([]float64, d.out)
				}
				part = compose(d, part)
			}
			into.paste(at, 0, part, nil)
			at += s.enters.out
		}
	}
	first := newMasked(streams[0].enters.in, width)
	spread(first, 0, 0, streams[0].enters, true)
	layers := []dense{first}
	at := 0
	for i, s := range streams {
		for _, block := range s.blocks {
			inner, outer := newMasked(width, block[0].out), newMasked(block[1].in, width)
			inner.paste(0, at, block[0], nil)
			spread(outer, i, at, block[1], false)
			layers = append(layers, inner, outer)
		}
		at += s.enters.out
	}
	end := newMasked(width, last.out)
	end.paste(0, width-last.in, last, nil)
	return append(layers, end)
}

// zukoElementwise reads an ElementWiseTransform of a context: a coupling that
// keeps nothing.
func (r *reader) zukoElementwise(prefix string, o Options) error {
	if r.dialect.Context == 0 {
		return fmt.Errorf(`tensors %shyper.… look at a context, but the config has no "context"`, prefix)
	}
	if err := r.alternating(prefix + "hyper."); err != nil {
		return err
	}
	n, _, err := r.conditioner(prefix+"hyper.", 0, r.dialect.Context, o)
	if err != nil {
		return err
	}
	parameters := func() (univariate, error) { return r.zukoParameters(prefix, n, r.builder.features, o) }
	if outputs := n.layers[len(n.layers)-1].out; r.rotates() && outputs%(2*r.builder.features) == 0 {
		parameters = func() (univariate, error) { return zukoMixture(outputs / r.builder.features) }
	}
	u, err := parameters()
	if err != nil {
		return err
	}
	r.coupling(r.all(), nil, n, u.Univariate, u.layout, false)
	return nil
}

// zukoConstants reads an ElementWiseTransform without context: phi.0, phi.1, …
// each hold some parameters of all features.
func (r *reader) zukoConstants(prefix string, o Options) error {
	tensors, err := r.consecutive(prefix + "phi.")
	if err != nil {
		return err
	}
	n := r.builder.features
	var blocks [][]float64
	wide := true // all tensors have several parameters of a feature, as those of a spline and a mixture
	for i := range tensors {
		name := fmt.Sprintf("%sphi.%d", prefix, i)
		t, err := r.tensor(name)
		if err != nil {
			return err
		}
		if len(t.Shape) < 1 || len(t.Shape) > 2 || t.Shape[0] != n {
			return fmt.Errorf("tensor %s has shape %v, want [%d] or [%d, …]", name, t.Shape, n, n)
		}
		each := len(t.Values) / n
		wide = wide && len(t.Shape) == 2
		for p := range each {
			block := make([]float64, n)
			for f := range block {
				block[f] = float64(t.Values[f*each+p])
			}
			blocks = append(blocks, block)
		}
	}
	u, err := univariate{}, error(nil)
	if wide && tensors == 2 {
		u, err = zukoMixture(len(blocks))
	} else {
		u, err = o.zukoUnivariate(len(blocks), r.dialect.Version)
	}
	if err != nil {
		return r.layerError(strings.TrimSuffix(prefix, "."), err)
	}
	parameters := make([][]float64, len(blocks))
	for p := range parameters {
		parameters[p] = blocks[u.layout.params[p]]
	}
	r.elementwise(r.all(), u.Univariate, parameters, false)
	return nil
}
