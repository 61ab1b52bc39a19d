package interop

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/kernels"
)

// isMultiscale tells whether the state dict is of a MultiscaleFlow.
func (s *stateDict) isMultiscale() bool {
	return len(s.numbered("q0.")) > 0
}

// multiscale reads a MultiscaleFlow of normflows whose levels are GlowBlocks and
// then, of which there are no tensors, a Squeeze, joined by Merges of channels.
// Level 0 is the deepest, and all lead from noise to data.
func (r *reader) multiscale() error {
	levels, err := r.consecutive("q0.")
	if err != nil {
		return err
	}
	for level := levels - 1; level >= 0; level-- {
		prefix := fmt.Sprintf("flows.%d.", level)
		blocks := r.numbered(prefix)
		slices.Reverse(blocks)
		for i, block := range blocks {
			if block != len(blocks)-1-i {
				return fmt.Errorf("there are no tensors %s%d.…: a level is supported that has GlowBlocks, and then perhaps a Squeeze", prefix, len(blocks)-1-i)
			}
			if err := r.glowBlock(fmt.Sprintf("%s%d.", prefix, block), i == 0); err != nil {
				return err
			}
		}
		base := fmt.Sprintf("q0.%d.", level)
		if level == 0 {
			return r.levelBase(base, r.all())
		}
		kept, leaving := r.halves()
		if err := r.levelBase(base, leaving); err != nil {
			return err
		}
		if err := r.split(len(kept), r.builder.features); err != nil {
			return r.layerError(prefix, err)
		}
	}
	return nil
}

// glowBlock reads a GlowBlock from data to noise: the inverse of an ActNorm, a 1x1
// convolution, and the inverse of a coupling. Its channels tell whether a Squeeze
// comes before it.
func (r *reader) glowBlock(prefix string, first bool) error {
	norm := prefix + "flows.2."
	if !r.has(norm + "s") {
		norm = prefix + "flows.1." // of one channel, which has no 1x1 convolution
	}
	s, err := r.stateDict.vector(norm+"s", -1)
	if err != nil {
		return fmt.Errorf("the layer %s is no GlowBlock: %w", prefix, err)
	}
	if first && len(s) == 4*r.builder.features {
		if err := r.squeeze(2); err != nil {
			return r.layerError(prefix, err)
		}
	}
	if err := r.normflowsConstants(norm); err != nil {
		return err
	}
	if mixing := prefix + "flows.1."; mixing != norm {
		var w []float64
		if r.has(mixing + "W") {
			w, err = r.plainMatrix(mixing+"W", r.builder.features)
		} else {
			w, err = r.factored(mixing, luNames{"P", "L", "U", "sign_S", "log_S"}, r.builder.features)
			r.ignore(mixing + "eye")
		}
		if err != nil {
			return err
		}
		r.channelMatrix(w)
	}
	net, mode := prefix+"flows.0.flows.1.param_map.net.", r.dialect.splitMode()
	if mode != "checkerboard" && mode != "checkerboard_inv" {
		return r.glowBlockCoupling(net, mode)
	}
	blocks, lines := checkerboard(r.builder.features, mode == "checkerboard_inv")
	if err := r.move(blocks); err != nil {
		return fmt.Errorf(`layer %s: "split_mode" %s: %w`, strings.TrimSuffix(prefix, "."), mode, err)
	}
	if err := r.move(&transform.InvertSpec{Transform: lines}); err != nil {
		return err
	}
	if err := r.glowBlockCoupling(net, "channel"); err != nil {
		return err
	}
	if err := r.move(lines); err != nil {
		return err
	}
	return r.move(&transform.InvertSpec{Transform: blocks})
}

// checkerboard describes how the two colors of a checkerboard of pixels and channels,
// which a coupling keeps and changes, become the first and the second half of the
// channels of an image of half the width: blocks of 2 x 2 pixels are squeezed, and the
// lines of each go back to where they were. A pixel of channel c in line h and column w
// is kept where c+h+w is odd; of the inverse board, where it is even.
func checkerboard(channels int, inverse bool) (blocks, lines *transform.SqueezeSpec) {
	odd := 1
	if inverse {
		odd = 0
	}
	blocks = &transform.SqueezeSpec{Block: []int{2, 2}}
	for line := range 2 {
		for color := range 2 {
			for c := range channels {
				column := (c + line + odd + color) % 2
				blocks.Order = append(blocks.Order, (2*line+column)*channels+c)
			}
		}
	}
	return blocks, &transform.SqueezeSpec{Block: []int{2, 1}, Order: transform.BySites(2, 2*channels)}
}

// glowBlockCoupling reads the coupling of a GlowBlock, with a ConvNet2d of the
// kernels 3, 1, 3.
func (r *reader) glowBlockCoupling(net, mode string) error {
	o := r.dialect.Options
	kept, changed := r.halves()
	switch mode {
	case "channel":
	case "channel_inv":
		kept, changed = r.all()[r.builder.features/2:], r.all()[:r.builder.features/2]
		if r.builder.features%2 == 1 {
			return fmt.Errorf(`"split_mode" channel_inv of %d channels is not supported`, r.builder.features)
		}
	default:
		return fmt.Errorf(`"split_mode" is %q, want channel, channel_inv, checkerboard or checkerboard_inv`, mode)
	}
	act, err := o.activation()
	if err != nil {
		return err
	}
	c := convolutions{activation: act, layers: make([]convolution, 3)}
	stride := 2 // layers and activations
	normed := r.has(net + "1.actNorm.s")
	if normed {
		stride = 3
	}
	in := len(kept)
	for l, kernel := range []int{3, 1, 3} {
		name := fmt.Sprint(net, l*stride)
		if c.layers[l], err = r.convolution(name, in, -1, kernel, !normed || l == 2); err != nil {
			return err
		}
		in = c.layers[l].out
		if normed && l < 2 {
			norm, err := r.netActNorm(fmt.Sprintf("%s%d.actNorm.", net, l*stride+1), in)
			if err != nil {
				return err
			}
			c.layers[l] = c.layers[l].before(norm)
		}
	}
	if in != len(changed) && in != 2*len(changed) {
		return fmt.Errorf(`tensors %s… have %d outputs, want 1 or 2 for each of the %d channels that are changed`, net, in, len(changed))
	}
	u, err := o.normflowsScaleMap(in / len(changed))
	if err != nil {
		return r.layerError(net, err)
	}
	r.convolutionCoupling(changed, kept, c, u.Univariate, u.layout, true)
	return nil
}

// netActNorm reads an ActNorm inside a network, x·eˢ + t.
func (r *reader) netActNorm(prefix string, n int) (*normalization, error) {
	if err := r.begun(prefix); err != nil {
		return nil, err
	}
	s, err := r.stateDict.vector(prefix+"s", n)
	if err != nil {
		return nil, err
	}
	t, err := r.stateDict.vector(prefix+"t", n)
	if err != nil {
		return nil, err
	}
	a := &normalization{shift: widen(t)}
	for _, v := range s {
		a.scale = append(a.scale, kernels.Exp64(float64(v)))
	}
	return a, nil
}

// levelBase reads the base of some features: a DiagGaussian or ClassCondDiagGaussian
// of the shape of an image, or a GlowBase, which has one value a channel. With
// classes these are the context, one-hot.
func (r *reader) levelBase(prefix string, features []int) error {
	n, sites := len(features), r.builder.shape().Sites()
	if r.has(prefix + "loc_logs") {
		return r.glowBase(prefix, features)
	}
	classes := max(1, r.context)
	var both [2][]float32
	for i, name := range []string{"loc", "log_scale"} {
		t, err := r.tensor(prefix + name)
		if err != nil {
			return err
		}
		want := []int{n, r.grid[0], r.grid[1]}
		if r.context > 0 {
			want = append(want, r.context)
		} else {
			want = append([]int{1}, want...)
		}
		if !slices.Equal(t.Shape, want) {
			return fmt.Errorf(`tensor %s%s has shape %v, want %v: is "context" the number of classes in the config?`, prefix, name, t.Shape, want)
		}
		both[i] = t.Values
	}
	return r.normalOfSites(features, func(parameter, feature, site, class int) float64 {
		return float64(both[parameter][(feature*sites+site)*classes+class])
	})
}

// glowBase reads a GlowBase: loc·exp(3·loc_logs) and log_scale·exp(3·log_scale_logs)
// of each channel, to which one-hot classes may add loc_cc and log_scale_cc.
func (r *reader) glowBase(prefix string, features []int) error {
	n := len(features)
	var constants [2][]float64
	var ofClasses [2][]float32
	for i, name := range []string{"loc", "log_scale"} {
		v, err := r.stateDict.vector(prefix+name, n)
		if err != nil {
			return err
		}
		logs, err := r.stateDict.vector(prefix+name+"_logs", n)
		if err != nil {
			return err
		}
		for c, x := range v {
			constants[i] = append(constants[i], float64(float64(x)*kernels.Exp64(float64(logScaleFactor)*float64(logs[c]))))
		}
		if !r.has(prefix + name + "_cc") {
			continue
		}
		t, err := r.stateDict.matrix(prefix+name+"_cc", -1, n)
		if err != nil {
			return err
		}
		if t.Shape[0] != r.context {
			return fmt.Errorf(`tensor %s%s_cc has %d classes: say their number as "context" in the config`, prefix, name, t.Shape[0])
		}
		ofClasses[i] = t.Values
	}
	if ofClasses[0] == nil || ofClasses[1] == nil {
		r.normalOf(features, constants[0], constants[1])
		return nil
	}
	return r.normalOfSites(features, func(parameter, feature, _, class int) float64 {
		return constants[parameter][feature] + float64(ofClasses[parameter][class*n+feature])
	})
}
