// Package nn holds the conditioners: networks that compute the parameters of a
// univariate map from what its structure lets them see.
package nn

import (
	"errors"
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/limits"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/internal/strictjson"
)

// Spec describes a conditioner as plain data. Its fields are what the model
// file says of it.
type Spec interface {
	// Check tells what is wrong, where an event shows so many features at each
	// site of its grid, and the context has so many columns.
	Check(in autograd.Shape, context int) error
	// Build creates the network and its parameters below scope, for out
	// parameters at each site. It is only called after Check. Without features
	// and context a network could only compute constants, so they are learned
	// directly, as the parameter constant.
	Build(in autograd.Shape, context, out int, scope autograd.Scope) Conditioner
}

// Conditioner computes parameters for each row of x and the context of the
// pass. x is the zero Value when no feature is shown; rows says how many rows
// are asked for.
type Conditioner interface {
	Compute(p *autograd.Pass, x autograd.Value, rows int) autograd.Value
	// Initialize sets the learned values for the start of training: the last
	// layer is zero, so that a univariate whose zero parameters are the
	// identity begins as the identity.
	Initialize(seed uint64)
}

// Kinds are the conditioners by their names in files, each with the version of
// the file format that has it. A new one has version 2. ([MADESpec] is a part of
// the layer that it belongs to.) An object without "type" is a perceptron.
var Kinds = strictjson.New[Spec]("conditioner").
	Add("convolution", 2, &ConvolutionSpec{}).
	Add("mlp", 1, &MLPSpec{}).
	Add("residual", 1, &ResidualSpec{}).
	Add("residual-convolution", 2, &ResidualConvolutionSpec{}).
	Add("sites", 2, &SitesSpec{}).
	Add("transformer", 2, &TransformerSpec{}).
	Add("wavenet", 2, &WaveNetSpec{}).
	Silent("mlp").
	Shared()

var errNoContext = errors.New("it is gated by a context, and there is none")

// MaxWidth bounds the width of a layer.
const MaxWidth = limits.Width

// checkHidden tells what is wrong with the hidden layers of a network.
func checkHidden(widths []int, a autograd.Activation) error {
	if err := a.Check(); err != nil {
		return err
	}
	if len(widths) > limits.HiddenLayers {
		return fmt.Errorf("%d hidden layers, at most %d are supported", len(widths), limits.HiddenLayers)
	}
	for i, w := range widths {
		if w < 1 || w > MaxWidth {
			return fmt.Errorf("hidden layer %d has width %d, want 1 to %d", i, w, MaxWidth)
		}
	}
	return nil
}

// seen returns the features followed by the context, where there is either.
func seen(p *autograd.Pass, x autograd.Value, rows int) autograd.Value {
	if x.IsZero() {
		return p.SiteContext(rows)
	}
	return p.Concat(x, p.SiteContext(rows))
}

// inverseRoot returns 1/√n.
func inverseRoot(n int) float32 { return float32(1 / math.Sqrt(float64(n))) }

// draw fills the parameters from U(−bound, bound).
func draw(seed uint64, bound float32, parameters ...*autograd.Parameter) {
	for _, p := range parameters {
		random.Uniform(p.Values(), seed, random.Initialization, uint64(p.Offset()), bound)
	}
}

type constant struct{ parameter *autograd.Parameter }

func (c *constant) Compute(p *autograd.Pass, _ autograd.Value, rows int) autograd.Value {
	return p.Repeat(c.parameter, rows)
}

func (c *constant) Initialize(uint64) { clear(c.parameter.Values()) }

// Constant returns the conditioner that looks at nothing.
func Constant(out int, scope autograd.Scope) Conditioner {
	return &constant{scope.New("constant", 1, out)}
}
