package kernels

import "math"

// SiLU sets dst[i] to x·sigmoid(x) for x = src[i] (Hendrycks and Gimpel,
// "Gaussian Error Linear Units", 2016; also called swish): the limits −0 for
// −Inf and +Inf for +Inf; ±0 stay what they are. dst may be src. It panics if
// the lengths differ.
func (t *Tier) SiLU(dst, src []float32) { unary("SiLU: src", t.silu, dst, src) }

// SiLU calls Tier.SiLU on the active tier.
func SiLU(dst, src []float32) { active.SiLU(dst, src) }

// siluRef returns x·sigmoid(x): with a = |x|,
//
//	−a·sigmoid(−a) for negative x, x − a·sigmoid(−a) for others
//
// rounded once, also where sigmoid(−a) alone would be subnormal.
func siluRef(x float32) float32 {
	a := siluSize(x)
	q, s := sigmoidQuotient(a)
	base := x
	if math.Float32bits(x)&signBit != 0 {
		base = math.Float32frombits(signBit)
	}
	return fma32(-float32(a*s), q, base)
}

// siluSize returns |x|, at most sigmoidLargest, from where on sigmoid is as good
// as 0 or 1.
func siluSize(x float32) float32 {
	a := math.Float32frombits(math.Float32bits(x) &^ signBit)
	if a > sigmoidLargest {
		a = sigmoidLargest
	}
	return a
}

func siluSliceRef(dst, src []float32) {
	for i, x := range src {
		dst[i] = siluRef(x)
	}
}

// SiLUBackward is the derivative of SiLU at its input x: it sets dx[i] to
//
//	dy[i]·s·(1 + x·(1 − s))      s = sigmoid(x), x = x[i]
//
// where 1 − s is as accurate as s. The derivative is 0 for −Inf and 1 for
// +Inf. dx may be x or dy. It panics if the lengths differ.
func (t *Tier) SiLUBackward(dx, x, dy []float32) {
	checkLength("SiLUBackward: x", len(x), len(dx))
	checkLength("SiLUBackward: dy", len(dy), len(dx))
	for len(dx) > 0 {
		safePoint()
		n := min(len(dx), chunk)
		t.siluBackward(dx[:n], x[:n], dy[:n])
		dx, x, dy = dx[n:], x[n:], dy[n:]
	}
}

// SiLUBackward calls Tier.SiLUBackward on the active tier.
func SiLUBackward(dx, x, dy []float32) { active.SiLUBackward(dx, x, dy) }

// siluSlopeRef returns the derivative of SiLU at x.
func siluSlopeRef(x float32) float32 {
	a := math.Float32frombits(math.Float32bits(siluSize(x)) | math.Float32bits(x)&signBit)
	return float32(sigmoidRef(x) * fma32(a, sigmoidRef(-x), 1))
}

func siluBackwardRef(dx, x, dy []float32) {
	for i, v := range x {
		dx[i] = float32(dy[i] * siluSlopeRef(v))
	}
}

// AddBiasSiLU adds bias to every row of y and applies SiLU:
// y[r][c] = silu(y[r][c] + bias[c]). It panics as AddBias does.
func (t *Tier) AddBiasSiLU(y Matrix, bias []float32) {
	y.checkOutput("y", y.Rows, y.Cols)
	checkLength("AddBiasSiLU: bias", len(bias), y.Cols)
	for from, step := 0, rowsPerCall(y.Cols); from < y.Rows && y.Cols > 0; from += step {
		safePoint()
		t.addBiasSiLU(y.from(from), bias, min(step, y.Rows-from), y.Stride)
	}
}

// AddBiasSiLU calls Tier.AddBiasSiLU on the active tier.
func AddBiasSiLU(y Matrix, bias []float32) { active.AddBiasSiLU(y, bias) }

func addBiasSiLURef(y, bias []float32, rows, stride int) {
	for r := range rows {
		row := y[r*stride:]
		for c, b := range bias {
			row[c] = siluRef(row[c] + b)
		}
	}
}
