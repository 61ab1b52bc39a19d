package flow

import (
	"errors"
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/random"
)

// layers makes a Config of the layers that make returns, with what goes
// between them; flip says whether a layer must itself look at other features
// than the one before.
func layers(features, context []string, o Options, make func(flip bool) (transform.Spec, error)) (Config, error) {
	if o.Layers < 0 || o.Layers > MaxLayers {
		return Config{}, fmt.Errorf("%d layers: want 1 to %d", o.Layers, MaxLayers)
	}
	noise, err := base.New(o.Base)
	if err != nil {
		return Config{}, err
	}
	c := Config{Features: features, Context: context, Base: noise}
	if o.Embedding != 0 {
		c.Embedding = &nn.EmbeddingSpec{Hidden: o.Hidden, Features: o.Embedding}
	}
	add := func(s transform.Spec) { c.Transforms = append(c.Transforms, s) }
	for layer := range o.Layers {
		between, err := betweenLayers(len(features), o, layer)
		if err != nil {
			return Config{}, err
		}
		if layer > 0 {
			for _, s := range between {
				add(s)
			}
		}
		spec, err := make((o.Permutation == PermutationNone || o.Permutation == PermutationLU) && layer%2 == 1)
		if err != nil {
			return Config{}, err
		}
		add(spec)
		if o.BatchNorm {
			add(&transform.BatchNormSpec{Epsilon: 1e-5, Momentum: 0.1})
		}
	}
	if _, uniform := noise.(*base.UniformSpec); uniform {
		if err := fitBox(&c); err != nil {
			return Config{}, err
		}
	}
	return c, c.Check()
}

// luBound bounds the log-diagonal of the LU layers between splines.
const luBound = 3

// betweenLayers returns what goes before a layer.
func betweenLayers(n int, o Options, layer int) ([]transform.Spec, error) {
	switch o.Permutation {
	case PermutationNone:
		return nil, nil
	case PermutationReverse:
		return []transform.Spec{transform.Reverse(n)}, nil
	case PermutationRandom, PermutationLU:
		order := make([]int, n)
		random.Permutation(order, o.Seed, random.Permute, uint64(layer))
		between := []transform.Spec{&transform.PermutationSpec{Order: order}}
		if o.Permutation == PermutationLU {
			between = append(between, &transform.LUSpec{Bound: luBound})
		}
		return between, nil
	}
	return nil, fmt.Errorf("permutation %q is not known; choose %s, %s, %s or %s", string(o.Permutation), PermutationNone, PermutationReverse, PermutationRandom, PermutationLU)
}

var errUniform = errors.New("a uniform base needs layers that keep its box, which only splines do: nsf or nsf-ar, with the permutation none, reverse or random, and no batch normalization")

// fitBox gives a uniform base the box of the splines, if all layers keep it.
func fitBox(c *Config) error {
	box := &base.UniformSpec{}
	for _, t := range c.Transforms {
		var u autograd.Univariate
		switch s := t.(type) {
		case *transform.PermutationSpec:
			continue
		case *transform.CouplingSpec:
			u = s.Univariate
		case *transform.AutoregressiveSpec:
			u = s.Univariate
		}
		spline, ok := u.(*autograd.Spline)
		if !ok {
			return errUniform
		}
		box.Bound = max(box.Bound, float64(spline.Rule.Bound))
	}
	c.Base = box
	return nil
}
