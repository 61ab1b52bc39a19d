package flow

import (
	"fmt"
	"sort"
	"strings"

	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/limits"
)

// Preset is the name of a family, of which [Preset.Config] makes a flow for the
// columns of a table, as nf train --flow does.
type Preset string

// The presets; each has the function of its name, which says what it makes.
const (
	PresetNICE              Preset = "nice"
	PresetRealNVP           Preset = "realnvp"
	PresetMAF               Preset = "maf"
	PresetIAF               Preset = "iaf"
	PresetNSF               Preset = "nsf"
	PresetNSFAutoregressive Preset = "nsf-ar"
	PresetPlanar            Preset = "planar"
	PresetRadial            Preset = "radial"
	PresetHouseholder       Preset = "householder"
	PresetGaussianization   Preset = "gaussianization"
	PresetNAF               Preset = "naf"
	PresetSOS               Preset = "sos"
	PresetBernstein         Preset = "bernstein"
	PresetFlowPP            Preset = "flow++"
	PresetUMNN              Preset = "umnn"
	PresetResidual          Preset = "residual-flow"
	PresetBNAF              Preset = "bnaf"
	PresetFFJORD            Preset = "ffjord"
	PresetFlowMatching      Preset = "flow-matching"
)

// presets make a Config for the named columns.
var presets = map[Preset]func(features, context []string, o Options) (Config, error){
	PresetNICE:              NICE,
	PresetRealNVP:           RealNVP,
	PresetMAF:               MAF,
	PresetIAF:               IAF,
	PresetNSF:               NSF,
	PresetNSFAutoregressive: NSFAutoregressive,
	PresetPlanar:            Planar,
	PresetRadial:            Radial,
	PresetHouseholder:       Householder,
	PresetGaussianization:   Gaussianization,
	PresetNAF:               NAF,
	PresetSOS:               SOS,
	PresetBernstein:         BernsteinFlow,
	PresetFlowPP:            FlowPP,
	PresetUMNN:              UMNN,
	PresetResidual:          ResidualFlow,
	PresetBNAF:              BNAF,
	PresetFFJORD:            FFJORD,
	PresetFlowMatching:      FlowMatching,
}

// defaults are what the presets make of the zero Options.
var defaults = map[Preset]Options{
	PresetNICE:              {Layers: 8, Hidden: []int{128, 128}, Masks: MasksHalves, Permutation: PermutationNone, Base: base.StandardNormal},
	PresetRealNVP:           {Layers: 8, Hidden: []int{128, 128}, Masks: MasksHalves, Permutation: PermutationNone, Base: base.StandardNormal, Bound: 1},
	PresetMAF:               {Layers: 5, Hidden: []int{100, 100}, Permutation: PermutationReverse, Base: base.StandardNormal, Bound: 1},
	PresetIAF:               {Layers: 5, Hidden: []int{100, 100}, Permutation: PermutationReverse, Base: base.StandardNormal, Bound: 1},
	PresetNSF:               {Layers: 10, Hidden: []int{256, 256}, Masks: MasksAlternating, Permutation: PermutationLU, Base: base.StandardNormal, Bound: 3, Bins: 8},
	PresetNSFAutoregressive: {Layers: 10, Hidden: []int{256, 256, 256}, Residual: true, Permutation: PermutationLU, Base: base.StandardNormal, Bound: 3, Bins: 8},
	PresetPlanar:            {Layers: 32, Permutation: PermutationNone, Base: base.StandardNormal},
	PresetRadial:            {Layers: 32, Permutation: PermutationNone, Base: base.StandardNormal},
	PresetHouseholder:       {Layers: 10, Permutation: PermutationNone, Base: base.DiagonalNormal},
	PresetGaussianization:   {Layers: 10, Hidden: []int{64, 64}, Base: base.StandardNormal, Bound: 7, Components: 50},
	PresetNAF:               {Layers: 5, Hidden: []int{100, 100}, Permutation: PermutationReverse, Base: base.StandardNormal, Bound: 5, Components: 16, SigmoidLayers: 1},
	PresetSOS:               {Layers: 5, Hidden: []int{100, 100}, Permutation: PermutationReverse, Base: base.StandardNormal, Bound: 5, Degree: 3},
	PresetBernstein:         {Layers: 5, Hidden: []int{100, 100}, Permutation: PermutationReverse, Base: base.StandardNormal, Bound: 5, Degree: 16},
	PresetFlowPP:            {Layers: 8, Hidden: []int{128, 128}, Masks: MasksAlternating, Permutation: PermutationLU, Base: base.StandardNormal, Bound: 5, Components: 8},
	PresetUMNN:              {Layers: 5, Hidden: []int{100, 100}, Permutation: PermutationReverse, Base: base.StandardNormal, Bound: 5},
	PresetResidual:          {Layers: 16, Hidden: []int{64}, Permutation: PermutationNone, Base: base.StandardNormal},
	PresetBNAF:              {Layers: 5, Hidden: []int{10}, Permutation: PermutationReverse, Base: base.StandardNormal, Bound: 5},
	PresetFFJORD:            {Layers: 1, Hidden: []int{128}, Permutation: PermutationNone, Base: base.StandardNormal, Solver: transform.Dopri5, Tolerance: 1e-3},
	PresetFlowMatching:      {Layers: 1, Hidden: []int{256, 256, 256}, Permutation: PermutationNone, Base: base.StandardNormal, Solver: transform.RK4, Steps: 20},
}

// Options are what the presets ask for; the zero value takes their defaults,
// which are [Defaults].
type Options struct {
	// Layers is the number of layers that change features, at most [MaxLayers];
	// of [Householder] it is that of reflections.
	Layers int
	// Hidden is the widths of the conditioners' hidden layers, where there are
	// conditioners; of [BNAF] it is the units of each feature in them.
	Hidden []int
	// Bound is b of the scale map exp(b·tanh(u/b)); for splines it is half the
	// width of their box.
	Bound float64
	// Bins is the number of bins of a spline.
	Bins int
	// Components is the number of densities in each mixture of
	// [Gaussianization] and [FlowPP], and that of the sigmoids of [NAF].
	Components int
	// SigmoidLayers is the number of layers of sigmoids in the univariates of [NAF], each
	// of Components; with more than one each sees all of the one before.
	SigmoidLayers int
	// Degree is that of the polynomials of [SOS] and [BernsteinFlow].
	Degree int
	// Solver is one of [transform.Methods], by which [FFJORD] and [FlowMatching] solve
	// their equation, in so many Steps, or with a Tolerance in steps that adapt to
	// each row: see [transform.SolverSpec].
	Solver    string
	Steps     int
	Tolerance float64
	// Probes is the number of random directions that estimate the trace of their
	// Jacobians, and the log-dets of [ResidualFlow]; 0 makes it exact. Seed draws those of
	// scoring.
	Probes int
	// Masks chooses which features a coupling changes.
	Masks Masks
	// Permutation goes before every layer but the first. With a reverse or a random
	// one, every coupling uses the same mask.
	Permutation Permutation
	// Base is the base density's type, with the constants of [base.New]. [base.Uniform]
	// has the box of the splines, and only goes with layers that keep it.
	Base string
	// Seed draws random permutations.
	Seed uint64

	// Embedding, unless 0, is the number of values that one network makes of the
	// context for all layers, which see them in its place. Its hidden layers have
	// the widths of Hidden.
	Embedding int
	// Residual makes the conditioners of autoregressive layers residual: one
	// block for each entry of Hidden after the first. nsf-ar's own Hidden is
	// residual without it.
	Residual bool
	// BatchNorm puts a batch normalization after every layer.
	BatchNorm bool
}

// Masks are the features that couplings change in turn.
type Masks string

// The values of [Options.Masks].
const (
	// MasksHalves are the second half of the features, then the first.
	MasksHalves Masks = "halves"
	// MasksAlternating are the odd features, then the even ones.
	MasksAlternating Masks = "alternating"
)

// Permutation is what stands between layers.
type Permutation string

// The values of [Options.Permutation].
const (
	PermutationNone    Permutation = "none"
	PermutationReverse Permutation = "reverse"
	PermutationRandom  Permutation = "random"
	// PermutationLU is a random one and an LU layer, a learned matrix.
	PermutationLU Permutation = "lu"
)

// MaxLayers bounds [Options.Layers], so that a mistyped number cannot take all
// memory.
const MaxLayers = limits.Layers

// Presets returns the names of all presets, sorted.
func Presets() []Preset {
	names := make([]Preset, 0, len(presets))
	for n := range presets {
		names = append(names, n)
	}
	sort.Slice(names, func(i, j int) bool { return names[i] < names[j] })
	return names
}

// PresetNames returns [Presets] as texts.
func PresetNames() []string {
	var names []string
	for _, p := range Presets() {
		names = append(names, string(p))
	}
	return names
}

// Defaults returns what a preset makes of the zero Options. What it has no use
// for is zero; an unknown preset has none.
func Defaults(p Preset) Options { return defaults[p] }

// Config makes a Config for the named columns. It tells which presets there are
// when p is none of them, and what o may not be.
func (p Preset) Config(features, context []string, o Options) (Config, error) {
	build, ok := presets[p]
	if !ok {
		return Config{}, fmt.Errorf("the preset %q is not known; choose %s", string(p), strings.Join(PresetNames(), ", "))
	}
	if err := o.checkSolver(p); err != nil {
		return Config{}, err
	}
	if o.SigmoidLayers != 0 && p != PresetNAF {
		return Config{}, fmt.Errorf("%s has no layers of sigmoids; those are of %s", p, PresetNAF)
	}
	return build(features, context, o)
}

// fill replaces what is not set by the defaults of a preset.
func (o *Options) fill(p Preset) {
	d := Defaults(p)
	if o.Layers == 0 {
		o.Layers = d.Layers
	}
	if o.Hidden == nil {
		o.Hidden, o.Residual = d.Hidden, o.Residual || d.Residual
	}
	if o.Bound == 0 {
		o.Bound = d.Bound
	}
	if o.Bins == 0 {
		o.Bins = d.Bins
	}
	if o.Components == 0 {
		o.Components = d.Components
	}
	if o.SigmoidLayers == 0 {
		o.SigmoidLayers = d.SigmoidLayers
	}
	if o.Degree == 0 {
		o.Degree = d.Degree
	}
	if o.Steps == 0 && o.Tolerance == 0 {
		o.Steps, o.Tolerance = d.Steps, d.Tolerance
		if o.Solver == "" {
			o.Solver = d.Solver
		}
	}
	switch {
	case o.Solver != "" || !solves(p):
	case o.Tolerance != 0:
		o.Solver = transform.Dopri5
	default:
		o.Solver = transform.RK4
	}
	if o.Masks == "" {
		o.Masks = d.Masks
	}
	if o.Permutation == "" {
		o.Permutation = d.Permutation
	}
	if o.Base == "" {
		o.Base = d.Base
	}
}
