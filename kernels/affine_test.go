package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// affineExample makes random arguments of the affine kernels, with gaps
// between rows; the raw scales reach into saturation.
func affineExample(seed uint64, rows, cols int) (x, params, dOut Matrix, dLogDet []float32) {
	random := rand.New(rand.NewPCG(seed, 5))
	normal := func(cols int, scale float64) Matrix {
		m := Matrix{Data: make([]float32, rows*(cols+1)), Rows: rows, Cols: cols, Stride: cols + 1}
		for i := range m.Data {
			m.Data[i] = float32(scale * random.NormFloat64())
		}
		return m
	}
	return normal(cols, 2), normal(2*cols, 1.5), normal(cols, 1), normal(rows, 1).Data[:rows]
}

var affineShapes = [][2]int{{1, 1}, {9, 1}, {7, 3}, {6, 4}, {5, 6}, {3, 8}, {4, 13}, {3, 40}}

// scaleMaps are those that the tests of the affine kernels run over.
var scaleMaps = []ScaleMap{
	TanhExpScale(0.5), TanhExpScale(1), TanhExpScale(4), TanhExpScale(87), TanhExpScale(100),
	ExpScale(),
	SoftclipScale(0.5), SoftclipScale(6.9077554), SoftclipScale(87), SoftclipScale(100),
	SigmoidScale(1e-3), SigmoidScale(0),
	SoftplusScale(1e-3), SoftplusScale(0),
	SigmoidReciprocalScale(),
}

// logScale64 is s of a scale map in float64, as the libraries state it.
func logScale64(m ScaleMap, u float64) float64 {
	constant := float64(m.constant)
	switch m.reference {
	case &tanhExpMap:
		return constant * math.Tanh(u/constant)
	case &expMap:
		return u
	case &softclipMap:
		return u / (1 + math.Abs(u/constant))
	case &sigmoidMap:
		return math.Log(1/(1+math.Exp(-u-2)) + constant)
	case &softplusMap:
		return math.Log(math.Max(u, 0) + math.Log1p(math.Exp(-math.Abs(u))) + constant)
	case &sigmoidReciprocalMap:
		return math.Log1p(math.Exp(-u - 2))
	}
	panic("a scale map without a test")
}

// TestAffineRoundTrip checks that the inverse undoes the forward map and its
// log-det, on every tier.
func TestAffineRoundTrip(t *testing.T) {
	for _, tier := range Tiers() {
		for _, m := range scaleMaps {
			for _, shape := range affineShapes {
				rows, cols := shape[0], shape[1]
				x, params, y, forward := affineExample(1, rows, cols)
				back, inverse := Dense(make([]float32, rows*cols), rows, cols), make([]float32, rows)
				tier.AffineForward(y, x, params, forward, m)
				tier.AffineInverse(back, y, params, inverse, m)
				for r := range rows {
					if inverse[r] != -forward[r] {
						t.Errorf("%s, %v: log-dets %v and %v of a round trip", tier.Name(), m, forward[r], inverse[r])
					}
					for c, v := range back.Row(r) {
						// The error of y is that of the larger of x·eˢ and t.
						s := logScale64(m, float64(params.Row(r)[c]))
						shift := math.Abs(float64(params.Row(r)[cols+c])) * math.Exp(-s)
						near(t, fmt.Sprintf("%s round trip, %v", tier.Name(), m), float64(v), float64(x.Row(r)[c]),
							6e-7*(math.Abs(float64(v))+shift))
					}
				}
			}
		}
	}
}

// affine64 is the map in float64, in the direction given.
func affine64(in, u, t float64, m ScaleMap, inverse bool) (out, logDet float64) {
	s := logScale64(m, u)
	if inverse {
		return (in - t) * math.Exp(-s), -s
	}
	return in*math.Exp(s) + t, s
}

// TestAffineAccuracy holds both directions to float64.
func TestAffineAccuracy(t *testing.T) {
	for _, tier := range Tiers() {
		for _, m := range scaleMaps {
			for _, inverse := range []bool{false, true} {
				for _, shape := range affineShapes {
					rows, cols := shape[0], shape[1]
					in, params, out, logDet := affineExample(2, rows, cols)
					run := tier.AffineForward
					if inverse {
						run = tier.AffineInverse
					}
					run(out, in, params, logDet, m)
					for r := range rows {
						var sum float64
						p := params.Row(r)
						for c, v := range in.Row(r) {
							want, s := affine64(float64(v), float64(p[c]), float64(p[cols+c]), m, inverse)
							sum += s
							near(t, fmt.Sprintf("%s, %v: value", tier.Name(), m), float64(out.Row(r)[c]), want, 2e-6*(1+math.Abs(want)))
						}
						near(t, fmt.Sprintf("%s, %v: log-det", tier.Name(), m), float64(logDet[r]), sum, 1e-6*float64(cols))
					}
				}
			}
		}
	}
}

// TestScaleMapAccuracy holds the scale and its log to float64 within the bounds
// that ScaleMap states.
func TestScaleMapAccuracy(t *testing.T) {
	for _, m := range []ScaleMap{
		TanhExpScale(1), TanhExpScale(8), ExpScale(), SoftclipScale(6.9077554), SoftclipScale(9.2103404),
		SigmoidScale(1e-3), SigmoidScale(0), SoftplusScale(1e-3), SoftplusScale(0), SigmoidReciprocalScale(),
	} {
		var worstScale, worstLog float64
		for u := float32(-80); u <= 80; u += 0.0173 {
			scale, logDet := make([]float32, 1), make([]float32, 1)
			AffineForward(Dense(scale, 1, 1), Dense([]float32{1}, 1, 1), Dense([]float32{u, 0}, 1, 2), logDet, m)
			s := logScale64(m, float64(u))
			scaleError := math.Abs(float64(scale[0])/math.Exp(s)-1) * 0x1p24
			logError := math.Abs(float64(logDet[0])-s) * 0x1p24 / (1 + math.Abs(s))
			bound := 3.0
			if m.reference.exponential {
				bound = 2 + 2.5*math.Abs(s)
			}
			if !(scaleError <= bound) {
				t.Fatalf("%v: the scale of %v is off by %.2f·2⁻²⁴ of itself, bound %.2f", m, u, scaleError, bound)
			}
			if !(logError <= 2.5) {
				t.Fatalf("%v: the log-scale of %v is off by %.2f·2⁻²⁴ of 1 + itself", m, u, logError)
			}
			worstScale, worstLog = max(worstScale, scaleError), max(worstLog, logError)
		}
		t.Logf("%v: scale %.2f·2⁻²⁴, log %.2f·2⁻²⁴", m, worstScale, worstLog)
	}
}

// TestAffineGradients holds both backward passes to central differences in
// float64 of Σ dOut·out + Σ dLogDet·logDet.
func TestAffineGradients(t *testing.T) {
	const step = 1e-5
	for _, tier := range Tiers() {
		for _, m := range scaleMaps {
			for _, inverse := range []bool{false, true} {
				for _, shape := range affineShapes {
					rows, cols := shape[0], shape[1]
					in, params, dOut, dLogDet := affineExample(3, rows, cols)
					dIn := Dense(make([]float32, rows*cols), rows, cols)
					dparams := Dense(make([]float32, 2*rows*cols), rows, 2*cols)
					if inverse {
						x := Dense(make([]float32, rows*cols), rows, cols)
						tier.AffineInverse(x, in, params, make([]float32, rows), m)
						tier.AffineInverseBackward(dIn, dparams, x, params, dOut, dLogDet, m)
					} else {
						tier.AffineForwardBackward(dIn, dparams, in, params, dOut, dLogDet, m)
					}
					for r := range rows {
						for c := range cols {
							at := [3]float64{float64(in.Row(r)[c]), float64(params.Row(r)[c]), float64(params.Row(r)[cols+c])}
							got := [3]float32{dIn.Row(r)[c], dparams.Row(r)[c], dparams.Row(r)[cols+c]}
							for i, name := range []string{"input", "scale", "shift"} {
								loss := func(delta float64) float64 {
									v := at
									v[i] += delta
									out, logDet := affine64(v[0], v[1], v[2], m, inverse)
									return float64(dOut.Row(r)[c])*out + float64(dLogDet[r])*logDet
								}
								want := (loss(step) - loss(-step)) / (2 * step)
								near(t, fmt.Sprintf("%s, %v, inverse %v, %dx%d: gradient of the %s", tier.Name(), m, inverse, rows, cols, name),
									float64(got[i]), want, 1e-5*(1+math.Abs(want)))
							}
						}
					}
				}
			}
		}
	}
}
