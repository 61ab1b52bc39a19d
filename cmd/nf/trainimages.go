package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/train"
	"github.com/seed-192fdf7a/nf/internal/image"
	"github.com/seed-192fdf7a/nf/internal/random"
)

// imageFlags are the flags of nf train that are for images.
type imageFlags struct {
	model   flow.ImageOptions
	classes string
	levels  int
	bits    int
	flip    bool
}

func (i *imageFlags) addFlags(command *cobra.Command) {
	f := command.Flags()
	f.IntVar(&i.model.Scales, "scales", 0, "of images: how often they are squeezed; the patches of tarflow have 2 to this power pixels a side (default 2)")
	f.IntVar(&i.model.Columns, "width", 0, "of images: columns of the networks (default 64; realnvp-image 32)")
	f.StringVar(&i.classes, "classes", "", "of images: condition on their classes, from an IDX or .npy file or a text with one a line; \"own\" takes those of CIFAR-10's batches, or of directories")
	f.IntVar(&i.levels, "levels", 0, "of images: how many whole numbers, from 0, a pixel may be (default: 256 for bytes, else as the values say)")
	f.IntVar(&i.bits, "bits", 0, "of images: keep so many of 8 bits")
	f.Float64Var(&i.model.Logit, "logit", 0, "of images: map pixels by a logit with this alpha first, such as 0.05 (default none)")
	f.BoolVar(&i.flip, "flip", false, "of images: mirror one half of them in each epoch")
}

// The flags that are for images alone, and those that are for tables alone.
var (
	flagsOfImages = []string{"scales", "width", "classes", "levels", "bits", "logit", "flip"}
	flagsOfTables = []string{"columns", "exclude", "context", "row-weights", "on-bad-row", "header", "hidden", "masks", "permutation", "base", "support",
		"discrete", "bins", "components", "degree", "embedding", "residual", "batchnorm", "noise"}
)

// ofImages tells whether --flow is a family of images, and refuses the flags that
// are not for it.
func (o *trainOptions) ofImages(command *cobra.Command) (bool, error) {
	images := slices.Contains(imageFamilies(), string(o.flow))
	if !images && !slices.Contains(flow.Presets(), o.flow) {
		return false, usage("--flow %s is not in this version; choose %s; of images %s", o.flow, strings.Join(flow.PresetNames(), " or "), strings.Join(imageFamilies(), " or "))
	}
	wrong, of := flagsOfImages, "a table"
	if images {
		wrong, of = flagsOfTables, "images"
	}
	for _, name := range wrong {
		if flag := command.Flags().Lookup(name); flag != nil && flag.Changed {
			return images, usage("--%s is not for --flow %s, which is a family for %s", name, o.flow, of)
		}
	}
	return images, nil
}

// The defaults of a fit to images, where they are others than those for rows.
const (
	imageBatch = 64
	imageClip  = 100
)

// checkImages finds what is wrong with the flags of a training on images.
func (o *trainOptions) checkImages(command *cobra.Command) error {
	changed := command.Flags().Changed
	if err := o.checkTrainPaths(command); err != nil {
		return err
	}
	if err := checkImagePath("data", o.data); err != nil {
		return err
	}
	if changed("valid") {
		if err := checkImagePath("valid", o.valid); err != nil {
			return err
		}
	}
	if !changed("batch") {
		o.fit.Batch = imageBatch
	}
	if !changed("clip") {
		o.fit.Clip = imageClip
	}
	i := &o.images
	switch {
	case !(o.validFraction > 0 && o.validFraction < 1):
		return usage("--valid-fraction is %v; it must be above 0 and below 1", o.validFraction)
	case changed("bits") && (i.bits < 1 || i.bits > 8):
		return usage("--bits is %d; it must be 1 to 8", i.bits)
	case changed("levels") && i.levels < 2:
		return usage("--levels is %d; it must be at least 2", i.levels)
	case changed("batch") && o.fit.Batch < 1:
		return usage("--batch is %d; it must be at least 1", o.fit.Batch)
	case changed("layers") && o.model.Layers < 1:
		return usage("--layers is %d; it must be at least 1", o.model.Layers)
	case changed("scales") && i.model.Scales < 1:
		return usage("--scales is %d; it must be at least 1", i.model.Scales)
	case changed("width") && i.model.Columns < 1:
		return usage("--width is %d; it must be at least 1", i.model.Columns)
	case changed("bound") && !(o.model.Bound > 0):
		return usage("--bound is %v; it must be above 0", o.model.Bound)
	}
	if err := o.fit.Check(); err != nil {
		return optionUsage(err)
	}
	i.model.Steps, i.model.Bound = o.model.Layers, o.model.Bound
	return nil
}

// trainingImages are the images of a training.
type trainingImages struct {
	set, validSet *image.Set // validSet is set where there is no --valid
	classes       imageClasses
	train, valid  []int // their images
	labels        []int // of set
	validLabels   []int
	sha256        string
}

func (d *trainingImages) Close() error {
	if d.validSet == d.set {
		return d.set.Close()
	}
	return errors.Join(d.set.Close(), d.validSet.Close())
}

// openTrainingImages opens the images and splits them.
func openTrainingImages(o *trainOptions) (d *trainingImages, err error) {
	set, err := image.Open(o.data)
	if err != nil {
		return nil, err
	}
	opened := &trainingImages{set: set, validSet: set}
	defer func() {
		if err != nil {
			opened.Close()
		}
	}()
	d = opened
	if o.valid != "" {
		validSet, err := image.Open(o.valid)
		if err != nil {
			return nil, err
		}
		d.validSet = validSet
		if a, b := sizeOf(set), sizeOf(d.validSet); a.Height != b.Height || a.Width != b.Width || a.Channels != b.Channels {
			return nil, fmt.Errorf("%s has images of %d x %d x %d, and %s of %d x %d x %d",
				o.data, a.Height, a.Width, a.Channels, o.valid, b.Height, b.Width, b.Channels)
		}
		d.train, d.valid = upTo(set.Count), upTo(d.validSet.Count)
	} else {
		order := make([]int, set.Count)
		random.Permutation(order, o.fit.Seed, random.Split, 0)
		n := int(math.Round(o.validFraction * float64(len(order))))
		n = max(1, min(n, len(order)-2))
		if len(order) < 3 {
			return nil, fmt.Errorf("%s has %d image(s); training and validation need three", o.data, len(order))
		}
		d.valid, d.train = order[:n], order[n:]
		slices.Sort(d.valid)
		slices.Sort(d.train)
	}
	if o.images.classes != "" {
		if d.labels, err = labelsOf(set, o.images.classes); err != nil {
			return nil, err
		}
		d.validLabels = d.labels
		if o.valid != "" {
			if o.images.classes != ownClasses {
				return nil, usage("--classes %s has the classes of --data; with --valid, give sets that have their own, or leave out --valid", o.images.classes)
			}
			if d.validLabels, err = labelsOf(d.validSet, ownClasses); err != nil {
				return nil, err
			}
		}
		if d.classes, err = classesOf(set, d.labels, d.validLabels); err != nil {
			return nil, err
		}
	}
	d.sha256, err = hashImages(set)
	return d, err
}

func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// hashImages returns the SHA-256 of all values, as float64, little-endian.
func hashImages(set *image.Set) (string, error) {
	h, values := sha256.New(), make([]float64, set.Dim())
	raw := make([]byte, 8*len(values))
	for i := range set.Count {
		if err := set.Load(values, i); err != nil {
			return "", err
		}
		for k, v := range values {
			bits := math.Float64bits(v)
			for b := range 8 {
				raw[8*k+b] = byte(bits >> (8 * b))
			}
		}
		h.Write(raw)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// source makes some images of a set a source of events.
func (d *trainingImages) source(f *flow.Flow, o *trainOptions, set *image.Set, chosen, labels []int) *train.Images {
	s := &train.Images{
		Flow: f, Count: len(chosen), Flip: o.images.flip, Seed: o.fit.Seed,
		Read: func(dst []float64, event int) error { return set.Load(dst, chosen[event]) },
	}
	if labels != nil {
		s.Context = func(dst []float64, event int) { d.classes.oneHot(dst, labels[chosen[event]]) }
	}
	return s
}

// config makes the description of the flow.
func (d *trainingImages) config(o *trainOptions) (flow.Config, error) {
	m := o.images.model
	m.Height, m.Width, m.Channels, m.Levels = d.set.Height, d.set.Width, d.set.Channels, d.set.Levels
	if o.images.levels > 0 {
		m.Levels = o.images.levels
	}
	if o.images.bits > 0 {
		if m.Levels != 256 {
			return flow.Config{}, usage("--bits is for pixels of 8 bits, and these have %d levels", m.Levels)
		}
		m.Step = 1 << (8 - o.images.bits)
		if m.Step == 1 {
			m.Step = 0
		}
	}
	m.Context = d.classes.columns()
	config, err := flow.ImagePreset(o.flow).Config(m)
	if err != nil {
		return config, err
	}
	config.Categories = d.classes.categories()
	return config, nil
}

// standardize gives numbers without levels the mean 0 and the variance 1.
func (d *trainingImages) standardize(f *flow.Flow) error {
	channels := d.set.Channels
	values, n := make([]float64, d.set.Dim()), 0.0
	mean, square := make([]float64, channels), make([]float64, channels)
	for pass := range 2 {
		for _, i := range d.train {
			if err := d.set.Load(values, i); err != nil {
				return err
			}
			for k, v := range values {
				if c := k % channels; pass == 0 {
					mean[c] += v
				} else {
					square[c] += float64((v - mean[c]) * (v - mean[c]))
				}
			}
		}
		n = float64(len(d.train) * len(values) / channels)
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
			return fmt.Errorf("channel %d is %v in every pixel of every image, so it has no density", c, mean[c])
		}
	}
	return f.Model().SetStandardization(flow.Standardization{Mean: mean, Std: square}, flow.Standardization{})
}

// imageProvenance is what a model of images says of its making.
type imageProvenance struct {
	Data struct {
		SHA256 string `json:"sha256"`
		Images string `json:"images"`
		Train  int    `json:"train_images"`
		Valid  int    `json:"valid_images"`
	} `json:"data"`
	Options struct {
		Flow          flow.Preset  `json:"flow"`
		Scales        int          `json:"scales,omitempty"`
		Layers        int          `json:"layers,omitempty"`
		Width         int          `json:"width,omitempty"`
		Bound         float64      `json:"bound,omitempty"`
		Bits          int          `json:"bits,omitempty"`
		Flip          bool         `json:"flip,omitempty"`
		Epochs        int          `json:"epochs"`
		Batch         int          `json:"batch"`
		LearningRate  float64      `json:"lr"`
		Schedule      string       `json:"schedule"`
		Clip          float64      `json:"clip"`
		Patience      int          `json:"patience"`
		Optimizer     string       `json:"optimizer"`
		WeightDecay   float64      `json:"weight_decay,omitempty"`
		Warmup        int          `json:"warmup,omitempty"`
		Average       float64      `json:"average,omitempty"`
		Memory        train.Memory `json:"memory,omitempty"`
		ValidFraction float64      `json:"valid_fraction,omitempty"`
	} `json:"options"`
	Seed      uint64 `json:"seed"`
	BestEpoch int    `json:"best_epoch"`
	BLAS      string `json:"blas"`
}

func (d *trainingImages) describe(o *trainOptions, r train.Result) (json.RawMessage, error) {
	p := imageProvenance{Seed: o.fit.Seed, BestEpoch: r.BestEpoch, BLAS: o.fit.BLAS.Name()}
	p.Data.SHA256, p.Data.Train, p.Data.Valid = d.sha256, len(d.train), len(d.valid)
	p.Data.Images = fmt.Sprintf("%dx%dx%d", d.set.Height, d.set.Width, d.set.Channels)
	q, i, fit := &p.Options, &o.images, &o.fit
	q.Flow, q.Scales, q.Layers, q.Width, q.Bound, q.Bits, q.Flip = o.flow, i.model.Scales, i.model.Steps, i.model.Columns, i.model.Bound, i.bits, i.flip
	q.Epochs, q.Batch, q.LearningRate, q.Schedule, q.Clip, q.Patience = fit.Epochs, fit.Batch, fit.LearningRate, fit.Schedule, fit.Clip, fit.Patience
	q.Optimizer, q.WeightDecay, q.Warmup, q.Average = fit.Optimizer, fit.WeightDecay, fit.Warmup, fit.Average
	if fit.Memory == train.Reversible {
		q.Memory = fit.Memory
	}
	if o.valid == "" {
		q.ValidFraction = o.validFraction
	}
	return json.Marshal(p)
}

func runTrainImages(command *cobra.Command, o *trainOptions) error {
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
	var data *trainingImages
	err = orInterrupted(ctx, func() (err error) {
		data, err = openTrainingImages(o)
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
		if err := checkImageMemory(config, o); err != nil {
			return err
		}
		if f, err = flow.New(config, o.fit.Seed); err != nil {
			return err
		}
		if config.Pixels == nil {
			if err := data.standardize(f); err != nil {
				return err
			}
		}
		return tryWriting(o, f, describe)
	})
	if err != nil {
		return err
	}
	if !o.quiet {
		fmt.Fprintf(out, "training on %d images, validating on %d: %s, %s, %d parameters, batches of %d; %s, workers %d\n",
			len(data.train), len(data.valid), describeImages(config), o.flow, f.Model().Parameters().Len(), o.fit.Batch, computing(backend), o.fit.Workers)
	}
	training, validation := data.source(f, o, data.set, data.train, data.labels), data.source(f, o, data.validSet, data.valid, data.validLabels)
	work := fitting{
		events: len(data.train), unit: "images", describe: describe,
		fit: func(ctx context.Context, options train.Options) (train.Result, error) {
			r, err := train.Minimize(ctx, f.Model(), train.MaximumLikelihood(f, training), train.MaximumLikelihood(f, validation), options)
			return r, errors.Join(training.Err(), validation.Err(), err)
		},
		explain: func(err error) error { return err },
		units:   func(nll float64) string { return bitsPerDim(f, -nll) },
	}
	return work.run(command, out, f, o, started)
}

// checkImageMemory refuses networks that training could not hold.
func checkImageMemory(config flow.Config, o *trainOptions) error {
	parameters, err := config.CountParameters()
	if err != nil {
		return err
	}
	limit, of := memoryLimit(), "the memory that there is"
	if limit == 0 {
		limit, of = mostMemory, "the most that is supported"
	}
	if needs := o.fit.Bytes(parameters, o.fit.Batch) + 4*parameters; needs > limit {
		return fmt.Errorf("--width %d with --layers %d makes networks of %.3g parameters, which take about %s to train, and %s is %s: give a smaller --width or fewer --layers",
			o.images.model.Columns, o.images.model.Steps, parameters, gibibytes(needs), of, gibibytes(limit))
	}
	return nil
}

// describeImages says what is counted in bits/dim.
func describeImages(c flow.Config) string {
	of := fmt.Sprintf("%d x %d pixels of %s", c.Grid[0], c.Grid[1], strings.Join(c.Features, ", "))
	if c.Pixels == nil {
		return of + ", numbers without levels (no noise, no bits/dim)"
	}
	return fmt.Sprintf("%s, %d levels, uniform noise; bits/dim over all %d values", of, c.Pixels.Bins(), c.Grid[0]*c.Grid[1]*len(c.Features))
}

// bitsPerDim is what follows a mean log-density of images in nats.
func bitsPerDim(f *flow.Flow, logProb float64) string {
	if f.Config().Pixels == nil {
		return ""
	}
	return fmt.Sprintf(" bits_per_dim=%.4f", f.BitsPerDim(logProb))
}
