package main

import (
	"math"
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
	flow                      string
	model                     flow.Options
	support                   []string
	intervals                 []flow.Interval // what support says
	fit                       train.Options
	quiet                     bool
	noAdvice                  bool
}

func trainCommand() *cobra.Command {
	o := trainOptions{fit: train.Defaults()}
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

A flag of names or numbers that is given twice adds up: --hidden 8 --hidden 16 is --hidden 8,16.`,
		Example: `  nf train --data train.csv --valid valid.csv --exclude label --out model.safetensors
  nf train --data rows.npy --flow realnvp --layers 8 --hidden 128,128 --epochs 30 --out model.safetensors --plot loss.png`,
		Args: noArguments,
	}
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
	f.StringVar(&o.flow, "flow", "realnvp", "family: "+strings.Join(flow.PresetNames(), " or "))
	f.IntVar(&o.model.Layers, "layers", 0, "layers that change columns (default 8; maf, iaf: 5; nsf, nsf-ar: 10)")
	f.IntSliceVar(&o.model.Hidden, "hidden", nil, "widths of the conditioners' hidden layers (default 128,128; maf, iaf: 100,100; nsf: 256,256; nsf-ar: 256,256,256)")
	f.StringVar(&o.model.Masks, "masks", "", "what a coupling changes: halves or alternating columns (default halves; nsf: alternating)")
	f.StringVar(&o.model.Permutation, "permutation", "", "between layers: none, reverse, random, or lu: random and a learned matrix (default none; maf, iaf: reverse; nsf, nsf-ar: lu)")
	f.StringVar(&o.model.Base, "base", base.StandardNormal, "base density: "+strings.Join(base.Kinds.Names(), ", "))
	f.StringArrayVar(&o.support, "support", nil, "COLUMN=LOWER:UPPER, a column that lies between two ends, or with one left out beyond the other: --support price=0: --support share=0:1; :softplus behind one end takes that map instead of log")
	f.Float64Var(&o.model.Bound, "bound", 0, "b of the scale map exp(b*tanh(u/b)) of realnvp, maf and iaf (default 1); the box [-b, b] of the splines of nsf and nsf-ar (default 3)")
	f.IntVar(&o.model.Bins, "bins", 0, "bins of a spline of nsf and nsf-ar (default 8)")
	f.BoolVar(&o.model.Residual, "residual", false, "residual networks in maf, iaf and nsf-ar: a block for each width after the first (nsf-ar's own widths always are)")
	f.BoolVar(&o.model.BatchNorm, "batchnorm", false, "batch normalization after every layer")
	f.IntVar(&o.fit.Epochs, "epochs", o.fit.Epochs, "passes over the rows")
	f.IntVar(&o.fit.Batch, "batch", 0, "rows of a minibatch (default: "+train.BatchRule()+")")
	f.Float64Var(&o.fit.LearningRate, "lr", o.fit.LearningRate, "learning rate of Adam")
	f.StringVar(&o.fit.Schedule, "schedule", o.fit.Schedule, "learning rate over time: cosine or constant")
	f.Float64Var(&o.fit.Clip, "clip", o.fit.Clip, "largest norm of a minibatch's gradient; 0 is no limit")
	f.Float64Var(&o.fit.Noise, "noise", o.fit.Noise, "standard deviation of the noise added to the standardized training rows; it smooths, and columns of few values need it")
	f.IntVar(&o.fit.Patience, "patience", o.fit.Patience, "epochs without improvement before stopping; 0 never stops early")
	f.Uint64Var(&o.fit.Seed, "seed", o.fit.Seed, "decides initial values, the order of rows and the split")
	addWorkersFlag(command, &o.fit.Workers)
	f.StringVar(&o.plot, "plot", "", "picture of the loss curve to write, .png or .svg")
	f.BoolVar(&o.quiet, "quiet", false, "print no progress, only the result")
	command.RunE = func(command *cobra.Command, _ []string) error {
		if err := require(command, "data", "out"); err != nil {
			return err
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
	preset, ok := flow.Presets[o.flow]
	if !ok {
		return usage("--flow %s is not in this version; choose %s", o.flow, strings.Join(flow.PresetNames(), " or "))
	}
	o.setDefaults(command)
	f := o.fit
	switch {
	case !(o.validFraction > 0 && o.validFraction < 1):
		return usage("--valid-fraction is %v; it must be above 0 and below 1", o.validFraction)
	case o.model.Layers < 1 || o.model.Layers > maxLayers:
		return usage("--layers is %d; it must be 1 to %d", o.model.Layers, maxLayers)
	case len(o.model.Hidden) == 0:
		return usage("--hidden is empty; it must be a list of widths such as 128,128")
	case command.Flags().Changed("bins") && o.model.Bins < 1:
		return usage("--bins is %d; it must be at least 1", o.model.Bins)
	case command.Flags().Changed("bound") && !(o.model.Bound > 0):
		return usage("--bound is %v; it must be above 0", o.model.Bound)
	case f.Epochs < 1:
		return usage("--epochs is %d; it must be at least 1", f.Epochs)
	case command.Flags().Changed("batch") && f.Batch < 1:
		return usage("--batch is %d; it must be at least 1", f.Batch)
	case !(f.LearningRate > 0 && f.LearningRate < 1e6):
		return usage("--lr is %v; it must be a positive number", f.LearningRate)
	case f.Schedule != train.Cosine && f.Schedule != train.Constant:
		return usage("--schedule is %q; it must be %s or %s", f.Schedule, train.Cosine, train.Constant)
	case !(f.Clip >= 0) || math.IsInf(f.Clip, 1):
		return usage("--clip is %v; it must be a positive number, or 0 for no limit", f.Clip)
	case !(f.Noise >= 0 && f.Noise < 1e6):
		return usage("--noise is %v; it must be a positive number, or 0 for none", f.Noise)
	case f.Patience < 0:
		return usage("--patience is %d; it must be at least 0", f.Patience)
	}
	var err error
	if o.intervals, err = parseSupport(o.support); err != nil {
		return err
	}
	return o.checkModel(preset)
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
}

// checkModel asks the library, which knows what its options may be, about each
// of them alone and then about all. The columns do not matter to that.
func (o *trainOptions) checkModel(preset func(features, context []string, o flow.Options) (flow.Config, error)) error {
	m := o.model
	for _, alone := range []struct {
		flag  string
		model flow.Options
	}{
		{"hidden", flow.Options{Hidden: m.Hidden}},
		{"masks", flow.Options{Masks: m.Masks}},
		{"permutation", flow.Options{Permutation: m.Permutation}},
		{"base", flow.Options{Base: m.Base, Permutation: m.Permutation}},
		{"bound", flow.Options{Bound: m.Bound}},
		{"bins", flow.Options{Bins: m.Bins}},
		{"residual", flow.Options{Residual: m.Residual}},
	} {
		if _, err := preset([]string{"a", "b"}, nil, alone.model); err != nil {
			return usage("--%s: %s", alone.flag, oneLine(err))
		}
	}
	if _, err := preset([]string{"a", "b"}, nil, m); err != nil {
		return asUsage(err)
	}
	return nil
}

// maxLayers keeps a mistyped number from taking all memory.
const maxLayers = 1024

func (o *trainOptions) checkPaths(command *cobra.Command) error {
	if !strings.HasSuffix(strings.ToLower(o.out), ".safetensors") {
		return usage("--out is %s; a model's name must end in .safetensors", o.out)
	}
	if command.Flags().Changed("valid") {
		if command.Flags().Changed("valid-fraction") {
			return usage("give --valid or --valid-fraction, not both")
		}
		if err := checkTablePath("valid", o.valid); err != nil {
			return err
		}
	}
	if err := checkTablePath("data", o.data); err != nil {
		return err
	}
	if ending := strings.ToLower(filepath.Ext(o.plot)); command.Flags().Changed("plot") && ending != ".png" && ending != ".svg" {
		return usage("--plot is %q; a picture's name must end in .png or .svg", o.plot)
	}
	if err := distinctPaths(paths{"data": o.data, "valid": o.valid}, paths{"out": o.out, "the log": logPath(o.out), "plot": o.plot}); err != nil {
		return err
	}
	return oneStandardInput(o.data, o.valid)
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
