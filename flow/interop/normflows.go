package interop

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// normflows reads a NormalizingFlow. Its flows lead from noise to data, the
// first one first.
func (r *reader) normflows() error {
	if !r.any("flows.") {
		return r.notThere("flows.…", "a normflows NormalizingFlow")
	}
	if r.isMultiscale() {
		if r.grid == nil {
			return fmt.Errorf(`tensors q0.0.… are of a MultiscaleFlow: say the height and width of its images in the config, "image": [H, W]`)
		}
		return r.multiscale()
	}
	if r.grid != nil {
		return fmt.Errorf(`the config has an "image", but there are no tensors q0.0.…, as a MultiscaleFlow has; other flows of images are not supported`)
	}
	if err := r.list("flows.", "", true, r.normflowsFlow); err != nil {
		return err
	}
	for name := range r.tensors {
		if strings.HasPrefix(name, "p.") {
			r.ignore(name) // the distribution that the model was to learn
		}
	}
	if !r.any("q0.") {
		return nil
	}
	if r.has("q0.weight_scores") {
		return r.gaussianMixture("q0.")
	}
	if !r.has("q0.loc") || !r.has("q0.log_scale") {
		return fmt.Errorf("tensors q0.… are of no base that is supported: a DiagGaussian has q0.loc and q0.log_scale, a GaussianMixture also q0.weight_scores")
	}
	mean, err := r.stateDict.vector("q0.loc", r.builder.features)
	if err != nil {
		return err
	}
	logStd, err := r.stateDict.vector("q0.log_scale", r.builder.features)
	if err != nil {
		return err
	}
	return r.normalBase(widen(mean), widen(logStd))
}

// normflowsTailBound is the default of the spline flows.
const normflowsTailBound = 3

// normflowsFlow reads one flow and adds its way from data to noise, which
// normflows calls inverse.
func (r *reader) normflowsFlow(prefix, name string) error {
	o := r.dialect.layer(name)
	switch {
	case r.any(prefix + "prqct."):
		return r.nflowsCoupling(prefix+"prqct.", o, normflowsTailBound, false, normflows)
	case r.any(prefix + "mprqat."):
		return r.normflowsSpline(prefix+"mprqat.", o)
	case r.any(prefix + "autoregressive_net."):
		return r.normflowsAutoregressive(prefix, o)
	case r.any(prefix + "flows.1.param_map."):
		return r.normflowsCouplingBlock(prefix, o)
	case r.has(prefix + "b"):
		return r.normflowsMasked(prefix, o)
	case r.has(prefix + "inv_perm"):
		order, err := r.permutation(prefix+"inv_perm", r.builder.features)
		if err != nil {
			return err
		}
		r.ignore(prefix + "perm")
		r.permute(order, false)
		return nil
	case r.has(prefix + "permutation._permutation"):
		order, err := r.permutation(prefix+"permutation._permutation", r.builder.features)
		if err != nil {
			return err
		}
		r.permute(order, false)
		return r.lu(r.stateDict, prefix+"linear.", or(o.LUEpsilon, 1e-3), false)
	case r.has(prefix + "log_S"):
		return r.invertibleAffine(prefix)
	case r.has(prefix + "W"):
		return r.naiveAffine(prefix + "W")
	case r.has(prefix+"s") && !r.has(prefix+"s_cc"):
		return r.normflowsConstants(prefix)
	case r.has(prefix + "eps"):
		return fmt.Errorf("the flow %s is a BatchNorm of normflows, whose density depends on the other rows of a batch and which has no inverse; it is not supported", strings.TrimSuffix(prefix, "."))
	}
	return r.unknown(prefix)
}

// normflowsConstants reads an ActNorm or an AffineConstFlow.
func (r *reader) normflowsConstants(prefix string) error {
	if err := r.begun(prefix); err != nil {
		return err
	}
	return r.constants(r.stateDict, prefix+"s", prefix+"t", true)
}

// begun refuses an ActNorm that has not seen data yet.
func (r *reader) begun(prefix string) error {
	done := prefix + "data_dep_init_done"
	if !r.has(done) {
		return nil
	}
	v, err := r.scalar(done)
	if err == nil && v == 0 {
		err = fmt.Errorf("tensor %s is 0: this ActNorm would take its values from the first rows that it sees; let it see some, and save the model again", done)
	}
	return err
}

// normflowsAutoregressive reads a MaskedAffineAutoregressive, whose network
// looks at the noise: its density needs the features one after the other.
func (r *reader) normflowsAutoregressive(prefix string, o Options) error {
	if o.ScaleMap != "" && o.ScaleMap != "sigmoid" {
		return fmt.Errorf(`layer %s: "scale_map" is %q, but in normflows autoregressive layers always have sigmoid`, strings.TrimSuffix(prefix, "."), o.ScaleMap)
	}
	n, err := r.made(prefix+"autoregressive_net.", r.builder.features, r.dialect.Context, o, madeRules{gated: true})
	if err != nil {
		return err
	}
	if outputs := n.layers[len(n.layers)-1].out; outputs != 2*r.builder.features {
		return fmt.Errorf("tensor %sautoregressive_net.final_layer.weight has %d outputs, want 2 for each of %d features", prefix, outputs, r.builder.features)
	}
	a := &autograd.Affine{Scale: autograd.Sigmoid, Epsilon: or(o.Epsilon, 1e-3)}
	return r.layerError(prefix, r.autoregressive(n, a, scaleThenShift, true))
}

// normflowsSpline reads an AutoregressiveRationalQuadraticSpline, whose network
// looks at the data.
func (r *reader) normflowsSpline(prefix string, o Options) error {
	n, err := r.made(prefix+"autoregressive_net.", r.builder.features, r.dialect.Context, o, madeRules{gated: true})
	if err != nil {
		return err
	}
	outputs := n.layers[len(n.layers)-1].out
	if outputs%r.builder.features != 0 {
		return fmt.Errorf("tensor %sautoregressive_net.final_layer.weight has %d outputs, which are no multiple of %d features", prefix, outputs, r.builder.features)
	}
	u, err := o.spline(outputs/r.builder.features, 1, normflowsTailBound)
	if err != nil {
		return fmt.Errorf("tensor %sautoregressive_net.final_layer.weight: %w", prefix, err)
	}
	return r.layerError(prefix, r.autoregressive(n, u.Univariate, u.layout, false))
}

// normflowsScaleMap returns the map of an affine coupling from noise to data.
func (o *Options) normflowsScaleMap(total int) (univariate, error) {
	if total == 1 {
		if o.ScaleMap != "" && o.ScaleMap != "additive" {
			return univariate{}, fmt.Errorf(`"scale_map" is %q, but this layer has one parameter for each feature, as those with scale=False have`, o.ScaleMap)
		}
		return univariate{&autograd.Additive{}, shiftOnly}, nil
	}
	a := &autograd.Affine{}
	switch o.ScaleMap {
	case "exp":
		a.Scale = autograd.Exp
	case "sigmoid":
		a.Scale = autograd.SigmoidReciprocal
	case "sigmoid_inv":
		a.Scale = autograd.Sigmoid
	default:
		return univariate{}, needScaleMap(o.ScaleMap, "affine couplings of normflows", "exp (the default), sigmoid or sigmoid_inv")
	}
	return univariate{a, shiftThenScale}, nil
}

// normflowsCouplingBlock reads an AffineCouplingBlock.
func (r *reader) normflowsCouplingBlock(prefix string, o Options) error {
	kept, changed, err := split(r.builder.features, o.splitMode())
	if err != nil {
		return r.layerError(prefix, err)
	}
	net := prefix + "flows.1.param_map."
	n, _, err := r.conditioner(net, len(kept), 0, o)
	if err != nil {
		if len(kept) != len(changed) {
			return fmt.Errorf(`%w; or "split_mode", which decides how many features the network sees: here %d of %d with %q`, err, len(kept), r.builder.features, o.splitMode())
		}
		return err
	}
	n = n.withContext(r.dialect.Context)
	outputs := n.layers[len(n.layers)-1].out
	if outputs != len(changed) && outputs != 2*len(changed) {
		return fmt.Errorf(`tensors %s… have %d outputs, want 1 or 2 for each of the %d features that are changed: is "split_mode" right in the config?`, net, outputs, len(changed))
	}
	u, err := o.normflowsScaleMap(outputs / len(changed))
	if err != nil {
		return r.layerError(prefix, err)
	}
	r.coupling(changed, kept, n, u.Univariate, u.layout, true)
	return nil
}

// withContext returns the network with a context that it does not look at.
func (n network) withContext(context int) network {
	if context == 0 {
		return n
	}
	places := make([]int, n.features)
	for i := range places {
		places[i] = i
	}
	n = n.inputs(places, n.features+context)
	n.context = context
	return n
}

// splitMode is the mode, or the library's default.
func (o *Options) splitMode() string {
	if o.SplitMode == "" {
		return "channel"
	}
	return o.SplitMode
}

// split returns the features that a coupling block keeps and changes.
func split(features int, mode string) (kept, changed []int, err error) {
	for f := range features {
		var keeps bool
		switch mode {
		case "channel":
			keeps = f < (features+1)/2
		case "channel_inv":
			keeps = f >= (features+1)/2
		case "checkerboard":
			keeps = f%2 == 1
		case "checkerboard_inv":
			keeps = f%2 == 0
		default:
			return nil, nil, fmt.Errorf(`"split_mode" is %q, want channel, channel_inv, checkerboard or checkerboard_inv`, mode)
		}
		if keeps {
			kept = append(kept, f)
		} else {
			changed = append(changed, f)
		}
	}
	if len(changed) == 0 {
		return nil, nil, fmt.Errorf("a coupling block of %d features changes none", features)
	}
	return kept, changed, nil
}

// normflowsMasked reads a MaskedAffineFlow: b marks the features that are kept,
// and two networks, of which either may be absent, compute log-scales and
// shifts of all features.
func (r *reader) normflowsMasked(prefix string, o Options) error {
	mask, err := r.indices(prefix+"b", r.builder.features, 2)
	if err != nil {
		return err
	}
	var kept, changed []int
	for f, keeps := range mask {
		if keeps == 1 {
			kept = append(kept, f)
		} else {
			changed = append(changed, f)
		}
	}
	if len(changed) == 0 {
		return nil
	}
	var nets []network
	for _, name := range []string{"s.", "t."} {
		if !r.any(prefix + name) {
			continue
		}
		n, _, err := r.conditioner(prefix+name, r.builder.features, 0, o)
		if err != nil {
			return err
		}
		if outputs := n.layers[len(n.layers)-1].out; outputs != r.builder.features {
			return fmt.Errorf("tensors %s%s… have %d outputs, want %d", prefix, name, outputs, r.builder.features)
		}
		factors := slices.Repeat([]float64{1}, len(changed))
		nets = append(nets, n.outputs(changed, factors).onlyOf(kept))
	}
	if len(nets) == 0 {
		return nil // it is the identity
	}
	n, err := alongside(nets)
	if err != nil {
		return r.layerError(prefix, err)
	}
	n = n.withContext(r.dialect.Context)
	scales, shifts := r.any(prefix+"s."), r.any(prefix+"t.")
	a := &autograd.Affine{Scale: autograd.Exp}
	l := layout{total: 2, blocks: true, params: []int{0, 1}}
	switch {
	case !scales:
		r.coupling(changed, kept, n, &autograd.Additive{}, shiftOnly, true)
	case !shifts:
		l.params, l.factors = []int{0, 0}, []float64{1, 0}
		r.coupling(changed, kept, n, a, l, true)
	default:
		r.coupling(changed, kept, n, a, l, true)
	}
	return nil
}

// onlyOf returns the network of the given inputs, the others being 0.
func (n network) onlyOf(kept []int) network {
	first := n.layers[0]
	all := make([]int, first.out)
	for i := range all {
		all[i] = i
	}
	n.layers = append([]dense{first.rearranged(all, kept)}, n.layers[1:]...)
	n.features = len(kept)
	return n
}

// alongside makes one network of several that look at the same inputs.
func alongside(nets []network) (network, error) {
	n := nets[0]
	for _, other := range nets[1:] {
		if n.residual || other.residual || len(n.layers) != len(other.layers) {
			return n, fmt.Errorf("its networks s and t are of different depth, or residual, which is not supported")
		}
		layers := make([]dense, len(n.layers))
		for i := range layers {
			layers[i] = besides(n.layers[i], other.layers[i], i > 0)
		}
		n.layers = layers
	}
	return n, nil
}
