package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// Exp is s = u.
const Exp ScaleMap = "exp"

var exponential = scaleMap{
	narrow: func(float32) kernels.ScaleMap { return kernels.ExpScale() },
	wide:   func(u, _ float64) scale64 { return scale64{true, u, 1} },
}
