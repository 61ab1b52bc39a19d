package interop

import "fmt"

// madeRules is in what the MADEs of nflows and normflows differ, which have the
// same tensors.
type madeRules struct {
	// activated tells that the activation is applied to the context before it is
	// added to the first layer, and in a feed-forward network to their sum.
	activated bool
	// gated tells that a block's context gates it; otherwise it is added after
	// the first layer of the block.
	gated bool
}

// made reads a MADE.
func (s *stateDict) made(prefix string, features, context int, o Options, rules madeRules) (n network, err error) {
	act, err := o.activation()
	if err != nil {
		return n, err
	}
	if s.any(prefix + "preprocessing.") {
		return n, fmt.Errorf("tensors %spreprocessing.… make periodic features (sines and cosines) for circular splines, which are not supported", prefix)
	}
	first, err := s.dense(prefix+"initial_layer", features, -1)
	if err != nil {
		return n, err
	}
	ofContext, err := s.contextLayer(prefix+"context_layer", context, first.out)
	if err != nil {
		return n, err
	}
	if context > 0 && ofContext == nil {
		return n, fmt.Errorf(`tensor %scontext_layer.weight is missing: the config has a "context" of %d, but this layer looks at none`, prefix, context)
	}
	r := residualNet{features: features, context: context, activation: act, first: first}
	if rules.activated {
		r.activated = ofContext
	} else if ofContext != nil {
		r.besideFeatures()
		r.first.paste(0, features, *ofContext, nil)
	}
	blocks, err := s.consecutive(prefix + "blocks.")
	if err != nil {
		return n, err
	}
	last, err := s.dense(prefix+"final_layer", -1, -1)
	if err != nil {
		return n, err
	}
	feedForward := s.any(prefix + "blocks.0.linear.")
	if blocks == 0 && rules.activated {
		if o.ResidualBlocks == nil {
			return n, fmt.Errorf(`the network %s… has no blocks, so the weights do not tell whether it is residual: say "residual_blocks": true or false in the config, as use_residual_blocks was`, prefix)
		}
		feedForward = !*o.ResidualBlocks
	}
	if feedForward {
		return s.feedForward(prefix, r, blocks, last, rules)
	}
	for b := range blocks {
		name := fmt.Sprintf("%sblocks.%d.", prefix, b)
		block, err := s.residualBlock(name, first.out)
		if err != nil {
			return n, err
		}
		inBlock, err := s.contextLayer(name+"context_layer", context, first.out)
		if err != nil {
			return n, err
		}
		if rules.gated {
			block.gate = inBlock
		} else {
			block.innerContext = inBlock
		}
		r.blocks = append(r.blocks, block)
	}
	if err := allGated(prefix, r.blocks); err != nil {
		return n, err
	}
	if last.in != first.out {
		return n, fmt.Errorf("tensor %sfinal_layer.weight has %d inputs, want %d", prefix, last.in, first.out)
	}
	r.last = last
	if r.activated != nil {
		if !r.normed() {
			return r.encoded(), nil
		}
		r.besideFeatures()
	}
	return r.network()
}

// besideFeatures makes room for the context in the first layer.
func (r *residualNet) besideFeatures() {
	wide := newMasked(r.features+r.context, r.first.out)
	wide.paste(0, 0, r.first, nil)
	r.first = wide
}

// feedForward reads the blocks of a feed-forward MADE.
func (s *stateDict) feedForward(prefix string, r residualNet, blocks int, last dense, rules madeRules) (n network, err error) {
	var layers []dense
	width := r.first.out
	for b := range blocks {
		name := fmt.Sprintf("%sblocks.%d.", prefix, b)
		norm, err := s.batchNorm(name+"batch_norm", width)
		if err != nil {
			return n, err
		}
		d, err := s.dense(name+"linear", width, -1)
		if err != nil {
			return n, err
		}
		layers = append(layers, d.after(norm))
		width = d.out
	}
	if last.in != width {
		return n, fmt.Errorf("tensor %sfinal_layer.weight has %d inputs, want %d", prefix, last.in, width)
	}
	n = network{features: r.features, context: r.context, activation: r.activation, encoder: r.activated}
	if rules.activated {
		n.layers = append(append([]dense{r.first}, layers...), last)
		return n, nil
	}
	// There is no activation between the first layer and the next.
	behind := append(layers, last)
	n.layers = append([]dense{compose(behind[0], r.first)}, behind[1:]...)
	return n, nil
}
