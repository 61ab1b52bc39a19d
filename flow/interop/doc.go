// Package interop reads models that were trained with the Python libraries
// nflows (0.14 and master), zuko (1.6 and older) and normflows (1.7), and with
// sbi, which trains flows of the first two, TarFlows of their authors' code, and Glows
// of images as nflows, normflows, rosinality/glow-pytorch and y0ast/Glow-PyTorch save
// them; and makes flows of them that have the same density.
//
// A state dict holds tensors, and not what is done with them: the same names
// and shapes stand for different functions in different libraries, versions and
// options. So an import takes three things. The weights are the state dict as a
// safetensors file. The [Dialect] says what the weights do not tell, and
// demands it where a guess could be wrong. The [Check] holds rows with the
// log-densities that the library itself gives them: a flow that does not
// reproduce them to [Tolerance] is refused.
//
// How a model is read:
//
//	stateDict        the tensors, each of which must be used (state.go), without
//	                 what all names begin with (prefix.go)
//	standardize      first layers and embedding networks that only standardize
//	                 become the flow's first stage
//	nflows, zuko,    one file for each library: which layers there are, in which
//	normflows,       direction they act, and what their tensors are called
//	tarflow
//	glow             the Glows that are no library's; what they share with normflows'
//	image            squeezes, splits and priors of images; what a check of them is
//	convolution      a conditioner of convolutions in the form of package nn
//	network          a conditioner as dense layers in float64, in the form of
//	                 package nn: batch norms folded, masks applied (network.go,
//	                 residual.go); hidden units of masked ones sorted (masked.go)
//	layout           the libraries order the outputs of a conditioner differently;
//	                 here each becomes a permutation of its last layer (layout.go)
//	builder          collects transforms and their values, and makes the flow
//
// docs/import.md is the user's guide.
package interop
