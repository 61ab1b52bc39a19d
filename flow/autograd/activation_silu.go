package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// SiLUActivation is x·σ(x) (Hendrycks and Gimpel, 2016).
const SiLUActivation ActivationName = "silu"

var silu = activation{
	at64: func(x, _ float64) (y, dy float64) {
		s := kernels.Sigmoid64(x)
		return float64(x * s), s + float64(float64(x*s)*kernels.Sigmoid64(-x))
	},
	forward32:  func(y, x []float32, _ float32) { kernels.SiLU(y, x) },
	backward32: func(dx, x, _, dy, _, _ []float32, _ float32) { kernels.SiLUBackward(dx, x, dy) },
	curve: &curve{
		bend64: func(x float64) float64 {
			s, rest := kernels.Sigmoid64(x), kernels.Sigmoid64(-x)
			return float64(float64(s*rest) * (2 + float64(x*(rest-s))))
		},
		slope32: func(s, x, _, _ []float32) {
			for i := range s {
				s[i] = 1
			}
			kernels.SiLUBackward(s, x, s)
		},
		bend32: func(b, x, _, _ []float32) {
			kernels.Sigmoid(b, x)
			for i, s := range b {
				b[i] = float32(float32(s*(1-s)) * (2 + float32(x[i]*(1-2*s))))
			}
		},
	},
}
