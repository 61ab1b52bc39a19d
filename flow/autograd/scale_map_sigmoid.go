package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// Sigmoid is eˢ = σ(u + 2) + ε, ε = Affine.Epsilon.
const Sigmoid ScaleMap = "sigmoid"

var sigmoid = scaleMap{
	constant: epsilonOfScale,
	narrow:   kernels.SigmoidScale,
	wide: func(u, epsilon float64) scale64 {
		y := kernels.Sigmoid64(u + 2)
		scale := y + epsilon
		return scale64{false, scale, float64(y*kernels.Sigmoid64(-2-u)) / scale}
	},
}
