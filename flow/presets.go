package flow

import (
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/random"
)

// Options are what the presets ask for; the zero value takes their defaults.
type Options struct {
	// Layers is the number of layers that change features; 0 is the preset's
	// own number (see [Defaults]).
	Layers int
	// Hidden is the widths of the conditioners' hidden layers; nil is the
	// preset's own.
	Hidden []int
	// Bound is b of the scale map exp(b·tanh(u/b)), where 0 means 1; for splines
	// it is half the width of their box, where 0 means 3.
	Bound float64
	// Bins is the number of bins of a spline; 0 means 8.
	Bins int
	// Masks chooses which features a layer changes: "halves" (default; the
	// second half, then the first), or "alternating" (the odd ones, then the
	// even ones).
	Masks string
	// Permutation goes before every layer but the first: "none" (default of
	// couplings), "reverse" (default of autoregressive layers), "random", or "lu",
	// a random one and an LU layer (default of splines). With reverse or random,
	// every coupling uses the same mask.
	Permutation string
	// Base is the base density's type, with the constants of [base.New]; "" means
	// standard-normal. [base.Uniform] has the box of the splines, and only goes with
	// layers that keep it.
	Base string
	// Seed draws random permutations.
	Seed uint64

	// Residual makes the conditioners of autoregressive layers residual: one
	// block for each entry of Hidden after the first. nsf-ar's own Hidden is
	// residual without it.
	Residual bool
	// BatchNorm puts a batch normalization after every layer.
	BatchNorm bool
}

// Presets makes a Config for the named columns by the name of a family.
var Presets = map[string]func(features, context []string, o Options) (Config, error){
	"nice":    NICE,
	"realnvp": RealNVP,

	"maf": MAF,
	"iaf": IAF,

	"nsf":    NSF,
	"nsf-ar": NSFAutoregressive,
}

// Defaults returns what a preset makes of the zero Options, as far as they are
// the preset's own choice.
func Defaults(preset string) Options {
	switch preset {
	case "maf", "iaf":
		return Options{Layers: 5, Hidden: []int{100, 100}, Permutation: "reverse"}
	case "nsf":
		return Options{Layers: 10, Hidden: []int{256, 256}, Masks: "alternating", Permutation: "lu"}
	case "nsf-ar":
		return Options{Layers: 10, Hidden: []int{256, 256, 256}, Residual: true, Permutation: "lu"}
	}
	return Options{Layers: 8, Hidden: []int{128, 128}, Masks: "halves", Permutation: "none"}
}

// fill replaces what is not set by the defaults of a preset.
func (o *Options) fill(preset string) {
	d := Defaults(preset)
	if o.Layers == 0 {
		o.Layers = d.Layers
	}
	if o.Hidden == nil {
		o.Hidden, o.Residual = d.Hidden, o.Residual || d.Residual
	}
	if o.Masks == "" {
		o.Masks = d.Masks
	}
	if o.Permutation == "" {
		o.Permutation = d.Permutation
	}
}

// PresetNames returns the names in [Presets], sorted.
func PresetNames() []string {
	var names []string
	for n := range Presets {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// RealNVP is affine couplings with bounded scales (Dinh, Sohl-Dickstein and
// Bengio, 2017). The paper's flows are convolutional, of images; the defaults,
// eight couplings with two hidden layers of 128 units, are nf's own for tables.
func RealNVP(features, context []string, o Options) (Config, error) {
	if o.Bins != 0 {
		return Config{}, errNoBins
	}
	if o.Bound == 0 {
		o.Bound = 1
	}
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
	c, err := couplings(features, context, o, &autograd.Additive{})
	scaling := &transform.ElementwiseSpec{Univariate: &autograd.Affine{Bound: 8}}
	c.Transforms = append(c.Transforms, scaling)
	return c, err
}

var errNoBins = errors.New("this family has no bins; those are the splines' of nsf and nsf-ar")

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

// maxLayers keeps a mistyped number from taking all memory.
const maxLayers = 1024

func couplings(features, context []string, o Options, u autograd.Univariate) (Config, error) {
	o.fill("realnvp")
	if o.Residual {
		return Config{}, fmt.Errorf("couplings have no residual conditioners")
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

// layers makes a Config of the layers that make returns, with what goes
// between them; flip says whether a layer must itself look at other features
// than the one before.
func layers(features, context []string, o Options, make func(flip bool) (transform.Spec, error)) (Config, error) {
	if o.Layers < 0 || o.Layers > maxLayers {
		return Config{}, fmt.Errorf("%d layers: want 1 to %d", o.Layers, maxLayers)
	}
	noise, err := base.New(o.Base)
	if err != nil {
		return Config{}, err
	}
	c := Config{Features: features, Context: context, Base: noise}
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
		spec, err := make((o.Permutation == "none" || o.Permutation == "lu") && layer%2 == 1)
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
	case "none":
		return nil, nil
	case "reverse":
		return []transform.Spec{transform.Reverse(n)}, nil
	case "random", "lu":
		order := make([]int, n)
		random.Permutation(order, o.Seed, random.Permute, uint64(layer))
		between := []transform.Spec{&transform.PermutationSpec{Order: order}}
		if o.Permutation == "lu" {
			between = append(between, &transform.LUSpec{Bound: luBound})
		}
		return between, nil
	}
	return nil, fmt.Errorf("permutation %q is not known; choose none, reverse, random or lu", o.Permutation)
}

// couplingMask marks the features to change. A single feature is changed by
// every layer: there is no other to keep.
func couplingMask(n int, flip bool, kind string) ([]bool, error) {
	mask := make([]bool, n)
	for i := range mask {
		switch kind {
		case "", "halves":
			mask[i] = i >= n/2
		case "alternating":
			mask[i] = i%2 == 1
		default:
			return nil, fmt.Errorf("masks %q are not known; choose %s", kind, strings.Join([]string{"halves", "alternating"}, " or "))
		}
		mask[i] = mask[i] != flip || n == 1
	}
	return mask, nil
}
