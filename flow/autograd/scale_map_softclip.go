package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// Softclip is s = u/(1 + |u/b|), b = Affine.Bound.
const Softclip ScaleMap = "softclip"

var softclip = scaleMap{
	constant: boundOfScale,
	narrow:   kernels.SoftclipScale,
	wide: func(u, b float64) scale64 {
		d := 1 + max(u, -u)/b
		return scale64{true, u / d, 1 / float64(d*d)}
	},
}
