//go:build !noasm

package kernels

import "github.com/seed-192fdf7a/nf/kernels/asm"

var affineNEON = [scaleKinds]affineKernels{
	tanhExpScale:           {asm.AffineTanhExpForwardNEON, asm.AffineTanhExpInverseNEON, asm.AffineTanhExpForwardBackwardNEON, asm.AffineTanhExpInverseBackwardNEON},
	expScale:               {asm.AffineExpForwardNEON, asm.AffineExpInverseNEON, asm.AffineExpForwardBackwardNEON, asm.AffineExpInverseBackwardNEON},
	softclipScale:          {asm.AffineSoftclipForwardNEON, asm.AffineSoftclipInverseNEON, asm.AffineSoftclipForwardBackwardNEON, asm.AffineSoftclipInverseBackwardNEON},
	sigmoidReciprocalScale: {asm.AffineSigmoidReciprocalForwardNEON, asm.AffineSigmoidReciprocalInverseNEON, asm.AffineSigmoidReciprocalForwardBackwardNEON, asm.AffineSigmoidReciprocalInverseBackwardNEON},
}
