package interop

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/limits"
	"github.com/seed-192fdf7a/nf/internal/strictjson"
)

// Dialect says what a state dict does not tell. Of the options, those are
// demanded that a layer needs and whose default would be a guess: Activation
// and ScaleMap.
type Dialect struct {
	// Library is "nflows", "zuko", "normflows" or "tarflow", or for a Glow "rosinality"
	// (rosinality/glow-pytorch) or "y0ast" (y0ast/Glow-PyTorch); Version the one
	// that the model was trained with.
	Library string `json:"library"`
	Version string `json:"version"`
	// Image is the height and width of images; nil for tables.
	Image []int `json:"image,omitempty"`
	// Pixels says what whole numbers images are made of; nil where the flow is to
	// take the numbers that the model takes.
	Pixels *ImagePixels `json:"pixels,omitempty"`
	// Features and Context are the numbers of columns, of images of channels and of
	// classes.
	Features int `json:"features"`
	Context  int `json:"context,omitempty"`
	Options
	// Embedding says what the weights do not tell of the network of the context
	// that all layers share, _embedding_net. It may be left out for a single
	// linear layer.
	Embedding *EmbeddingNet `json:"embedding,omitempty"`
	// Layers has options of single layers, by their number in the library's list
	// of transforms: "3", or "0.3" where lists are nested.
	Layers map[string]Layer `json:"layers,omitempty"`
	// TarFlow says what the weights of library tarflow do not tell.
	TarFlow *TarFlow `json:"tarflow,omitempty"`
}

// TarFlow is what the weights of a TarFlow do not tell.
type TarFlow struct {
	// Patch is the pixels of a side of a patch, HeadWidth the columns of a head, 64
	// unless it is said.
	Patch     int `json:"patch"`
	HeadWidth int `json:"head_width,omitempty"`
	// Levels is the number of values 0, 1, … of a pixel, which the model takes as
	// numbers from -1 to 1. Without it the flow takes these numbers themselves.
	Levels int `json:"levels,omitempty"`
	// Noise is the deviation of the normal noise that the model was trained with, for
	// models with Levels; without it they are dequantized by uniform noise.
	Noise float64 `json:"noise,omitempty"`
}

// Layer is the options of one layer.
type Layer struct {
	// Kind says what a layer is that has no tensors: "identity", "swap" (Permute
	// with mode="swap" of normflows), "reverse" or "squeeze"; or that a list of
	// transforms of nflows is "multiscale", a MultiscaleCompositeTransform.
	Kind string `json:"kind,omitempty"`
	Options
}

// EmbeddingNet is what the weights do not tell of an embedding network, a
// Sequential of linear layers with one activation between them.
type EmbeddingNet struct {
	// Activation is one of [Activations], NegativeSlope that of leaky_relu.
	Activation    string   `json:"activation,omitempty"`
	NegativeSlope *float64 `json:"negative_slope,omitempty"`
	// ActivatedOutput says that the activation follows the last linear layer too.
	ActivatedOutput bool `json:"activated_output,omitempty"`
}

// Options are the constants of layers. Those that are absent have the library's
// defaults.
type Options struct {
	// Activation is that of the conditioners: see [Activations].
	Activation string `json:"activation,omitempty"`
	// NegativeSlope is that of the activation leaky_relu.
	NegativeSlope *float64 `json:"negative_slope,omitempty"`
	// ScaleMap is how an affine layer makes a scale of a raw one. nflows
	// couplings: sigmoid, general or additive. nflows autoregressive layers:
	// softplus, or sigmoid where they are from before 2020-02. normflows: exp,
	// sigmoid, sigmoid_inv or additive.
	ScaleMap string `json:"scale_map,omitempty"`
	// Epsilon is what nflows adds to a scale.
	Epsilon *float64 `json:"epsilon,omitempty"`
	// Univariate is the map of an autoregressive layer of zuko that its weights do not
	// tell from others: "bernstein" of a BPF, "sos" of a SOSPF. Polynomials is the
	// number of polynomials of the latter.
	Univariate  string `json:"univariate,omitempty"`
	Polynomials *int   `json:"polynomials,omitempty"`
	// IntegrandActivation is that of the integrand of a UNAF of zuko, "elu" unless it
	// is said.
	IntegrandActivation string `json:"integrand_activation,omitempty"`
	// Slope is zuko's smallest slope.
	Slope *float64 `json:"slope,omitempty"`
	// Tolerance is that of the steps of a CNF of zuko.
	Tolerance *float64 `json:"tolerance,omitempty"`
	// TailBound is half the width of the splines' box.
	TailBound *float64 `json:"tail_bound,omitempty"`
	// MinBinWidth, MinBinHeight and MinDerivative are the splines' minima.
	MinBinWidth   *float64 `json:"min_bin_width,omitempty"`
	MinBinHeight  *float64 `json:"min_bin_height,omitempty"`
	MinDerivative *float64 `json:"min_derivative,omitempty"`
	// IdentityInit is enable_identity_init of nflows' splines.
	IdentityInit *bool `json:"identity_init,omitempty"`
	// ResidualBlocks is use_residual_blocks of an autoregressive layer of nflows,
	// which the weights tell unless it has no blocks (num_blocks=0).
	ResidualBlocks *bool `json:"residual_blocks,omitempty"`
	// SplitMode is how AffineCouplingBlock of normflows splits the features.
	SplitMode string `json:"split_mode,omitempty"`
	// Factor is that of a squeeze, whose blocks have Factor x Factor pixels.
	Factor *int `json:"factor,omitempty"`
	// BatchNormEpsilon is that of BatchNorm layers, LUEpsilon that of LU layers.
	BatchNormEpsilon *float64 `json:"batch_norm_epsilon,omitempty"`
	LUEpsilon        *float64 `json:"lu_epsilon,omitempty"`
}

// The libraries.
const (
	nflows     = "nflows"
	zuko       = "zuko"
	normflows  = "normflows"
	rosinality = "rosinality"
	y0ast      = "y0ast"
	tarflow    = "tarflow"
)

// ReadDialect reads a dialect from a JSON file.
func ReadDialect(path string) (*Dialect, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot open the config: %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, limits.ConfigBytes+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read the config: %w", err)
	}
	d, err := ParseDialect(text)
	if err != nil {
		return nil, fmt.Errorf("config %s: %w", path, err)
	}
	return d, nil
}

// ParseDialect reads a dialect from JSON. A key that is not known is an error.
func ParseDialect(text []byte) (*Dialect, error) {
	if len(text) > limits.ConfigBytes {
		return nil, fmt.Errorf("it has more than %d bytes", limits.ConfigBytes)
	}
	d := &Dialect{}
	if _, err := strictjson.Decode(text, d); err != nil {
		return nil, err
	}
	return d, d.check()
}

// check tells what is wrong with the dialect, as far as it can be told without
// the weights.
func (d *Dialect) check() error {
	switch d.Library {
	case "":
		return errors.New(`"library" is missing: it is "nflows", "zuko", "normflows", "rosinality", "y0ast" or "tarflow"`)
	case nflows, zuko, normflows, rosinality, y0ast, tarflow:
	default:
		return fmt.Errorf(`"library" is %q, want "nflows", "zuko", "normflows", "rosinality", "y0ast" or "tarflow"`, d.Library)
	}
	if d.Version == "" {
		return errors.New(`"version" is missing: the version of the library that the model was trained with, as pip show tells`)
	}
	if err := checkVersion(d.Library, d.Version); err != nil {
		return err
	}
	if d.Features < 1 || d.Features > autograd.MaxFeatures {
		return fmt.Errorf(`"features" is %d, want the number of columns, 1 to %d`, d.Features, autograd.MaxFeatures)
	}
	if d.Context < 0 || d.Context > autograd.MaxFeatures {
		return fmt.Errorf(`"context" is %d, want the number of columns, 0 to %d`, d.Context, autograd.MaxFeatures)
	}
	if err := d.checkTarFlow(); err != nil {
		return err
	}
	if err := d.checkImage(); err != nil {
		return err
	}
	if err := d.Options.check(); err != nil {
		return err
	}
	for name, l := range d.Layers {
		if err := l.check(); err != nil {
			return fmt.Errorf("layers: %q: %w", name, err)
		}
		if l.Kind != "" && !slices.Contains(kinds, l.Kind) {
			return fmt.Errorf(`layers: %q: "kind" is %q, want one of %s`, name, l.Kind, strings.Join(kinds, ", "))
		}
	}
	return nil
}

// kinds are the layers that have no tensors, and what a list may be.
var kinds = []string{"identity", "swap", "reverse", "squeeze", "softclip", "multiscale"}

// The values of [Options.Univariate].
const (
	bernstein    = "bernstein"
	sumOfSquares = "sos"
)

func (o *Options) check() error {
	for _, c := range []struct {
		key         string
		value       *float64
		above, upTo float64
	}{
		{"epsilon", o.Epsilon, -1e-300, 1},
		{"slope", o.Slope, 0, 0.999999},
		{"tail_bound", o.TailBound, 0, 1e6},
		{"tolerance", o.Tolerance, transform.MinTolerance * 0.999999, transform.MaxTolerance},
		{"min_bin_width", o.MinBinWidth, -1e-300, 1},
		{"min_bin_height", o.MinBinHeight, -1e-300, 1},
		{"min_derivative", o.MinDerivative, 0, 0.999999},
		{"batch_norm_epsilon", o.BatchNormEpsilon, 0, 0.999999},
		{"lu_epsilon", o.LUEpsilon, -1e-300, 1},
		{"negative_slope", o.NegativeSlope, -1e-300, 1e6},
	} {
		if c.value != nil && !(*c.value > c.above && *c.value <= c.upTo) {
			return fmt.Errorf("%q is %v, which is out of its range", c.key, *c.value)
		}
	}
	if o.Factor != nil && (*o.Factor < 2 || *o.Factor > limits.Block) {
		return fmt.Errorf(`"factor" is %d, want 2 to %d`, *o.Factor, limits.Block)
	}
	if o.Univariate != "" && o.Univariate != bernstein && o.Univariate != sumOfSquares {
		return fmt.Errorf(`"univariate" is %q, want %q or %q; other maps are known by their weights`, o.Univariate, bernstein, sumOfSquares)
	}
	if o.IntegrandActivation != "" {
		if _, err := newActivation(o.IntegrandActivation, or(o.NegativeSlope, 0.01)); err != nil {
			return fmt.Errorf(`"integrand_activation": %w`, err)
		}
	}
	if o.Polynomials != nil && (*o.Polynomials < 1 || o.Univariate != sumOfSquares) {
		return fmt.Errorf(`"polynomials" is %d; it is the number of polynomials, 1 or more, of "univariate": %q`, *o.Polynomials, sumOfSquares)
	}
	if o.Activation != "" {
		if _, err := o.activation(); err != nil {
			return err
		}
	}
	return nil
}

// layer returns the options of a layer.
func (d *Dialect) layer(name string) Options {
	o := d.Options
	special, ok := d.Layers[name]
	if !ok {
		return o
	}
	into, from := reflect.ValueOf(&o).Elem(), reflect.ValueOf(special.Options)
	for i := range from.NumField() {
		if !from.Field(i).IsZero() {
			into.Field(i).Set(from.Field(i))
		}
	}
	return o
}

// or returns what value points at, or the default.
func or[T any](value *T, otherwise T) T {
	if value == nil {
		return otherwise
	}
	return *value
}

// activation returns the activation, which must be given.
func (o *Options) activation() (autograd.Activation, error) {
	if o.Activation == "" {
		return autograd.Activation{}, fmt.Errorf(`the config has no "activation", which the weights do not tell: say one of %s`, strings.Join(Activations(), ", "))
	}
	if o.Activation != "leaky_relu" && o.NegativeSlope != nil && *o.NegativeSlope != 0 {
		return autograd.Activation{}, fmt.Errorf(`"negative_slope" is %v, but the activation is %s and not leaky_relu`, *o.NegativeSlope, o.Activation)
	}
	return newActivation(o.Activation, or(o.NegativeSlope, 0.01))
}
