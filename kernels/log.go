package kernels

import "math"

// Log sets dst[i] to the natural logarithm of src[i]: −Inf for ±0 and NaN for
// values below. dst may be src. It panics if the lengths differ.
func (t *Tier) Log(dst, src []float32) { unary("Log: src", t.log, dst, src) }

// Log calls Tier.Log on the active tier.
func Log(dst, src []float32) { active.Log(dst, src) }

// Constants of logRef, by internal/minimax/log.sollya.
const (
	log0 = -0.5
	log1 = 0x1.555502p-2
	log2 = -0x1.ffff14p-3
	log3 = 0x1.99d1c4p-3
	log4 = -0x1.559802p-3
	log5 = 0x1.1ec0fep-3
	log6 = -0x1.f3a7e4p-4
	log7 = 0x1.1ec5e2p-3
	log8 = -0x1.06cddep-3

	logSplit = 0x3f2aaaab // the bits of 2/3
)

// logRef returns log x: with x = 2^n·(1+f) and f in [−1/3, 1/3],
//
//	n·ln 2 + f + f²·polynomial(f)
func logRef(x float32) float32 {
	var n float32
	if x < 0x1p-126 {
		x = float32(x * 0x1p23)
		n = -23
	}
	bits := math.Float32bits(x)
	exponent := int32(bits-logSplit) >> 23
	n += float32(exponent)
	f := math.Float32frombits(bits-uint32(exponent)<<23) - 1

	var q float32 = log8
	q = fma32(q, f, log7)
	q = fma32(q, f, log6)
	q = fma32(q, f, log5)
	q = fma32(q, f, log4)
	q = fma32(q, f, log3)
	q = fma32(q, f, log2)
	q = fma32(q, f, log1)
	q = fma32(q, f, log0)

	y := logSum(n, f, q)

	switch {
	case x == 0:
		return float32(math.Inf(-1))
	case x < 0:
		return float32(math.NaN())
	case !(x < float32(math.Inf(1))):
		return x // +Inf or NaN
	}
	return y
}

// logSum returns n·ln 2 + f + f²·q. The rounding error of the first sum is kept
// and added to the rest.
func logSum(n, f, q float32) float32 {
	sum := fma32(n, ln2High, f)
	rest := fma32(n, ln2High, -sum) + f
	rest = fma32(n, ln2Low, rest)
	rest = fma32(float32(f*f), q, rest)
	return sum + rest
}

func logSliceRef(dst, src []float32) {
	for i, x := range src {
		dst[i] = logRef(x)
	}
}
