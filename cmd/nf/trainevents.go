package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/train"
	"github.com/seed-192fdf7a/nf/internal/random"
)

// The kinds of what a flow is trained on, as messages call them.
const (
	kindTable  = "a table"
	kindImages = "images"
	kindSound  = "sound"
)

// flagsOf are the flags of nf train that are not for every kind.
var flagsOf = map[string][]string{
	kindTable: {"columns", "exclude", "context", "row-weights", "on-bad-row", "header", "hidden", "masks", "permutation", "base", "support",
		"discrete", "bins", "components", "sigmoid-layers", "degree", "embedding", "residual", "batchnorm", "noise",
		"noise-columns", "noise-draws"},
	kindImages: {"scales", "width", "classes", "levels", "bits", "logit", "flip", "valid-last", "valid-classes", "noise", "class-dropout", "dequantization", "volume-preserving", "actnorm", "network"},
	kindSound:  {"length", "blocks", "stacks", "width", "components", "gaussian"},
}

// kind returns what --flow is a family for, and refuses the flags that are not for
// it.
func (o *trainOptions) kind(command *cobra.Command) (string, error) {
	kind := kindTable
	switch {
	case slices.Contains(imageFamilies(), string(o.flow)):
		kind = kindImages
	case slices.Contains(soundFamilies(), string(o.flow)):
		kind = kindSound
	case !slices.Contains(flow.Presets(), o.flow):
		return "", usage("--flow %s is not in this version; choose %s; of images %s; of sound %s",
			o.flow, strings.Join(flow.PresetNames(), " or "), strings.Join(imageFamilies(), " or "), strings.Join(soundFamilies(), " or "))
	}
	for other, flags := range flagsOf {
		for _, name := range flags {
			flag := command.Flags().Lookup(name)
			if other != kind && flag != nil && flag.Changed && !slices.Contains(flagsOf[kind], name) {
				return kind, usage("--%s is not for --flow %s, which is a family for %s", name, o.flow, kind)
			}
		}
	}
	return kind, nil
}

// checkEventFit finds what is wrong with the flags of a training that are alike for
// images and sound, and puts their defaults where they are others than those for
// rows.
func (o *trainOptions) checkEventFit(command *cobra.Command, batch int, clip float64) error {
	changed := command.Flags().Changed
	if !changed("batch") {
		o.fit.Batch = batch
	}
	if !changed("clip") {
		o.fit.Clip = clip
	}
	switch {
	case !(o.validFraction > 0 && o.validFraction < 1):
		return usage("--valid-fraction is %v; it must be above 0 and below 1", o.validFraction)
	case o.fit.Batch < 1:
		return usage("--batch is %d; it must be at least 1", o.fit.Batch)
	case changed("layers") && o.model.Layers < 1:
		return usage("--layers is %d; it must be at least 1", o.model.Layers)
	case changed("width") && o.images.model.Columns < 1:
		return usage("--width is %d; it must be at least 1", o.images.model.Columns)
	case changed("bound") && !(o.model.Bound > 0):
		return usage("--bound is %v; it must be above 0", o.model.Bound)
	}
	if err := o.fit.Check(); err != nil {
		return optionUsage(err)
	}
	return nil
}

// split draws which of so many events are for training and which for validation.
func (o *trainOptions) split(count int, what string) (train, valid []int, err error) {
	if count < 3 {
		return nil, nil, fmt.Errorf("%d %s(s); training and validation need three", count, what)
	}
	order := make([]int, count)
	random.Permutation(order, o.fit.Seed, random.Split, 0)
	n := int(math.Round(o.validFraction * float64(count)))
	n = max(1, min(n, count-2))
	valid, train = order[:n], order[n:]
	slices.Sort(valid)
	slices.Sort(train)
	return train, valid, nil
}

func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// trainingEvents are images or windows of sound for a training.
type trainingEvents interface {
	io.Closer
	config(o *trainOptions) (flow.Config, error)
	standardize(f *flow.Flow) error
	sources(f *flow.Flow, o *trainOptions) (training, validation *train.Images)
	describe(o *trainOptions, r train.Result) (json.RawMessage, error)
	// introduce says how many there are, what they are called, and what their
	// values are.
	introduce(c flow.Config) (train, valid int, unit, what string)
	// advice is what to say before the training.
	advice(o *trainOptions, c flow.Config) ([]string, error)
}

func runTrainEvents(command *cobra.Command, o *trainOptions, open func() (trainingEvents, error)) error {
	ctx, out := command.Context(), &steadyOutput{out: command.OutOrStdout()}
	signal.Ignore(syscall.SIGPIPE)
	backend, err := chosenBackend()
	if err != nil {
		return err
	}
	if o.fit.Workers, err = workerCount(o.fit.Workers, backend); err != nil {
		return err
	}
	o.fit.BLAS = backend
	for _, path := range []string{o.out, logPath(o.out), o.plot} {
		if path == "" {
			continue
		}
		if err := checkWritable(path); err != nil {
			return err
		}
	}
	started := time.Now()
	var data trainingEvents
	err = orInterrupted(ctx, func() (err error) {
		data, err = open()
		return err
	})
	if err != nil {
		return err
	}
	defer data.Close()
	config, err := data.config(o)
	if err != nil {
		return err
	}
	var f *flow.Flow
	describe := func(r train.Result) (json.RawMessage, error) { return data.describe(o, r) }
	err = orInterrupted(ctx, func() (err error) {
		if err := checkEventMemory(config, o); err != nil {
			return err
		}
		if f, err = flow.New(config, o.fit.Seed); err != nil {
			return err
		}
		if err := data.standardize(f); err != nil {
			return err
		}
		return tryWriting(o, f, describe)
	})
	if err != nil {
		return err
	}
	trained, validated, unit, what := data.introduce(config)
	if !o.quiet {
		fmt.Fprintf(out, "training on %d %s, validating on %d: %s, %s, %d parameters, batches of %d; %s, workers %d\n",
			trained, unit, validated, what, o.flow, f.Model().Parameters().Len(), o.fit.Batch, computing(backend), o.fit.Workers)
	}
	advice, err := data.advice(o, config)
	if err != nil {
		return err
	}
	o.advise(command, advice...)
	training, validation := data.sources(f, o)
	work := fitting{
		events: trained, unit: unit, loss: "nll", describe: describe,
		fit: func(ctx context.Context, options train.Options) (train.Result, error) {
			r, err := train.Minimize(ctx, f.Model(), train.MaximumLikelihood(f, training), train.MaximumLikelihood(f, validation), options)
			return r, errors.Join(training.Err(), validation.Err(), err)
		},
		explain: func(err error) error { return err },
		units:   func(nll float64) string { return bitsPerDim(f, -nll) },
	}
	if o.matchesImages() {
		if err := work.match(f, training, validation, o); err != nil {
			return err
		}
	}
	return work.run(command, out, f, o, started)
}

// checkEventMemory refuses networks that training could not hold.
func checkEventMemory(config flow.Config, o *trainOptions) error {
	parameters, err := config.CountParameters()
	if err != nil {
		return err
	}
	limit, of := memoryLimit(), "the memory that there is"
	if limit == 0 {
		limit, of = mostMemory, "the most that is supported"
	}
	if needs := o.fit.Bytes(parameters, o.fit.Batch) + float64(4*parameters); needs > limit {
		return fmt.Errorf("--width %d with --layers %d makes networks of %.3g parameters, which take about %s to train, and %s is %s: give a smaller --width or fewer --layers",
			o.images.model.Columns, o.model.Layers, parameters, gibibytes(needs), of, gibibytes(limit))
	}
	return nil
}

// momentsOf returns the mean and the standard deviation of each channel of some
// events.
func momentsOf(channels, dim int, events []int, load func(dst []float64, i int) error) (flow.Standardization, error) {
	values, n := make([]float64, dim), 0.0
	mean, square := make([]float64, channels), make([]float64, channels)
	for pass := range 2 {
		for _, i := range events {
			if err := load(values, i); err != nil {
				return flow.Standardization{}, err
			}
			for k, v := range values {
				if c := k % channels; pass == 0 {
					mean[c] += v
				} else {
					square[c] += float64((v - mean[c]) * (v - mean[c]))
				}
			}
		}
		n = float64(len(events) * dim / channels)
		for c := range channels {
			if pass == 0 {
				mean[c] /= n
			} else {
				square[c] = math.Sqrt(square[c] / n)
			}
		}
	}
	for c, s := range square {
		if !(s > 0) {
			return flow.Standardization{}, fmt.Errorf("channel %d is %v everywhere, so it has no density", c, mean[c])
		}
	}
	return flow.Standardization{Mean: mean, Std: square}, nil
}

// fitProvenance is what the model of images or of sound says of its fit.
type fitProvenance struct {
	Epochs       int          `json:"epochs"`
	Batch        int          `json:"batch"`
	LearningRate float64      `json:"lr"`
	Schedule     string       `json:"schedule"`
	Clip         float64      `json:"clip"`
	Patience     int          `json:"patience"`
	Optimizer    string       `json:"optimizer"`
	WeightDecay  float64      `json:"weight_decay,omitempty"`
	Warmup       int          `json:"warmup,omitempty"`
	Average      float64      `json:"average,omitempty"`
	Memory       train.Memory `json:"memory,omitempty"`
}

func (o *trainOptions) describeFit() fitProvenance {
	fit := &o.fit
	p := fitProvenance{
		Epochs: fit.Epochs, Batch: fit.Batch, LearningRate: fit.LearningRate, Schedule: fit.Schedule, Clip: fit.Clip, Patience: fit.Patience,
		Optimizer: fit.Optimizer, WeightDecay: fit.WeightDecay, Warmup: fit.Warmup, Average: fit.Average,
	}
	if fit.Memory == train.Reversible {
		p.Memory = fit.Memory
	}
	return p
}
