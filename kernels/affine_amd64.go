//go:build !noasm

package kernels

import "github.com/seed-192fdf7a/nf/kernels/asm"

var affineAVX2 = [scaleKinds]affineKernels{
	tanhExpKind:           {asm.AffineTanhExpForwardAVX2, asm.AffineTanhExpInverseAVX2, asm.AffineTanhExpForwardBackwardAVX2, asm.AffineTanhExpInverseBackwardAVX2},
	expKind:               {asm.AffineExpForwardAVX2, asm.AffineExpInverseAVX2, asm.AffineExpForwardBackwardAVX2, asm.AffineExpInverseBackwardAVX2},
	softclipKind:          {asm.AffineSoftclipForwardAVX2, asm.AffineSoftclipInverseAVX2, asm.AffineSoftclipForwardBackwardAVX2, asm.AffineSoftclipInverseBackwardAVX2},
	sigmoidKind:           {asm.AffineSigmoidForwardAVX2, asm.AffineSigmoidInverseAVX2, asm.AffineSigmoidForwardBackwardAVX2, asm.AffineSigmoidInverseBackwardAVX2},
	softplusKind:          {asm.AffineSoftplusForwardAVX2, asm.AffineSoftplusInverseAVX2, asm.AffineSoftplusForwardBackwardAVX2, asm.AffineSoftplusInverseBackwardAVX2},
	sigmoidReciprocalKind: {asm.AffineSigmoidReciprocalForwardAVX2, asm.AffineSigmoidReciprocalInverseAVX2, asm.AffineSigmoidReciprocalForwardBackwardAVX2, asm.AffineSigmoidReciprocalInverseBackwardAVX2},
}

var affineAVX512 = [scaleKinds]affineKernels{
	tanhExpKind:           {asm.AffineTanhExpForwardAVX512, asm.AffineTanhExpInverseAVX512, asm.AffineTanhExpForwardBackwardAVX512, asm.AffineTanhExpInverseBackwardAVX512},
	expKind:               {asm.AffineExpForwardAVX512, asm.AffineExpInverseAVX512, asm.AffineExpForwardBackwardAVX512, asm.AffineExpInverseBackwardAVX512},
	softclipKind:          {asm.AffineSoftclipForwardAVX512, asm.AffineSoftclipInverseAVX512, asm.AffineSoftclipForwardBackwardAVX512, asm.AffineSoftclipInverseBackwardAVX512},
	sigmoidKind:           {asm.AffineSigmoidForwardAVX512, asm.AffineSigmoidInverseAVX512, asm.AffineSigmoidForwardBackwardAVX512, asm.AffineSigmoidInverseBackwardAVX512},
	softplusKind:          {asm.AffineSoftplusForwardAVX512, asm.AffineSoftplusInverseAVX512, asm.AffineSoftplusForwardBackwardAVX512, asm.AffineSoftplusInverseBackwardAVX512},
	sigmoidReciprocalKind: {asm.AffineSigmoidReciprocalForwardAVX512, asm.AffineSigmoidReciprocalInverseAVX512, asm.AffineSigmoidReciprocalForwardBackwardAVX512, asm.AffineSigmoidReciprocalInverseBackwardAVX512},
}
