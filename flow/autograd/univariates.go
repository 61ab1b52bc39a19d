package autograd

import "github.com/seed-192fdf7a/nf/internal/strictjson"

// Univariates are the univariates by their names in files, each with the version
// of the file format that has it. A new one has version 2; its fields are its
// constants, and its method Check, if it has one, tells what is wrong with
// them.
var Univariates = strictjson.New[Univariate]("univariate").
	Add("additive", 1, &Additive{}).
	Add("affine", 1, &Affine{}).
	Add("logistic-mixture", 2, &LogisticMixture{}).
	Add("sinh-arcsinh", 2, Widen(&SinhArcsinh{})).
	Add("spline", 1, &Spline{})
