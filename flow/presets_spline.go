package flow

import (
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// NSF is neural spline flow with couplings (Durkan, Bekasov, Murray and
// Papamakarios, 2019): rational-quadratic splines on [−Bound, Bound], and
// between the couplings a random permutation and an LU layer. Both directions
// cost one pass.
//
// The defaults are those of the paper's RQ-NSF (C) on POWER: ten layers, eight
// bins, a bound of 3, networks of 256 units, the odd and the even features in
// turn; its networks had two residual blocks, these have two hidden layers.
func NSF(features, context []string, o Options) (Config, error) {
	o.fill(PresetNSF)
	return couplings(features, context, o, autograd.NewSpline(o.Bins, o.Bound))
}

// NSFAutoregressive is neural spline flow with autoregressive layers (Durkan,
// Bekasov, Murray and Papamakarios, 2019), its RQ-NSF (AR). Both directions cost
// about one pass, see [MAF].
//
// The defaults are the paper's on POWER: ten layers, eight bins, a bound of 3,
// residual networks of 256 units with two blocks, and between the layers a
// random permutation and an LU layer.
func NSFAutoregressive(features, context []string, o Options) (Config, error) {
	o.fill(PresetNSFAutoregressive)
	return autoregressiveLayers(features, context, o, autograd.NewSpline(o.Bins, o.Bound), func(s transform.Spec) transform.Spec { return s })
}
