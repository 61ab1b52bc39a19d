package flow

import (
	"fmt"
	"sort"
	"strings"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/random"
)

// Options are what the presets ask for; the zero value takes their defaults.
type Options struct {
	// Layers is the number of coupling layers; 0 means 8.
	Layers int
	// Hidden is the widths of the conditioners' hidden layers; nil means
	// 128, 128.
	Hidden []int
	// Bound is b of the scale map exp(b·tanh(u/b)); 0 means 1.
	Bound float64
	// Masks chooses which features a layer changes: "halves" (default; the
	// second half, then the first), or "alternating" (the odd ones, then the
	// even ones).
	Masks string
	// Permutation goes before every layer but the first: "none" (default),
	// "reverse" or "random". With one, every layer uses the same mask.
	Permutation string
	// Base is the base density's type, with the constants of [NewBase]; "" means
	// standard-normal.
	Base string
	// Seed draws random permutations.
	Seed uint64
}

// Presets makes a Config for the named columns by the name of a family.
var Presets = map[string]func(features, context []string, o Options) (Config, error){
	"nice":    NICE,
	"realnvp": RealNVP,
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
// Bengio, 2017).
func RealNVP(features, context []string, o Options) (Config, error) {
	if o.Bound == 0 {
		o.Bound = 1
	}
	return couplings(features, context, o, &autograd.Affine{Bound: o.Bound})
}

// NICE is additive couplings and, at the end, one learned scale for each
// feature (Dinh, Krueger and Bengio, 2015). Each scale lies within e^±8.
func NICE(features, context []string, o Options) (Config, error) {
	if o.Bound != 0 {
		return Config{}, fmt.Errorf("nice has no scale map to bound")
	}
	c, err := couplings(features, context, o, &autograd.Additive{})
	scaling := &transform.ElementwiseSpec{Univariate: transform.Univariate{Univariate: &autograd.Affine{Bound: 8}}}
	c.Transforms = append(c.Transforms, transform.Tagged{Spec: scaling})
	return c, err
}

// maxLayers keeps a mistyped number from taking all memory.
const maxLayers = 1024

func couplings(features, context []string, o Options, u autograd.Univariate) (Config, error) {
	if o.Layers == 0 {
		o.Layers = 8
	}
	if o.Layers < 0 || o.Layers > maxLayers {
		return Config{}, fmt.Errorf("%d layers: want 1 to %d", o.Layers, maxLayers)
	}
	if o.Hidden == nil {
		o.Hidden = []int{128, 128}
	}
	base, err := NewBase(o.Base)
	if err != nil {
		return Config{}, err
	}
	c := Config{Features: features, Context: context, Base: base}
	n := len(features)
	add := func(s transform.Spec) { c.Transforms = append(c.Transforms, transform.Tagged{Spec: s}) }
	for layer := range o.Layers {
		flip := layer%2 == 1
		switch o.Permutation {
		case "", "none":
		case "reverse", "random":
			flip = false
			if layer == 0 {
				break
			}
			if o.Permutation == "reverse" {
				add(transform.Reverse(n))
				break
			}
			order := make([]int, n)
			random.Permutation(order, o.Seed, random.Permute, uint64(layer))
			add(&transform.PermutationSpec{Order: order})
		default:
			return Config{}, fmt.Errorf("permutation %q is not known; choose none, reverse or random", o.Permutation)
		}
		mask, err := couplingMask(n, flip, o.Masks)
		if err != nil {
			return Config{}, err
		}
		add(&transform.CouplingSpec{
			Mask:        mask,
			Univariate:  transform.Univariate{Univariate: u},
			Conditioner: nn.MLPSpec{Hidden: o.Hidden},
		})
	}
	return c, c.Check()
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
