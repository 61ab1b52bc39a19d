package kernels

import "math"

// Tanh sets dst[i] to the hyperbolic tangent of src[i]. It is odd to the bit,
// and no result is beyond ±1. dst may be src. It panics if the lengths differ.
func (t *Tier) Tanh(dst, src []float32) { unary("Tanh: src", t.tanh, dst, src) }

// Tanh calls Tier.Tanh on the active tier.
func Tanh(dst, src []float32) { active.Tanh(dst, src) }

const (
	tanhOdd   = 0.875      // the end of the first interval
	tanhOne   = 9.02       // from 9.0109 on, tanh rounds to 1
	tanhSplit = 0x3f200000 // the bits of tanhOdd less one interval
)

// The table of tanhRef, by internal/minimax/tanh.sollya: a column for each of
// the intervals of |x| that end at 0.875, 1.25, 1.75, 2.5, 3.5, 5, 7 and 9.02.
// A vector instruction looks up one row for all its lanes.
var (
	tanhCenter = [8]float32{
		0, 0x1.11ff8p+0, 0x1.7f1cp+0, 0x1.10918p+1, 0x1.803ap+1, 0x1.123b8p+2, 0x1.7f42p+2, 0x1.fe278p+2}
	tanhValue = [8]float32{
		0, 0x1.94435p-1, 0x1.cf1ceep-1, 0x1.f1b972p-1, 0x1.fd7a1ap-1, 0x1.ffce44p-1, 0x1.fffe5ap-1, 0x1.fffff8p-1}
	tanhCoefficients = [7][8]float32{
		{0, 0x1.819b7ap-2, 0x1.746cbp-3, 0x1.c27368p-5, 0x1.42274cp-7, 0x1.8dcc58p-11, 0x1.a5ff6ep-16, 0x1.00045p-21},
		{-0x1.55551cp-2, -0x1.307762p-2, -0x1.50dd5p-3, -0x1.b5e4p-5, -0x1.40911p-7, -0x1.8dabf6p-11, -0x1.a62764p-16, -0x1.001d56p-21},
		{0x1.11054p-3, 0x1.bf73bp-4, 0x1.691d98p-4, 0x1.1387e2p-5, 0x1.a733fap-8, 0x1.08f426p-11, 0x1.196746p-16, 0x1.55544p-22},
		{-0x1.b8779ap-5, 0x1.a56fbap-7, -0x1.984c52p-6, -0x1.e7b2ccp-7, -0x1.9ebaa4p-9, -0x1.07d5aep-12, -0x1.16cbcap-17, -0x1.52445cp-23},
		{0x1.589eb2p-6, -0x1.38b756p-5, -0x1.6f1cd4p-9, 0x1.25815ap-8, 0x1.3e930ep-10, 0x1.a30a92p-14, 0x1.bf1d5ap-19, 0x1.10ea2ep-24},
		{-0x1.cc48d6p-8, 0x1.368e66p-6, 0x1.de794ep-8, -0x1.0bdaa6p-11, -0x1.8b43bep-12, -0x1.2a8212p-15, -0x1.5385bp-20, -0x1.9c5012p-26},
		{0x1.69be26p-10, -0x1.05639cp-10, -0x1.08e75ep-8, -0x1.65194p-12, 0x1.6bf6dep-14, 0x1.651a9p-17, 0x1.7c157cp-22, 0x1.b9373ap-28},
	}
)

// tanhRef returns tanh x. The eight intervals of |x| each have a polynomial p:
//
//	|x| + |x|·p(x²)                  in the first
//	value + d·p(d), d = |x| − center in the others
//
// where value = tanh(center) is as good as exact and the first term is always
// the larger, so that its rounding is nearly the only one.
func tanhRef(x float32) float32 {
	a := math.Float32frombits(math.Float32bits(x) &^ signBit)
	if a > tanhOne {
		a = tanhOne
	}
	// Intervals end where the two leading bits of the mantissa, rounded down
	// after a shift by a quarter, change.
	interval := max(int32(math.Float32bits(a)-tanhSplit)>>22, 0) & 7
	d := a - tanhCenter[interval]
	u, base := d, tanhValue[interval]
	if a < tanhOdd {
		u, base = float32(a*a), a
	}
	p := tanhCoefficients[6][interval]
	for k := 5; k >= 0; k-- {
		p = fma32(p, u, tanhCoefficients[k][interval])
	}
	y := fma32(p, d, base)
	return math.Float32frombits(math.Float32bits(y) | math.Float32bits(x)&signBit)
}

const signBit = 1 << 31

func tanhSliceRef(dst, src []float32) {
	for i, x := range src {
		dst[i] = tanhRef(x)
	}
}
