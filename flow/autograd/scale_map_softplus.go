package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// Softplus is eˢ = log(1 + eᵘ) + ε, ε = Affine.Epsilon.
const Softplus ScaleMap = "softplus"

var softplusScale = scaleMap{
	constant: epsilonOfScale,
	narrow:   kernels.SoftplusScale,
	wide: func(u, epsilon float64) scale64 {
		scale := kernels.Softplus64(u) + epsilon
		return scale64{false, scale, kernels.Sigmoid64(u) / scale}
	},
}
