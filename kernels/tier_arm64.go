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

	relu:         asm.ReLUNEON,
	reluBackward: asm.ReLUBackwardNEON,
	add:          asm.AddNEON,
	scale:        asm.ScaleNEON,

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

	adam: asm.AdamNEON,

	matmul: matmulKernels{tile: asm.MatmulTileNEON, tilePanels: 1, row: asm.MatmulRowNEON, rowPanels: 4,
		narrow: asm.MatmulNarrowNEON, narrowColumns: 6, pack: asm.CopyBlockNEON, transpose: asm.TransposeBlocksNEON},
}

// processorTiers returns the tiers that this processor can run beside the
// reference: every arm64 processor has NEON.
func processorTiers() []*Tier { return []*Tier{&neon} }
