package interop

import (
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// residualPrefix tells whether a ResidualNet of nflows or normflows is there.
func (s *stateDict) isResidualNet(prefix string) bool { return s.any(prefix + "initial_layer.") }

// residualNet reads a ResidualNet, which looks at the features and the context
// together and is gated by the context. It returns the width of its stream.
func (s *stateDict) residualNet(prefix string, features, context int, act autograd.Activation) (n network, hidden int, err error) {
	r := residualNet{features: features, context: context, activation: act}
	if r.first, err = s.lookingAt(prefix+"initial_layer", features, context); err != nil {
		return n, 0, err
	}
	hidden = r.first.out
	blocks, err := s.consecutive(prefix + "blocks.")
	if err != nil {
		return n, 0, err
	}
	for b := range blocks {
		block, err := s.residualBlock(fmt.Sprintf("%sblocks.%d.", prefix, b), hidden)
		if err != nil {
			return n, 0, err
		}
		if block.gate, err = s.contextLayer(fmt.Sprintf("%sblocks.%d.context_layer", prefix, b), context, hidden); err != nil {
			return n, 0, err
		}
		r.blocks = append(r.blocks, block)
	}
	if err := allGated(prefix, r.blocks); err != nil {
		return n, 0, err
	}
	if r.last, err = s.dense(prefix+"final_layer", hidden, -1); err != nil {
		return n, 0, err
	}
	n, err = r.network()
	return n, hidden, err
}

// allGated refuses blocks of which some have a gate and others have none.
func allGated(prefix string, blocks []block) error {
	for b, block := range blocks {
		if with := blocks[0].gate != nil; (block.gate != nil) != with {
			if with {
				return fmt.Errorf("tensor %sblocks.%d.context_layer.weight is missing: the context gates block 0", prefix, b)
			}
			return fmt.Errorf("tensor %sblocks.0.context_layer.weight is missing: the context gates block %d", prefix, b)
		}
	}
	return nil
}

// lookingAt reads a layer that looks at the features, or at the features and
// the context behind them.
func (s *stateDict) lookingAt(name string, features, context int) (dense, error) {
	d, err := s.dense(name, -1, -1)
	if err != nil {
		return d, err
	}
	return d.lookingAt(name, features, context)
}

func (d dense) lookingAt(name string, features, context int) (dense, error) {
	switch d.in {
	case features + context:
		return d, nil
	case features:
		wide := newMasked(features+context, d.out)
		wide.paste(0, 0, d, nil)
		return wide, nil
	}
	return d, fmt.Errorf("tensor %s.weight has %d inputs, want %d features and a context of %d: is \"context\" right in the config?", name, d.in, features, context)
}

// contextSplineMap reads the network that sbi has for one feature: a Sequential
// of linear layers and ReLU, of the context alone. Splines divide by the width
// of its first layer.
func (s *stateDict) contextSplineMap(prefix string, features, context int) (n network, hidden int, err error) {
	if features > 0 {
		return n, 0, fmt.Errorf("tensors %s… look at the context alone, but the coupling has %d features to look at", prefix, features)
	}
	if context == 0 {
		return n, 0, fmt.Errorf(`tensors %s… look at a context, but the config has no "context"`, prefix)
	}
	relu, err := newActivation("relu", 0)
	if err != nil {
		return n, 0, err
	}
	if n, err = s.sequential(prefix, 0, context, relu); err != nil {
		return n, 0, err
	}
	return n, n.layers[0].out, nil
}

// residualBlock reads the two layers of a block, and its batch norms.
func (s *stateDict) residualBlock(prefix string, width int) (b block, err error) {
	if b.norm, err = s.batchNorm(prefix+"batch_norm_layers.0", width); err != nil {
		return b, err
	}
	if b.inner, err = s.dense(prefix+"linear_layers.0", width, -1); err != nil {
		return b, err
	}
	if b.innerNorm, err = s.batchNorm(prefix+"batch_norm_layers.1", b.inner.out); err != nil {
		return b, err
	}
	b.outer, err = s.dense(prefix+"linear_layers.1", b.inner.out, width)
	return b, err
}

// contextLayer reads a layer of the context, which is absent in a network
// without.
func (s *stateDict) contextLayer(name string, context, out int) (*dense, error) {
	if !s.any(name + ".") {
		return nil, nil
	}
	if context == 0 {
		return nil, fmt.Errorf(`tensor %s.weight looks at a context, but the config has no "context"`, name)
	}
	d, err := s.dense(name, context, out)
	return &d, err
}

// networkBatchNormEpsilon is that of batch norms inside networks.
const networkBatchNormEpsilon = 1e-3

// batchNorm reads a BatchNorm1d as it is in evaluation, or nil where there is
// none.
func (s *stateDict) batchNorm(name string, width int) (*normalization, error) {
	if !s.any(name + ".") {
		return nil, nil
	}
	var v [4][]float32
	for i, part := range []string{".weight", ".bias", ".running_mean", ".running_var"} {
		var err error
		if v[i], err = s.vector(name+part, width); err != nil {
			return nil, err
		}
	}
	s.ignore(name + ".num_batches_tracked")
	a := &normalization{make([]float64, width), make([]float64, width)}
	for i := range width {
		if v[3][i] < 0 {
			return nil, fmt.Errorf("tensor %s.running_var: value %d is %v, which is no variance", name, i, v[3][i])
		}
		a.scale[i] = float64(v[0][i]) / math.Sqrt(float64(v[3][i])+networkBatchNormEpsilon)
		a.shift[i] = float64(v[1][i]) - float64(a.scale[i]*float64(v[2][i]))
	}
	return a, nil
}

// sequential reads a Sequential of linear layers with the activation between
// them, which have biases all or none.
func (s *stateDict) sequential(prefix string, features, context int, act autograd.Activation) (network, error) {
	n := network{features: features, context: context, activation: act}
	numbers := s.numbered(prefix)
	if len(numbers) == 0 {
		return n, fmt.Errorf("tensor %s0.weight is missing", prefix)
	}
	read := s.unbiased
	for _, number := range numbers {
		if s.has(fmt.Sprintf("%s%d.bias", prefix, number)) {
			read = s.dense
		}
	}
	width := -1
	for i, number := range numbers {
		name := fmt.Sprintf("%s%d", prefix, number)
		d, err := read(name, width, -1)
		if err == nil && i == 0 {
			d, err = d.lookingAt(name, features, context)
		}
		if err != nil {
			return n, err
		}
		n.layers = append(n.layers, d)
		width = d.out
	}
	return n, nil
}

// conditioner reads the network of a coupling, of either kind. hidden is the
// width that splines divide by, or 0 where they do not.
func (s *stateDict) conditioner(prefix string, features, context int, o Options) (n network, hidden int, err error) {
	act, err := o.activation()
	if err != nil {
		return n, 0, err
	}
	if s.any(prefix + "preprocessing.") {
		return n, 0, fmt.Errorf("tensors %spreprocessing.… make periodic features (sines and cosines) for a circular spline, which are not supported", prefix)
	}
	if s.isResidualNet(prefix) {
		return s.residualNet(prefix, features, context, act)
	}
	if len(s.numbered(prefix+"spline_predictor.")) > 0 {
		return s.contextSplineMap(prefix+"spline_predictor.", features, context)
	}
	if len(s.numbered(prefix+"net.")) > 0 {
		prefix += "net."
	}
	if len(s.numbered(prefix)) == 0 {
		return n, 0, fmt.Errorf("tensors %s… are of no network that is known: a ResidualNet, or a Sequential of Linear layers", prefix)
	}
	n, err = s.sequential(prefix, features, context, act)
	return n, 0, err
}
