//go:build !noasm

package kernels

import (
	"golang.org/x/sys/cpu"

	"github.com/seed-192fdf7a/nf/kernels/asm"
)

var avx2 = Tier{
	name: "avx2",

	exp:       asm.ExpAVX2,
	log:       asm.LogAVX2,
	tanh:      asm.TanhAVX2,
	sinCos2Pi: asm.SinCos2PiAVX2,
	philox:    asm.PhiloxAVX2,
	normal:    asm.NormalAVX2,

	sigmoid:      asm.SigmoidAVX2,
	softplus:     asm.SoftplusAVX2,
	logSigmoid:   asm.LogSigmoidAVX2,
	expm1:        asm.Expm1AVX2,
	log1p:        asm.Log1pAVX2,
	silu:         asm.SiLUAVX2,
	siluBackward: asm.SiLUBackwardAVX2,
	addBiasSiLU:  asm.AddBiasSiLUAVX2,

	erf:            asm.ErfAVX2,
	normalCDF:      asm.NormalCDFAVX2,
	normalQuantile: asm.NormalQuantileAVX2,
	gelu:           asm.GELUAVX2,

	relu:         asm.ReLUAVX2,
	reluBackward: asm.ReLUBackwardAVX2,
	add:          asm.AddAVX2,
	scale:        asm.ScaleAVX2,
	multiplyRuns: asm.MultiplyRunsAVX2,
	addScaled:    asm.AddScaledAVX2,
	standardize:  asm.StandardizeAVX2,

	addBias:                  asm.AddBiasAVX2,
	addBiasReLU:              asm.AddBiasReLUAVX2,
	addColumnSums:            asm.AddColumnSumsAVX2,
	rowSums:                  asm.RowSumsAVX2,
	rowSumSquares:            asm.RowSumSquaresAVX2,
	standardNormalLogDensity: asm.StandardNormalLogDensityAVX2,

	affineForward:         asm.AffineForwardAVX2,
	affineInverse:         asm.AffineInverseAVX2,
	affineForwardBackward: asm.AffineForwardBackwardAVX2,
	affineInverseBackward: asm.AffineInverseBackwardAVX2,

	spline:         asm.SplineAVX2,
	splineBackward: asm.SplineBackwardAVX2,

	adam: asm.AdamAVX2,

	logSumExp:          asm.LogSumExpAVX2,
	softmax:            asm.SoftmaxAVX2,
	logSoftmax:         asm.LogSoftmaxAVX2,
	softmaxBackward:    asm.SoftmaxBackwardAVX2,
	logSoftmaxBackward: asm.LogSoftmaxBackwardAVX2,
	rowDots:            asm.RowDotsAVX2,
	rowMoments:         asm.RowMomentsAVX2,

	gatherColumns:  asm.GatherColumnsAVX2,
	scatterColumns: asm.ScatterColumnsAVX2,

	leakyReLU:         asm.LeakyReLUAVX2,
	leakyReLUBackward: asm.LeakyReLUBackwardAVX2,
	addBiasLeakyReLU:  asm.AddBiasLeakyReLUAVX2,

	adamW: asm.AdamWAVX2,

	logisticMixture:         asm.LogisticMixtureAVX2,
	logisticMixtureBracket:  asm.LogisticMixtureBracketAVX2,
	logisticMixtureBackward: asm.LogisticMixtureBackwardAVX2,

	addProducts64:      asm.AddProducts64AVX2,
	addExactProducts64: asm.AddExactProducts64AVX2,

	matmul: matmulKernels{tile: asm.MatmulTileAVX2, tilePanels: 1, row: asm.MatmulRowAVX2, rowPanels: 4,
		narrow: asm.MatmulNarrowAVX2, narrowColumns: 6, pack: asm.CopyBlockAVX2, transpose: asm.TransposeBlocksAVX2},
}

var avx512 = Tier{
	name: "avx512",

	exp:       asm.ExpAVX512,
	log:       asm.LogAVX512,
	tanh:      asm.TanhAVX512,
	sinCos2Pi: asm.SinCos2PiAVX512,
	philox:    asm.PhiloxAVX512,
	normal:    asm.NormalAVX512,

	sigmoid:      asm.SigmoidAVX512,
	softplus:     asm.SoftplusAVX512,
	logSigmoid:   asm.LogSigmoidAVX512,
	expm1:        asm.Expm1AVX512,
	log1p:        asm.Log1pAVX512,
	silu:         asm.SiLUAVX512,
	siluBackward: asm.SiLUBackwardAVX512,
	addBiasSiLU:  asm.AddBiasSiLUAVX512,

	erf:            asm.ErfAVX512,
	normalCDF:      asm.NormalCDFAVX512,
	normalQuantile: asm.NormalQuantileAVX512,
	gelu:           asm.GELUAVX512,

	relu:         asm.ReLUAVX512,
	reluBackward: asm.ReLUBackwardAVX512,
	add:          asm.AddAVX512,
	scale:        asm.ScaleAVX512,
	multiplyRuns: asm.MultiplyRunsAVX2,
	addScaled:    asm.AddScaledAVX512,
	standardize:  asm.StandardizeAVX512,

	addBias:                  asm.AddBiasAVX512,
	addBiasReLU:              asm.AddBiasReLUAVX512,
	addColumnSums:            asm.AddColumnSumsAVX512,
	rowSums:                  asm.RowSumsAVX512,
	rowSumSquares:            asm.RowSumSquaresAVX512,
	standardNormalLogDensity: asm.StandardNormalLogDensityAVX512,

	affineForward:         asm.AffineForwardAVX512,
	affineInverse:         asm.AffineInverseAVX512,
	affineForwardBackward: asm.AffineForwardBackwardAVX512,
	affineInverseBackward: asm.AffineInverseBackwardAVX512,

	spline:         asm.SplineAVX512,
	splineBackward: asm.SplineBackwardAVX512,

	adam: asm.AdamAVX512,

	logSumExp:          asm.LogSumExpAVX512,
	softmax:            asm.SoftmaxAVX512,
	logSoftmax:         asm.LogSoftmaxAVX512,
	softmaxBackward:    asm.SoftmaxBackwardAVX512,
	logSoftmaxBackward: asm.LogSoftmaxBackwardAVX512,
	rowDots:            asm.RowDotsAVX512,
	rowMoments:         asm.RowMomentsAVX512,

	gatherColumns:  asm.GatherColumnsAVX512,
	scatterColumns: asm.ScatterColumnsAVX2,

	leakyReLU:         asm.LeakyReLUAVX512,
	leakyReLUBackward: asm.LeakyReLUBackwardAVX512,
	addBiasLeakyReLU:  asm.AddBiasLeakyReLUAVX512,

	adamW: asm.AdamWAVX512,

	logisticMixture:         asm.LogisticMixtureAVX512,
	logisticMixtureBracket:  asm.LogisticMixtureBracketAVX512,
	logisticMixtureBackward: asm.LogisticMixtureBackwardAVX512,

	addProducts64:      asm.AddProducts64AVX2,
	addExactProducts64: asm.AddExactProducts64AVX2,

	matmul: matmulKernels{tile: asm.MatmulTileAVX512, tilePanels: 3, tileReadsColumns: true,
		row: asm.MatmulRowAVX512, pair: asm.MatmulPairAVX512, pairPanels: 4,
		narrow: asm.MatmulNarrowAVX512, narrowColumns: 8, turnedColumns: 8,
		pack: asm.CopyBlockAVX2, transpose: asm.TransposeBlocksAVX2},
}

// processorTiers returns the tiers that this processor can run beside the
// reference, best last.
func processorTiers() []*Tier {
	x := &cpu.X86
	return ladder(x.HasAVX2, x.HasFMA, x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL)
}

// ladder returns the tiers that a processor with these extensions can run: AVX2
// takes FMA too, and AVX-512, which stands for F, BW, DQ and VL, counts only
// above them, so that GODEBUG=cpu.avx2=off turns off both.
func ladder(hasAVX2, hasFMA, hasAVX512 bool) []*Tier {
	switch {
	case !hasAVX2 || !hasFMA:
		return nil
	case !hasAVX512:
		return []*Tier{&avx2}
	}
	return []*Tier{&avx2, &avx512}
}
