package flow

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// lipschitz is that of the blocks of [ResidualFlow].
const lipschitz = 0.9

// residualNorm bounds the logs of the scales between them.
const residualNorm = 6

// residualTerms are those of an estimated log-det in scoring: what is left out is
// below 0.013 nats a column and block, and mostly far below.
const residualTerms = 30

// ResidualFlow is residual flow (Behrmann et al., 2019; Chen, Behrmann, Duvenaud
// and Jacobsen, 2019): residual blocks with [Options].Hidden units, whose Lipschitz
// constant is at most 0.9, an ActNorm behind each. Every block changes all features
// by all. Blocks of one hidden layer without a context are [transform.ResidualSpec],
// others [transform.ResidualNetworkSpec], with the activation SiLU. Log-dets are
// determinants, exact, of D³/3 operations, for at most 128 features; with
// [Options].Probes those of training, and of more features, are estimates of a series, as
// the papers have them. A density takes one pass, a sample a few dozen.
func ResidualFlow(features, context []string, o Options) (Config, error) {
	for _, refused := range []struct {
		given bool
		what  string
	}{
		{o.Residual, "has no other conditioners than its residual blocks"},
		{o.Masks != "", "has no masks; every block changes all features"},
		{o.Bound != 0, "has no scale map to bound"},
	} {
		if refused.given {
			return Config{}, fmt.Errorf("%s %s", PresetResidual, refused.what)
		}
	}
	switch {
	case o.Bins != 0:
		return Config{}, errNoBins
	case o.Components != 0:
		return Config{}, errNoComponents
	case o.Degree != 0:
		return Config{}, errNoDegree
	}
	o.fill(PresetResidual)
	return layers(features, context, o, func(bool) (transform.Spec, error) {
		var block transform.Spec
		if len(o.Hidden) == 1 && len(context) == 0 && o.Probes == 0 {
			block = &transform.ResidualSpec{Hidden: o.Hidden[0], Lipschitz: lipschitz}
		} else {
			network := &transform.ResidualNetworkSpec{Hidden: o.Hidden, Lipschitz: lipschitz, Activation: autograd.Activation{Name: autograd.SiLUActivation}}
			if o.Probes != 0 {
				network.Probes, network.Terms = transform.ProbesSpec{Count: o.Probes, Seed: o.Seed}, residualTerms
			}
			block = network
		}
		return &transform.ChainSpec{Transforms: []transform.Spec{block, &transform.ActNormSpec{Bound: residualNorm}}}, nil
	})
}
