package kernels

import "math"

// Function is an elementwise function of this package, float32 to float32, as
// tests, benchmarks and the proof over all float32 read it: one line each in
// the table below.
type Function struct {
	// Name is its line in the table of the package comment.
	Name string

	// Call sets dst[i] to the function of src[i] on the tier t, as the method of
	// that name does. scratch, as long as dst, is room for the other result of a
	// function that has two.
	Call func(t *Tier, dst, src, scratch []float32)

	// Math is the same function by package math, in float64: what errors are
	// measured against and times are compared with.
	Math func(float64) float64

	// Low and High bound the arguments that benchmarks draw.
	Low, High float32

	reference func(float32) float32
}

// Functions returns the table of elementwise functions.
func Functions() []Function { return append([]Function(nil), functions...) }

var functions = []Function{
	{"Exp", func(t *Tier, dst, src, _ []float32) { t.Exp(dst, src) }, math.Exp, -5, 5, expRef},
	{"Log", func(t *Tier, dst, src, _ []float32) { t.Log(dst, src) }, math.Log, 0.5, 10, logRef},
	{"Tanh", func(t *Tier, dst, src, _ []float32) { t.Tanh(dst, src) }, math.Tanh, -3, 3, tanhRef},

	{"Sigmoid", func(t *Tier, dst, src, _ []float32) { t.Sigmoid(dst, src) }, sigmoid, -5, 5, sigmoidRef},
	{"Softplus", func(t *Tier, dst, src, _ []float32) { t.Softplus(dst, src) }, softplus, -5, 5, softplusRef},
	{"LogSigmoid", func(t *Tier, dst, src, _ []float32) { t.LogSigmoid(dst, src) }, func(x float64) float64 { return -softplus(-x) }, -5, 5, logSigmoidRef},
	{"Expm1", func(t *Tier, dst, src, _ []float32) { t.Expm1(dst, src) }, math.Expm1, -5, 5, expm1Ref},
	{"Log1p", func(t *Tier, dst, src, _ []float32) { t.Log1p(dst, src) }, math.Log1p, -0.5, 9, log1pRef},
	{"SiLU", func(t *Tier, dst, src, _ []float32) { t.SiLU(dst, src) }, silu, -5, 5, siluRef},

	{"Sin2Pi", func(t *Tier, dst, src, scratch []float32) { t.SinCos2Pi(dst, scratch, src) }, sin2Pi, 0, 1, sin2PiRef},
	{"Cos2Pi", func(t *Tier, dst, src, scratch []float32) { t.SinCos2Pi(scratch, dst, src) }, cos2Pi, 0, 1, cos2PiRef},

	{"Erf", func(t *Tier, dst, src, _ []float32) { t.Erf(dst, src) }, math.Erf, -3, 3, erfRef},
	{"NormalCDF", func(t *Tier, dst, src, _ []float32) { t.NormalCDF(dst, src) }, normalCDFMath, -5, 5, normalCDFRef},
	{"NormalQuantile", func(t *Tier, dst, src, _ []float32) { t.NormalQuantile(dst, src) }, normalQuantileMath, 0, 1, normalQuantileRef},
	{"GELU", func(t *Tier, dst, src, _ []float32) { t.GELU(dst, src) }, geluMath, -5, 5, geluRef},
}

func sin2Pi(x float64) float64 { s, _ := sinCos2Pi(x); return s }
func cos2Pi(x float64) float64 { _, c := sinCos2Pi(x); return c }

// sinCos2Pi reduces by quarters of a turn, without error, so that math's
// relative accuracy holds near the zeros too.
func sinCos2Pi(x float64) (sin, cos float64) {
	x -= math.RoundToEven(x)
	quarters := math.RoundToEven(4 * x)
	s, c := math.Sincos(2 * math.Pi * (x - float64(quarters/4)))
	switch int(quarters) & 3 {
	case 1:
		return c, -s
	case 2:
		return -s, -c
	case 3:
		return -c, s
	}
	return s, c
}

func sin2PiRef(x float32) float32 { s, _ := sinCos2PiRef(x); return s }
func cos2PiRef(x float32) float32 { _, c := sinCos2PiRef(x); return c }

// sigmoid and softplus keep their relative accuracy where they are small.
func sigmoid(x float64) float64 {
	e := math.Exp(-math.Abs(x))
	if x < 0 {
		return e / (1 + e)
	}
	return 1 / (1 + e)
}

// silu gives its limits at ±Inf.
func silu(x float64) float64 {
	if x < -1000 {
		return math.Copysign(0, -1)
	}
	return x * sigmoid(x)
}

func softplus(x float64) float64 { return math.Max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }
