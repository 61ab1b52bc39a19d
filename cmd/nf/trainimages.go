package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/train"
	"github.com/seed-192fdf7a/nf/internal/image"
)

// imageFlags are the flags of nf train that are for images.
type imageFlags struct {
	model   flow.ImageOptions
	classes string
	levels  int
	bits    int
	flip    bool
	dropout float64

	dequantization string

	validLast    int    // how many of the last images validate
	validClasses string // the classes of --valid
}

func (i *imageFlags) addFlags(command *cobra.Command) {
	f := command.Flags()
	f.IntVar(&i.model.Scales, "scales", 0, "of images: how often they are squeezed; the patches of tarflow have 2 to this power pixels a side (default 2)")
	f.IntVar(&i.model.Columns, "width", 0, "of images: columns of the networks (default 64; realnvp-image 16; flow++-image 32; mintnet 8 hidden values)")
	f.StringVar(&i.classes, "classes", "", "of images: condition on their classes, from an IDX or .npy file or a text with one a line; \"own\" takes those of CIFAR-10's batches, or of directories")
	f.IntVar(&i.levels, "levels", 0, "of images: how many whole numbers, from 0, a pixel may be (default: 256 for bytes, else as the values say)")
	f.IntVar(&i.bits, "bits", 0, "of images: keep so many of 8 bits")
	f.Float64Var(&i.model.Logit, "logit", 0, "of images: map pixels by a logit with this alpha first, such as 0.05, or 1e-6 where most are black or white (default none)")
	f.Float64Var(&i.dropout, "class-dropout", 0, "of images with --classes: the share of them that lose their class in each epoch, such as 0.1, for nf sample --guidance (default none)")
	f.StringVar(&i.dequantization, "dequantization", uniformNoise, "of images: noise that makes pixels numbers with a density, "+uniformNoise+", or "+variationalNoise+": learned together with the flow, for fewer bits/dim")
	f.BoolVar(&i.model.VolumePreserving, "volume-preserving", false, "of tarflow: maps that only shift, and a base with a learned deviation of each value")
	f.BoolVar(&i.model.ActNorm, "actnorm", false, "of glow, emerging and periodic: ActNorm behind the hidden layers of the networks too, as in the code of Glow's authors")
	f.StringVar((*string)(&i.model.Network), "network", "", "of flow-matching-image: the network of the velocity, "+networkNames()+", with --layers blocks, hidden layers or layers of --width columns (default "+string(flow.ConvolutionNetwork)+")")
	f.IntVar(&i.validLast, "valid-last", 0, "of images: validate on so many of the last images of --data, and train on those before")
	f.StringVar(&i.validClasses, "valid-classes", "", "of images: the classes of --valid, as --classes FILE or own")
	f.BoolVar(&i.flip, "flip", false, "of images: mirror one half of them in each epoch")
}

// What --dequantization may be.
const (
	uniformNoise     = "uniform"
	variationalNoise = "variational"
)

// leastLogit is about what float32 can tell from the end of the range.
const leastLogit = 1e-30

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
	i := &o.images
	switch {
	case changed("valid-last") && (changed("valid") || changed("valid-fraction")):
		return usage("give --valid-last, or --valid or --valid-fraction, not both")
	case changed("valid-last") && i.validLast < 1:
		return usage("--valid-last is %d; it must be at least 1", i.validLast)
	case changed("valid-classes") && (i.classes == "" || o.valid == ""):
		return usage("--valid-classes is for --classes with --valid")
	case i.classes != "" && i.classes != ownClasses && o.valid != "" && i.validClasses == "":
		return usage("--classes %s has the classes of --data; give those of --valid as --valid-classes FILE, or as own", i.classes)
	case changed("bits") && (i.bits < 1 || i.bits > 8):
		return usage("--bits is %d; it must be 1 to 8", i.bits)
	case changed("levels") && i.levels < 2:
		return usage("--levels is %d; it must be at least 2", i.levels)
	case changed("scales") && i.model.Scales < 1:
		return usage("--scales is %d; it must be at least 1", i.model.Scales)
	case changed("logit") && !(i.model.Logit >= leastLogit && i.model.Logit < 0.5):
		return usage("--logit is %v; it must be from %v to below 0.5", i.model.Logit, leastLogit)
	case !(i.dropout >= 0 && i.dropout < 1):
		return usage("--class-dropout is %v; it must be from 0 to below 1", i.dropout)
	case i.dequantization != uniformNoise && i.dequantization != variationalNoise:
		return usage("--dequantization is %q; it must be %s or %s", i.dequantization, uniformNoise, variationalNoise)
	case i.dropout > 0 && i.classes == "":
		return usage("--class-dropout is for training with --classes")
	}
	if err := o.checkEventFit(command, imageBatch, imageClip); err != nil {
		return err
	}
	if err := o.checkImageSolver(command); err != nil {
		return err
	}
	i.model.Steps, i.model.Bound, i.model.Noise = o.model.Layers, o.model.Bound, o.fit.Noise
	i.model.Variational = i.dequantization == variationalNoise
	o.fit.Noise = 0 // it is the model's, and of its pixels
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
	} else if n := o.images.validLast; n > 0 {
		if n > set.Count-2 {
			return nil, usage("--valid-last %d leaves fewer than two of the %d image(s) of %s to train on", n, set.Count, o.data)
		}
		all := upTo(set.Count)
		d.train, d.valid = all[:set.Count-n], all[set.Count-n:]
	} else if d.train, d.valid, err = o.split(set.Count, "image"); err != nil {
		return nil, fmt.Errorf("%s has %w", o.data, err)
	}
	if o.images.classes != "" {
		if d.labels, err = labelsOf(set, o.images.classes); err != nil {
			return nil, err
		}
		d.validLabels = d.labels
		if o.valid != "" {
			if d.validLabels, err = labelsOf(d.validSet, cmp.Or(o.images.validClasses, ownClasses)); err != nil {
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
		Flow: f, Count: len(chosen), Flip: o.images.flip, ContextDropout: o.images.dropout, Seed: o.fit.Seed,
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
	m.Solver, m.SolverSteps, m.Tolerance, m.Probes, m.ExactTrace = o.model.Solver, o.model.Steps, o.model.Tolerance, o.model.Probes, o.images.model.ExactTrace
	config, err := flow.ImagePreset(o.flow).Config(m)
	if err != nil {
		return config, err
	}
	config.Categories = d.classes.categories()
	return config, nil
}

// standardize gives numbers without levels the mean 0 and the variance 1.
func (d *trainingImages) standardize(f *flow.Flow) error {
	c := f.Config()
	if c.Pixels != nil {
		return nil
	}
	st, err := momentsOf(d.set.Channels, d.set.Dim(), d.train, d.set.Load)
	if err != nil {
		return err
	}
	return f.Model().SetStandardization(st, flow.Standardization{})
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
		Flow         flow.Preset `json:"flow"`
		Scales       int         `json:"scales,omitempty"`
		Layers       int         `json:"layers,omitempty"`
		Width        int         `json:"width,omitempty"`
		Bound        float64     `json:"bound,omitempty"`
		Bits         int         `json:"bits,omitempty"`
		Flip         bool        `json:"flip,omitempty"`
		ActNorm      bool        `json:"actnorm,omitempty"`
		Network      string      `json:"network,omitempty"`
		Noise        float64     `json:"noise,omitempty"`
		ClassDropout float64     `json:"class_dropout,omitempty"`
		Variational  bool        `json:"variational,omitempty"`
		Solver       string      `json:"solver,omitempty"`
		Steps        int         `json:"solver_steps,omitempty"`
		Tolerance    float64     `json:"tolerance,omitempty"`
		Probes       int         `json:"probes,omitempty"`
		ExactTrace   bool        `json:"exact_trace,omitempty"`
		Pairing      string      `json:"pairing,omitempty"`
		fitProvenance
		ValidFraction float64 `json:"valid_fraction,omitempty"`
		ValidLast     int     `json:"valid_last,omitempty"`
	} `json:"options"`
	Seed      uint64 `json:"seed"`
	BestEpoch int    `json:"best_epoch"`
	BLAS      string `json:"blas"`
}

func (d *trainingImages) describe(o *trainOptions, r train.Result) (json.RawMessage, error) {
	p := imageProvenance{Seed: o.fit.Seed, BestEpoch: r.BestEpoch, BLAS: o.fit.BLAS.Name()}
	p.Data.SHA256, p.Data.Train, p.Data.Valid = d.sha256, len(d.train), len(d.valid)
	p.Data.Images = fmt.Sprintf("%dx%dx%d", d.set.Height, d.set.Width, d.set.Channels)
	q, i := &p.Options, &o.images
	q.Flow, q.Scales, q.Layers, q.Width, q.Bound, q.Bits, q.Flip = o.flow, i.model.Scales, i.model.Steps, i.model.Columns, i.model.Bound, i.bits, i.flip
	q.Noise, q.ClassDropout, q.Variational, q.ActNorm = i.model.Noise, i.dropout, i.model.Variational, i.model.ActNorm
	q.Solver, q.Steps, q.Tolerance, q.Probes, q.ExactTrace, q.Pairing = o.model.Solver, o.model.Steps, o.model.Tolerance, o.model.Probes, i.model.ExactTrace, string(o.pairing)
	q.Network = string(i.model.Network)
	q.fitProvenance = o.describeFit()
	if q.ValidLast = i.validLast; o.valid == "" && q.ValidLast == 0 {
		q.ValidFraction = o.validFraction
	}
	return json.Marshal(p)
}

func runTrainImages(command *cobra.Command, o *trainOptions) error {
	return runTrainEvents(command, o, func() (trainingEvents, error) { return openTrainingImages(o) })
}

func (d *trainingImages) sources(f *flow.Flow, o *trainOptions) (training, validation *train.Images) {
	return d.source(f, o, d.set, d.train, d.labels), d.source(f, o, d.validSet, d.valid, d.validLabels)
}

func (d *trainingImages) introduce(c flow.Config) (train, valid int, unit, what string) {
	return len(d.train), len(d.valid), "images", describeImages(c)
}

// Of images whose pixels are mostly black or white, plainLogit makes of one level the
// width that it takes up in the data: without it a flow has to map most of its noise
// into a 256th of the range.
const (
	plainShare   = 0.4
	plainLogit   = 1e-6
	adviceImages = 500
)

func (d *trainingImages) advice(o *trainOptions, c flow.Config) ([]string, error) {
	if c.Pixels == nil || c.Pixels.Noise > 0 || o.images.model.Logit > 0 {
		return nil, nil
	}
	values := make([]float64, d.set.Dim())
	n, ends := min(adviceImages, len(d.train)), 0
	for i := range n {
		if err := d.set.Load(values, d.train[i*len(d.train)/n]); err != nil {
			return nil, err
		}
		for _, v := range values {
			if v == 0 || v == float64(c.Pixels.Levels-1) {
				ends++
			}
		}
	}
	share := float64(ends) / float64(n*len(values))
	if share < plainShare {
		return nil, nil
	}
	return []string{fmt.Sprintf("%.0f %% of the pixels have the least or the highest level: --logit %v learns such images in far fewer steps", 100*share, plainLogit)}, nil
}

// describeImages says what is counted in bits/dim.
func describeImages(c flow.Config) string {
	of := fmt.Sprintf("%d x %d pixels of %s", c.Grid[0], c.Grid[1], strings.Join(c.Features, ", "))
	if c.Pixels == nil {
		return of + ", numbers without levels (no noise, no bits/dim)"
	}
	if c.Pixels.Noise > 0 {
		return fmt.Sprintf("%s, %d levels, normal noise of %v where they go from -1 to 1 (no bits/dim)", of, c.Pixels.Bins(), c.Pixels.Noise)
	}
	noise := "uniform noise"
	if c.Pixels.Dequantization != nil {
		noise = "learned noise (a variational bound)"
	}
	return fmt.Sprintf("%s, %d levels, %s; bits/dim over all %d values", of, c.Pixels.Bins(), noise, c.Grid[0]*c.Grid[1]*len(c.Features))
}

// bitsPerDim is what follows a mean log-density of images in nats.
func bitsPerDim(f *flow.Flow, logProb float64) string {
	if p := f.Config().Pixels; p == nil || p.Noise > 0 {
		return ""
	}
	return fmt.Sprintf(" bits_per_dim=%.4f", f.BitsPerDim(logProb))
}
