package autograd

import (
	"math"

	"github.com/seed-192fdf7a/nf/kernels"
)

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
		y = y[:len(x)]
		for i, v := range x {
			y[i] = math.Float32frombits(chosen(signMask(v), math.Float32bits(y[i]), math.Float32bits(v)))
		}
	},
	backward32: func(dx, _, y, dy, _, _ []float32, _ float32) {
		dx, dy = dx[:len(y)], dy[:len(y)]
		for i, v := range y {
			dx[i] = float32(dy[i] * (min(v, 0) + 1))
		}
	},
	curve: &curve{
		bend64: func(x float64) float64 {
			if x > 0 {
				return 0
			}
			return kernels.Exp64(x)
		},
		slope32: func(s, _, y, _ []float32) {
			s = s[:len(y)]
			for i, v := range y {
				s[i] = min(v, 0) + 1
			}
		},
		bend32: func(b, x, _, s []float32) {
			b, x = b[:len(s)], x[:len(s)]
			for i, v := range s {
				positive := ^(signMask(x[i]) | zeroMask(x[i]))
				b[i] = math.Float32frombits(chosen(positive, 0, math.Float32bits(v)))
			}
		},
	},
}

// What depends on the sign of values that have either takes no branches: those
// would be foretold wrongly every other time.

// signMask returns ones where the sign bit of v is set, else 0.
func signMask(v float32) uint32 { return uint32(int32(math.Float32bits(v)) >> 31) }

// zeroMask returns ones where v is +0 or −0, else 0.
func zeroMask(v float32) uint32 {
	shifted := math.Float32bits(v) << 1
	return ^uint32(int32(shifted|-shifted) >> 31)
}

// chosen returns a where the mask has ones, b where it has zeros.
func chosen(mask, a, b uint32) uint32 { return b ^ (a^b)&mask }
