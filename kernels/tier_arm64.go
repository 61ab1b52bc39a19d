//go:build !noasm

package kernels

import "github.com/seed-192fdf7a/nf/kernels/asm"

var neon = Tier{
	name: "neon",

	exp:       asm.ExpNEON,
	log:       asm.LogNEON,
	tanh:      asm.TanhNEON,
	sinCos2Pi: asm.SinCos2PiNEON,
	philox:    asm.PhiloxNEON,
	normal:    asm.NormalNEON,

	sigmoid:      asm.SigmoidNEON,
	softplus:     asm.SoftplusNEON,
	logSigmoid:   asm.LogSigmoidNEON,
	expm1:        asm.Expm1NEON,
	log1p:        asm.Log1pNEON,
	silu:         asm.SiLUNEON,
	siluBackward: asm.SiLUBackwardNEON,
	addBiasSiLU:  asm.AddBiasSiLUNEON,

	erf:            asm.ErfNEON,
	normalCDF:      asm.NormalCDFNEON,
	normalQuantile: asm.NormalQuantileNEON,
	gelu:           asm.GELUNEON,

	relu:         asm.ReLUNEON,
	reluBackward: asm.ReLUBackwardNEON,
	add:          asm.AddNEON,
	scale:        asm.ScaleNEON,
	multiplyRuns: asm.MultiplyRunsNEON,
	addScaled:    asm.AddScaledNEON,
	standardize:  asm.StandardizeNEON,

	addBias:                  asm.AddBiasNEON,
	addBiasReLU:              asm.AddBiasReLUNEON,
	addColumnSums:            asm.AddColumnSumsNEON,
	rowSums:                  asm.RowSumsNEON,
	rowSumSquares:            asm.RowSumSquaresNEON,
	standardNormalLogDensity: asm.StandardNormalLogDensityNEON,

	affineForward:         asm.AffineForwardNEON,
	affineInverse:         asm.AffineInverseNEON,
	affineForwardBackward: asm.AffineForwardBackwardNEON,
	affineInverseBackward: asm.AffineInverseBackwardNEON,

	spline:         asm.SplineNEON,
	splineBackward: asm.SplineBackwardNEON,

	adam: asm.AdamNEON,

	logSumExp:          asm.LogSumExpNEON,
	softmax:            asm.SoftmaxNEON,
	logSoftmax:         asm.LogSoftmaxNEON,
	softmaxBackward:    asm.SoftmaxBackwardNEON,
	logSoftmaxBackward: asm.LogSoftmaxBackwardNEON,
	rowDots:            asm.RowDotsNEON,
	rowMoments:         asm.RowMomentsNEON,

	gatherColumns:  asm.GatherColumnsNEON,
	scatterColumns: asm.ScatterColumnsNEON,

	leakyReLU:         asm.LeakyReLUNEON,
	leakyReLUBackward: asm.LeakyReLUBackwardNEON,
	addBiasLeakyReLU:  asm.AddBiasLeakyReLUNEON,

	adamW: asm.AdamWNEON,

	logisticMixture:         asm.LogisticMixtureNEON,
	logisticMixtureBracket:  asm.LogisticMixtureBracketNEON,
	logisticMixtureBackward: asm.LogisticMixtureBackwardNEON,

	addProducts64:      asm.AddProducts64NEON,
	addExactProducts64: asm.AddExactProducts64NEON,

	matmul: matmulKernels{tile: asm.MatmulTileNEON, tilePanels: 1, row: asm.MatmulRowNEON, rowPanels: 4,
		narrow: asm.MatmulNarrowNEON, narrowColumns: 6, pack: asm.CopyBlockNEON, transpose: asm.TransposeBlocksNEON},
}

// processorTiers returns the tiers that this processor can run beside the
// reference: every arm64 processor has NEON.
func processorTiers() []*Tier { return []*Tier{&neon} }
