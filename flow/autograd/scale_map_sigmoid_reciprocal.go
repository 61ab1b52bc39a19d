package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// SigmoidReciprocal is eˢ = 1/σ(u + 2).
const SigmoidReciprocal ScaleMap = "sigmoid-reciprocal"

var sigmoidReciprocal = scaleMap{
	narrow: func(float32) kernels.ScaleMap { return kernels.SigmoidReciprocalScale() },
	wide: func(u, _ float64) scale64 {
		return scale64{false, 1 + kernels.Exp64(-2-u), -kernels.Sigmoid64(-2 - u)}
	},
}
