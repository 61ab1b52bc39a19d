package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// SoftplusActivation is log(1 + eˣ), whose derivative is σ(x).
const SoftplusActivation ActivationName = "softplus"

var softplus = activation{
	at64:      func(x, _ float64) (y, dy float64) { return kernels.Softplus64(x), kernels.Sigmoid64(x) },
	forward32: func(y, x []float32, _ float32) { kernels.Softplus(y, x) },
	backward32: func(dx, x, _, dy, d, s []float32, _ float32) {
		kernels.Sigmoid(s, x)
		for i, slope := range s {
			dx[i] = float32(dy[i] * slope)
		}
	},
	curve: &curve{
		bend64:  func(x float64) float64 { return float64(kernels.Sigmoid64(x) * kernels.Sigmoid64(-x)) },
		slope32: func(s, x, _, _ []float32) { kernels.Sigmoid(s, x) },
		bend32: func(b, _, _, s []float32) {
			for i, v := range s {
				b[i] = float32(v * (1 - v))
			}
		},
	},
}
