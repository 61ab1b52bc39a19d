//go:build !noasm

package kernels

import "github.com/seed-192fdf7a/nf/kernels/asm"

var affineAVX2 = [scaleKinds]affineKernels{
	tanhExpScale:           {asm.AffineTanhExpForwardAVX2, asm.AffineTanhExpInverseAVX2, asm.AffineTanhExpForwardBackwardAVX2, asm.AffineTanhExpInverseBackwardAVX2},
	expScale:               {asm.AffineExpForwardAVX2, asm.AffineExpInverseAVX2, asm.AffineExpForwardBackwardAVX2, asm.AffineExpInverseBackwardAVX2},
	softclipScale:          {asm.AffineSoftclipForwardAVX2, asm.AffineSoftclipInverseAVX2, asm.AffineSoftclipForwardBackwardAVX2, asm.AffineSoftclipInverseBackwardAVX2},
	sigmoidReciprocalScale: {asm.AffineSigmoidReciprocalForwardAVX2, asm.AffineSigmoidReciprocalInverseAVX2, asm.AffineSigmoidReciprocalForwardBackwardAVX2, asm.AffineSigmoidReciprocalInverseBackwardAVX2},
}

var affineAVX512 = [scaleKinds]affineKernels{
	tanhExpScale:           {asm.AffineTanhExpForwardAVX512, asm.AffineTanhExpInverseAVX512, asm.AffineTanhExpForwardBackwardAVX512, asm.AffineTanhExpInverseBackwardAVX512},
	expScale:               {asm.AffineExpForwardAVX512, asm.AffineExpInverseAVX512, asm.AffineExpForwardBackwardAVX512, asm.AffineExpInverseBackwardAVX512},
	softclipScale:          {asm.AffineSoftclipForwardAVX512, asm.AffineSoftclipInverseAVX512, asm.AffineSoftclipForwardBackwardAVX512, asm.AffineSoftclipInverseBackwardAVX512},
	sigmoidReciprocalScale: {asm.AffineSigmoidReciprocalForwardAVX512, asm.AffineSigmoidReciprocalInverseAVX512, asm.AffineSigmoidReciprocalForwardBackwardAVX512, asm.AffineSigmoidReciprocalInverseBackwardAVX512},
}
