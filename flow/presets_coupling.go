package flow

import (
	"errors"
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// RealNVP is affine couplings with bounded scales (Dinh, Sohl-Dickstein and
// Bengio, 2017). The paper's flows are convolutional, of images; the defaults,
// eight couplings with two hidden layers of 128 units, are nf's own for tables.
func RealNVP(features, context []string, o Options) (Config, error) {
	if o.Bins != 0 {
		return Config{}, errNoBins
	}
	o.fill(PresetRealNVP)
	return couplings(features, context, o, &autograd.Affine{Bound: o.Bound})
}

// NICE is additive couplings and, at the end, one learned scale for each
// feature (Dinh, Krueger and Bengio, 2015). Each scale lies within e^±8. The
// paper's four couplings have networks of up to 5,000 units for images; the
// defaults are those of [RealNVP], and the base is a normal one unless
// [Options].Base says otherwise.
func NICE(features, context []string, o Options) (Config, error) {
	if o.Bound != 0 {
		return Config{}, fmt.Errorf("nice has no scale map to bound")
	}
	if o.Bins != 0 {
		return Config{}, errNoBins
	}
	o.fill(PresetNICE)
	c, err := couplings(features, context, o, &autograd.Additive{})
	scaling := &transform.ElementwiseSpec{Univariate: &autograd.Affine{Bound: 8}}
	c.Transforms = append(c.Transforms, scaling)
	return c, err
}

// FlowPP is Flow++ (Ho, Chen, Srinivas, Duan and Abbeel, 2019), couplings whose
// univariate is the distribution function of a mixture of logistic densities, the
// logit of it, and behind that an affine map:
//
//	y = logit(Σ_j w_j·σ((x − μ_j)/h_j))·exp(s) + t
//
// The paper's flows are convolutional, of images: see [FlowPPImage]. The
// defaults, eight couplings of 8 components, are nf's own for tables. Bound is that of
// log h. The inverse takes some six evaluations of the mixtures.
func FlowPP(features, context []string, o Options) (Config, error) {
	switch {
	case o.Bins != 0:
		return Config{}, errNoBins
	case o.Components < 0 || o.Components > autograd.MaxComponents:
		return Config{}, fmt.Errorf("%d components: want 1 to %d", o.Components, autograd.MaxComponents)
	}
	o.fill(PresetFlowPP)
	u := mixtureAndAffine(o.Components, o.Bound)
	o.Components = 0 // they are u's
	return couplings(features, context, o, u)
}

// affineBound is that of the affine map of Flow++.
const affineBound = 2

// mixtureAndAffine is the univariate of Flow++.
func mixtureAndAffine(components int, bound float64) autograd.Univariate {
	return &autograd.Composed{
		First:  &autograd.LogisticMixture{Components: components, Bound: bound, Weights: true, Logit: true, Spread: 1},
		Second: &autograd.Affine{Bound: affineBound},
	}
}

var errNoBins = errors.New("this family has no bins; those are the splines' of nsf, nsf-ar and iaf")

var errNoComponents = errors.New("this family has no mixtures of components; those are of gaussianization, naf and flow++")

var errNoDegree = errors.New("this family has no polynomials; those are of sos and bernstein")

// couplings takes options that are filled.
func couplings(features, context []string, o Options, u autograd.Univariate) (Config, error) {
	if o.Residual {
		return Config{}, fmt.Errorf("couplings have no residual conditioners")
	}
	if o.Components != 0 {
		return Config{}, errNoComponents
	}
	if o.Degree != 0 {
		return Config{}, errNoDegree
	}
	return layers(features, context, o, func(flip bool) (transform.Spec, error) {
		mask, err := couplingMask(len(features), flip, o.Masks)
		return &transform.CouplingSpec{
			Mask:        mask,
			Univariate:  u,
			Conditioner: &nn.MLPSpec{Hidden: o.Hidden},
		}, err
	})
}

// couplingMask marks the features to change. A single feature is changed by
// every layer: there is no other to keep.
func couplingMask(n int, flip bool, kind Masks) ([]bool, error) {
	mask := make([]bool, n)
	for i := range mask {
		switch kind {
		case MasksHalves:
			mask[i] = i >= n/2
		case MasksAlternating:
			mask[i] = i%2 == 1
		default:
			return nil, fmt.Errorf("masks %q are not known; choose %s", string(kind), MasksHalves+" or "+MasksAlternating)
		}
		mask[i] = mask[i] != flip || n == 1
	}
	return mask, nil
}
