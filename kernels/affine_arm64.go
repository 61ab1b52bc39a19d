//go:build !noasm

package kernels

import "github.com/seed-192fdf7a/nf/kernels/asm"

var affineNEON = [scaleKinds]affineKernels{
	tanhExpKind:           {asm.AffineTanhExpForwardNEON, asm.AffineTanhExpInverseNEON, asm.AffineTanhExpForwardBackwardNEON, asm.AffineTanhExpInverseBackwardNEON},
	expKind:               {asm.AffineExpForwardNEON, asm.AffineExpInverseNEON, asm.AffineExpForwardBackwardNEON, asm.AffineExpInverseBackwardNEON},
	softclipKind:          {asm.AffineSoftclipForwardNEON, asm.AffineSoftclipInverseNEON, asm.AffineSoftclipForwardBackwardNEON, asm.AffineSoftclipInverseBackwardNEON},
	sigmoidKind:           {asm.AffineSigmoidForwardNEON, asm.AffineSigmoidInverseNEON, asm.AffineSigmoidForwardBackwardNEON, asm.AffineSigmoidInverseBackwardNEON},
	softplusKind:          {asm.AffineSoftplusForwardNEON, asm.AffineSoftplusInverseNEON, asm.AffineSoftplusForwardBackwardNEON, asm.AffineSoftplusInverseBackwardNEON},
	sigmoidReciprocalKind: {asm.AffineSigmoidReciprocalForwardNEON, asm.AffineSigmoidReciprocalInverseNEON, asm.AffineSigmoidReciprocalForwardBackwardNEON, asm.AffineSigmoidReciprocalInverseBackwardNEON},
}
