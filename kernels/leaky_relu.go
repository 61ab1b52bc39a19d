package kernels

import (
	"fmt"
	"math"
)

// LeakyReLU sets dst[i] to src[i] where src[i] > 0 or src[i] is NaN, and to
// slope·src[i] elsewhere (Maas, Hannun and Ng, 2013). So −0 stays −0. dst may
// be src. It panics if the lengths differ or if slope is not a finite number
// of at least 0.
//
// With a slope of 0, −Inf gives NaN and other negative numbers give −0; ReLU
// gives +0 for both.
func (t *Tier) LeakyReLU(dst, src []float32, slope float32) {
	checkLength("LeakyReLU: src", len(src), len(dst))
	checkSlope("LeakyReLU", slope)
	for len(dst) > 0 {
		safePoint()
		n := min(len(dst), chunk)
		t.leakyReLU(dst[:n], src[:n], slope)
		dst, src = dst[n:], src[n:]
	}
}

// LeakyReLU calls Tier.LeakyReLU on the active tier.
func LeakyReLU(dst, src []float32, slope float32) { active.LeakyReLU(dst, src, slope) }

func leakyReLURef(dst, src []float32, slope float32) {
	for i, x := range src {
		dst[i] = leakyReLUScalar(x, slope)
	}
}

// leakyReLUScalar keeps NaN: a comparison with it is false.
func leakyReLUScalar(x, slope float32) float32 {
	if x <= 0 {
		return float32(x * slope)
	}
	return x
}

// LeakyReLUBackward is the derivative of LeakyReLU at its output y: it sets
// dx[i] to dy[i] where y[i] > 0 or y[i] is NaN, and to slope·dy[i] elsewhere.
// The output tells as much as the input, since a slope of at least 0 keeps the
// sign. dx may be dy or y. It panics as LeakyReLU does.
func (t *Tier) LeakyReLUBackward(dx, y, dy []float32, slope float32) {
	checkLength("LeakyReLUBackward: y", len(y), len(dx))
	checkLength("LeakyReLUBackward: dy", len(dy), len(dx))
	checkSlope("LeakyReLUBackward", slope)
	for len(dx) > 0 {
		safePoint()
		n := min(len(dx), chunk)
		t.leakyReLUBackward(dx[:n], y[:n], dy[:n], slope)
		dx, y, dy = dx[n:], y[n:], dy[n:]
	}
}

// LeakyReLUBackward calls Tier.LeakyReLUBackward on the active tier.
func LeakyReLUBackward(dx, y, dy []float32, slope float32) {
	active.LeakyReLUBackward(dx, y, dy, slope)
}

func leakyReLUBackwardRef(dx, y, dy []float32, slope float32) {
	for i, v := range y {
		if v <= 0 {
			dx[i] = float32(dy[i] * slope)
		} else {
			dx[i] = dy[i]
		}
	}
}

// AddBiasLeakyReLU adds bias to every row of y and applies LeakyReLU:
// y[r][c] = leakyReLU(y[r][c] + bias[c]). It panics as AddBias and LeakyReLU
// do.
func (t *Tier) AddBiasLeakyReLU(y Matrix, bias []float32, slope float32) {
	y.checkOutput("y", y.Rows, y.Cols)
	checkLength("AddBiasLeakyReLU: bias", len(bias), y.Cols)
	checkSlope("AddBiasLeakyReLU", slope)
	for from, step := 0, rowsPerCall(y.Cols); from < y.Rows && y.Cols > 0; from += step {
		safePoint()
		t.addBiasLeakyReLU(y.from(from), bias, min(step, y.Rows-from), y.Stride, slope)
	}
}

// AddBiasLeakyReLU calls Tier.AddBiasLeakyReLU on the active tier.
func AddBiasLeakyReLU(y Matrix, bias []float32, slope float32) {
	active.AddBiasLeakyReLU(y, bias, slope)
}

func addBiasLeakyReLURef(y, bias []float32, rows, stride int, slope float32) {
	for r := range rows {
		row := y[r*stride:]
		for c, b := range bias {
			row[c] = leakyReLUScalar(row[c]+b, slope)
		}
	}
}

// checkSlope panics unless slope keeps the sign of finite numbers.
func checkSlope(function string, slope float32) {
	if !(slope >= 0 && slope <= math.MaxFloat32) {
		panic(fmt.Sprintf("kernels: %s: slope is %v, want a finite number of at least 0", function, slope))
	}
}
