package flow

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/transform"
)

// BNAF is block neural autoregressive flow (De Cao, Titov and Aziz, 2019): layers
// that are one network each, whose weights make it increase with each feature and
// let it depend on those before in any way, the order of the features reversed
// between them; see [transform.BNAFSpec]. [Options].Hidden are the units of each
// feature, not those of a whole layer. A density takes one pass, a sample a pass and,
// feature by feature, some ten of the feature's own units.
//
// By default it is the paper's for tables: five layers, one hidden layer of ten
// units for each feature.
func BNAF(features, context []string, o Options) (Config, error) {
	for _, refused := range []struct {
		given bool
		what  string
	}{
		{o.Residual, "has no residual blocks; its layers have gates"},
		{o.Masks != "", "has no masks; every layer changes all features"},
	} {
		if refused.given {
			return Config{}, fmt.Errorf("%s %s", PresetBNAF, refused.what)
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
	o.fill(PresetBNAF)
	return layers(features, context, o, func(bool) (transform.Spec, error) {
		return &transform.BNAFSpec{Units: o.Hidden, Bound: o.Bound, Tolerance: inverseTolerance}, nil
	})
}
