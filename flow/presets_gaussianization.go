package flow

import (
	"errors"
	"fmt"
	"slices"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// Gaussianization is Gaussianization flow (Meng, Song, Song and Ermon, 2020):
// each layer maps every column by itself to about a normal one, by a mixture of
// logistic densities, and between the layers are learned rotations. First
// values come from the first minibatch, so that training begins near a model.
// There are no networks, unless there is a context: then each layer begins with
// a scale and shift of the columns, which one computes from the context.
//
// The paper has five layers of 100 components, or of as many as memory allowed;
// by default there are ten of 50, which cost the same and fit better.
func Gaussianization(features, context []string, o Options) (Config, error) {
	switch {
	case o.Bins != 0:
		return Config{}, errNoBins
	case o.Degree != 0:
		return Config{}, errNoDegree
	case o.Masks != "":
		return Config{}, errors.New("gaussianization changes all columns in every layer; it has no masks to choose")
	case o.Permutation != "":
		return Config{}, errors.New("gaussianization has rotations between its layers; it takes no permutation")
	case o.Residual:
		return Config{}, errors.New("gaussianization has no residual networks")
	case o.Components < 0 || o.Components > autograd.MaxComponents:
		return Config{}, fmt.Errorf("%d components: want 1 to %d", o.Components, autograd.MaxComponents)
	}
	o.fill(PresetGaussianization)
	o.Permutation = PermutationNone
	n, first := len(features), true
	c, err := layers(features, context, o, func(bool) (transform.Spec, error) {
		layer := &transform.ChainSpec{}
		add := func(s transform.Spec) { layer.Transforms = append(layer.Transforms, s) }
		if !first && n > 1 {
			add(&transform.HouseholderSpec{Reflections: n, Start: transform.RandomStart})
		}
		first = false
		if len(context) > 0 {
			add(&transform.CouplingSpec{
				Mask:        slices.Repeat([]bool{true}, n),
				Univariate:  &autograd.Affine{Bound: 1},
				Conditioner: &nn.MLPSpec{Hidden: o.Hidden},
			})
		}
		add(&transform.GaussianizationSpec{Components: o.Components, Bound: o.Bound})
		return layer, nil
	})
	c.Transforms = flat(c.Transforms)
	return c, err
}

// flat puts the parts of chains in their place.
func flat(specs []transform.Spec) (out []transform.Spec) {
	for _, s := range specs {
		if chain, ok := s.(*transform.ChainSpec); ok {
			out = append(out, chain.Transforms...)
		} else {
			out = append(out, s)
		}
	}
	return out
}
