package flow

import (
	"fmt"
	"slices"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// SoundPreset is the name of a family of flows of sound, of which
// [SoundPreset.Config] makes one for windows of a length, as nf train --flow does.
type SoundPreset string

// The presets of sound; each has the function of its name, which says what it
// makes.
const (
	PresetWaveNet    SoundPreset = "wavenet"
	PresetWaveNetIAF SoundPreset = "wavenet-iaf"
)

// SoundOptions are what the presets of sound ask for; zeros take their defaults,
// which are [SoundDefaults].
type SoundOptions struct {
	// Length is the number of samples of an event, and Channels that of its
	// channels.
	Length, Channels int
	// Context names what the density is conditioned on.
	Context []string
	// Levels says what the samples are, as [Pixels] does: 256 of 8 bits, 65536 of
	// 16; with 0 they are any numbers.
	Levels int
	// Rate is the number of samples of a second, 0 where that is not known.
	Rate int

	// Blocks is the number of WaveNets, each a map. Of each, Stacks times Layers
	// layers have the dilations 1, 2, 4, …; Columns is its width, and that of its
	// skips.
	Blocks, Stacks, Layers, Columns int
	// Components is the number of logistic densities of a sample; with Gaussian a
	// sample is normal instead.
	Components int
	Gaussian   bool
	// Bound is b of scales exp(b·tanh(u/b)).
	Bound float64
}

// soundPresets make a Config for sound.
var soundPresets = map[SoundPreset]func(SoundOptions) (Config, error){
	PresetWaveNet:    WaveNet,
	PresetWaveNetIAF: WaveNetIAF,
}

// soundDefaults are small enough for speech of 8 kHz on two cores.
var soundDefaults = map[SoundPreset]SoundOptions{
	PresetWaveNet:    {Length: 2048, Channels: 1, Blocks: 1, Stacks: 2, Layers: 8, Columns: 32, Components: 10, Bound: 12},
	PresetWaveNetIAF: {Length: 2048, Channels: 1, Blocks: 4, Stacks: 1, Layers: 8, Columns: 32, Bound: 5, Gaussian: true},
}

// SoundPresets returns the names of all presets of sound, sorted.
func SoundPresets() []SoundPreset {
	var names []SoundPreset
	for n := range soundPresets {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// SoundDefaults returns what a preset makes of the zero SoundOptions; an unknown
// one has none.
func SoundDefaults(p SoundPreset) SoundOptions { return soundDefaults[p] }

// Config makes a Config for sound. It tells which presets there are when p is none
// of them, and what o may not be.
func (p SoundPreset) Config(o SoundOptions) (Config, error) {
	build, ok := soundPresets[p]
	if !ok {
		return Config{}, fmt.Errorf("the preset %q of sound is not known; choose from %v", string(p), SoundPresets())
	}
	return build(o)
}

// WaveNet is the density of sound of van den Oord et al. (2016) as a flow: a
// WaveNet, whose last layer is zero at first, computes of the samples before it a
// mixture of logistic densities of a sample (as in PixelCNN++: Salimans, Karpathy,
// Chen and Kingma, 2017), whose distribution function and the quantile function of
// the normal distribution map the sample to noise; or with Gaussian, a normal
// density (ClariNet: Ping, Peng and Chen, 2019). The samples of a time are
// independent of one another given those before. The paper has 10 layers in each of
// 3 stacks and 256 levels; the defaults are 8 layers in 2 stacks of 32 columns,
// which look back 526 samples, 16 of them through a first convolution and a linear
// predictor, and 10 components. Drawing goes sample by sample, in all
// one pass of the network.
func WaveNet(o SoundOptions) (Config, error) {
	c, network, err := o.begin(PresetWaveNet)
	if err != nil {
		return Config{}, fmt.Errorf("wavenet: %w", err)
	}
	network.Scales = soundScales
	var u autograd.Univariate = &autograd.LogisticMixture{Components: o.Components, Bound: o.Bound, Weights: true, Spread: 0.5}
	if o.Gaussian {
		u = &autograd.Inverse{Of: &autograd.Affine{Bound: o.Bound}}
	}
	for range o.Blocks {
		c.Transforms = append(c.Transforms, &transform.SequentialSpec{Univariate: u, Conditioner: network})
	}
	return c, c.Check()
}

// WaveNetIAF is the student of Parallel WaveNet (van den Oord et al., 2018), as in
// ClariNet: inverse autoregressive maps x_t = z_t·s_t + μ_t, whose s_t and μ_t a
// WaveNet computes of the noise before, one behind the other and all in the order of
// time, so that a sample given the noise before it is normal. Drawing costs a pass
// of each network for all samples at once, and tells their density; the density of
// other sounds has to go sample by sample. ClariNet has 6 networks of 10 layers; the
// defaults are 4 of 8 layers of 32 columns.
func WaveNetIAF(o SoundOptions) (Config, error) {
	c, network, err := o.begin(PresetWaveNetIAF)
	if err != nil {
		return Config{}, fmt.Errorf("wavenet-iaf: %w", err)
	}
	if !o.Gaussian {
		return Config{}, fmt.Errorf("wavenet-iaf: its samples are normal given the noise before, and mixtures are asked for")
	}
	for range o.Blocks {
		c.Transforms = append(c.Transforms, &transform.InvertSpec{Transform: &transform.SequentialSpec{
			Univariate: &autograd.Affine{Bound: o.Bound}, Conditioner: network,
		}})
	}
	return c, c.Check()
}

// begin fills the options, checks them, and returns what the data are and a
// network.
func (o *SoundOptions) begin(p SoundPreset) (Config, *nn.WaveNetSpec, error) {
	d := SoundDefaults(p)
	if d.Gaussian && o.Components == 0 {
		o.Gaussian = true
	}
	for _, v := range []struct{ given, usual *int }{
		{&o.Length, &d.Length}, {&o.Channels, &d.Channels}, {&o.Blocks, &d.Blocks}, {&o.Stacks, &d.Stacks},
		{&o.Layers, &d.Layers}, {&o.Columns, &d.Columns}, {&o.Components, &d.Components},
	} {
		if *v.given == 0 {
			*v.given = *v.usual
		}
	}
	if o.Bound == 0 {
		o.Bound = d.Bound
	}
	for _, v := range []struct {
		what     string
		n, least int
		most     int
	}{
		{"samples", o.Length, 2, 1 << 24}, {"channels", o.Channels, 1, maxChannels}, {"blocks", o.Blocks, 1, MaxLayers},
		{"stacks", o.Stacks, 1, 64}, {"layers of a stack", o.Layers, 1, 20}, {"columns", o.Columns, 1, maxColumns},
	} {
		if v.n < v.least || v.n > v.most {
			return Config{}, nil, fmt.Errorf("%d %s, want %d to %d", v.n, v.what, v.least, v.most)
		}
	}
	if err := autograd.CheckBound(o.Bound); err != nil {
		return Config{}, nil, err
	}
	c := Config{Features: SoundChannels(o.Channels), Context: o.Context, Grid: []int{o.Length}, Base: &base.StandardNormalSpec{}}
	if o.Rate > 0 {
		c.Sound = &Sound{Rate: o.Rate}
	}
	if o.Levels > 0 {
		c.Pixels = &Pixels{Levels: o.Levels}
		bins := float64(o.Levels)
		c.Standardize = Standardization{Mean: slices.Repeat([]float64{bins / 2}, o.Channels), Std: slices.Repeat([]float64{bins / 16}, o.Channels)}
	}
	return c, &nn.WaveNetSpec{
		Width: o.Columns, Skip: o.Columns, Kernel: 2, Dilations: nn.DoublingDilations(o.Stacks, o.Layers),
		Front: soundFront,
	}, nil
}

// A network sees as many samples before as linear predictive coding of speech of 8
// kHz has coefficients for; what computes of sound and not of noise tells steps of
// 16 bits from each other beside loud speech.
const (
	soundFront  = 16
	soundScales = 4
)

// maxChannels bounds SoundOptions.Channels.
const maxChannels = 64

// SoundChannels returns the names of so many channels of sound.
func SoundChannels(channels int) []string {
	switch channels {
	case 1:
		return []string{"mono"}
	case 2:
		return []string{"left", "right"}
	}
	names := make([]string, channels)
	for i := range names {
		names[i] = fmt.Sprintf("channel%d", i)
	}
	return names
}
