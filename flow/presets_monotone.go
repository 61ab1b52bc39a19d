package flow

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// inverseTolerance ends the inverses of polynomials.
const inverseTolerance = 1e-12

// NAF is neural autoregressive flow (Huang, Krueger, Lacoste and Courville, 2018), layers of
// [MAF] whose univariate is a small monotone network. With one layer of sigmoids, as
// unless [Options].SigmoidLayers says otherwise, it is σ⁻¹(Σ w_j·σ(a_j·x + b_j)), the
// paper's deep sigmoidal flow: what [autograd.LogisticMixture] is with the logit. Both
// directions cost about one pass of each network, the inverse with some six
// evaluations of the mixtures. With more it is the paper's deep dense sigmoidal flow,
// [autograd.DenseSigmoidal], whose matrices are constants of each column before softmax, to which the layer's
// network adds a value for each of their columns, as in the paper. It is stated in float64 and slow: a value takes some 2·K²
// exponentials for each layer of sigmoids after the first.
//
// The defaults are sixteen sigmoids in a layer, as the paper has for the larger tables, and
// the networks of [MAF]; the paper's were larger.
func NAF(features, context []string, o Options) (Config, error) {
	switch {
	case o.Bins != 0:
		return Config{}, errNoBins
	case o.Degree != 0:
		return Config{}, errNoDegree
	case o.Components < 0 || o.Components > autograd.MaxComponents:
		return Config{}, fmt.Errorf("%d components: want 1 to %d", o.Components, autograd.MaxComponents)
	case o.SigmoidLayers < 0 || o.SigmoidLayers > autograd.MaxSigmoidLayers:
		return Config{}, fmt.Errorf("%d layers of sigmoids: want 1 to %d", o.SigmoidLayers, autograd.MaxSigmoidLayers)
	}
	o.fill(PresetNAF)
	if o.SigmoidLayers > 1 {
		return denseNAF(features, context, o)
	}
	u := &autograd.LogisticMixture{Components: o.Components, Bound: o.Bound, Weights: true, Logit: true, Spread: 1}
	return monotone(features, context, o, u)
}

// denseDiagonal makes each sigmoid see nearly its own alone at first. From matrices that
// are nearly constant, whose units are alike, training is far slower.
const denseDiagonal = 6

// denseNAF takes options that are filled.
func denseNAF(features, context []string, o Options) (Config, error) {
	u := &autograd.DenseSigmoidal{Hidden: o.Components, Layers: o.SigmoidLayers, Bound: o.Bound, Spread: 1, Diagonal: denseDiagonal, Tolerance: inverseTolerance}
	if err := u.Check(); err != nil {
		return Config{}, err
	}
	o.Components = 0 // they are u's
	return autoregressiveLayers(features, context, o, autograd.Widen(u), func(s transform.Spec) transform.Spec {
		s.(*transform.AutoregressiveSpec).Conditioner.Constants = u.Constants()
		return s
	})
}

// SOS is sum-of-squares polynomial flow (Jaini, Selby and Yu, 2019), layers of
// [MAF] whose univariate is [autograd.SumOfSquares], on a box of ±Bound. By
// default there are five layers, as in the paper, of squares of polynomials of
// degree 3.
func SOS(features, context []string, o Options) (Config, error) {
	if err := polynomial(o); err != nil {
		return Config{}, err
	}
	o.fill(PresetSOS)
	return monotone(features, context, o, autograd.Widen(&autograd.SumOfSquares{
		Degree: o.Degree, Scale: o.Bound, MinSlope: 1e-3, Tolerance: inverseTolerance,
	}))
}

// BernsteinFlow is Bernstein polynomial flow (Ramasinghe, Fernando, Khan and
// Barnes, 2022), layers of [MAF] whose univariate is [autograd.Bernstein], on a
// box of ±Bound with lines beyond it.
func BernsteinFlow(features, context []string, o Options) (Config, error) {
	if err := polynomial(o); err != nil {
		return Config{}, err
	}
	o.fill(PresetBernstein)
	return monotone(features, context, o, autograd.Widen(&autograd.Bernstein{
		Degree: o.Degree, Bound: o.Bound, MinSlope: 1e-3, Tolerance: inverseTolerance,
	}))
}

// UMNN is unconstrained monotonic neural networks (Wehenkel and Louppe, 2019),
// layers of [MAF] whose univariate is [autograd.MonotoneNetwork], on a box of
// ±Bound: the integral of a positive network of eight units, whose weights the layer's
// network computes, over 32 points of Gauss and Legendre. It is stated in float64 and
// slow: a value takes 33 evaluations of its network, its inverse some six times
// that.
func UMNN(features, context []string, o Options) (Config, error) {
	if o.Degree != 0 {
		return Config{}, errNoDegree
	}
	if err := polynomial(o); err != nil {
		return Config{}, err
	}
	o.fill(PresetUMNN)
	return monotone(features, context, o, autograd.Widen(&autograd.MonotoneNetwork{
		Hidden: 8, Quadrature: autograd.GaussLegendre, Points: 32, Bound: o.Bound, MinSlope: 1e-3, Tolerance: inverseTolerance,
	}))
}

// polynomial tells which options a flow of polynomials has no use for.
func polynomial(o Options) error {
	switch {
	case o.Bins != 0:
		return errNoBins
	case o.Components != 0:
		return errNoComponents
	case o.Degree < 0 || o.Degree > autograd.MaxDegree:
		return fmt.Errorf("a degree of %d: want 1 to %d", o.Degree, autograd.MaxDegree)
	}
	return nil
}

// monotone takes options that are filled.
func monotone(features, context []string, o Options, u autograd.Univariate) (Config, error) {
	o.Components, o.Degree = 0, 0 // they are u's
	return autoregressiveLayers(features, context, o, u, func(s transform.Spec) transform.Spec { return s })
}
