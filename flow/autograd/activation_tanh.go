package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// TanhActivation is tanh x.
const TanhActivation ActivationName = "tanh"

var tanh = activation{
	at64: func(x, _ float64) (y, dy float64) {
		y = kernels.Tanh64(x)
		return y, 1 - float64(y*y)
	},
	forward32: func(y, x []float32, _ float32) { kernels.Tanh(y, x) },
	backward32: func(dx, _, y, dy, _, _ []float32, _ float32) {
		for i, v := range y {
			dx[i] = float32(dy[i] * (1 - float32(v*v)))
		}
	},
	curve: &curve{
		bend64: func(x float64) float64 {
			y := kernels.Tanh64(x)
			return -2 * float64(y*(1-float64(y*y)))
		},
		slope32: func(s, _, y, _ []float32) {
			for i, v := range y {
				s[i] = 1 - float32(v*v)
			}
		},
		bend32: func(b, _, y, s []float32) {
			for i, v := range y {
				b[i] = -2 * float32(v*s[i])
			}
		},
	},
}
