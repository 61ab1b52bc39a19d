package transform

import (
	"github.com/seed-192fdf7a/nf/internal/limits"
	"github.com/seed-192fdf7a/nf/internal/strictjson"
)

// Kinds are the families of transforms by their names in files, each with the
// version of the file format that has it. A new one has version 2.
var Kinds = strictjson.New[Spec]("transform").AtMost(limits.Transforms)

func init() { // chain and invert hold other Specs
	Kinds.
		Add("actnorm", 1, &ActNormSpec{}).
		Add("augment", 2, &AugmentSpec{}).
		Add("autoregressive", 1, &AutoregressiveSpec{}).
		Add("batchnorm", 1, &BatchNormSpec{}).
		Add("bnaf", 2, &BNAFSpec{}).
		Add("chain", 1, &ChainSpec{}).
		Add("continuous", 2, &ContinuousSpec{}).
		Add("coupling", 1, &CouplingSpec{}).
		Add("elementwise", 1, &ElementwiseSpec{}).
		Add("gaussianization", 2, &GaussianizationSpec{}).
		Add("householder", 1, &HouseholderSpec{}).
		Add("invert", 1, &InvertSpec{}).
		Add("lu", 1, &LUSpec{}).
		Add("masked-convolution", 2, &MaskedConvolutionSpec{}).
		Add("matrix", 2, &MatrixSpec{}).
		Add("mintnet", 2, &MintNetSpec{}).
		Add("periodic-convolution", 2, &PeriodicConvolutionSpec{}).
		Add("permutation", 1, &PermutationSpec{}).
		Add("planar", 1, &PlanarSpec{}).
		Add("radial", 1, &RadialSpec{}).
		Add("residual", 2, &ResidualSpec{}).
		Add("residual-network", 2, &ResidualNetworkSpec{}).
		Add("sequential", 2, &SequentialSpec{}).
		Add("split", 2, &SplitSpec{}).
		Add("squeeze", 2, &SqueezeSpec{}).
		Add("support", 1, &SupportSpec{})
}

// Families returns the names of all families.
func Families() []string { return Kinds.Names() }
