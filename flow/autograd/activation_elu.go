package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// ELUActivation is x, below 0 eˣ − 1 (Clevert, Unterthiner and Hochreiter, 2016).
// Its second derivative jumps at 0, where it counts as 1.
const ELUActivation ActivationName = "elu"

var elu = activation{
	at64: func(x, _ float64) (y, dy float64) {
		if x > 0 {
			return x, 1
		}
		e := kernels.Exp64(x)
		return e - 1, e
	},
	forward32: func(y, x []float32, _ float32) {
		kernels.Expm1(y, x)
		for i, v := range x {
			if v > 0 {
				y[i] = v
			}
		}
	},
	backward32: func(dx, _, y, dy, _, _ []float32, _ float32) {
		for i, v := range y {
			slope := float32(1)
			if !(v > 0) {
				slope = v + 1
			}
			dx[i] = float32(dy[i] * slope)
		}
	},
	curve: &curve{
		bend64: func(x float64) float64 {
			if x > 0 {
				return 0
			}
			return kernels.Exp64(x)
		},
		slope32: func(s, x, y, _ []float32) {
			for i, v := range y {
				s[i] = 1
				if !(x[i] > 0) {
					s[i] = v + 1
				}
			}
		},
		bend32: func(b, x, _, s []float32) {
			for i, v := range s {
				b[i] = 0
				if !(x[i] > 0) {
					b[i] = v
				}
			}
		},
	},
}
