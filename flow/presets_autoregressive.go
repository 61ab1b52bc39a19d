package flow

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// MAF is masked autoregressive flow (Papamakarios, Pavlakou and Murray, 2017):
// affine autoregressive layers with bounded scales. A density costs one pass of
// each network, and so, about, does a sample.
//
// By default it is the paper's MAF (5): five layers, the order of the features
// reversed between them, networks of two hidden layers of 100 units as for
// POWER (for BSDS300 it had 512). The paper also put a batch normalization
// after each layer: [Options].BatchNorm.
func MAF(features, context []string, o Options) (Config, error) {
	return affineAutoregressive(features, context, o, func(s transform.Spec) transform.Spec { return s })
}

// IAF is inverse autoregressive flow (Kingma et al., 2016), layers of MAF used
// the other way round. Both directions cost about one pass, but it is samples
// that are computed by whole layers, as MAF's densities are. The paper reverses
// the order between layers, as the default does; its networks and scale map
// (a gate) varied, so the other defaults are those of MAF. With Bins the layers are
// the splines of [NSFAutoregressive] in the place of affine maps, on a box of
// ±Bound, 3 unless it is set.
func IAF(features, context []string, o Options) (Config, error) {
	invert := func(s transform.Spec) transform.Spec { return &transform.InvertSpec{Transform: s} }
	if o.Bins == 0 {
		return affineAutoregressive(features, context, o, invert)
	}
	if o.Bound == 0 {
		o.Bound = Defaults(PresetNSFAutoregressive).Bound
	}
	o.fill(PresetIAF)
	return autoregressiveLayers(features, context, o, autograd.NewSpline(o.Bins, o.Bound), invert)
}

func affineAutoregressive(features, context []string, o Options, wrap func(transform.Spec) transform.Spec) (Config, error) {
	if o.Bins != 0 {
		return Config{}, errNoBins
	}
	o.fill(PresetMAF)
	return autoregressiveLayers(features, context, o, &autograd.Affine{Bound: o.Bound}, wrap)
}

// autoregressiveLayers takes options that are filled.
func autoregressiveLayers(features, context []string, o Options, u autograd.Univariate, wrap func(transform.Spec) transform.Spec) (Config, error) {
	if o.Masks != "" {
		return Config{}, fmt.Errorf("autoregressive layers have no masks to choose; they take a permutation")
	}
	if o.Components != 0 {
		return Config{}, errNoComponents
	}
	if o.Degree != 0 {
		return Config{}, errNoDegree
	}
	n := len(features)
	if err := (transform.Shape{Features: n}).Check(); err != nil {
		return Config{}, err
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	units := make([][]int, len(o.Hidden))
	for l, width := range o.Hidden {
		if width < 1 || width > nn.MaxWidth {
			return Config{}, fmt.Errorf("hidden layer %d has width %d, want 1 to %d", l, width, nn.MaxWidth)
		}
		units[l] = nn.EvenUnits(n, width, len(context) > 0)
	}
	return layers(features, context, o, func(bool) (transform.Spec, error) {
		return wrap(&transform.AutoregressiveSpec{
			Order:       order,
			Univariate:  u,
			Conditioner: nn.MADESpec{Units: units, Residual: o.Residual},
		}), nil
	})
}
