package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// TanhExp is s = b·tanh(u/b), b = Affine.Bound.
const TanhExp ScaleMap = "tanh-exp"

var tanhExp = scaleMap{
	constant: boundOfScale,
	narrow:   kernels.TanhExpScale,
	wide: func(u, b float64) scale64 {
		th := kernels.Tanh64(u / b)
		return scale64{true, float64(b * th), 1 - float64(th*th)}
	},
}
