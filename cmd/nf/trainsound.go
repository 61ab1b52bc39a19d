package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/train"
	"github.com/seed-192fdf7a/nf/internal/printable"
	"github.com/seed-192fdf7a/nf/internal/sound"
)

// soundFlags are the flags of nf train that are for sound.
type soundFlags struct {
	model flow.SoundOptions
}

func (s *soundFlags) addFlags(command *cobra.Command) {
	f, usual := command.Flags(), flow.SoundDefaults(flow.PresetWaveNet)
	f.IntVar(&s.model.Length, "length", 0, fmt.Sprintf("of sound: samples of a window (default %d)", usual.Length))
	s.addNetworkFlags(command)
	f.BoolVar(&s.model.Gaussian, "gaussian", false, "of sound: a normal density of each sample, instead of a mixture")
}

// addNetworkFlags declares what a network of sound is made of.
func (s *soundFlags) addNetworkFlags(command *cobra.Command) {
	f := command.Flags()
	f.IntVar(&s.model.Blocks, "blocks", 0, "of sound: WaveNets, each of them a map (default 1; wavenet-iaf 4)")
	f.IntVar(&s.model.Stacks, "stacks", 0, "of sound: stacks of a WaveNet's layers (default 2; wavenet-iaf 1)")
}

// checkNetwork finds what is wrong with those flags, and takes over the flags that
// other families have too.
func (o *trainOptions) checkNetwork(command *cobra.Command) error {
	changed, m := command.Flags().Changed, &o.sound.model
	for _, flag := range []struct {
		name  string
		value int
	}{{"blocks", m.Blocks}, {"stacks", m.Stacks}, {"components", o.model.Components}} {
		if changed(flag.name) && flag.value < 1 {
			return usage("--%s is %d; it must be at least 1", flag.name, flag.value)
		}
	}
	m.Layers, m.Columns, m.Components, m.Bound = o.model.Layers, o.images.model.Columns, o.model.Components, o.model.Bound
	return nil
}

// soundFamilies returns the families of sound.
func soundFamilies() []string {
	var names []string
	for _, p := range flow.SoundPresets() {
		names = append(names, string(p))
	}
	return names
}

// The defaults of a fit to sound, where they are others than those for rows.
const (
	soundBatch = 4
	soundClip  = 1000
)

// checkSound finds what is wrong with the flags of a training on sound.
func (o *trainOptions) checkSound(command *cobra.Command) error {
	changed := command.Flags().Changed
	if err := o.checkTrainPaths(command); err != nil {
		return err
	}
	for _, flag := range []struct{ name, path string }{{"data", o.data}, {"valid", o.valid}} {
		if changed(flag.name) && !sound.Named(flag.path) {
			return usage("--%s %s is no sound: give %s", flag.name, printable.Name(flag.path), sound.Kinds)
		}
	}
	if flow.SoundPreset(o.flow) == flow.PresetWaveNetIAF {
		return usage("--flow %s learns from another model, not from data, of which its density would go sample by sample: train --flow %s, and give it to nf distill as --teacher",
			o.flow, flow.PresetWaveNet)
	}
	m := &o.sound.model
	switch {
	case changed("length") && m.Length < 2:
		return usage("--length is %d; it must be at least 2", m.Length)
	case m.Gaussian && changed("components"):
		return usage("--components is of a mixture, and --gaussian asks for none")
	}
	if !changed("length") {
		m.Length = flow.SoundDefaults(flow.SoundPreset(o.flow)).Length
	}
	if err := o.checkEventFit(command, soundBatch, soundClip); err != nil {
		return err
	}
	return o.checkNetwork(command)
}

// trainingSound is the windows of a training.
type trainingSound struct {
	set, validSet *sound.Set // validSet is set where there is no --valid
	train, valid  []int      // their windows
	sha256        string
}

// Close does nothing: windows open their files.
func (d *trainingSound) Close() error { return nil }

func openTrainingSound(o *trainOptions) (*trainingSound, error) {
	set, err := sound.Open(o.data, o.sound.model.Length)
	if err != nil {
		return nil, err
	}
	d := &trainingSound{set: set, validSet: set}
	if o.valid != "" {
		if d.validSet, err = sound.Open(o.valid, o.sound.model.Length); err != nil {
			return nil, err
		}
		if d.validSet.Format != set.Format {
			return nil, fmt.Errorf("%s has %v, and %s has %v", printable.Name(o.data), set.Format, printable.Name(o.valid), d.validSet.Format)
		}
		d.train, d.valid = upTo(set.Count), upTo(d.validSet.Count)
	} else if d.train, d.valid, err = o.split(set.Count, "window"); err != nil {
		return nil, fmt.Errorf("%s has %w: give a smaller --length, or more sound", printable.Name(o.data), err)
	}
	d.sha256, err = set.SHA256()
	return d, err
}

func (d *trainingSound) config(o *trainOptions) (flow.Config, error) {
	m := o.sound.model
	m.Channels, m.Levels, m.Rate = d.set.Channels, d.set.Levels(), d.set.Rate
	return flow.SoundPreset(o.flow).Config(m)
}

// standardize gives the samples of each channel the mean 0 and the variance 1, the
// middle of their noise included.
func (d *trainingSound) standardize(f *flow.Flow) error {
	st, err := momentsOf(d.set.Channels, d.set.Dim(), d.train, d.set.Load)
	if err != nil {
		return err
	}
	for c := range st.Mean {
		st.Mean[c] += 0.5
	}
	return f.Model().SetStandardization(st, flow.Standardization{})
}

func (d *trainingSound) sources(f *flow.Flow, o *trainOptions) (training, validation *train.Images) {
	of := func(set *sound.Set, chosen []int) *train.Images {
		return &train.Images{
			Flow: f, Count: len(chosen), Seed: o.fit.Seed,
			Read: func(dst []float64, event int) error { return set.Load(dst, chosen[event]) },
		}
	}
	return of(d.set, d.train), of(d.validSet, d.valid)
}

func (*trainingSound) advice(*trainOptions, flow.Config) ([]string, error) { return nil, nil }

func (d *trainingSound) introduce(c flow.Config) (train, valid int, unit, what string) {
	return len(d.train), len(d.valid), "windows", fmt.Sprintf("%d file(s), %d samples at their ends left out, %s", d.set.Files, d.set.Left, describeSound(c))
}

// soundProvenance is what a model of sound says of its making.
type soundProvenance struct {
	Data struct {
		SHA256 string `json:"sha256"`
		Length int    `json:"length"`
		Train  int    `json:"train_windows"`
		Valid  int    `json:"valid_windows"`
	} `json:"data"`
	Options struct {
		Flow   flow.Preset `json:"flow"`
		Blocks int         `json:"blocks,omitempty"`
		Stacks int         `json:"stacks,omitempty"`
		Layers int         `json:"layers,omitempty"`
		Width  int         `json:"width,omitempty"`
		Bound  float64     `json:"bound,omitempty"`
		fitProvenance
		ValidFraction float64 `json:"valid_fraction,omitempty"`
	} `json:"options"`
	Seed      uint64 `json:"seed"`
	BestEpoch int    `json:"best_epoch"`
	BLAS      string `json:"blas"`
}

func (d *trainingSound) describe(o *trainOptions, r train.Result) (json.RawMessage, error) {
	p := soundProvenance{Seed: o.fit.Seed, BestEpoch: r.BestEpoch, BLAS: o.fit.BLAS.Name()}
	p.Data.SHA256, p.Data.Length, p.Data.Train, p.Data.Valid = d.sha256, d.set.Length, len(d.train), len(d.valid)
	q, m := &p.Options, &o.sound.model
	q.Flow, q.Blocks, q.Stacks, q.Layers, q.Width, q.Bound = o.flow, m.Blocks, m.Stacks, m.Layers, m.Columns, m.Bound
	q.fitProvenance = o.describeFit()
	if o.valid == "" {
		q.ValidFraction = o.validFraction
	}
	return json.Marshal(p)
}

func runTrainSound(command *cobra.Command, o *trainOptions) error {
	return runTrainEvents(command, o, func() (trainingEvents, error) { return openTrainingSound(o) })
}

// describeSound says what is counted.
func describeSound(c flow.Config) string {
	rate := ""
	if c.Sound != nil {
		rate = fmt.Sprintf(" at %d Hz", c.Sound.Rate)
	}
	return fmt.Sprintf("windows of %d samples of %s%s, %d levels, uniform noise; bits over all %d values",
		c.Grid[0], strings.Join(c.Features, ", "), rate, c.Pixels.Bins(), c.Grid[0]*len(c.Features))
}
