package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// LeakyReLUActivation is x, below 0 slope·x (Maas, Hannun and Ng, 2013).
// ReLUActivation is that of slope 0, max(x, 0).
const (
	ReLUActivation      ActivationName = ""
	LeakyReLUActivation ActivationName = "leaky-relu"
)

var leakyReLU = activation{
	at64: func(x, slope float64) (y, dy float64) {
		if x > 0 {
			return x, 1
		}
		return float64(x * slope), slope
	},
	forward32: kernels.LeakyReLU,
	backward32: func(dx, _, y, dy, _, _ []float32, slope float32) {
		kernels.LeakyReLUBackward(dx, y, dy, slope)
	},
}
