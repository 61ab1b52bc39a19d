package flow

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// ImagePreset is the name of a family of flows of images, of which
// [ImagePreset.Config] makes one for images of a size, as nf train --flow does.
type ImagePreset string

// The presets of images; each has the function of its name, which says what it
// makes.
const (
	PresetGlow         ImagePreset = "glow"
	PresetRealNVPImage ImagePreset = "realnvp-image"
	PresetFlowPPImage  ImagePreset = "flow++-image"
	PresetTarFlow      ImagePreset = "tarflow" // [TarFlowImage]
	PresetEmerging     ImagePreset = "emerging"
	PresetMintNet      ImagePreset = "mintnet"
	PresetPeriodic     ImagePreset = "periodic"

	PresetFlowMatchingImage ImagePreset = "flow-matching-image"
)

// ImageOptions are what the presets of images ask for; zeros take their defaults,
// which are [ImageDefaults].
type ImageOptions struct {
	// Height, Width and Channels are the size of an image.
	Height, Width, Channels int
	// Context names what the density is conditioned on.
	Context []string
	// Levels and Step say what the pixels are, as [Pixels] does; with 0 levels they
	// are any numbers.
	Levels, Step int
	// Logit, α unless it is 0, maps a pixel's share y of its range to all real
	// numbers, log(p/(1−p)) of p = α + (1−2α)·y, before all else (Dinh et al., 2017,
	// §4.1, α = 0.05); for pixels with levels.
	Logit float64
	// Noise, unless it is 0, is that of [Pixels]: normal noise in the place of
	// uniform one.
	Noise float64
	// Variational learns the noise of pixels together with the flow, by
	// [VariationalDequantization].
	Variational bool

	// Scales is how often the image is squeezed; half of what there is leaves
	// between two of them, but in mintnet nothing does, nor in flow-matching-image, nor in
	// tarflow, whose patches have 2^Scales pixels a side.
	Scales int
	// Steps is the number of couplings of a scale, of glow and emerging; the blocks of
	// a network's residual part, of realnvp-image and flow++-image; the transformers of
	// tarflow; the pairs of layers before and behind each squeeze, of mintnet; the
	// hidden layers of flow-matching-image, or the blocks or layers of its Network.
	Steps int
	// Columns is the width of the networks, of realnvp-image on the first scale; of
	// mintnet how many hidden values there are of each site, and at least one of each
	// channel.
	Columns int
	// Bound is b of the scale map exp(b·tanh(u/b)); in tarflow 0 is exp(u), without
	// a bound.
	Bound float64
	// VolumePreserving is that of [TarFlowOptions].
	VolumePreserving bool
	// ActNorm puts an ActNorm behind each hidden layer of the networks of glow, emerging and
	// periodic, as in the code of Glow's authors.
	ActNorm bool

	// Network is the kind of velocity of [FlowMatchingImage]; none is
	// ConvolutionNetwork.
	Network VelocityNetwork
	// Solver, SolverSteps, Tolerance and Probes are those of [Options], for
	// [FlowMatchingImage]; ExactTrace takes no probes, for images of few values.
	Solver      string
	SolverSteps int
	Tolerance   float64
	Probes      int
	ExactTrace  bool
}

// imagePresets make a Config for images.
var imagePresets = map[ImagePreset]func(ImageOptions) (Config, error){
	PresetGlow:         Glow,
	PresetRealNVPImage: RealNVPImage,
	PresetFlowPPImage:  FlowPPImage,
	PresetTarFlow:      TarFlowImage,
	PresetEmerging:     Emerging,
	PresetMintNet:      MintNet,
	PresetPeriodic:     Periodic,

	PresetFlowMatchingImage: FlowMatchingImage,
}

// imageDefaults are small enough for 28 x 28 pixels on two cores.
var imageDefaults = map[ImagePreset]ImageOptions{
	PresetGlow:         {Scales: 2, Steps: 8, Columns: 64, Bound: 2},
	PresetRealNVPImage: {Scales: 2, Steps: 1, Columns: 16, Bound: 2},
	PresetFlowPPImage:  {Scales: 2, Steps: 2, Columns: 32, Bound: 5},
	PresetTarFlow:      {Scales: 2, Steps: 4, Columns: 64},
	PresetEmerging:     {Scales: 2, Steps: 8, Columns: 64, Bound: 2},
	PresetMintNet:      {Scales: 2, Steps: 1, Columns: 8, Bound: 3},
	PresetPeriodic:     {Scales: 2, Steps: 8, Columns: 64, Bound: 2},

	PresetFlowMatchingImage: {Scales: 2, Steps: 4, Columns: 64, Solver: transform.RK4, SolverSteps: 20, Probes: 1},
}

// ImagePresets returns the names of all presets of images, sorted.
func ImagePresets() []ImagePreset {
	var names []ImagePreset
	for n := range imagePresets {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// ImageDefaults returns what a preset makes of the zero ImageOptions; an unknown
// one has none.
func ImageDefaults(p ImagePreset) ImageOptions { return imageDefaults[p] }

// Config makes a Config for images. It tells which presets there are when p is
// none of them, and what o may not be.
func (p ImagePreset) Config(o ImageOptions) (Config, error) {
	build, ok := imagePresets[p]
	if !ok {
		var names []string
		for _, n := range ImagePresets() {
			names = append(names, string(n))
		}
		return Config{}, fmt.Errorf("the preset %q of images is not known; choose %s", string(p), strings.Join(names, ", "))
	}
	return build(o)
}

// Limits of [ImageOptions].
const (
	maxScales  = 12
	maxColumns = 4096
)

// fill replaces what is not set by the defaults of a preset and checks the rest.
func (o *ImageOptions) fill(p ImagePreset) error {
	d := ImageDefaults(p)
	o.Channels = max(o.Channels, 1)
	if o.Scales == 0 {
		o.Scales = d.Scales
	}
	if o.Steps == 0 {
		o.Steps = d.Steps
	}
	if o.Columns == 0 {
		o.Columns = d.Columns
	}
	if o.Bound == 0 {
		o.Bound = d.Bound
	}
	if p == PresetFlowMatchingImage {
		o.fillSolver(d)
	} else if o.Solver != "" || o.SolverSteps != 0 || o.Tolerance != 0 || o.Probes != 0 || o.ExactTrace || o.Network != "" {
		return fmt.Errorf("it solves no differential equation: network, solver, steps, tolerance and probes are of %s", PresetFlowMatchingImage)
	}
	possible := 0
	for h, w := o.Height, o.Width; h > 0 && w > 0 && h%2 == 0 && w%2 == 0; h, w = h/2, w/2 {
		possible++
	}
	switch {
	case o.Height < 1 || o.Width < 1:
		return fmt.Errorf("images of %d x %d pixels", o.Height, o.Width)
	case o.Scales < 1 || o.Scales > maxScales:
		return fmt.Errorf("%d scales, want 1 to %d", o.Scales, maxScales)
	case possible == 0:
		return fmt.Errorf("images of %d x %d pixels have an odd side, so that they cannot be squeezed; crop or pad them", o.Height, o.Width)
	case o.Scales > possible:
		return fmt.Errorf("%d scales, but images of %d x %d pixels can be halved %d time(s)", o.Scales, o.Height, o.Width, possible)
	case o.Steps < 1 || o.Steps > MaxLayers:
		return fmt.Errorf("%d steps, want 1 to %d", o.Steps, MaxLayers)
	case o.Columns < 1 || o.Columns > maxColumns:
		return fmt.Errorf("networks of %d columns, want 1 to %d", o.Columns, maxColumns)
	case o.VolumePreserving && p != PresetTarFlow:
		return fmt.Errorf("maps that only shift are for tarflow")
	case o.ActNorm && p != PresetGlow && p != PresetEmerging && p != PresetPeriodic:
		return fmt.Errorf("ActNorm within the networks is for glow, emerging and periodic")
	case o.Variational && o.Levels == 0:
		return fmt.Errorf("a learned dequantization is for pixels with levels")
	case o.Variational && o.Noise != 0:
		return fmt.Errorf("a learned dequantization takes the place of uniform noise, and normal noise of %v is given: give one of both", o.Noise)
	case o.Noise != 0 && o.Levels == 0:
		return fmt.Errorf("noise is for pixels with levels")
	case o.Noise != 0 && o.Logit != 0:
		return fmt.Errorf("noise takes pixels out of their range, where a logit has no values: give one of both")
	case o.Logit != 0 && o.Levels == 0:
		return fmt.Errorf("a logit is for pixels with levels")
	case !(o.Logit >= 0 && o.Logit < 0.5):
		return fmt.Errorf("the logit's α is %v, want 0 to below 0.5", o.Logit)
	}
	if o.Bound == 0 && d.Bound == 0 {
		return nil
	}
	return autograd.CheckBound(o.Bound)
}

// ChannelNames returns the names of so many channels of an image.
func ChannelNames(channels int) []string {
	switch channels {
	case 1:
		return []string{"gray"}
	case 3:
		return []string{"red", "green", "blue"}
	}
	names := make([]string, channels)
	for i := range names {
		names[i] = fmt.Sprintf("channel%d", i)
	}
	return names
}

// begin returns a Config that says what the data are, with the logit.
func (o *ImageOptions) begin() Config {
	c := Config{Features: ChannelNames(o.Channels), Context: o.Context, Grid: []int{o.Height, o.Width}, Base: &base.StandardNormalSpec{}}
	if o.Levels == 0 {
		return c
	}
	c.Pixels = &Pixels{Levels: o.Levels, Step: o.Step, Noise: o.Noise}
	if o.Variational {
		c.Pixels.Dequantization = VariationalDequantization(c.Shape())
	}
	bins := float64(c.Pixels.Bins())
	mean, std := bins/2, bins/4
	if o.Logit > 0 {
		mean, std = 0, bins
		support := &transform.SupportSpec{}
		for feature := range o.Channels {
			zero, one := 0.0, 1.0
			support.Columns = append(support.Columns, transform.SupportColumn{Feature: feature, Map: "logit", Lower: &zero, Upper: &one, Margin: o.Logit})
		}
		c.Transforms = append(c.Transforms, support)
	}
	c.Standardize = Standardization{Mean: slices.Repeat([]float64{mean}, o.Channels), Std: slices.Repeat([]float64{std}, o.Channels)}
	return c
}

// beginNormalized is begin with an ActNorm behind a logit, for flows that have none of
// their own before a network sees the values: of black pixels these are around -10.
func (o *ImageOptions) beginNormalized() Config {
	c := o.begin()
	if o.Logit > 0 {
		c.Transforms = append(c.Transforms, &transform.ActNormSpec{Bound: normBound})
	}
	return c
}

// imageChain collects the transforms of a flow of images.
type imageChain struct {
	shape      transform.Shape
	transforms []transform.Spec
}

func (c *imageChain) add(specs ...transform.Spec) {
	for _, s := range specs {
		c.transforms = append(c.transforms, s)
		c.shape = s.Output(c.shape, false)
	}
}

func (c *imageChain) squeeze(order func(sites, features int) []int) {
	c.add(transform.Squeeze(c.shape.Grid, c.shape.Features, order))
}

// half marks the second half of the features, or the first.
func (c *imageChain) half(first bool) []bool {
	mask := make([]bool, c.shape.Features)
	for i := range mask {
		mask[i] = i >= c.shape.Features/2 != first
	}
	return mask
}

// leave lets the second half go, scaled and shifted by a convolution of the
// first: a learned prior.
func (c *imageChain) leave() {
	prior := &nn.ConvolutionSpec{Kernels: []int{3}, LogScale: logScale}
	c.add(&transform.CouplingSpec{Mask: c.half(false), Univariate: &autograd.Affine{Bound: priorBound}, Conditioner: prior})
	s := &transform.SplitSpec{}
	for f := c.shape.Features / 2; f < c.shape.Features; f++ {
		s.Leave = append(s.Leave, f)
	}
	c.add(s)
}

// The constants of flows of images: the factor of the last layers' scales, and
// the bounds of log-scales of priors and of normalizations.
const (
	logScale   = 3
	priorBound = 5
	normBound  = 6
)

// end scales and shifts what arrives: the prior of the last scale.
func (c *imageChain) end() {
	c.add(&transform.ElementwiseSpec{Univariate: &autograd.Affine{Bound: priorBound}})
}

// Glow is the flow of Kingma and Dhariwal (2018): on each scale a squeeze and
// Steps times ActNorm, a 1x1 convolution that begins as a random rotation, and an
// affine coupling of halves with a network of three convolutions, with ActNorm if it is asked for; then half
// leaves, its prior computed from the other half. The paper has 3 scales of 32
// steps with 512 columns for 32 x 32 pixels, without bound; the defaults are 2
// scales of 8 steps with 64 columns.
func Glow(o ImageOptions) (Config, error) {
	return glow(o, PresetGlow, func(transform.Shape) []transform.Spec { return []transform.Spec{&transform.MatrixSpec{}} })
}

// glow is Glow, or another preset of its form, whose steps mix channels by the maps
// of a shape.
func glow(o ImageOptions, p ImagePreset, mix func(transform.Shape) []transform.Spec) (Config, error) {
	if err := o.fill(p); err != nil {
		return Config{}, fmt.Errorf("%s: %w", p, err)
	}
	config := o.begin()
	c := &imageChain{shape: config.Shape(), transforms: config.Transforms}
	for scale := range o.Scales {
		c.squeeze(transform.ByFeatures)
		for range o.Steps {
			c.add(&transform.ActNormSpec{Bound: normBound})
			c.add(mix(c.shape)...)
			c.add(&transform.CouplingSpec{
				Mask: c.half(false), Univariate: &autograd.Affine{Bound: o.Bound},
				Conditioner: &nn.ConvolutionSpec{Hidden: []int{o.Columns, o.Columns}, Kernels: []int{3, 1, 3}, ActNorm: o.ActNorm, LogScale: logScale},
			})
		}
		if scale < o.Scales-1 {
			c.leave()
		}
	}
	c.end()
	config.Transforms = c.transforms
	return config, config.Check()
}

// RealNVPImage is the multiscale flow of Dinh, Sohl-Dickstein and Bengio (2017):
// on each scale three couplings on a checkerboard, a squeeze, three couplings of
// halves, whose networks are residual with Steps blocks, and half of the values
// leave, one color of a checkerboard; on the last scale four couplings on a
// checkerboard. Networks double their columns with each scale. Each coupling is
// followed by an ActNorm, where the paper has a batch normalization, and what
// leaves has a learned prior. The paper has networks of 8 blocks and 64 columns on
// 2 scales for 32 x 32 pixels, and a logit with α = 0.05; the defaults are a
// block and 16 columns.
func RealNVPImage(o ImageOptions) (Config, error) {
	if err := o.fill(PresetRealNVPImage); err != nil {
		return Config{}, fmt.Errorf("realnvp-image: %w", err)
	}
	config := o.begin()
	c := &imageChain{shape: config.Shape(), transforms: config.Transforms}
	columns := o.Columns
	couple := func(s transform.CouplingSpec) {
		s.Univariate = &autograd.Affine{Bound: o.Bound}
		s.Conditioner = &nn.ResidualConvolutionSpec{Hidden: slices.Repeat([]int{min(columns, maxColumns)}, o.Steps+1), Kernels: []int{3, 3, 1}}
		c.add(&s, &transform.ActNormSpec{Bound: normBound})
	}
	board := func(sites transform.Checkerboard) { couple(transform.CouplingSpec{Sites: sites}) }
	for scale := range o.Scales {
		board(transform.Even)
		board(transform.Odd)
		board(transform.Even)
		if scale == o.Scales-1 {
			board(transform.Odd)
			break
		}
		before := c.shape.Features
		c.squeeze(transform.BySites)
		for _, first := range []bool{true, false, true} {
			couple(transform.CouplingSpec{Mask: c.half(first)})
		}
		c.add(&transform.PermutationSpec{Order: transform.ByDiagonals(4, before)})
		c.leave()
		columns *= 2
	}
	c.end()
	config.Transforms = c.transforms
	return config, config.Check()
}

// imageComponents are those of the mixtures of [FlowPPImage].
const imageComponents = 8

// FlowPPImage is Flow++ (Ho, Chen, Srinivas, Duan and Abbeel, 2019) without its
// attention: on each scale two couplings on a checkerboard, a squeeze and two
// couplings of halves, their univariate that of [FlowPP] with 8 components, and their
// networks residual with Steps blocks; each comes behind an ActNorm, those of
// halves behind a 1x1 convolution too. Between two scales half of the values leave, where the
// paper's all stay. The paper has 10 blocks of 96 columns with attention, 32
// components and variational dequantization, as ImageOptions.Variational adds it; the
// defaults are 2 blocks of 32.
func FlowPPImage(o ImageOptions) (Config, error) {
	if err := o.fill(PresetFlowPPImage); err != nil {
		return Config{}, fmt.Errorf("flow++-image: %w", err)
	}
	config := o.begin()
	c := &imageChain{shape: config.Shape(), transforms: config.Transforms}
	couple := func(s transform.CouplingSpec) {
		s.Univariate = mixtureAndAffine(imageComponents, o.Bound)
		s.Conditioner = &nn.ResidualConvolutionSpec{Hidden: slices.Repeat([]int{o.Columns}, o.Steps+1), Kernels: []int{3, 3, 1}}
		c.add(&s)
	}
	for scale := range o.Scales {
		for _, sites := range []transform.Checkerboard{transform.Even, transform.Odd} {
			c.add(&transform.ActNormSpec{Bound: normBound})
			couple(transform.CouplingSpec{Sites: sites})
		}
		c.squeeze(transform.ByFeatures)
		for range 2 {
			c.add(&transform.ActNormSpec{Bound: normBound}, &transform.MatrixSpec{})
			couple(transform.CouplingSpec{Mask: c.half(false)})
		}
		if scale < o.Scales-1 {
			c.leave()
		}
	}
	c.end()
	config.Transforms = c.transforms
	return config, config.Check()
}
