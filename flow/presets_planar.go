package flow

import (
	"errors"
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// Planar is planar flow (Rezende and Mohamed, 2015): layers that each squeeze or
// stretch space along one direction. They have no networks, and so no context: a
// layer of D features has 2·D + 1 values. Densities cost O(D) a layer, and so do
// samples, whose layers are inverted by iteration on one number.
//
// The 32 layers of the default are the most that the paper draws densities with
// (its figure 3). They begin as the identity. BatchNorm and Permutation put
// something between them; a matrix ([PermutationLU]) adds most.
func Planar(features, context []string, o Options) (Config, error) {
	if err := withoutNetworks(PresetPlanar, context, o); err != nil {
		return Config{}, err
	}
	o.fill(PresetPlanar)
	return layers(features, nil, o, func(bool) (transform.Spec, error) { return &transform.PlanarSpec{Identity: true}, nil })
}

// Radial is radial flow (Rezende and Mohamed, 2015): layers that each squeeze or
// stretch space around a centre. All else is as in [Planar], but that a layer has
// D + 2 values and a closed inverse.
func Radial(features, context []string, o Options) (Config, error) {
	if err := withoutNetworks(PresetRadial, context, o); err != nil {
		return Config{}, err
	}
	o.fill(PresetRadial)
	return layers(features, nil, o, func(bool) (transform.Spec, error) { return &transform.RadialSpec{}, nil })
}

// Householder is Householder flow (Tomczak and Welling, 2016): a rotation, as a
// product of [Options].Layers reflections, of a base of independent columns. On
// the paper's base, a normal density of learned variances, it is a normal density
// of any covariance; it takes the base's means and variances to columns that are
// not those of the data. Like [Planar] it has no networks and no context.
//
// The ten reflections of the default are the paper's HF(T=10); D of them reach
// every rotation of D features.
func Householder(features, context []string, o Options) (Config, error) {
	if err := withoutNetworks(PresetHouseholder, context, o); err != nil {
		return Config{}, err
	}
	o.fill(PresetHouseholder)
	switch {
	case o.Layers < 0 || o.Layers > MaxLayers:
		return Config{}, fmt.Errorf("%d reflections: want 1 to %d", o.Layers, MaxLayers)
	case o.Permutation != PermutationNone:
		return Config{}, errors.New("householder is one rotation, with nothing to permute between layers")
	case o.BatchNorm:
		return Config{}, errors.New("householder is one rotation, without layers to normalize between")
	case o.Base == base.StandardNormal:
		return Config{}, fmt.Errorf("householder rotates, which a %s base does not feel: take %s or another one", base.StandardNormal, base.DiagonalNormal)
	}
	rotation := &transform.HouseholderSpec{Reflections: o.Layers}
	o.Layers = 1
	return layers(features, nil, o, func(bool) (transform.Spec, error) { return rotation, nil })
}

// withoutNetworks tells which options a preset has no use for because its layers
// learn constants.
func withoutNetworks(p Preset, context []string, o Options) error {
	for _, refused := range []struct {
		given bool
		what  string
	}{
		{len(context) > 0, "takes no context"},
		{o.Embedding != 0, "has no context to embed"},
		{o.Hidden != nil, "has no hidden layers"},
		{o.Residual, "has no residual blocks"},
		{o.Masks != "", "has no masks"},
		{o.Bound != 0, "has no scale map to bound"},
		{o.Bins != 0, "has no bins"},
		{o.Components != 0, "has no mixtures of components"},
		{o.Degree != 0, "has no polynomials"},
	} {
		if refused.given {
			return fmt.Errorf("%s has no networks and no splines; it %s", p, refused.what)
		}
	}
	return nil
}
