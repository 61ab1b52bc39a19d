package interop

import (
	"fmt"
	"strings"
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
	if r.any(prefix + "unconditional_transform.") {
		return r.layerError(prefix, fmt.Errorf("apply_unconditional_transform on images, which has parameters of each pixel, is not supported"))
	}
	r.convolutionCoupling(changed, kept, n, u.Univariate, u.layout, inverse)
	return nil
}
