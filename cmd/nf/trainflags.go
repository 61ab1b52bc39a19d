package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/train"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// addFlags declares the flags of nf train; what o.fit holds are the defaults of
// those of the fit.
func (o *trainOptions) addFlags(command *cobra.Command) {
	f := command.Flags()
	f.SortFlags = false
	f.StringVar(&o.data, "data", "", "table to train on (required)")
	f.StringVar(&o.out, "out", "", "model file to write, ending in .safetensors (required)")
	f.StringVar(&o.valid, "valid", "", "table to validate on")
	f.Float64Var(&o.validFraction, "valid-fraction", 0.1, "without --valid: the part of the rows, drawn at random, to validate on")
	f.StringSliceVar(&o.columns, "columns", nil, "columns to model; all by default")
	f.StringSliceVar(&o.exclude, "exclude", nil, "columns to leave out")
	f.StringSliceVar(&o.context, "context", nil, "columns to condition on; one of texts is taken one-hot")
	f.StringVar(&o.rowWeights, "row-weights", "", "column with the weight of each row in the likelihood, at least 0; it is no feature, and a row of weight 0 is left out")
	o.table.addOnBadRow(command, "fail or skip", "fail, or skip it")
	o.table.addHeader(command)
	o.addFlowFlags(f)
	f.Lookup("flow").Usage += "; of images " + strings.Join(imageFamilies(), " or ") + "; of sound " + strings.Join(soundFamilies(), " or ")
	layers := f.Lookup("layers")
	layers.Usage = strings.Replace(layers.Usage, " (default", "; the steps of a scale of glow, 8 unless given; the blocks of a network of realnvp-image and flow++-image, 1 and 2 unless given; the transformers of tarflow, 4 unless given; the hidden layers of flow-matching-image, 4 unless given; the layers of a stack of wavenet, 8 unless given (default", 1)
	o.images.addFlags(command)
	o.sound.addFlags(command)
	f.StringArrayVar(&o.support, "support", nil, "COLUMN=LOWER:UPPER, a column that lies between two ends, or with one left out beyond the other: --support price=0: --support share=0:1; :softplus behind one end takes that map instead of log")
	f.StringArrayVar(&o.circular, "circular", nil, "COLUMN=LOWER:UPPER, a column that goes round, such as --circular hour=0:24 or --circular angle=-180:180; needs --flow nsf")
	f.StringSliceVar(&o.discrete, "discrete", nil, "COLUMN or COLUMN=STEP, columns of whole numbers or of rounded values, which get uniform noise of one step in training; a step not given is found")
	f.BoolVar(&o.model.BatchNorm, "batchnorm", false, "batch normalization after every layer")

	f.StringVar((*string)(&o.pairing), "pairing", "", fmt.Sprintf("of flow-matching: pair rows with noise by the optimal %s of each 64, or %s (default %s, with --context or --row-weights %s)",
		train.TransportPairs, train.IndependentPairs, train.TransportPairs, train.IndependentPairs))

	fit := &o.fit
	f.Float64Var(&fit.Kinetic, "kinetic", 0, "of ffjord: weight of the integral of |v|^2 in training, which makes paths straight, such as 0.01")
	f.Float64Var(&fit.Jacobian, "jacobian", 0, "of ffjord: weight of the integral of the squared Jacobian in training, such as 0.01")
	f.IntVar(&fit.Epochs, "epochs", fit.Epochs, "passes over the rows; 0 lets gaussianization begin from the rows, and learns nothing by gradient")
	f.IntVar(&fit.Batch, "batch", 0, "rows of a minibatch (default: "+train.BatchRule()+")")
	o.addOptimizerFlags(f)
	f.Float64Var(&fit.Noise, "noise", fit.Noise, "standard deviation of the noise added to the standardized training rows; it smooths, and columns of few values need it, or --discrete; of images: that of pixels where they go from -1 to 1, instead of uniform noise, for nf sample --denoise")
	f.IntVar(&fit.Patience, "patience", fit.Patience, "epochs without improvement before stopping; 0 never stops early")
	f.Uint64Var(&fit.Seed, "seed", fit.Seed, "decides initial values, the order of rows and the split")
	addWorkersFlag(command, &fit.Workers)
	f.StringVar(&o.plot, "plot", "", "picture of the loss curve to write, .png or .svg")
	f.BoolVar(&o.quiet, "quiet", false, "print no progress, only the result")
}

// addFlowFlags declares what chooses a family and its options; o.flow is the
// default of the family.
func (o *trainOptions) addFlowFlags(f *pflag.FlagSet) {
	m := &o.model
	f.StringVar((*string)(&o.flow), "flow", string(o.flow), "family: "+strings.Join(flow.PresetNames(), " or "))
	f.IntVar(&m.Layers, "layers", 0, "layers that change columns; reflections of householder"+
		defaultsOf(func(o flow.Options) string { return number0(o.Layers) }))
	f.IntSliceVar(&m.Hidden, "hidden", nil, "widths of the conditioners' hidden layers; of bnaf the units of each column in them"+
		defaultsOf(func(o flow.Options) string { return widths(o.Hidden) }))
	f.StringVar((*string)(&m.Masks), "masks", "", fmt.Sprintf("what a coupling changes: %s or %s columns", flow.MasksHalves, flow.MasksAlternating)+
		defaultsOf(func(o flow.Options) string { return string(o.Masks) }))
	f.StringVar((*string)(&m.Permutation), "permutation", "", fmt.Sprintf("between layers: %s, %s, %s, or %s: random and a learned matrix",
		flow.PermutationNone, flow.PermutationReverse, flow.PermutationRandom, flow.PermutationLU)+
		defaultsOf(func(o flow.Options) string { return string(o.Permutation) }))
	f.StringVar(&m.Base, "base", "", "base density: "+strings.Join(base.Kinds.Names(), ", ")+
		defaultsOf(func(o flow.Options) string { return o.Base }))
	f.IntVar(&m.Embedding, "embedding", 0, "show all layers so many values that one network, as wide as --hidden, makes of the context, in its place")
	f.Float64Var(&m.Bound, "bound", 0, "b of the scale map exp(b*tanh(u/b)), also of the widths of mixtures, or the box [-b, b] of splines, of bernstein and of sos"+
		defaultsOf(func(o flow.Options) string { return number0(o.Bound) }))
	f.IntVar(&m.Bins, "bins", 0, "bins of a spline"+defaultsOf(func(o flow.Options) string { return number0(o.Bins) }))
	f.IntVar(&m.Components, "components", 0, "densities in each mixture, or sigmoids of naf"+defaultsOf(func(o flow.Options) string { return number0(o.Components) }))
	f.IntVar(&m.SigmoidLayers, "sigmoid-layers", 0, "layers of sigmoids in each map of naf; 2 or more are dense, slower and more flexible"+defaultsOf(func(o flow.Options) string { return number0(o.SigmoidLayers) }))
	f.IntVar(&m.Degree, "degree", 0, "degree of polynomials"+defaultsOf(func(o flow.Options) string { return number0(o.Degree) }))
	f.StringVar(&m.Solver, "solver", "", "of ffjord, flow-matching and flow-matching-image: "+strings.Join(transform.Methods, ", ")+defaultsOf(func(o flow.Options) string { return o.Solver }))
	f.IntVar(&m.Steps, "solver-steps", 0, "equal steps of the solver"+defaultsOf(func(o flow.Options) string { return number0(o.Steps) }))
	f.Float64Var(&m.Tolerance, "tolerance", 0, "in place of --solver-steps: steps of dopri5 that adapt to each row by itself, with at most this error each, relative to 1 + |value|"+defaultsOf(func(o flow.Options) string { return number0(o.Tolerance) }))
	f.IntVar(&m.Probes, "probes", 0, "random directions that estimate the trace of a Jacobian, or the log-det of residual-flow, for many columns; 0 makes it exact")
	f.IntVar(&o.noiseColumns, "noise-columns", 0, "columns of normal noise beside those of the data, in which a flow can go around what it cannot tear; log-densities are then lower bounds")
	f.IntVar(&o.noiseDraws, "noise-draws", 0, "draws of these columns for each row when the model scores, which takes so many times as long (default 16)")
	f.BoolVar(&m.Residual, "residual", false, "residual networks in autoregressive flows: a block for each width after the first (nsf-ar's own widths always are)")
}

// addOptimizerFlags declares what decides how steps are made; what o.fit holds are
// the defaults.
func (o *trainOptions) addOptimizerFlags(f *pflag.FlagSet) {
	fit := &o.fit
	f.StringVar(&fit.Optimizer, "optimizer", fit.Optimizer, "what makes steps of gradients: "+strings.Join(train.Optimizers, ", "))
	f.Float64Var(&fit.WeightDecay, "weight-decay", 0, fmt.Sprintf("of adamw: in each step, values shrink by this times the learning rate (default %v)", train.UsualWeightDecay))
	f.Float64Var(&fit.LearningRate, "lr", fit.LearningRate, fmt.Sprintf("learning rate; of gaussianization and bnaf %v unless given", fastRate))
	f.StringVar(&fit.Schedule, "schedule", fit.Schedule, "learning rate over time: "+strings.Join(train.Schedules, " or "))
	f.IntVar(&fit.Warmup, "warmup", fit.Warmup, "first steps, in which the learning rate rises to what it would be")
	f.Float64Var(&fit.Average, "average", fit.Average, "keep a running average of the values, which loses 1 minus this in each step: 0.99 or 0.999; 0 keeps the values themselves")
	f.Float64Var(&fit.Clip, "clip", fit.Clip, "largest norm of a minibatch's gradient; 0 is no limit")
	f.StringVar((*string)(&fit.Memory), "memory", string(fit.Memory), fmt.Sprintf("what a step keeps: all (%s), the input of each layer (%s: less memory, more time, the same model), or only outputs (%s: least memory, another model within rounding)",
		train.Stored, train.Replay, train.Reversible))
}

// imageFamilies returns the families of images.
func imageFamilies() []string {
	var names []string
	for _, p := range flow.ImagePresets() {
		names = append(names, string(p))
	}
	return names
}

// defaultsOf says what an option is by default, from [flow.Defaults]; of gives it
// as text, and "" where a family has no use for it. The family that --flow is by
// default comes first, and needs no name where every family has the option.
func defaultsOf(of func(flow.Options) string) string {
	var values []string
	families := map[string][]string{}
	all := true
	for _, p := range append([]flow.Preset{flow.PresetRealNVP}, flow.Presets()...) {
		v := of(flow.Defaults(p))
		if v == "" {
			all = false
			continue
		}
		if families[v] == nil {
			values = append(values, v)
		}
		if p != flow.PresetRealNVP || families[v] == nil {
			families[v] = append(families[v], string(p))
		}
	}
	var parts []string
	for i, v := range values {
		if i == 0 && all {
			parts = append(parts, v)
			continue
		}
		parts = append(parts, strings.Join(families[v], ", ")+": "+v)
	}
	return " (default " + strings.Join(parts, "; ") + ")"
}

// number0 writes a number, and nothing for zero.
func number0[T int | float64](v T) string {
	if v == 0 {
		return ""
	}
	return fmt.Sprint(v)
}

func widths(hidden []int) string {
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(hidden), "[]"), " ", ",")
}

// fitFlags are the flags of the options of a fit.
var fitFlags = map[string]string{
	"Epochs": "epochs", "Batch": "batch", "Optimizer": "optimizer", "WeightDecay": "weight-decay", "LearningRate": "lr",
	"Schedule": "schedule", "Warmup": "warmup", "Average": "average", "Clip": "clip", "Noise": "noise",
	"Patience": "patience", "Kinetic": "kinetic", "Jacobian": "jacobian", "Memory": "memory", "Workers": "workers",
}

// optionUsage says by its flag what is wrong with an option of a fit.
func optionUsage(err error) error {
	var e *train.OptionError
	if errors.As(err, &e) {
		return usage("--%s is %v; it must be %s", fitFlags[e.Option], e.Value, e.Want)
	}
	return asUsage(err)
}
