package flow

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/transform"
)

// lipschitz is that of the blocks of [ResidualFlow].
const lipschitz = 0.9

// residualNorm bounds the logs of the scales between them.
const residualNorm = 6

// ResidualFlow is residual flow (Behrmann et al., 2019; Chen, Behrmann, Duvenaud
// and Jacobsen, 2019): residual blocks with one hidden layer, of [Options].Hidden
// units, whose Lipschitz constant is at most 0.9, an ActNorm behind each. Every
// block changes all features by all. It takes no context, and at most 128
// features: log-dets are determinants, exact, of D³/3 operations, where the papers
// estimate a series; see [transform.ResidualSpec]. A density takes one pass, a sample a few
// dozen.
func ResidualFlow(features, context []string, o Options) (Config, error) {
	for _, refused := range []struct {
		given bool
		what  string
	}{
		{len(context) > 0, "takes no context"},
		{o.Embedding != 0, "has no context to embed"},
		{o.Residual, "has no other conditioners than its residual blocks"},
		{o.Masks != "", "has no masks; every block changes all features"},
		{o.Bound != 0, "has no scale map to bound"},
		{len(o.Hidden) > 1, "has one hidden layer in each block: give one width, and more layers"},
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
	if len(o.Hidden) != 1 {
		return Config{}, fmt.Errorf("%s has one hidden layer in each block: give its width", PresetResidual)
	}
	return layers(features, nil, o, func(bool) (transform.Spec, error) {
		return &transform.ChainSpec{Transforms: []transform.Spec{
			&transform.ResidualSpec{Hidden: o.Hidden[0], Lipschitz: lipschitz}, &transform.ActNormSpec{Bound: residualNorm},
		}}, nil
	})
}
