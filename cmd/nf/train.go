package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/train"
)

type trainOptions struct {
	data, valid, out, plot    string
	validFraction             float64
	columns, exclude, context []string
	table                     tableFlags
	flow                      string
	model                     flow.Options
	support                   []string
	intervals                 []flow.Interval // what support says
	fit                       train.Options
	quiet                     bool
}

func trainCommand() *cobra.Command {
	o := trainOptions{fit: train.Defaults()}
	command := &cobra.Command{
		Use:   "train --data FILE --out MODEL.safetensors",
		Short: "Fit a flow to a table",
		Long: `Fits a flow to the rows of a table by maximum likelihood and keeps the epoch that does best on validation rows.

It prints one line an epoch and ends with: best epoch=E valid_nll=V, in nats. MODEL.safetensors.log.json, beside the
model, gets the history, the time and the machine; the model itself holds only what the data, the options and the seed
decide, so that the same training writes the same bytes with any --workers. An interruption (Ctrl-C) keeps the best
finished epoch; a second one quits at once.`,
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
	if err := distinctPaths(map[string]string{"data": o.data, "out": o.out, "out (its log)": logPath(o.out), "plot": o.plot}); err != nil {
		return err
	}
	if err := distinctPaths(map[string]string{"valid": o.valid, "out": o.out, "out (its log)": logPath(o.out), "plot": o.plot}); err != nil {
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
	return nil
}

func runTrain(command *cobra.Command, o *trainOptions) error {
	ctx, out := command.Context(), command.OutOrStdout()
	backend, err := chosenBackend()
	if err != nil {
		return err
	}
	if o.fit.Workers, err = workerCount(o.fit.Workers, backend); err != nil {
		return err
	}
	o.fit.BLAS, o.model.Seed = backend, o.fit.Seed
	for _, path := range []string{o.out, logPath(o.out), o.plot} {
		if path == "" {
			continue
		}
		if err := checkWritable(path); err != nil {
			return err
		}
	}
	started := time.Now()
	var data *trainingData
	err = orInterrupted(ctx, func() (err error) {
		data, err = readTrainingData(command, o)
		return err
	})
	if err != nil {
		return err
	}
	if o.fit.Batch == 0 {
		o.fit.Batch = train.BatchFor(data.trainRows)
	}
	config, err := flow.Presets[o.flow](data.features, data.context, o.model)
	if err != nil {
		return err
	}
	config.Categories = data.categories
	if err := config.SetSupport(o.intervals...); err != nil {
		return usage("--support: %s", oneLine(err))
	}
	f, err := flow.New(config, o.fit.Seed)
	if err != nil {
		return err
	}
	if err := tryWriting(o.out, f); err != nil {
		return err
	}
	if !o.quiet {
		fmt.Fprintf(out, "training on %d rows, validating on %d: %d columns, %s, %d parameters, batches of %d; %s, workers %d\n",
			data.trainRows, data.validRows, len(data.features), o.flow, f.Parameters().Len(), o.fit.Batch, computing(backend), o.fit.Workers)
	}
	result, err := fitShowing(command, f, data, o)
	switch {
	case err != nil && result.BestEpoch > 0:
		return keepBest(o, f, data, result, started, err)
	case errors.Is(err, context.Canceled) && len(result.History) > 0:
		return fmt.Errorf("interrupted when no epoch was better than the start (valid_nll=%.6f); nothing was written", result.StartValidNLL)
	case errors.Is(err, context.Canceled):
		return errors.New("interrupted before an epoch was finished; nothing was written")
	case err != nil && result.Stopped == "diverged" && len(result.History) > 0:
		return fmt.Errorf("%w; no epoch before was better than the start (valid_nll=%.6f), so nothing was written", err, result.StartValidNLL)
	case errors.As(err, new(*train.NoBetterEpochError)):
		return fmt.Errorf("%w; nothing was written", err)
	case err != nil:
		return explainConstant(err, data, o)
	}
	if err := writeModel(o, f, data, result, started); err != nil {
		return err
	}
	if !o.quiet && result.Stopped == "patience" {
		fmt.Fprintf(out, "stopped after epoch %d: no better epoch in %d\n", len(result.History), o.fit.Patience)
	}
	fmt.Fprintf(out, "best epoch=%d valid_nll=%.6f\n", result.BestEpoch, result.BestValidNLL)
	return nil
}

// fitShowing trains with a line for each epoch and a bar over all of them.
func fitShowing(command *cobra.Command, f *flow.Flow, data *trainingData, o *trainOptions) (train.Result, error) {
	var done atomic.Int64
	total := int64(o.fit.Epochs) * int64(data.trainRows)
	epochs := int64(0)
	bar := startProgress(command, "training", o.quiet, func() (int64, int64) { return done.Load(), total })
	defer bar.stop()
	options := o.fit
	options.Progress = func(rows, _ int) { done.Store(epochs*int64(data.trainRows) + int64(rows)) }
	options.Report = func(e train.Epoch) {
		epochs++
		if !o.quiet {
			bar.pause(func() {
				fmt.Fprintf(command.OutOrStdout(), "epoch=%d train_nll=%.6f valid_nll=%.6f rows_per_second=%.0f\n",
					e.Epoch, e.TrainNLL, e.ValidNLL, e.RowsPerSecond)
			})
		}
	}
	return train.Fit(command.Context(), f, data.train, data.valid, options)
}

// keepBest writes the best epoch of a training that did not reach its end, and
// returns the error that says so.
func keepBest(o *trainOptions, f *flow.Flow, data *trainingData, result train.Result, started time.Time, cause error) error {
	if err := writeModel(o, f, data, result, started); err != nil {
		return err
	}
	what := oneLine(cause)
	if errors.Is(cause, context.Canceled) {
		what = "interrupted"
	}
	return fmt.Errorf("%s; %s keeps the best finished epoch: best epoch=%d valid_nll=%.6f", what, o.out, result.BestEpoch, result.BestValidNLL)
}

// writeModel writes the model, its log and the picture of its losses.
func writeModel(o *trainOptions, f *flow.Flow, data *trainingData, result train.Result, started time.Time) error {
	provenance, err := describeTraining(o, data, result)
	if err != nil {
		return err
	}
	f.SetProvenance(provenance)
	if err := f.Save(o.out); err != nil {
		return err
	}
	if err := writeLog(o, data, result, started); err != nil {
		return fmt.Errorf("%w (the model %s itself is complete)", err, o.out)
	}
	if o.plot == "" {
		return nil
	}
	if err := plotLoss(o.plot, result.History); err != nil {
		return fmt.Errorf("%w (the model %s itself is complete)", err, o.out)
	}
	return nil
}

// explainConstant turns the library's error about one column into one that
// names all such columns and the flag that leaves them out.
func explainConstant(err error, data *trainingData, o *trainOptions) error {
	var constant *train.ConstantColumnError
	if !errors.As(err, &constant) {
		return err
	}
	if columns := constantColumns(data.train.Context, data.context); len(columns) > 0 {
		return fmt.Errorf("%s: the context column %q is the same in every training row, so it tells nothing; take it out of --context",
			shownPath(o.data), columns[0])
	}
	columns := constantColumns(data.train.Rows, data.features)
	if len(columns) == len(data.features) {
		return fmt.Errorf("%s: every column (%s) has one and the same value in all training rows, so they have no density",
			shownPath(o.data), listed(columns))
	}
	if len(columns) > 1 {
		return fmt.Errorf("%s: the columns %s have one and the same value in all training rows, so they have no density; leave them out with --exclude %s",
			shownPath(o.data), listed(columns), flagValue(columns))
	}
	return fmt.Errorf("%s: column %q has the value %v in every training row, so it has no density; leave it out with --exclude %s",
		shownPath(o.data), constant.Column, constant.Value, flagValue([]string{constant.Column}))
}

func constantColumns(rows []float64, names []string) []string {
	var constant []string
	width := len(names)
	for c, name := range names {
		same := true
		for at := c; at < len(rows) && same; at += width {
			same = rows[at] == rows[c]
		}
		if same {
			constant = append(constant, name)
		}
	}
	return constant
}

func logPath(model string) string { return model + ".log.json" }

// tryWriting writes the untrained model to a temporary file and discards it:
// a full disk should be known before hours of training, not after.
func tryWriting(path string, f *flow.Flow) error {
	file, err := createProbe(path)
	if err != nil || file == nil {
		return err
	}
	defer file.Abort()
	return f.Write(file)
}
