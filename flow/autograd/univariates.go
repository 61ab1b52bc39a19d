package autograd

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/internal/strictjson"
)

// Univariates are the univariates by their names in files, each with the version
// of the file format that has it. A new one has version 2; its fields are its
// constants, and its method Check, if it has one, tells what is wrong with
// them.
var Univariates = strictjson.New[Univariate]("univariate").
	Add("additive", 1, &Additive{}).
	Add("affine", 1, &Affine{}).
	Add("inverse", 2, &Inverse{}).
	Add("bernstein", 2, Widen(&Bernstein{})).
	Add("bounded-bernstein", 2, Widen(&BoundedBernstein{})).
	Add("composed", 2, &Composed{}).
	Add("dense-sigmoidal", 2, Widen(&DenseSigmoidal{})).
	Add("integral-mlp", 2, Widen(&IntegralMLP{})).
	Add("logistic-mixture", 2, &LogisticMixture{}).
	Add("monotonic-mlp", 2, Widen(&MonotonicMLP{})).
	Add("monotone-network", 2, Widen(&MonotoneNetwork{})).
	Add("normal-mixture", 2, Widen(&NormalMixture{})).
	Add("sinh-arcsinh", 2, Widen(&SinhArcsinh{})).
	Add("softclip", 2, Widen(&SoftclipMap{})).
	Add("squared-polynomials", 2, Widen(&SquaredPolynomials{})).
	Add("sum-of-squares", 2, Widen(&SumOfSquares{})).
	Add("spline", 1, &Spline{})

// CheckUnivariate tells what is wrong with a univariate, which may have a method
// Check, or why a file cannot hold it.
func CheckUnivariate(u Univariate) error {
	name, err := Univariates.Name(u)
	if err != nil {
		return err
	}
	if c, ok := u.(interface{ Check() error }); ok {
		if err := c.Check(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
