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

	relu:         reluRef,
	reluBackward: reluBackwardRef,
	add:          addRef,
	scale:        scaleRef,

	addBias:                  addBiasRef,
	addBiasReLU:              addBiasReLURef,
	addColumnSums:            addColumnSumsRef,
	rowSums:                  rowSumsRef,
	rowSumSquares:            rowSumSquaresRef,
	standardNormalLogDensity: standardNormalLogDensityRef,

	affineForward:         affineForwardRef,
	affineInverse:         affineInverseRef,
	affineForwardBackward: affineForwardBackwardRef,
	affineInverseBackward: affineInverseBackwardRef,

	adam: adamRef,

	matmul: matmulKernels{tile: asm.MatmulTileNEON, tilePanels: 1, row: asm.MatmulRowNEON, rowPanels: 4},
}

// processorTiers returns the tiers that this processor can run beside the
// reference: every arm64 processor has NEON.
func processorTiers() []*Tier { return []*Tier{&neon} }
