package main

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/train"
)

type trainOptions struct {
	data, valid, out, plot    string
	validFraction             float64
	columns, exclude, context []string
	rowWeights                string
	table                     tableFlags
	flow                      flow.Preset
	model                     flow.Options
	support                   []string
	intervals                 []flow.Interval // what support says
	discrete                  []string
	steps                     []discreteFlag // what discrete says
	images                    imageFlags
	sound                     soundFlags
	circular                  []string
	circles                   []flow.Circular // what circular says
	noiseColumns, noiseDraws  int
	pairing                   train.Pairing // of flow matching
	fit                       train.Options
	teacher                   string           // of nf distill
	part                      func(int) string // of nf distill: by what epoch i of the history learned
	quiet                     bool
	noAdvice                  bool
}

func trainCommand() *cobra.Command {
	o := trainOptions{fit: train.Defaults(), flow: flow.PresetRealNVP}
	command := &cobra.Command{
		Use:   "train --data FILE --out MODEL.safetensors",
		Short: "Fit a flow to a table",
		Long: `Fits a flow to the rows of a table by maximum likelihood and keeps the epoch that does best on validation rows.

It prints one line an epoch and ends with: best epoch=E valid_nll=V, in nats. MODEL.safetensors.log.json, beside the
model, gets the history, the time and the machine; the model itself holds only what the data, the options and the seed
decide, so that the same training writes the same bytes with any --workers. An interruption (Ctrl-C, SIGTERM, SIGHUP) keeps
the best finished epoch, and a second one quits at once; the best epoch is also written while training goes on, at most
once a minute, so that not even a crash loses all. An epoch counts as the best only if it is better than the start: if
none is, nothing is written. There is no resuming.

Training holds the table in memory: 12 bytes a cell, and as much again while validation rows are split off; and of the
network about 32 bytes a parameter, with 4 more for every 64 rows of a minibatch. A network too large for the machine is
refused.

--row-weights takes a column that says how much each row counts: train_nll and valid_nll become means with these
weights, and so do the means and standard deviations of the standardization. Only their ratios matter: a row of weight 2
counts as two equal rows, and one of weight 0 is as if it were not there. The column must be in --data and in --valid.

--discrete takes columns of counts or rounded values, which have no density of their own. Each row and epoch adds uniform
noise of one step to them, so that a value v stands for its cell [v, v+STEP), and the model is the density of the noisy
values; the validation rows get noise too, the same in every epoch. nf score and nf latent take each value as the middle of
its cell: log_prob plus the sum of log STEP is about the log-probability of the row, and a value off the grid counts as
its cell's. nf sample writes values of the grid.

--circular takes an angle, the hour of the day, or another column whose two ends are one point: its splines have the same
slope at both ends, so that the density is continuous where they meet, other columns depend on its cosine and sine, the
base is uniform in it, and nf score takes a value outside [LOWER, UPPER) for the one inside that is whole turns away. It
needs --flow nsf, and a --permutation that mixes no columns: random, unless another is given.

--flow flow-matching minimizes not the nll but the loss of flow matching, and its lines say train_loss and valid_loss; the
last one has the valid_nll of the best epoch too. With --kinetic and --jacobian, train_nll of ffjord holds these penalties.

A flag of names or numbers that is given twice adds up: --hidden 8 --hidden 16 is --hidden 8,16.`,
		Example: `  nf train --data train.csv --valid valid.csv --exclude label --out model.safetensors
  nf train --data rows.npy --flow realnvp --layers 8 --hidden 128,128 --epochs 30 --out model.safetensors --plot loss.png`,
		Args: noArguments,
	}
	o.addFlags(command)
	command.RunE = func(command *cobra.Command, _ []string) error {
		if err := require(command, "data", "out"); err != nil {
			return err
		}
		kind, err := o.kind(command)
		if err != nil {
			return err
		}
		switch kind {
		case kindImages:
			if err := o.checkImages(command); err != nil {
				return err
			}
			return runTrainImages(command, &o)
		case kindSound:
			if err := o.checkSound(command); err != nil {
				return err
			}
			return runTrainSound(command, &o)
		}
		if err := o.check(command); err != nil {
			return err
		}
		return runTrain(command, &o)
	}
	return command
}

// check finds what is wrong with the flags alone.
func (o *trainOptions) check(command *cobra.Command) error {
	if err := o.checkPaths(command); err != nil {
		return err
	}
	if err := o.table.check(); err != nil {
		return err
	}
	if err := o.checkColumns(command); err != nil {
		return err
	}
	if err := o.checkFlow(command); err != nil {
		return err
	}
	changed := command.Flags().Changed
	switch {
	case !(o.validFraction > 0 && o.validFraction < 1):
		return usage("--valid-fraction is %v; it must be above 0 and below 1", o.validFraction)
	case o.fit.Epochs == 0 && o.flow != flow.PresetGaussianization:
		return usage("--epochs is 0; it must be at least 1: without a gradient only %s learns", flow.PresetGaussianization)
	case changed("batch") && o.fit.Batch < 1:
		return usage("--batch is %d; it must be at least 1", o.fit.Batch)
	}
	if err := o.fit.Check(); err != nil {
		return optionUsage(err)
	}
	var err error
	if o.intervals, err = parseSupport(o.support); err != nil {
		return err
	}
	if o.steps, err = parseDiscrete(o.discrete); err != nil {
		return err
	}
	if command.Flags().Changed("discrete") && len(o.steps) == 0 {
		return usage("--discrete is empty")
	}
	if err := o.checkDiscrete(); err != nil {
		return err
	}
	if o.circles, err = parseCircular(o.circular); err != nil {
		return err
	}
	if err := o.checkCircular(command); err != nil {
		return err
	}
	return o.checkModel()
}

// fastRate is the learning rate of flows whose values are means and widths in
// standard deviations (gaussianization: Meng et al., 2020), or logs of weights that
// are divided by their norms (bnaf: De Cao, Titov and Aziz, 2019).
const fastRate = 1e-2

// checkFlow finds what is wrong with the flags of the flow, and puts the family's
// defaults where there are none.
func (o *trainOptions) checkFlow(command *cobra.Command) error {
	if !slices.Contains(flow.Presets(), o.flow) {
		return usage("--flow %s is not in this version; choose %s", o.flow, strings.Join(flow.PresetNames(), " or "))
	}
	changed := command.Flags().Changed
	o.setDefaults(command)
	switch {
	case o.model.Layers < 1 || o.model.Layers > flow.MaxLayers:
		return usage("--layers is %d; it must be 1 to %d", o.model.Layers, flow.MaxLayers)
	case changed("hidden") && len(o.model.Hidden) == 0:
		return usage("--hidden is empty; it must be a list of widths such as 128,128")
	case changed("bins") && o.model.Bins < 1:
		return usage("--bins is %d; it must be at least 1", o.model.Bins)
	case changed("degree") && o.model.Degree < 1:
		return usage("--degree is %d; it must be at least 1", o.model.Degree)
	case changed("components") && o.model.Components < 1:
		return usage("--components is %d; it must be at least 1", o.model.Components)
	case changed("sigmoid-layers") && o.model.SigmoidLayers < 1:
		return usage("--sigmoid-layers is %d; it must be at least 1", o.model.SigmoidLayers)
	case changed("bound") && !(o.model.Bound > 0):
		return usage("--bound is %v; it must be above 0", o.model.Bound)
	case changed("solver-steps") && o.model.Steps < 1:
		return usage("--solver-steps is %d; it must be at least 1", o.model.Steps)
	case changed("tolerance") && !(o.model.Tolerance > 0):
		return usage("--tolerance is %v; it must be above 0", o.model.Tolerance)
	case changed("noise-columns") && o.noiseColumns < 1:
		return usage("--noise-columns is %d; it must be at least 1", o.noiseColumns)
	case changed("noise-draws") && o.noiseDraws < 1:
		return usage("--noise-draws is %d; it must be at least 1", o.noiseDraws)
	case changed("noise-draws") && o.noiseColumns == 0:
		return usage("--noise-draws are draws of --noise-columns, which are not given")
	case changed("noise-columns") && o.flow == flow.PresetFlowMatching:
		return usage("--noise-columns are for flows that learn by maximum likelihood, and --flow %s does not", o.flow)
	case changed("probes") && o.model.Probes < 1:
		return usage("--probes is %d; it must be at least 1; without it the trace is exact", o.model.Probes)
	case o.flow == flow.PresetFlowMatching && o.model.Layers > 1:
		return usage("--layers is %d, but %s learns one velocity; give it more or wider --hidden layers", o.model.Layers, o.flow)
	case o.flow == flow.PresetFlowMatching && o.model.BatchNorm:
		return usage("--batchnorm is for layers, of which %s has one", o.flow)
	case o.flow == flow.PresetFlowMatching && o.model.Base != base.StandardNormal:
		return usage("--base is %s, but %s leads to the base %s", o.model.Base, o.flow, base.StandardNormal)
	case changed("pairing") && o.flow != flow.PresetFlowMatching:
		return usage("--pairing is for --flow %s", flow.PresetFlowMatching)
	case changed("pairing") && !slices.Contains(train.Pairings, o.pairing):
		return usage("--pairing is %q; it must be %s or %s", string(o.pairing), train.IndependentPairs, train.TransportPairs)
	case o.pairing == train.TransportPairs && len(o.context) > 0:
		return usage("--pairing %s learns a biased density where there is a --context; take %s", train.TransportPairs, train.IndependentPairs)
	case o.pairing == train.TransportPairs && o.rowWeights != "":
		return usage("--pairing %s learns a biased density where there are --row-weights; take %s", train.TransportPairs, train.IndependentPairs)
	case (changed("kinetic") || changed("jacobian")) && o.flow != flow.PresetFFJORD:
		return usage("--kinetic and --jacobian are for --flow %s", flow.PresetFFJORD)
	case changed("embedding") && len(o.context) == 0:
		return usage("--embedding is of the context, and there is no --context")
	case changed("embedding") && o.model.Embedding < 1:
		return usage("--embedding is %d; it must be at least 1", o.model.Embedding)
	}
	return nil
}

// setDefaults puts the preset's own choices where no flag has made one.
func (o *trainOptions) setDefaults(command *cobra.Command) {
	d := flow.Defaults(o.flow)
	changed := command.Flags().Changed
	if !changed("layers") {
		o.model.Layers = d.Layers
	}
	if !changed("hidden") {
		o.model.Hidden = d.Hidden
		if !changed("residual") {
			o.model.Residual = d.Residual
		}
	}
	if !changed("masks") {
		o.model.Masks = d.Masks
	}
	if !changed("permutation") {
		o.model.Permutation = d.Permutation
	}
	if !changed("base") {
		o.model.Base = d.Base
	}
	if !changed("solver-steps") && !changed("tolerance") {
		o.model.Steps, o.model.Tolerance = d.Steps, d.Tolerance
		if !changed("solver") {
			o.model.Solver = d.Solver
		}
	}
	if (o.flow == flow.PresetGaussianization || o.flow == flow.PresetBNAF) && !changed("lr") {
		o.fit.LearningRate = fastRate
	}
	if o.fit.Optimizer == train.AdamW && !changed("weight-decay") {
		o.fit.WeightDecay = train.UsualWeightDecay
	}
}

// leastContext names a column of a context, if there will be any.
func (o *trainOptions) leastContext() []string {
	if len(o.context) == 0 {
		return nil
	}
	return []string{"c"}
}

// checkModel asks the library, which knows what its options may be, about each
// of them alone and then about all. The columns do not matter to that.
func (o *trainOptions) checkModel() error {
	m := o.model
	context := o.leastContext()
	for _, alone := range []struct {
		flag    string
		context []string
		model   flow.Options
	}{
		{"context", context, flow.Options{}},
		{"hidden", nil, flow.Options{Hidden: m.Hidden}},
		{"masks", nil, flow.Options{Masks: m.Masks}},
		{"permutation", nil, flow.Options{Permutation: m.Permutation}},
		{"base", nil, flow.Options{Base: m.Base, Permutation: m.Permutation}},
		{"bound", nil, flow.Options{Bound: m.Bound}},
		{"bins", nil, flow.Options{Bins: m.Bins}},
		{"embedding", context, flow.Options{Embedding: m.Embedding}},
		{"degree", nil, flow.Options{Degree: m.Degree}},
		{"components", nil, flow.Options{Components: m.Components}},
		{"sigmoid-layers", nil, flow.Options{SigmoidLayers: m.SigmoidLayers}},
		{"solver", nil, flow.Options{Solver: m.Solver, Steps: m.Steps, Tolerance: m.Tolerance}},
		{"probes", nil, flow.Options{Probes: m.Probes}},
		{"residual", nil, flow.Options{Residual: m.Residual}},
		{"batchnorm", nil, flow.Options{BatchNorm: m.BatchNorm}},
	} {
		if _, err := o.flow.Config([]string{"a", "b"}, alone.context, alone.model); err != nil {
			return usage("--%s: %s", alone.flag, oneLine(err))
		}
	}
	if _, err := o.config([]string{"a", "b"}, context); err != nil {
		return asUsage(err)
	}
	return nil
}

// config describes the flow of named columns.
func (o *trainOptions) config(features, context []string) (flow.Config, error) {
	if o.noiseColumns > 0 {
		return o.flow.Augmented(features, context, o.noiseColumns, o.noiseDraws, o.model)
	}
	return o.flow.Config(features, context, o.model)
}

func (o *trainOptions) checkPaths(command *cobra.Command) error {
	if command.Flags().Changed("valid") {
		if err := checkTablePath("valid", o.valid); err != nil {
			return err
		}
	}
	if err := checkTablePath("data", o.data); err != nil {
		return err
	}
	if err := o.checkTrainPaths(command); err != nil {
		return err
	}
	return oneStandardInput(o.data, o.valid)
}

// checkTrainPaths finds what is wrong with the paths of tables and images alike.
func (o *trainOptions) checkTrainPaths(command *cobra.Command) error {
	if !strings.HasSuffix(strings.ToLower(o.out), ".safetensors") {
		return usage("--out is %s; a model's name must end in .safetensors", o.out)
	}
	if command.Flags().Changed("valid") && command.Flags().Changed("valid-fraction") {
		return usage("give --valid or --valid-fraction, not both")
	}
	if ending := strings.ToLower(filepath.Ext(o.plot)); command.Flags().Changed("plot") && ending != ".png" && ending != ".svg" {
		return usage("--plot is %q; a picture's name must end in .png or .svg", o.plot)
	}
	return distinctPaths(paths{"data": o.data, "valid": o.valid}, paths{"out": o.out, "the log": logPath(o.out), "plot": o.plot})
}

func (o *trainOptions) checkColumns(command *cobra.Command) error {
	for _, list := range []struct {
		flag  string
		names []string
	}{{"columns", o.columns}, {"exclude", o.exclude}, {"context", o.context}} {
		if command.Flags().Changed(list.flag) && len(list.names) == 0 {
			return usage("--%s is empty", list.flag)
		}
		if err := checkNames(list.flag, list.names); err != nil {
			return err
		}
	}
	for _, name := range o.context {
		if slices.Contains(o.columns, name) {
			return usage("%q is in both --context and --columns", name)
		}
		if slices.Contains(o.exclude, name) {
			return usage("%q is in both --context and --exclude", name)
		}
	}
	if !command.Flags().Changed("row-weights") {
		return nil
	}
	if err := require(command, "row-weights"); err != nil {
		return err
	}
	for flag, names := range map[string][]string{"columns": o.columns, "context": o.context} {
		if slices.Contains(names, o.rowWeights) {
			return usage("%q is in both --row-weights and --%s; the weight of a row is no value of it", o.rowWeights, flag)
		}
	}
	return nil
}
