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

	relu:         asm.ReLUAVX2,
	reluBackward: asm.ReLUBackwardAVX2,
	add:          asm.AddAVX2,
	scale:        asm.ScaleAVX2,

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

	adam: asm.AdamAVX2,

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

	relu:         asm.ReLUAVX512,
	reluBackward: asm.ReLUBackwardAVX512,
	add:          asm.AddAVX512,
	scale:        asm.ScaleAVX512,

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

	adam: asm.AdamAVX512,

	matmul: matmulKernels{tile: asm.MatmulTileAVX512, tilePanels: 3, tileReadsColumns: true,
		row: asm.MatmulRowAVX512, pair: asm.MatmulPairAVX512, pairPanels: 4,
		narrow: asm.MatmulNarrowAVX512, narrowColumns: 8, turnedColumns: 8,
		pack: asm.CopyBlockAVX2, transpose: asm.TransposeBlocksAVX2},
}

// processorTiers returns the tiers that this processor can run beside the
// reference, best last. They are a ladder: AVX-512 counts only above AVX2 and
// FMA, so that GODEBUG=cpu.avx2=off turns off both.
func processorTiers() []*Tier {
	if !cpu.X86.HasAVX2 || !cpu.X86.HasFMA {
		return nil
	}
	if !cpu.X86.HasAVX512F || !cpu.X86.HasAVX512BW || !cpu.X86.HasAVX512DQ || !cpu.X86.HasAVX512VL {
		return []*Tier{&avx2}
	}
	return []*Tier{&avx2, &avx512}
}
