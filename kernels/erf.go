package kernels

import "math"

// Erf sets dst[i] to the error function of src[i], 2/√π·∫₀ˣ exp(−t²)dt. It is
// odd to the bit, ±1 from about ±3.92 on, and no result is beyond ±1. dst may be
// src. It panics if the lengths differ.
func (t *Tier) Erf(dst, src []float32) { unary("Erf: src", t.erf, dst, src) }

// Erf calls Tier.Erf on the active tier.
func Erf(dst, src []float32) { active.Erf(dst, src) }

const (
	erfOne   = 3.9375  // from 3.9192 on, erf rounds to 1
	erfScale = 2.15625 // intervals of |x| in a unit
	erfFirst = 0.5     // somewhere in the first interval

	// erfMagic is roundMagic less 1: the sum of it and 1 to 8 has 0 to 7 in its
	// low bits.
	erfMagic = roundMagic - 1
)

// The table of erfRef, by internal/minimax/erf.sollya: a column for each of the
// intervals of |x| that end at 1.5, 2.5, … 8.5 times 1/erfScale.
var (
	erfCenter = [8]float32{
		0, 0x1.dc6f4p-1, 0x1.63946p0, 0x1.dc0eep0, 0x1.2890cp1, 0x1.61ed8p1, 0x1.a1b04p1, 0x1.d878ap1}
	erfValue = [8]float32{
		0, 0x1.9fa6a4p-1, 0x1.e6a8d4p-1, 0x1.fba06ep-1, 0x1.ff764cp-1, 0x1.fff3ecp-1, 0x1.ffff7cp-1, 0x1.fffffap-1}
	erfCoefficients = [6][8]float32{
		{0x1.06eba8p-3, 0x1.e61266p-2, 0x1.4fab7ap-3, 0x1.2312c8p-5, 0x1.58d2a2p-8, 0x1.1ae16ap-11, 0x1.c167b2p-16, 0x1.6e8ed2p-20},
		{-0x1.81274p-2, -0x1.c44ec4p-2, -0x1.d23d6ap-3, -0x1.0ea3dap-4, -0x1.8f765ep-7, -0x1.8714a4p-10, -0x1.6ea954p-14, -0x1.522c6ep-18},
		{0x1.ce2cb8p-4, 0x1.da27eap-4, 0x1.3fd92ep-3, 0x1.1f0b52p-4, 0x1.17c72cp-6, 0x1.50c41cp-9, 0x1.7b8a4ap-13, 0x1.8fc5aep-17},
		{-0x1.b7d7dep-6, 0x1.7e862cp-4, -0x1.0abc6p-5, -0x1.6164f8p-5, -0x1.019164p-6, -0x1.90fc16p-9, -0x1.164274p-12, -0x1.5722c4p-16},
		{0x1.50faa4p-8, -0x1.16e0e2p-4, -0x1.d96fbep-6, 0x1.5cefecp-7, 0x1.34e962p-7, 0x1.5c458p-9, 0x1.40e0eep-12, 0x1.d93664p-16},
		{-0x1.6e151p-11, -0x1.05d2dep-8, 0x1.60f2ecp-6, 0x1.42cbccp-8, -0x1.8c1fb2p-9, -0x1.9254cep-10, -0x1.1f248p-12, -0x1.b7f26ap-16},
	}
)

// erfRef returns erf x. The eight intervals of |x| each have a polynomial p:
//
//	|x| + |x|·p(x²)                  in the first
//	value + d·p(d), d = |x| − center in the others
//
// where value = erf(center) is as good as exact and the first term is always
// the larger, so that its rounding is nearly the only one.
func erfRef(x float32) float32 {
	a := math.Float32frombits(math.Float32bits(x) &^ signBit)
	if a > erfOne {
		a = erfOne
	}
	b := a
	if b < erfFirst {
		b = erfFirst
	}
	shifted := fma32(b, erfScale, erfMagic)
	interval := math.Float32bits(shifted) & 7
	d := a - erfCenter[interval]
	u, base := d, erfValue[interval]
	if shifted <= roundMagic {
		u, base = float32(a*a), a
	}
	p := erfCoefficients[5][interval]
	for k := 4; k >= 0; k-- {
		p = fma32(p, u, erfCoefficients[k][interval])
	}
	y := fma32(p, d, base)
	return math.Float32frombits(math.Float32bits(y) | math.Float32bits(x)&signBit)
}

func erfSliceRef(dst, src []float32) {
	for i, x := range src {
		dst[i] = erfRef(x)
	}
}
