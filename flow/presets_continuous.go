package flow

import (
	"fmt"
	"slices"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// FFJORD is a continuous flow that is trained by its likelihood (Grathwohl, Chen,
// Bettencourt, Sutskever and Duvenaud, 2019): rows move along dx/dt = v(x, t), with
// a network v whose layers are gated by the time, and the log-density changes by
// the trace of its Jacobian. Every direction costs the solver's evaluations of v,
// forward, backward and in training.
//
// The paper's networks have two or three hidden layers and an adaptive solver; the
// default here is one wide hidden layer, whose trace is exact in closed form, and
// steps that adapt to each row. Fixed steps are faster, but a likelihood can be
// raised by what the solver gets wrong as well as by a better density: they need
// the regularizers of train.Options, and [Flow.ReportSolver] tells what came of it.
func FFJORD(features, context []string, o Options) (Config, error) {
	return continuous(PresetFFJORD, features, context, o, nn.VelocitySpec{
		Gated: true, Frequencies: 3, Activation: autograd.Activation{Name: autograd.TanhActivation},
	})
}

// FlowMatching is a continuous flow whose velocity is regressed on those of
// straight paths between rows and noise (Lipman, Chen, Ben-Hamu, Nickel and Le,
// 2023), without solving anything in training: see train.FlowMatching. Density and
// samples are those of any continuous flow.
//
// Training costs one pass of the network a row, so that the default network is
// larger than that of [FFJORD]. It learns one velocity, [Options].Layers 1.
func FlowMatching(features, context []string, o Options) (Config, error) {
	return continuous(PresetFlowMatching, features, context, o, nn.VelocitySpec{
		Frequencies: 3, Activation: autograd.Activation{Name: autograd.SiLUActivation},
	})
}

// VelocityNetwork is the kind of network that computes the velocity of a
// [FlowMatchingImage].
type VelocityNetwork string

// The kinds of network.
const (
	// ConvolutionNetwork has Steps hidden convolutions of 3 x 3 sites, which see the time
	// at every layer, and classes at the first.
	ConvolutionNetwork VelocityNetwork = "convolution"
	// ResidualNetwork has Steps residual blocks of two convolutions each, as the networks
	// of [RealNVPImage], and GatedResidualNetwork gates what they add; every block sees the
	// time and the classes.
	ResidualNetwork      VelocityNetwork = "residual"
	GatedResidualNetwork VelocityNetwork = "gated-residual"
	// TransformerNetwork has Steps layers in which all patches, of 2^Scales pixels a side,
	// attend to each other; the time and the classes modulate every layer, as in the
	// diffusion transformers of Peebles and Xie (2023).
	TransformerNetwork VelocityNetwork = "transformer"
)

// VelocityNetworks are all kinds.
var VelocityNetworks = []VelocityNetwork{ConvolutionNetwork, ResidualNetwork, GatedResidualNetwork, TransformerNetwork}

// velocity describes the velocity of a kind.
func (n VelocityNetwork) velocity(steps, columns int) (nn.VelocitySpec, error) {
	v, silu := nn.VelocitySpec{Frequencies: 3}, autograd.Activation{Name: autograd.SiLUActivation}
	switch n {
	case ConvolutionNetwork, "":
		v.Hidden, v.Kernels, v.Activation = slices.Repeat([]int{columns}, steps), slices.Repeat([]int{3}, steps+1), silu
	case ResidualNetwork, GatedResidualNetwork:
		v.Network = &nn.ResidualConvolutionSpec{
			Hidden: slices.Repeat([]int{columns}, steps+1), Kernels: []int{3, 3, 3}, Gated: n == GatedResidualNetwork, Activation: silu,
		}
	case TransformerNetwork:
		v.Network = &nn.TransformerSpec{
			Width: columns, Heads: headsOf(columns), Hidden: 4 * columns, Layers: steps, Epsilon: 1e-5, Modulated: true,
			Activation: autograd.Activation{Name: autograd.GELUActivation},
		}
	default:
		return v, fmt.Errorf("the network %q is not known; choose one of %q", string(n), VelocityNetworks)
	}
	return v, nil
}

// FlowMatchingImage is [FlowMatching] on images: the image is squeezed Scales times,
// and the velocity of the values that then belong to a site is a Network, with Steps and
// Columns as its kind says. Nothing leaves on the way. Log-densities, and with them
// bits/dim, come of the differential equation, whose trace one random direction
// estimates, or all unit vectors with ExactTrace.
func FlowMatchingImage(o ImageOptions) (Config, error) {
	if err := o.fill(PresetFlowMatchingImage); err != nil {
		return Config{}, fmt.Errorf("%s: %w", PresetFlowMatchingImage, err)
	}
	if o.Variational {
		return Config{}, fmt.Errorf("%s: a learned dequantization is learned by likelihood, and this flow is not", PresetFlowMatchingImage)
	}
	velocity, err := o.Network.velocity(o.Steps, o.Columns)
	if err != nil {
		return Config{}, fmt.Errorf("%s: %w", PresetFlowMatchingImage, err)
	}
	config := o.beginNormalized()
	c := &imageChain{shape: config.Shape(), transforms: config.Transforms}
	for range o.Scales {
		c.squeeze(transform.ByFeatures)
	}
	c.add(&transform.ContinuousSpec{
		Velocity: velocity, Probes: transform.ProbesSpec{Count: o.Probes},
		Solver: transform.SolverSpec{Method: o.Solver, Steps: o.SolverSteps, Tolerance: o.Tolerance},
	})
	config.Transforms = c.transforms
	return config, config.Check()
}

// fillSolver replaces what is not set by the defaults of a preset.
func (o *ImageOptions) fillSolver(d ImageOptions) {
	if o.SolverSteps == 0 && o.Tolerance == 0 {
		o.SolverSteps = d.SolverSteps
	}
	if o.Solver == "" {
		o.Solver = d.Solver
		if o.Tolerance > 0 {
			o.Solver = transform.Dopri5
		}
	}
	if o.Probes == 0 && !o.ExactTrace {
		o.Probes = d.Probes
	}
}

func continuous(preset Preset, features, context []string, o Options, v nn.VelocitySpec) (Config, error) {
	switch {
	case o.Bins != 0:
		return Config{}, errNoBins
	case o.Degree != 0:
		return Config{}, errNoDegree
	case o.Components != 0:
		return Config{}, errNoComponents
	case o.Masks != "":
		return Config{}, fmt.Errorf("%s changes all columns; it has no masks to choose", preset)
	case o.Residual:
		return Config{}, fmt.Errorf("%s has no residual networks", preset)
	case o.Bound != 0:
		return Config{}, fmt.Errorf("%s has no scale map to bound", preset)
	}
	o.fill(preset)
	v.Hidden = o.Hidden
	probes := transform.ProbesSpec{Count: o.Probes}
	if o.Probes > 0 {
		probes.Seed = o.Seed
	}
	return layers(features, context, o, func(bool) (transform.Spec, error) {
		return &transform.ContinuousSpec{
			Velocity: v, Probes: probes,
			Solver: transform.SolverSpec{Method: o.Solver, Steps: o.Steps, Tolerance: o.Tolerance},
		}, nil
	})
}

// solves tells whether a preset is of flows along differential equations.
func solves(p Preset) bool { return p == PresetFFJORD || p == PresetFlowMatching }

// checkSolver tells which options of a solver a preset has no use for.
func (o *Options) checkSolver(p Preset) error {
	if !solves(p) && (o.Solver != "" || o.Steps != 0 || o.Tolerance != 0) {
		return fmt.Errorf("%s solves no differential equation: solver, steps and tolerance are of %s and %s", p, PresetFFJORD, PresetFlowMatching)
	}
	if !solves(p) && p != PresetResidual && o.Probes != 0 {
		return fmt.Errorf("%s estimates no trace: probes are of %s, %s and %s", p, PresetFFJORD, PresetFlowMatching, PresetResidual)
	}
	return nil
}
