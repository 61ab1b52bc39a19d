package interop

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// nflows reads a Flow of nflows, whose transform leads from data to noise.
func (r *reader) nflows() error {
	if !r.any("_transform.") {
		return r.notThere("_transform.…", "an nflows Flow")
	}
	if err := r.nflowsTransform("_transform.", "", false); err != nil {
		return err
	}
	return r.nflowsBase()
}

// nflowsBase reads the base: a StandardNormal has no tensors.
func (r *reader) nflowsBase() error {
	const at = "_distribution."
	r.ignore(at + "_log_z")
	switch {
	case r.any(at + "_context_encoder."):
		return r.conditionalNormal(at + "_context_encoder.")
	case r.any(at + "_made."):
		return fmt.Errorf("tensors %s_made.… are a MADEMoG, an autoregressive mixture of normals (sbi's \"made\"), which is not supported", at)
	case !r.any(at + "mean_"):
		return nil
	case r.dialect.Image != nil:
		return fmt.Errorf("tensors %smean_ and log_std_ are of a DiagonalNormal, which differs from pixel to pixel; on images a StandardNormal is supported", at)
	}
	mean, err := r.stateDict.vector(at+"mean_", r.builder.features)
	if err != nil {
		return err
	}
	logStd, err := r.stateDict.vector(at+"log_std_", r.builder.features)
	if err != nil {
		return err
	}
	return r.normalBase(widen(mean), widen(logStd))
}

// conditionalNormal reads a ConditionalDiagonalNormal, whose context encoder
// gives the means and then the log standard deviations of all features. It
// becomes one more layer, from a standard normal base.
func (r *reader) conditionalNormal(prefix string) error {
	d := r.dialect
	if d.Context == 0 {
		return fmt.Errorf(`tensors %s… look at a context, but the config has no "context"`, prefix)
	}
	n := network{context: d.Context}
	if name := strings.TrimSuffix(prefix, "."); r.has(prefix + "weight") {
		one, err := r.stateDict.dense(name, d.Context, 2*d.Features)
		if err != nil {
			return err
		}
		n.layers = []dense{one}
	} else {
		act, err := d.activation()
		if err != nil {
			return err
		}
		if n, err = r.sequential(prefix, 0, d.Context, act); err != nil {
			return err
		}
		if out := n.layers[len(n.layers)-1].out; out != 2*d.Features {
			return fmt.Errorf("tensors %s… have %d outputs, want a mean and a log standard deviation for each of %d features", prefix, out, d.Features)
		}
	}
	r.coupling(r.all(), nil, n, &autograd.Affine{Scale: autograd.Exp}, shiftsAndScales, true)
	return nil
}

// nflowsTransform reads the transform below a prefix. path is where it stands
// in the nested lists, as the keys of Dialect.Layers say it.
func (r *reader) nflowsTransform(prefix, path string, inverse bool) error {
	name := strings.TrimSuffix(path, ".")
	o := r.dialect.layer(name)
	switch {
	case r.dialect.Layers[name].Kind == "multiscale":
		return r.nflowsMultiscale(prefix, path, inverse)
	case r.any(prefix + "_transforms."):
		return r.list(prefix+"_transforms.", path, inverse, func(prefix, name string) error {
			return r.nflowsTransform(prefix, name+".", inverse)
		})
	case r.any(prefix + "_transform."):
		return r.nflowsTransform(prefix+"_transform.", path, !inverse)
	case r.has(prefix + "_permutation"):
		order, err := r.permutation(prefix+"_permutation", r.builder.features)
		if err != nil {
			return err
		}
		r.permute(order, inverse)
		return nil
	case r.any(prefix+"transformer.integrand_net.") || r.any(prefix+"integrand_net."):
		return fmt.Errorf("the layer %s integrates a network (UMNN: MaskedUMNNAutoregressiveTransform, UMNNCouplingTransform), which is not supported", strings.TrimSuffix(prefix, "."))
	case r.any(prefix + "autoregressive_net."):
		return r.nflowsAutoregressive(prefix, o, inverse)
	case r.has(prefix + "transform_features"):
		return r.nflowsCoupling(prefix, o, 1, inverse, nflows)
	case r.has(prefix + "permutation._permutation"):
		return r.oneByOne(prefix, o, inverse)
	case r.has(prefix + "lower_entries"):
		return r.lu(r.stateDict, prefix, or(o.LUEpsilon, 1e-3), inverse)
	case r.has(prefix + "q_vectors"):
		return r.householder(r.stateDict, prefix+"q_vectors", inverse)
	case r.has(prefix + "unconstrained_weight"):
		return r.batchNormLayer(r.stateDict, prefix, or(o.BatchNormEpsilon, 1e-5), inverse)
	case r.has(prefix + "log_scale"):
		r.ignore(prefix + "initialized") // a flow in evaluation takes the values as they are
		return r.constants(r.stateDict, prefix+"log_scale", prefix+"shift", inverse)
	case r.has(prefix + "_scale"):
		return r.pointwise(r.stateDict, prefix+"_scale", prefix+"_shift", inverse)
	}
	return r.unknown(prefix)
}

// unknown is the error of a layer whose tensors are of no kind that is known.
func (r *reader) unknown(prefix string) error {
	var names []string
	for name := range r.tensors {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if len(names) == 0 {
		return fmt.Errorf("there are no tensors %s…", prefix)
	}
	return fmt.Errorf("the layer %s is of no kind that is supported; it has %s", strings.TrimSuffix(prefix, "."), listed(names))
}

// nflowsAutoregressive reads a Masked…AutoregressiveTransform.
func (r *reader) nflowsAutoregressive(prefix string, o Options, inverse bool) error {
	n, err := r.made(prefix+"autoregressive_net.", r.builder.features, r.dialect.Context, o, madeRules{activated: true})
	if err != nil {
		return err
	}
	outputs := n.layers[len(n.layers)-1].out
	if outputs%r.builder.features != 0 {
		return fmt.Errorf("tensor %sautoregressive_net.final_layer.weight has %d outputs, which are no multiple of %d features", prefix, outputs, r.builder.features)
	}
	var u univariate
	if total := outputs / r.builder.features; total == 2 {
		if u, err = o.nflowsAffine("autoregressive layers", "softplus or, from before 2020-02, sigmoid", scaleThenShift); err != nil {
			return fmt.Errorf("layer %s: %w", strings.TrimSuffix(prefix, "."), err)
		}
	} else if u, err = o.spline(total, 1, 1); err != nil {
		return fmt.Errorf("tensor %sautoregressive_net.final_layer.weight: %w", prefix, err)
	}
	return r.layerError(prefix, r.autoregressive(n, u.Univariate, u.layout, inverse))
}

func (r *reader) layerError(prefix string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("layer %s: %w", strings.TrimSuffix(prefix, "."), err)
}

// nflowsAffine returns the affine map of a layer.
func (o *Options) nflowsAffine(layer, choices string, l layout) (univariate, error) {
	a := &autograd.Affine{Epsilon: or(o.Epsilon, 1e-3)}
	switch {
	case o.ScaleMap == "softplus" && strings.HasPrefix(choices, "softplus"):
		a.Scale = autograd.Softplus
	case o.ScaleMap == "sigmoid":
		a.Scale = autograd.Sigmoid
	default:
		return univariate{}, needScaleMap(o.ScaleMap, layer, choices)
	}
	return univariate{a, l}, a.Check()
}

// nflowsCoupling reads a coupling of nflows, or one of the splines of normflows
// that were taken from there.
func (r *reader) nflowsCoupling(prefix string, o Options, tailBound float64, inverse bool, library string) error {
	features := r.builder.features
	kept, err := r.indices(prefix+"identity_features", -1, features)
	if err != nil {
		return err
	}
	changed, err := r.indices(prefix+"transform_features", -1, features)
	if err != nil {
		return err
	}
	if both := slices.Concat(kept, changed); len(both) != features || !isPermutation(both) {
		return fmt.Errorf("tensors %sidentity_features and transform_features are %v and %v: want each of 0 to %d in one of them", prefix, kept, changed, features-1)
	}
	net := prefix + "transform_net."
	if r.isConvolutionNet(net) {
		return r.nflowsConvolutionCoupling(prefix, kept, changed, o, tailBound, inverse)
	}
	n, hidden, err := r.conditioner(net, len(kept), r.dialect.Context, o)
	if err != nil {
		return err
	}
	addCoupling := func() error {
		if len(changed) == 0 {
			return nil
		}
		outputs := n.layers[len(n.layers)-1].out
		if outputs%len(changed) != 0 {
			return fmt.Errorf("tensors %s… have %d outputs, which are no multiple of the %d features that are changed", net, outputs, len(changed))
		}
		u, err := o.nflowsCouplingUnivariate(outputs/len(changed), hidden, tailBound, library)
		if err != nil {
			return r.layerError(prefix, err)
		}
		if o.ScaleMap == "general" && u.layout.blocks {
			scales := make([]int, len(changed)) // the second half of the outputs
			for i := range scales {
				scales[i] = len(changed) + i
			}
			if n, err = n.capped(scales, generalLimit(or(o.Epsilon, 1e-3))); err != nil {
				return r.layerError(prefix, err)
			}
		}
		r.coupling(changed, kept, n, u.Univariate, u.layout, inverse)
		return nil
	}
	steps := []func() error{addCoupling}
	if r.any(prefix + "unconditional_transform.") {
		steps = append(steps, func() error {
			return r.unconditional(r.stateDict, prefix+"unconditional_transform.", kept, o, tailBound, inverse)
		})
	}
	if inverse {
		slices.Reverse(steps)
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (o *Options) nflowsCouplingUnivariate(total, hidden int, tailBound float64, library string) (univariate, error) {
	switch {
	case total == 1:
		if o.ScaleMap != "" && o.ScaleMap != "additive" {
			return univariate{}, fmt.Errorf(`"scale_map" is %q, but this layer has one parameter for each feature, as additive ones have`, o.ScaleMap)
		}
		return univariate{&autograd.Additive{}, shiftOnly}, nil
	case total == 2 && o.ScaleMap == "general":
		a := &autograd.Affine{Scale: autograd.Softplus, Epsilon: or(o.Epsilon, 1e-3)}
		return univariate{a, shiftsAndScales}, a.Check()
	case total == 2:
		return o.nflowsAffine("couplings of nflows", "sigmoid (the default), general (GENERAL_SCALE_ACTIVATION of master) or additive", shiftsAndScales)
	}
	divisor := 1.0
	if hidden > 0 {
		divisor = hiddenDivisor(hidden)
	}
	return o.spline(total, divisor, tailBound)
}
