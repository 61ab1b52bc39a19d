package interop

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// nflowsMultiscale reads a MultiscaleCompositeTransform: after each of its
// transforms but the last, the first half of the channels leaves.
func (r *reader) nflowsMultiscale(prefix, path string, inverse bool) error {
	if inverse {
		return fmt.Errorf("layer %s: the inverse of a MultiscaleCompositeTransform is not supported", strings.TrimSuffix(prefix, "."))
	}
	levels, err := r.consecutive(prefix + "_transforms.")
	if err != nil {
		return err
	}
	if levels == 0 {
		return fmt.Errorf(`the config says that layer %q is "multiscale", but there are no tensors %s_transforms.…`, strings.TrimSuffix(path, "."), prefix)
	}
	for level := range levels {
		if err := r.nflowsTransform(fmt.Sprintf("%s_transforms.%d.", prefix, level), fmt.Sprintf("%s%d.", path, level), false); err != nil {
			return err
		}
		if level == levels-1 {
			break
		}
		first, _ := r.halves()
		if err := r.split(0, len(first)); err != nil {
			return r.layerError(prefix, err)
		}
	}
	return nil
}

// oneByOne reads a OneByOneConvolution: a permutation and an LULinear.
func (r *reader) oneByOne(prefix string, o Options, inverse bool) error {
	order, err := r.permutation(prefix+"permutation._permutation", r.builder.features)
	if err != nil {
		return err
	}
	epsilon := or(o.LUEpsilon, 1e-3)
	if inverse {
		err := r.lu(r.stateDict, prefix, epsilon, true)
		r.permute(order, true)
		return err
	}
	r.permute(order, false)
	return r.lu(r.stateDict, prefix, epsilon, false)
}

// isConvolutionNet tells whether a ConvResidualNet is there.
func (s *stateDict) isConvolutionNet(prefix string) bool {
	t, ok := s.tensors[prefix+"initial_layer.weight"]
	return ok && len(t.Shape) == 4
}

// convolutionNet reads a ConvResidualNet: a 1x1 convolution, blocks of two of 3x3,
// and a 1x1 convolution. A context, which is the same at all sites, is seen by the
// first layer behind the features, and gates the blocks.
func (r *reader) convolutionNet(prefix string, features int, o Options) (convolutions, error) {
	n := convolutions{residual: true}
	var err error
	if n.activation, err = o.activation(); err != nil {
		return n, err
	}
	first, err := r.convolution(prefix+"initial_layer", -1, -1, 1, true)
	if err != nil {
		return n, err
	}
	context := r.dialect.Context
	switch first.in {
	case features:
		context = 0
	case features + context:
		first, n.context = first.behind(features)
	default:
		return n, fmt.Errorf(`tensor %sinitial_layer.weight has %d inputs, want %d features and a context of %d: is "context" right in the config?`, prefix, first.in, features, context)
	}
	n.layers = []convolution{first}
	blocks, err := r.consecutive(prefix + "blocks.")
	if err != nil {
		return n, err
	}
	normed := 0
	for b := range blocks {
		block := fmt.Sprintf("%sblocks.%d.", prefix, b)
		norms := [2]*normalization{}
		for l := range norms {
			if norms[l], err = r.batchNorm(fmt.Sprintf("%sbatch_norm_layers.%d", block, l), first.out); err != nil {
				return n, err
			}
			if norms[l] != nil {
				normed++
			}
			c, err := r.convolution(fmt.Sprintf("%sconv_layers.%d", block, l), first.out, first.out, 3, true)
			if err != nil {
				return n, err
			}
			n.layers = append(n.layers, c)
		}
		inner := len(n.layers) - 2
		n.layers[inner] = n.layers[inner].before(norms[1])
		n.norms = append(n.norms, norms[0])
		if context > 0 {
			gate, err := r.convolution(block+"context_layer", context, first.out, 1, true)
			if err != nil {
				return n, err
			}
			n.gates = append(n.gates, gate)
		}
	}
	switch normed {
	case 0:
		n.norms = nil
	case 2 * blocks:
	default:
		return n, fmt.Errorf("tensors %sblocks.…: some layers have a batch norm before them, and some have none", prefix)
	}
	last, err := r.convolution(prefix+"final_layer", first.out, -1, 1, true)
	n.layers = append(n.layers, last)
	return n, err
}

// nflowsConvolutionCoupling adds a coupling of images.
func (r *reader) nflowsConvolutionCoupling(prefix string, kept, changed []int, o Options, tailBound float64, inverse bool) error {
	net := prefix + "transform_net."
	n, err := r.convolutionNet(net, len(kept), o)
	if err != nil {
		return err
	}
	outputs := n.layers[len(n.layers)-1].out
	if len(changed) == 0 || outputs%len(changed) != 0 {
		return fmt.Errorf("tensors %s… have %d outputs, which are no multiple of the %d features that are changed", net, outputs, len(changed))
	}
	if o.ScaleMap == "general" {
		return r.layerError(prefix, fmt.Errorf(`"scale_map" general is not supported with a ConvResidualNet`))
	}
	u, err := o.nflowsCouplingUnivariate(outputs/len(changed), n.layers[0].out, tailBound, nflows)
	if err != nil {
		return r.layerError(prefix, err)
	}
	if inverse {
		if err := r.unconditionalSites(prefix+"unconditional_transform.", kept, o, tailBound, true); err != nil {
			return err
		}
	}
	r.convolutionCoupling(changed, kept, n, u.Univariate, u.layout, inverse)
	if inverse {
		return nil
	}
	return r.unconditionalSites(prefix+"unconditional_transform.", kept, o, tailBound, false)
}

// unconditionalSites adds, if it is there, the spline that maps what a coupling keeps
// by constants of each pixel: tensors [features, H, W, …].
func (r *reader) unconditionalSites(prefix string, kept []int, o Options, tailBound float64, inverse bool) error {
	if !r.any(prefix) {
		return nil
	}
	var parts [3][]float32
	var columns [3]int
	for i, name := range []string{"unnormalized_widths", "unnormalized_heights", "unnormalized_derivatives"} {
		t, err := r.tensor(prefix + name)
		if err != nil {
			return err
		}
		if want := append([]int{len(kept)}, r.grid...); len(t.Shape) != len(want)+1 || !slices.Equal(t.Shape[:len(want)], want) {
			return fmt.Errorf("tensor %s%s has shape %v, want %v and the parameters of a pixel: is img_shape the height and the width there?", prefix, name, t.Shape, want)
		}
		parts[i], columns[i] = t.Values, t.Shape[len(t.Shape)-1]
	}
	u, err := o.spline(columns[0]+columns[1]+columns[2], 1, tailBound)
	if err != nil {
		return fmt.Errorf("tensor %sunnormalized_derivatives: %w", prefix, err)
	}
	if bins := u.Univariate.(*autograd.Spline).Rule.Bins; bins != columns[0] || bins != columns[1] {
		return fmt.Errorf("tensor %sunnormalized_derivatives has %d columns, which do not go with %d and %d bins", prefix, columns[2], columns[0], columns[1])
	}
	sites := r.builder.shape().Sites()
	return r.ofSites(kept, u.Univariate, 0, func(p, feature, site, _ int) float64 {
		part := 0
		for p >= columns[part] {
			p -= columns[part]
			part++
		}
		return float64(parts[part][(feature*sites+site)*columns[part]+p])
	}, inverse)
}
